/** Spring Boot: `server.port` in application.properties or .yml, beside the jar or built into it. */
import { readIni } from './ini-config.ts'
import { applicationLayout, defineServer } from './server.ts'
import { type ConfigFacts, type ConfigPath, type Listen, noFacts } from './server-config.ts'

const portKeys = /^(?:server\.port|management\.server\.port|server\.http\.port)$/
const logKeys = /^logging\.file(?:\.name)?$/
const folderKeys =
  /^(?:logging\.file\.path|logging\.path|server\.tomcat\.basedir|spring\.servlet\.multipart\.location|server\.tomcat\.accesslog\.directory)$/

/** The lines of a YAML file with their whole keys; enough for plain maps, which these files are. */
function* readYamlLines(text: string): Generator<{ name: string; value: string; start: number }> {
  const stack: { indent: number; key: string }[] = []
  const lines = /[^\n]*\n?/g
  for (let match = lines.exec(text); match !== null && match[0] !== ''; match = lines.exec(text)) {
    const line = match[0].replace(/\r?\n$/, '')
    if (/^---/.test(line)) stack.length = 0
    const found = /^(\s*)(["']?)([\w.-]+)\2\s*:(?:\s+(.*))?$/.exec(line)
    if (found === null) continue
    const indent = (found[1] as string).length
    while (stack.length > 0 && (stack.at(-1)?.indent ?? 0) >= indent) stack.pop()
    const name = [...stack.map(({ key }) => key), found[3] as string].join('.')
    const written = (found[4] ?? '').replace(/\s+#.*$/, '').trimEnd()
    const quoted = /^(["'])(.*)\1$/.exec(written)
    const value = quoted === null ? written : (quoted[2] as string)
    if (written === '') stack.push({ indent, key: found[3] as string })
    else
      yield { name, value, start: match.index + line.length - (found[4] as string).length + (quoted === null ? 0 : 1) }
  }
}

function readFacts(text: string): ConfigFacts {
  const isProperties = /^\s*[\w.-]+\s*=/m.test(text)
  const entries = isProperties ? readIni(text, { comments: '#!', separators: '=:' }) : [...readYamlLines(text)]
  const listens: Listen[] = []
  const files: ConfigPath[] = []
  const directories: ConfigPath[] = []
  for (const { name, value, start } of entries) {
    if (portKeys.test(name)) {
      // 80, ${PORT:80}, ${PORT}
      const match = /^(?:(\d+)|\$\{(\w+)(?::(\d+))?\})$/.exec(value)
      const digits = match?.[1] ?? match?.[3]
      const common = { before: '', after: '', isEcho: name !== 'server.port' }
      if (digits !== undefined) {
        const at = start + value.lastIndexOf(digits)
        listens.push({ ...common, port: Number(digits), variable: undefined, start: at, end: at + digits.length })
      }
      if (match?.[2] !== undefined)
        listens.push({ ...common, port: undefined, variable: `\${${match[2]}}`, start, end: start })
    } else if (value.startsWith('/') && /^[\w./@+-]+$/.test(value)) {
      if (logKeys.test(name)) files.push({ path: value, offset: start })
      else if (folderKeys.test(name)) directories.push({ path: value, offset: start })
    }
  }
  return { ...noFacts, listens, files, directories }
}

const names = [
  'application',
  'application-prod',
  'application-production',
  'application-docker',
  'application-container',
  'bootstrap'
]
const suffixes = ['.properties', '.yml', '.yaml']
/** source: docs.spring.io, Externalized Configuration: the argument wins over the property, that over the variable */
const given = /^(?:-Dserver\.port=|--server\.port[=]?)/

export const spring = defineServer({
  name: 'Spring Boot',
  programs: ['java'],
  services: [],
  packages: /^$/,
  isOptional: true,
  isQuiet: true,
  findLayout: ({ workdir }) => applicationLayout('Spring Boot', workdir),
  isOverridden: ({ args, environment }) =>
    args.some((word) => given.test(word)) ||
    ['SERVER_PORT'].some((name) => environment(name) !== undefined) ||
    ['JAVA_OPTS', 'JAVA_TOOL_OPTIONS', 'JDK_JAVA_OPTIONS'].some((name) =>
      /server\.port=/.test(environment(name) ?? '')
    ),
  findSources(question, folders) {
    const profiles = (question.environment('SPRING_PROFILES_ACTIVE') ?? '')
      .split(',')
      .filter((each) => /^[\w-]+$/.test(each))
    const all = [...new Set([...names, ...profiles.map((each) => `application-${each}`)])]
    const places = ['src/main/resources', 'main/resources', 'src/main/resources/config', 'resources', 'config', '']
    return folders.flatMap((folder) =>
      places.flatMap((place) =>
        all.flatMap((name) =>
          suffixes.map((suffix) => [folder, place, `${name}${suffix}`].filter((part) => part !== '').join('/'))
        )
      )
    )
  },
  readArguments: () => ({ config: undefined, prefix: undefined, settings: new Map() }),
  read: readFacts,
  byHand:
    'Set `server.port` to a port above 1023 (or SERVER_PORT), then change EXPOSE; its log files must be where UID:GID may write.',
  comment: (uid, { port }) => `Spring Boot as uid ${uid} can't bind port ${port} everywhere`,
  editSettings: () => []
})
