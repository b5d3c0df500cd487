/** supervisord: starts several programs; all of them must do with one user. */
import { findArgumentPorts, findListenerPort, isListenerName } from '../plan/ports.ts'
import { isFilePath, isSameUser, readAddress, removeLine } from './config-values.ts'
import { type IniEntry, readIni } from './ini-config.ts'
import { defineServer, type ServerLayout } from './server.ts'
import { type ConfigEdit, type ConfigFacts, type ConfigPath, type Listen, noFacts } from './server-config.ts'

// source: Debian supervisor debian/supervisord.conf
const debian: ServerLayout = {
  name: 'the Debian package',
  root: '/etc/supervisor/supervisord.conf',
  prefix: '/etc/supervisor',
  directories: ['/etc/supervisor', '/etc/supervisor/conf.d'],
  files: [
    {
      path: '/etc/supervisor/supervisord.conf',
      text: '[unix_http_server]\nfile=/var/run/supervisor.sock\n[supervisord]\nlogfile=/var/log/supervisor/supervisord.log\npidfile=/var/run/supervisord.pid\nchildlogdir=/var/log/supervisor\n[supervisorctl]\nserverurl=unix:///var/run/supervisor.sock\n[include]\nfiles = /etc/supervisor/conf.d/*.conf\n',
      settings: ['s,/var/run/supervisor,/tmp/supervisor,']
    }
  ],
  writable: [],
  pid: '',
  logs: ['/var/log/supervisor']
}

// source: Alpine aports main/supervisor supervisord.conf
const alpine: ServerLayout = {
  name: 'the Alpine package',
  root: '/etc/supervisord.conf',
  prefix: '/etc',
  directories: ['/etc', '/etc/supervisor.d'],
  files: [
    {
      path: '/etc/supervisord.conf',
      text: '[unix_http_server]\nfile=/run/supervisord.sock\n[supervisord]\nlogfile=/var/log/supervisord.log\n[supervisorctl]\nserverurl=unix:///run/supervisord.sock\n[include]\nfiles = /etc/supervisor.d/*.ini\n',
      settings: ['s,/run/supervisord.sock,/tmp/supervisord.sock,']
    }
  ],
  writable: [],
  pid: '',
  logs: []
}

const installed: ServerLayout = {
  name: 'supervisord',
  root: '/etc/supervisord.conf',
  prefix: '/',
  directories: [],
  files: [],
  writable: [],
  pid: '',
  logs: []
}

/** source: supervisord.org configuration: Windows-INI, ` ;` begins a comment, indented lines continue */
const read = (text: string): IniEntry[] =>
  readIni(text, { comments: ';#', separators: '=:', inlineComment: /\s;.*$/, continues: true })

const isProgram = (section: string): boolean => /^(?:program|fcgi-program|eventlistener):/.test(section)

export interface SupervisedProgram {
  command: string
  directory: string | undefined
  offset: number
}

/** The programs that a configuration starts. */
export function readSupervisedPrograms(text: string): SupervisedProgram[] {
  const entries = read(text)
  return entries
    .filter(({ section, name }) => isProgram(section) && name === 'command')
    .map(({ section, value, start }) => ({
      command: value
        .replaceAll('%(program_name)s', section.replace(/^[^:]*:/, ''))
        .replace(/%\(ENV_(\w+)\)s/g, '${$1}'),
      directory: entries.find((each) => each.section === section && each.name === 'directory')?.value,
      offset: start
    }))
}

const listenAt = (port: number, start: number): Listen => ({
  port,
  variable: undefined,
  start,
  end: start + String(port).length,
  before: '',
  after: '',
  isEcho: false
})

