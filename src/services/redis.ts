/** Redis and Valkey from a distribution's package; their own images step down by themselves. */
import { isFilePath } from './config-values.ts'
import { readIni } from './ini-config.ts'
import { defineServer, type ServerLayout } from './server.ts'
import { type ConfigFacts, type ConfigPath, type Listen, noFacts } from './server-config.ts'

interface Place {
  config: readonly string[]
  pidFolder?: string
}

// source: Debian redis debian/redis-server.postinst (adduser --system redis; /var/lib/redis and /var/log/redis belong to it),
// debian/patches/debian-packaging: daemonize yes, pidfile /run/redis/redis-server.pid
const layout = (
  name: string,
  service: 'redis' | 'valkey',
  { config, pidFolder }: Place,
  workdir: string
): ServerLayout => ({
  name,
  startedIn: workdir,
  workPrefix: workdir,
  root: '',
  prefix: '/',
  directories: config.map((path) => path.slice(0, path.lastIndexOf('/'))).filter((path) => path !== '/etc'),
  files: config.map((path) => ({
    path,
    text: `port 6379\nlogfile /var/log/${service}/${service}.log\ndir /var/lib/${service}\n`
  })),
  account: service,
  owned: [`/var/lib/${service}`, `/var/log/${service}`],
  writable: pidFolder === undefined ? [] : [pidFolder],
  mayMiss: pidFolder === undefined ? [] : [pidFolder],
  pid: '',
  logs: []
})

function readFacts(text: string): ConfigFacts {
  const listens: Listen[] = []
  const files: ConfigPath[] = []
  const directories: ConfigPath[] = []
  const made: ConfigPath[] = []
  const includes: (ConfigPath & { context: string })[] = []
  let directory = ''
  const settings = new Map<string, string>()
  const entries = readIni(text, { comments: '#', separators: ' \t' })
  for (const { name, value } of entries) if (name === 'dir') directory = value
  for (const { name, value, start } of entries) {
    const path = { path: value, offset: start }
    switch (name.toLowerCase()) {
      case 'port':
      case 'tls-port':
        if (/^\d+$/.test(value) && value !== '0')
          listens.push({
            port: Number(value),
            variable: undefined,
            start,
            end: start + value.length,
            before: '',
            after: '',
            isEcho: false
          })
        break
      case 'dir':
        settings.set('dir', value)
        if (isFilePath(value)) directories.push(path)
        break
      case 'logfile':
        if (value !== '' && isFilePath(value))
          files.push(value.startsWith('/') ? path : { ...path, path: `${directory}/${value}` })
        break
      case 'unixsocket':
        if (isFilePath(value)) made.push(path)
        break
      case 'include':
        includes.push({ ...path, context: 'main' })
        break
    }
  }
  return { ...noFacts, listens, files, directories, made, includes, settings }
}

export const redis = defineServer({
  name: 'Redis',
  programs: ['redis-server', 'valkey-server', 'redis-sentinel', 'valkey-sentinel'],
  services: [],
  packages: /^(?:redis|redis-server|redis-sentinel|valkey|valkey-server)$/,
  isQuiet: true,
  findLayout({ packages, distribution, workdir }) {
    const name = packages.find((each) => redis.packages.test(each))
    if (name === undefined) return undefined
    const service = name.startsWith('valkey') ? 'valkey' : 'redis'
    if (distribution === 'debian' || distribution === 'ubuntu')
      return layout(
        'the Debian package',
        service,
        { config: [`/etc/${service}/${service}.conf`], pidFolder: `/run/${service}` },
        workdir
      )
    // source: Alpine aports main/redis APKBUILD and redis.pre-install: adduser -S redis; RHEL redis.spec: useradd redis
    if (distribution === 'alpine')
      return layout('the Alpine package', service, { config: [`/etc/${service}.conf`] }, workdir)
    return distribution === 'rhel' || distribution === 'fedora' || distribution === 'ubi-minimal'
      ? layout(
          'the Red Hat package',
          service,
          { config: [`/etc/${service}.conf`, `/etc/${service}/${service}.conf`] },
          workdir
        )
      : undefined
  },
  /** source: redis-server --help: the configuration is the first argument, options follow it */
  readArguments(args) {
    const settings = new Map<string, string>()
    args.forEach((word, index) => {
      const name = /^--([\w-]+)$/.exec(word)?.[1]
      if (name !== undefined) settings.set(name, args[index + 1] ?? '')
    })
    return { config: args[0]?.startsWith('-') ? undefined : args[0], prefix: undefined, settings }
  },
  // source: redis.conf: `dir` is where it is started; snapshots go there, and after a failed one writes are refused
  findProblem({ workdir, args }, facts) {
    const isSaved = !args.some((word, index) => word === '--save' && (args[index + 1] ?? '') === '')
    const hasPlace = args.includes('--dir') || facts.some(({ settings }) => settings.has('dir'))
    return hasPlace || !isSaved || workdir !== '/' || facts.length > 0 || args[0]?.startsWith('-') === false
      ? undefined
      : {
          message:
            'redis-server without a configuration keeps its snapshots where it is started, in /, which belongs to root',
          help: 'Name the package’s directory (`--dir /var/lib/redis`), or turn snapshots off (`--save ""`), then convert again.'
        }
  },
  read: readFacts,
  byHand: 'Its `dir`, `logfile` and `unixsocket` must be where its account may write.',
  comment: (uid, { port }) => `Redis as uid ${uid} can't bind port ${port} everywhere`,
  editSettings: () => []
})
