/** MySQL and MariaDB from a distribution's package; their own images step down by themselves. */
import { isFilePath } from './config-values.ts'
import { readIni } from './ini-config.ts'
import { defineServer, type ServerLayout } from './server.ts'
import { type ConfigFacts, type ConfigPath, noFacts } from './server-config.ts'

// source: Debian mariadb debian/mariadb-server.postinst: account mysql, /var/lib/mysql and /var/log/mysql belong to it;
// /run/mysqld is made by tmpfiles.d and the init script only
const debian: ServerLayout = {
  name: 'the Debian package',
  root: '/etc/mysql/my.cnf',
  prefix: '/',
  directories: ['/etc/mysql', '/etc/mysql/conf.d', '/etc/mysql/mariadb.conf.d', '/etc/mysql/mysql.conf.d'],
  files: [
    {
      path: '/etc/mysql/my.cnf',
      text: '!includedir /etc/mysql/conf.d/\n!includedir /etc/mysql/mariadb.conf.d/\n!includedir /etc/mysql/mysql.conf.d/\n'
    }
  ],
  account: 'mysql',
  isBoundToAccount: true,
  owned: ['/var/lib/mysql', '/var/log/mysql'],
  writable: ['/run/mysqld'],
  mayMiss: ['/run/mysqld'],
  pid: '',
  logs: []
}

// source: Alpine aports main/mariadb APKBUILD: my.cnf includes /etc/my.cnf.d; the data directory is made by mysql_install_db
const alpine: ServerLayout = {
  ...debian,
  name: 'the Alpine package',
  root: '/etc/my.cnf',
  directories: ['/etc/my.cnf.d'],
  files: [{ path: '/etc/my.cnf', text: '!includedir /etc/my.cnf.d\n' }],
  owned: ['/var/lib/mysql']
}

// source: MySQL reference manual, Server Option and Variable Reference
const files = new Set(['log-error', 'log_error', 'general-log-file', 'slow-query-log-file'])
const made = new Set(['socket', 'pid-file'])
const directories = new Set(['datadir', 'tmpdir', 'innodb-log-group-home-dir', 'innodb-data-home-dir'])

function readFacts(text: string): ConfigFacts {
  const found: Record<'files' | 'made' | 'directories', ConfigPath[]> = { files: [], made: [], directories: [] }
  const includes: (ConfigPath & { context: string })[] = []
  for (const match of text.matchAll(/^!include(dir)?\s+(\S+)/gm)) {
    const path = (match[2] as string).replace(/\/$/, '')
    includes.push({ path: match[1] === undefined ? path : `${path}/*.cnf`, offset: match.index, context: 'main' })
  }
  for (const { section, name, value, start } of readIni(text, {
    comments: '#;!',
    separators: '=',
    inlineComment: /\s#.*$/
  })) {
    if (!/^(?:mysqld|mariadb|server|mysqld_safe)/.test(section) || !isFilePath(value) || !value.startsWith('/'))
      continue
    const key = name.replaceAll('_', '-')
    const path = { path: value.replace(/(?<=.)\/$/, ''), offset: start }
    if (files.has(key)) found.files.push(path)
    else if (made.has(key)) found.made.push(path)
    else if (directories.has(key)) found.directories.push(path)
  }
  return { ...noFacts, ...found, includes }
}

export const mysql = defineServer({
  name: 'MySQL',
  programs: ['mysqld', 'mysqld_safe', 'mariadbd', 'mariadbd-safe'],
  services: [],
  packages:
    /^(?:mariadb-server(?:-[\d.]+)?|(?:default-)?mysql-server(?:-[\d.]+)?|mysql-community-server|mariadb|mysql)$/,
  isQuiet: true,
  findLayout({ packages, distribution }) {
    if (!packages.some((name) => mysql.packages.test(name))) return undefined
    if (distribution === 'debian' || distribution === 'ubuntu') return debian
    return distribution === 'alpine' ? alpine : undefined
  },
  /** source: mysqld(8): --defaults-file must come first */
  readArguments(args) {
    const config = args.map((word) => /^--defaults-file=(.+)$/.exec(word)?.[1]).find((each) => each !== undefined)
    return { config, prefix: undefined, settings: new Map() }
  },
  findProblem: ({ args }) =>
    args.some((word) => /^--user=root$/.test(word))
      ? {
          message: 'mysqld is started with --user=root: its data may belong to root',
          help: 'Start it without --user once as root with `chown -R mysql: /var/lib/mysql` in a RUN, then convert again.'
        }
      : undefined,
  read: readFacts,
  byHand: 'Its data directory, socket, pid file and logs must be where its account may write.',
  comment: (uid) => `MySQL as ${uid}: socket and pid file where it can write`,
  editSettings: () => []
})
