/** uWSGI: its ini file says user, sockets, pid file and logs. */
import { isFilePath, isSameUser, readAddress, removeLine } from './config-values.ts'
import { readIni } from './ini-config.ts'
import { applicationLayout, defineServer } from './server.ts'
import type { ConfigEdit, ConfigFacts, ConfigPath, Listen } from './server-config.ts'

// source: uwsgi-docs Options
const sockets = new Set(
  'http http-socket http11-socket https https-socket socket uwsgi-socket fastcgi-socket scgi-socket suwsgi-socket http-router raw-socket puwsgi-socket stats'.split(
    ' '
  )
)
const files = new Set(['logto', 'logto2', 'daemonize', 'daemonize2', 'log-master-file', 'safe-pidfile', 'pidfile2'])
const directories = new Set(['spooler', 'cache-store-dir', 'emperor-dir'])
const made = new Set(['master-fifo', 'emperor-stats', 'carbon-socket'])
const users = new Set(['uid', 'gid', 'chown-socket'])

const read = (text: string) =>
  readIni(text, { comments: ';#', separators: '=', inlineComment: /\s[;#].*$/ }).filter(
    ({ section }) => section === 'uwsgi'
  )

function readFacts(text: string): ConfigFacts | undefined {
  if (/\{\{|\{%/.test(text) || !/^\s*\[uwsgi\]/m.test(text)) return undefined
  const listens: Listen[] = []
  const written: ConfigPath[] = []
  const filled: ConfigPath[] = []
  const replaced: ConfigPath[] = []
  const accounts: string[] = []
  const settings = new Map<string, string>()
  for (const { name, value, start } of read(text)) {
    const path = { path: value, offset: start }
    if (sockets.has(name)) {
      const listen = readAddress(value, start)
      if (listen !== undefined) listens.push(listen)
      else if (isFilePath(value)) replaced.push(path)
    } else if (name === 'logger' || name === 'req-logger') {
      const file = /^file:(?:logfile=)?([^,;]+)/.exec(value)?.[1]
      if (file !== undefined && isFilePath(file)) written.push({ ...path, path: file })
    } else if (name === 'pidfile' || name === 'safe-pidfile') settings.set('pid', value)
    else if (name === 'uid') accounts.push(value)
    else if (files.has(name) && isFilePath(value)) written.push(path)
    else if (directories.has(name) && isFilePath(value)) filled.push(path)
    else if (made.has(name) && isFilePath(value)) replaced.push(path)
  }
  return {
    listens,
    includes: [],
    files: written,
    directories: filled,
    keys: [],
    settings,
    ownPort: [],
    made: replaced,
    accounts
  }
}

export const uwsgi = defineServer({
  name: 'uWSGI',
  programs: ['uwsgi', 'uwsgi-core', 'pyuwsgi'],
  services: [],
  packages: /^uwsgi(?:-core)?$/,
  isOptional: true,
  isQuiet: true,
  findLayout: ({ workdir }) => ({ ...applicationLayout('uWSGI', workdir), startedIn: workdir }),
  /** source: uwsgi-docs Configuration: `--ini file`, `--ini=file`, `-i`, or the file alone; `:section` behind it */
  readArguments(args) {
    const flag = args.findIndex((word) => /^--(?:ini|ini-paste|xml|yaml|yml|json)$/.test(word))
    const joined = args
      .map((word) => /^--(?:ini|xml|yaml|yml|json)=(.+)$/.exec(word)?.[1])
      .find((each) => each !== undefined)
    const plain = args.find((word) => /^[^-].*\.(?:ini|xml|ya?ml|json)(?::\w+)?$/.test(word))
    const config = flag === -1 ? (joined ?? plain) : args[flag + 1]
    return { config: config?.replace(/:\w+$/, ''), prefix: undefined, settings: new Map() }
  },
  findProblem: ({ args }) =>
    args.some((word) => /^--?emperor\b/.test(word))
      ? {
          message: 'uWSGI’s emperor starts each vassal with the user of its own file',
          help: 'Start the one application directly with `uwsgi --ini`, or make the vassals’ directory and logs belong to UID:GID by hand.'
        }
      : undefined,
  read: readFacts,
  byHand: 'No `uid`, `gid` and `chown-socket`; sockets, pid file and logs where UID:GID may write, ports above 1023.',
  comment: (uid, { port }) =>
    port === undefined
      ? `uWSGI as uid ${uid}: pid file where it can write, no change of user`
      : `uWSGI as uid ${uid} can't bind port ${port} everywhere`,
  // source: unbit/uwsgi core/uwsgi.c uwsgi_as_root (complains of uid and gid), core/utils.c uwsgi_chown (exits)
  editSettings(text, isWritable, _given, user) {
    const edits: ConfigEdit[] = []
    for (const { name, value, start, end, lineStart, lineEnd } of read(text)) {
      if (
        (name === 'pidfile' || name === 'safe-pidfile') &&
        value.startsWith('/') &&
        isFilePath(value) &&
        !isWritable(value)
      )
        edits.push({ start, end, text: '/tmp/uwsgi.pid' })
      if (users.has(name) && !value.split(':').every((part) => part === '' || isSameUser(part, user)))
        edits.push(removeLine(text, lineStart, lineEnd))
    }
    return edits
  }
})
