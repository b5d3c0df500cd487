/** php-fpm: pools in its own configuration; as another user it ignores `user` and `group`. */
import { isFilePath, isSameUser, readAddress, removeLine } from './config-values.ts'
import { type IniEntry, readIni } from './ini-config.ts'
import { defineServer, type LayoutQuestion, type ServerLayout } from './server.ts'
import type { ConfigEdit, ConfigFacts, ConfigPath, Listen } from './server-config.ts'

// source: docker-library/php 8.3/bookworm/fpm/Dockerfile: docker.conf logs to /proc/self/fd/2, zz-docker.conf listens on
// 9000 and, as the last of the directory, wins over a `listen` of www.conf
const official: ServerLayout = {
  name: 'the official image',
  root: '/usr/local/etc/php-fpm.conf',
  prefix: '/usr/local',
  directories: ['/usr/local/etc/php-fpm.d'],
  files: [
    { path: '/usr/local/etc/php-fpm.conf', text: '[global]\ninclude=etc/php-fpm.d/*.conf\n' },
    {
      path: '/usr/local/etc/php-fpm.d/docker.conf',
      text: '[global]\nerror_log = /proc/self/fd/2\n[www]\naccess.log = /proc/self/fd/2\n'
    },
    {
      path: '/usr/local/etc/php-fpm.d/www.conf',
      text: '[www]\nuser = www-data\ngroup = www-data\nlisten = 127.0.0.1:9000\n'
    },
    { path: '/usr/local/etc/php-fpm.d/zz-docker.conf', text: '[global]\ndaemonize = no\n[www]\nlisten = 9000\n' }
  ],
  writable: [],
  workPrefix: '/usr/local/var',
  pid: '',
  logs: []
}

// source: Debian php8.2 debian/php-fpm.conf.in, debian/www.conf.in: pid and socket in /run/php, made by tmpfiles.d only;
// error_log in /var/log itself
const debian = (version: string): ServerLayout => ({
  name: 'the Debian package',
  root: `/etc/php/${version}/fpm/php-fpm.conf`,
  prefix: '/usr',
  directories: [`/etc/php/${version}/fpm`, `/etc/php/${version}/fpm/pool.d`],
  files: [
    {
      path: `/etc/php/${version}/fpm/php-fpm.conf`,
      text: `[global]\npid = /run/php/php${version}-fpm.pid\nerror_log = /var/log/php${version}-fpm.log\ninclude=/etc/php/${version}/fpm/pool.d/*.conf\n`
    },
    {
      path: `/etc/php/${version}/fpm/pool.d/www.conf`,
      text: `[www]\nuser = www-data\ngroup = www-data\nlisten = /run/php/php${version}-fpm.sock\nlisten.owner = www-data\nlisten.group = www-data\n`
    }
  ],
  account: 'www-data',
  writable: ['/run/php'],
  mayMiss: ['/run/php'],
  writableFiles: [`/var/log/php${version}-fpm.log`],
  workPrefix: '/var',
  pid: '',
  logs: []
})

// source: Alpine aports community/php83 APKBUILD (--localstatedir=/var) and its php-fpm.conf: log/php83/error.log, pool of nobody
const alpine = (version: string): ServerLayout => ({
  name: 'the Alpine package',
  root: `/etc/php${version}/php-fpm.conf`,
  prefix: '/usr',
  directories: [`/etc/php${version}`, `/etc/php${version}/php-fpm.d`],
  files: [
    { path: `/etc/php${version}/php-fpm.conf`, text: `[global]\ninclude=/etc/php${version}/php-fpm.d/*.conf\n` },
    {
      path: `/etc/php${version}/php-fpm.d/www.conf`,
      text: '[www]\nuser = nobody\ngroup = nobody\nlisten = 127.0.0.1:9000\n'
    }
  ],
  writable: [`/var/log/php${version}`],
  workPrefix: '/var',
  pid: '',
  logs: []
})

/** The PHP of a release. source: packages.debian.org/php-fpm, packages.ubuntu.com/php-fpm */
const releases: readonly (readonly [RegExp, string])[] = [
  [/trixie|^13/, '8.4'],
  [/bookworm|^12/, '8.2'],
  [/bullseye|^11/, '7.4'],
  [/buster|^10/, '7.3'],
  [/noble|24\.04/, '8.3'],
  [/jammy|22\.04/, '8.1'],
  [/focal|20\.04/, '7.4']
]

