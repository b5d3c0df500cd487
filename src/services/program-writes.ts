/** What servers and runtimes write because an argument says so. One row: programs, their flags, the manual. */

/** `file`, `directory`; `replaced`: the file is made beside itself and renamed, so its directory is needed. */
type Kind = 'file' | 'directory' | 'replaced'

export interface ProgramWrites {
  /** Last part of the program's path; a module behind `python -m` counts too. */
  programs: readonly string[]
  /** Flag or `-Xname:` prefix, and what its value is. */
  flags: Readonly<Record<string, Kind>>
  /** What follows this word is a directory that is written (`minio server /data`). */
  behind?: string
  source: string
}

// biome-ignore format: one row per entry
const programWrites: readonly ProgramWrites[] = [
  { programs: ['gunicorn', 'gunicorn3', 'GUNICORN_CMD_ARGS'], flags: { '--log-file': 'file', '--error-logfile': 'file', '--access-logfile': 'file', '-p': 'replaced', '--pid': 'replaced', '--worker-tmp-dir': 'directory' }, source: 'docs.gunicorn.org settings; gunicorn/pidfile.py renames a temporary file' },
  { programs: ['uvicorn', 'hypercorn', 'daphne'], flags: { '--uds': 'replaced', '--access-log': 'file', '--error-logfile': 'file', '--access-logfile': 'file', '--pid': 'file', '-p': 'file' }, source: 'uvicorn, hypercorn and daphne --help' },
  { programs: ['uwsgi'], flags: { '--logto': 'file', '--logto2': 'file', '--daemonize': 'file', '--pidfile': 'file', '--pidfile2': 'file', '--stats': 'replaced', '--touch-reload': 'file', '--spooler': 'directory' }, source: 'uwsgi-docs Options' },
  { programs: ['celery'], flags: { '--pidfile': 'file', '--logfile': 'file', '-f': 'file', '-s': 'replaced', '--schedule': 'replaced', '--statedb': 'replaced' }, source: 'docs.celeryq.dev reference/cli' },
  { programs: ['java', 'JAVA_OPTS', 'JAVA_TOOL_OPTIONS', 'JDK_JAVA_OPTIONS', '_JAVA_OPTIONS', 'CATALINA_OPTS', 'JVM_OPTS', 'JAVA_OPTIONS', 'JAVA_ARGS'], flags: { '-Xloggc:': 'file', '-XX:HeapDumpPath=': 'directory', '-XX:ErrorFile=': 'file', '-XX:LogFile=': 'file', '-Djava.io.tmpdir=': 'directory', '-Dlog.path=': 'directory', '-Dlogging.file=': 'file', '-Dlogging.file.name=': 'file', '-Dlogging.file.path=': 'directory', '-Dlogging.path=': 'directory', '-Dlog.dir=': 'directory', '-DLOG_PATH=': 'directory', '-DLOG_DIR=': 'directory', '-Dlogs.dir=': 'directory', '--logging.file.name=': 'file', '--logging.file.path=': 'directory' }, source: 'java(1), Spring Boot reference, Logging' },
  { programs: ['node', 'NODE_OPTIONS', 'nodejs'], flags: { '--diagnostic-dir': 'directory', '--report-directory': 'directory', '--report-dir': 'directory', '--heapsnapshot-dir': 'directory', '--cpu-prof-dir': 'directory', '--heap-prof-dir': 'directory' }, source: 'nodejs.org api/cli' },
  { programs: ['redis-server', 'valkey-server', 'redis-sentinel', 'keydb-server'], flags: { '--dir': 'directory', '--logfile': 'file', '--pidfile': 'file', '--appenddirname': 'directory', '--unixsocket': 'replaced' }, source: 'redis.conf' },
  { programs: ['php-fpm'], flags: { '-g': 'file', '--pid': 'file' }, source: 'php-fpm(8)' },
  { programs: ['mongod', 'mongos'], flags: { '--dbpath': 'directory', '--logpath': 'file', '--pidfilepath': 'file' }, source: 'mongodb.com reference/program/mongod' },
  { programs: ['postgres', 'pg_ctl', 'initdb'], flags: { '-D': 'directory', '--pgdata': 'directory', '-l': 'file' }, source: 'postgresql.org app-postgres, app-pg-ctl' },
  { programs: ['mysqld', 'mariadbd', 'mysqld_safe'], flags: { '--datadir': 'directory', '--log-error': 'file', '--pid-file': 'file', '--socket': 'replaced', '--tmpdir': 'directory' }, source: 'MySQL reference manual, server options' },
  { programs: ['minio'], flags: { '--certs-dir': 'directory', '-S': 'directory' }, behind: 'server', source: 'min.io minio server' },
  { programs: ['prometheus'], flags: { '--storage.tsdb.path': 'directory', '--storage.agent.path': 'directory' }, source: 'prometheus.io command-line/prometheus' },
  { programs: ['alertmanager', 'vmalert'], flags: { '--storage.path': 'directory', '-storage.path': 'directory' }, source: 'prometheus.io command-line/alertmanager' },
  { programs: ['victoria-metrics', 'victoria-metrics-prod', 'vmstorage', 'vmagent'], flags: { '-storageDataPath': 'directory', '--storageDataPath': 'directory', '-remoteWrite.tmpDataPath': 'directory' }, source: 'docs.victoriametrics.com' },
  { programs: ['consul', 'nomad', 'vault', 'serf'], flags: { '-data-dir': 'directory', '-pid-file': 'file', '-log-file': 'file' }, source: 'developer.hashicorp.com consul agent' },
  { programs: ['nats-server', 'gnatsd'], flags: { '-sd': 'directory', '--store_dir': 'directory', '-l': 'file', '--log': 'file', '-P': 'file', '--pid': 'file' }, source: 'docs.nats.io running/flags' },
  { programs: ['caddy'], flags: { '--pidfile': 'file' }, source: 'caddyserver.com command-line' },
  { programs: ['haproxy'], flags: { '-p': 'file' }, source: 'haproxy management guide' },
  { programs: ['jupyter', 'jupyter-lab', 'jupyter-notebook', 'jupyterhub'], flags: { '--notebook-dir': 'directory', '--ServerApp.root_dir': 'directory', '--NotebookApp.notebook_dir': 'directory', '--pid-file': 'file' }, source: 'jupyter-server.readthedocs.io config' },
  { programs: ['mlflow'], flags: { '--default-artifact-root': 'directory', '--artifacts-destination': 'directory', '--backend-store-uri': 'directory' }, source: 'mlflow.org cli server' },
  { programs: ['bitcoind', 'litecoind', 'dogecoind', 'dashd', 'zcashd', 'elementsd'], flags: { '-datadir': 'directory', '--datadir': 'directory', '-debuglogfile': 'file', '-pid': 'file' }, source: 'bitcoind -help' },
  { programs: ['geth', 'erigon', 'besu', 'nethermind', 'lighthouse', 'prysm', 'teku', 'reth'], flags: { '-datadir': 'directory', '--datadir': 'directory', '--data-path': 'directory' }, source: 'geth.ethereum.org command-line-options' },
  { programs: ['transmission-daemon'], flags: { '-g': 'directory', '--config-dir': 'directory', '-w': 'directory', '--download-dir': 'directory', '--logfile': 'file', '-e': 'file' }, source: 'transmission-daemon(1)' },
  { programs: ['aria2c'], flags: { '-d': 'directory', '--dir': 'directory', '--save-session': 'file', '-l': 'file', '--log': 'file' }, source: 'aria2c(1)' },
  { programs: ['verdaccio', 'gitea', 'forgejo', 'gogs'], flags: { '--work-path': 'directory', '-w': 'directory' }, source: 'docs.gitea.com command-line' },
  { programs: ['syncthing'], flags: { '--home': 'directory', '-home': 'directory', '--data': 'directory', '--config': 'directory', '--logfile': 'file' }, source: 'docs.syncthing.net users/syncthing' },
  { programs: ['rclone'], flags: { '--cache-dir': 'directory', '--log-file': 'file' }, source: 'rclone.org/flags' },
  { programs: ['socat'], flags: { '-lf': 'file', '-L': 'file' }, source: 'socat(1)' },
  { programs: ['puma', 'unicorn', 'rackup', 'thin', 'sidekiq'], flags: { '--pidfile': 'file', '-P': 'file', '--pid': 'file', '-S': 'file', '--state': 'file', '--redirect-stdout': 'file', '--redirect-stderr': 'file', '-L': 'file', '--logfile': 'file' }, source: 'puma --help, sidekiq wiki' },
]