/** The ports below 1024 on which a program's command listens. */
function commandPorts(text: string, command: string, start: number): Listen[] {
  const words = [...command.matchAll(/"[^"]*"|'[^']*'|\S+/g)]
  return findArgumentPorts(words.map(([word]) => word.replace(/^(["'])(.*)\1$/, '$2'))).flatMap(
    ({ port, word, from }) => {
      const match = words[word] as RegExpExecArray
      const at = start + match.index + (/^["']/.test(match[0]) ? 1 : 0) + from
      return text.startsWith(String(port), at) ? [listenAt(port, at)] : []
    }
  )
}

/** `environment=PORT="80",HOST="0.0.0.0"`. */
function environmentPorts(value: string, start: number): Listen[] {
  return [...value.matchAll(/(\w+)=(["']?)([^"',]*)\2/g)].flatMap((match) => {
    const port = isListenerName(match[1] as string) ? findListenerPort(match[3] as string) : undefined
    const at = start + match.index + (match[1] as string).length + 1 + (match[2] as string).length
    return port === undefined ? [] : [listenAt(port.port, at + port.from)]
  })
}

function readFacts(text: string): ConfigFacts | undefined {
  if (/\{\{|\{%|<%/.test(text)) return undefined
  const listens: Listen[] = []
  const files: ConfigPath[] = []
  const includes: (ConfigPath & { context: string })[] = []
  const accounts: string[] = []
  const settings = new Map<string, string>()
  const overrides = new Set<string>()
  for (const { section, name, value, start } of read(text)) {
    const key = `${section} ${name}`
    overrides.add(key)
    const path: ConfigPath = { path: value, offset: start, key }
    if (section === 'supervisord') settings.set(name, value)
    if (section === 'include' && name === 'files')
      for (const file of value.split(/\s+/)) includes.push({ path: file, offset: start, context: 'main' })
    else if (name === 'user' && (section === 'supervisord' || isProgram(section))) accounts.push(value)
    else if (isProgram(section) && name === 'command') listens.push(...commandPorts(text, value, start))
    else if (isProgram(section) && name === 'environment') listens.push(...environmentPorts(value, start))
    else if (/^(?:std(?:out|err)_)?logfile$/.test(name)) {
      if (!/^(?:AUTO|NONE|syslog)$/i.test(value) && isFilePath(value)) files.push(path)
    } else if (name === 'childlogdir' && isFilePath(value)) files.push({ ...path, path: `${value}/x` })
    else if (section === 'inet_http_server' && name === 'port') {
      const listen = readAddress(value, start)
      if (listen !== undefined) listens.push({ ...listen, isEcho: true })
    }
  }
  return { ...noFacts, listens, files, includes, settings, accounts, overrides }
}

export const supervisord = defineServer({
  name: 'supervisord',
  programs: ['supervisord'],
  services: [],
  packages: /^supervisor$/,
  isQuiet: true,
  editsEveryFile: true,
  findLayout({ packages, distribution, workdir }) {
    const at = workdir === '/' ? '' : workdir
    const found = !packages.includes('supervisor')
      ? installed
      : distribution === 'debian' || distribution === 'ubuntu'
        ? debian
        : distribution === 'alpine'
          ? alpine
          : installed
    // Logs without a folder lie where it is started.
    // source: supervisor/options.py searchpaths
    const roots = [`${at}/supervisord.conf`, `${at}/etc/supervisord.conf`, '/etc/supervisord.conf', found.root]
    return { ...found, roots, workPrefix: workdir, startedIn: workdir, isRelativeToRoot: true }
  },
  readArguments(args) {
    const index = args.findIndex((word) => word === '-c' || word === '--configuration')
    const joined = args
      .map((word) => /^(?:--configuration=|-c(?=[^-]))(.+)$/.exec(word)?.[1])
      .find((each) => each !== undefined)
    return { config: index === -1 ? joined : args[index + 1], prefix: undefined, settings: new Map() }
  },
  findProblem(_question, facts) {
    const isCommand = (key: string) => /^(?:fcgi-)?program:.* command$/.test(key)
    if (facts.length > 0 && !facts.some(({ overrides = new Set<string>() }) => [...overrides].some(isCommand)))
      return {
        message: 'no file of the image names a program that supervisord starts: they are mounted, or made at the start',
        help: 'Bring their configuration into the image, or start the one program of the container directly.'
      }
    const users = new Set(facts.flatMap(({ accounts = [] }) => accounts).filter((each) => !/^(?:root|0)$/.test(each)))
    return users.size < 2
      ? undefined
      : {
          message: `supervisord starts its programs as different users (${[...users].join(', ')}), which only root can do`,
          help: 'Give each program an image of its own, or let all of them run as one user (the same `user=`, or none), then convert again.'
        }
  },
  read: readFacts,
  byHand: 'No `user=`; `pidfile`, socket and logs where UID:GID may write.',
  comment: (uid) => `supervisord as uid ${uid}: pid file and socket where it can write`,
  // source: supervisor/options.py: drop_privileges fails for anybody but root and the user himself; `logfile` and `pidfile`
  // lie in the working directory unless they are named
  editSettings(text, isWritable, given, user) {
    const edits: ConfigEdit[] = []
    const entries = read(text)
    for (const { section, name, value, start, end, lineStart, lineEnd } of entries) {
      if (name === 'user' && (section === 'supervisord' || isProgram(section)) && !isSameUser(value, user))
        edits.push(removeLine(text, lineStart, lineEnd))
      else if (
        section === 'unix_http_server' &&
        name === 'chown' &&
        !value.split(':').every((part) => isSameUser(part, user))
      )
        edits.push(removeLine(text, lineStart, lineEnd))
      else if (section === 'supervisord' && name === 'pidfile' && isFilePath(value) && !isWritable(value))
        edits.push({ start, end, text: '/tmp/supervisord.pid' })
      else if (section === 'unix_http_server' && name === 'file' && isFilePath(value) && !isWritable(value))
        edits.push({ start, end, text: socketOf(value) })
      else if (section === 'supervisorctl' && name === 'serverurl') {
        const path = /^unix:\/\/(\/.*)$/.exec(value)?.[1]
        if (path !== undefined && !isWritable(path)) edits.push({ start, end, text: `unix://${socketOf(path)}` })
      }
    }
    const header = /^\[supervisord\][^\n]*\n?/m.exec(text)
    if (header !== null && !given.has('logfile') && !isWritable('supervisord.log')) {
      const at = header.index + header[0].length
      const newline = text.includes('\r\n') ? '\r\n' : '\n'
      const lines = [
        'logfile=/dev/null',
        'logfile_maxbytes=0',
        ...(given.has('pidfile') ? [] : ['pidfile=/tmp/supervisord.pid'])
      ]
      edits.push({
        start: at,
        end: at,
        text: `${header[0].endsWith('\n') ? '' : newline}${lines.join(newline)}${newline}`
      })
    }
    return edits
  }
})

const socketOf = (path: string): string => `/tmp/${path.slice(path.lastIndexOf('/') + 1)}`