function findPackage({
  packages,
  program = '',
  distribution,
  tag,
  mentions
}: LayoutQuestion): ServerLayout | undefined {
  if (!packages.some((name) => phpFpm.packages.test(name))) return undefined
  const named = [program, ...packages].map((name) => /^php-?(?:fpm)?-?(\d\.?\d)(?:-fpm)?$/.exec(name)?.[1])
  const version = named.find((each) => each !== undefined)
  if (distribution === 'alpine') return version === undefined ? undefined : alpine(version.replace('.', ''))
  if (distribution !== 'debian' && distribution !== 'ubuntu') return undefined
  const known = version ?? releases.find(([pattern]) => pattern.test(tag))?.[1]
  return known === undefined || (version === undefined && mentions(/ondrej\/php|packages\.sury\.org/))
    ? undefined
    : debian(known)
}

const read = (text: string): IniEntry[] => readIni(text, { comments: ';#', separators: '=', inlineComment: /\s;.*$/ })

/** What is opened for writing. source: php.net manual, install.fpm.configuration */
const logs = /^(?:error_log|access\.log|slowlog|php(?:_admin)?_value\[error_log\])$/
const directories = /^php(?:_admin)?_value\[(?:session\.save_path|upload_tmp_dir|sys_temp_dir)\]$/

function readPhpFpmFacts(text: string): ConfigFacts | undefined {
  if (/\{\{|\{%|<\?php/.test(text)) return undefined
  const listens: Listen[] = []
  const includes: (ConfigPath & { context: string })[] = []
  const files: ConfigPath[] = []
  const filled: ConfigPath[] = []
  const made: ConfigPath[] = []
  const accounts = new Set<string>()
  const settings = new Map<string, string>()
  const overrides = new Set<string>()
  for (const { section, name, value, start } of read(text)) {
    const key = `${section} ${name}`
    overrides.add(key)
    const path: ConfigPath = { path: value, offset: start, key }
    if (name === 'include') includes.push({ ...path, context: 'main' })
    else if (name === 'pid') settings.set('pid', value)
    else if (name === 'user') accounts.add(value)
    else if (logs.test(name)) {
      if (isFilePath(value.replaceAll('$pool', section)))
        files.push({ ...path, path: value.replaceAll('$pool', section) })
    } else if (directories.test(name)) {
      if (isFilePath(value)) filled.push(path)
    } else if (name === 'listen') {
      const listen = readAddress(value, start)
      if (listen !== undefined) listens.push({ ...listen, key })
      else if (value.startsWith('/')) made.push({ ...path, path: value.replaceAll('$pool', section) })
    }
  }
  return {
    listens,
    includes,
    files,
    directories: filled,
    keys: [],
    settings,
    ownPort: [],
    made,
    accounts: [...accounts],
    overrides
  }
}

export const phpFpm = defineServer({
  name: 'php-fpm',
  programs: ['php-fpm'],
  services: ['php-fpm'],
  packages: /^php-?[\d.]*-?fpm$/,
  findLayout: (question) =>
    // Every image of that kind stands on php:fpm, but this one.
    question.service !== 'php-fpm' ? findPackage(question) : question.image === 'adminer' ? undefined : official,
  /** source: php-fpm(8): `-y file` */
  readArguments(args) {
    const index = args.findIndex((word) => word === '-y' || word === '--fpm-config')
    return { config: index === -1 ? undefined : args[index + 1], prefix: undefined, settings: new Map() }
  },
  isQuiet: true,
  read: readPhpFpmFacts,
  byHand: 'Its logs, its socket and its pid file must be where UID:GID may write.',
  comment: (uid, { port }) =>
    port === undefined
      ? `php-fpm as uid ${uid}: pid file and sockets where it can write`
      : `php-fpm as uid ${uid} can't bind port ${port} everywhere`,
  editsEveryFile: true,
  // source: php-src sapi/fpm/fpm/fpm_unix.c: `user` and `group` are ignored with a notice, but a socket that cannot be
  // given to `listen.owner` ends the start
  editSettings(text, isWritable, _given, user) {
    const edits: ConfigEdit[] = []
    for (const { section, name, value, start, end, lineStart, lineEnd } of read(text)) {
      if (section === 'global' && name === 'pid' && value.startsWith('/') && !isWritable(value))
        edits.push({ start, end, text: '/tmp/php-fpm.pid' })
      if ((name === 'listen.owner' || name === 'listen.group') && !isSameUser(value, user))
        edits.push(removeLine(text, lineStart, lineEnd))
    }
    return edits
  }
})