/** Flags that say the same in every program that has them. */
const customary =
  /^-{1,2}(?:(?:data|storage|state|store|db|database|log|logs|cache|tmp|temp|upload|uploads|spool|wal|backup|work|out|output|report|reports|export|download|downloads|result|results|artifacts?)[-_.]?(?:dir|directory|path|root|folder)|log[-_]?file|pid[-_]?file|error[-_]?log(?:file)?|access[-_]?log(?:file)?|db[-_]?file|database[-_]?file|data-?dir)$/i
const isFileFlag = /file$|log$/i

export interface ArgumentWrite {
  path: string
  kind: Kind
  flag: string
}

const rowsByProgram = new Map<string, ProgramWrites>()

/** The absolute paths that the arguments of a program tell it to write. `name` may be a variable that holds arguments. */
export function findArgumentWrites(name: string, args: readonly string[]): ArgumentWrite[] {
  if (!args.some((word) => word.includes('/'))) return []
  if (rowsByProgram.size === 0)
    for (const row of programWrites) for (const program of row.programs) rowsByProgram.set(program, row)
  const row = rowsByProgram.get(name) ?? rowsByProgram.get(name.replace(/-?[\d.]+$/, ''))
  const found: ArgumentWrite[] = []
  const add = (flag: string, value: string | undefined, kind: Kind) => {
    const path = value?.replace(/^(?:sqlite:\/\/\/|file:\/\/|unix:)(?=\/)/, '').replace(/(?<=.)\/$/, '')
    if (path !== undefined && /^\/[\w./@+-]+$/.test(path) && !/^\/(?:dev|proc|tmp)(?:\/|$)/.test(path))
      found.push({ flag, path, kind: kind === 'directory' && /^sqlite:/.test(value as string) ? 'replaced' : kind })
  }
  args.forEach((word, index) => {
    const equals = word.indexOf('=')
    const flag = equals === -1 ? word : word.slice(0, equals)
    const value = equals === -1 ? args[index + 1] : word.slice(equals + 1)
    const kind = row?.flags[flag]
    if (kind !== undefined) {
      add(flag, value, kind)
      return
    }
    if (row !== undefined && word.startsWith('-')) {
      const prefix = Object.keys(row.flags).find((each) => /[:=]$/.test(each) && word.startsWith(each))
      if (prefix !== undefined) {
        add(prefix.slice(0, -1), word.slice(prefix.length), row.flags[prefix] as Kind)
        return
      }
      // -Xlog:gc*:file=/var/log/gc.log:time
      const log = /^-Xlog:[^:]*:(?:file=)?"?(\/[^:"]+)/.exec(word)
      if (log !== null) add('-Xlog', (log[1] as string).replace(/[^/]*%.*$/, 'x'), 'file')
    }
    if (row?.behind === word) {
      const place = args.slice(index + 1).find((each) => !each.startsWith('-'))
      add(word, place, 'directory')
      return
    }
    if (customary.test(flag) && !/^(?:java|find|tar|rsync|docker|git|ls|grep)$/.test(name))
      add(
        flag,
        value,
        isFileFlag.test(flag) || /\.(?:log|pid|db|sqlite3?|json)$/.test(value ?? '')
          ? /\.(?:db|sqlite3?|json)$/.test(value ?? '')
            ? 'replaced'
            : 'file'
          : 'directory'
      )
    else if (/^\/[\w./-]+\.(?:db|sqlite3?)$/.test(word) && /sqlite|datasette|litestream/.test(name))
      add(name, word, 'replaced')
    else {
      const uri = /^[\w.-]*=?sqlite:\/\/\/(\/[\w./-]+)/.exec(word.replace(/^--?/, ''))
      if (uri !== null) add(flag, uri[1], 'replaced')
    }
  })
  return found
}
