/** Reads Traefik's static configuration, YAML and TOML, with exact offsets. */
import {
  type ConfigDoubt,
  type ConfigEdit,
  type ConfigFacts,
  type ConfigPath,
  type Listen,
  plainListen
} from './server-config.ts'

/** One setting: names as in the manual, in lower case. */
export interface TraefikSetting {
  path: readonly string[]
  /** Quotes removed; empty for a table of its own. */
  value: string
  start: number
  end: number
}

/** The settings of a file; undefined where it is written in a form that is not read here. */
function readTraefikConfig(text: string): TraefikSetting[] | undefined {
  if (/\{\{|\{%|<%/.test(text)) return undefined
  const first = /^(?![ \t]*(?:#|\r?$|---))[ \t]*\S.*$/m.exec(text)?.[0] ?? ''
  return /^\s*\[|^\s*[\w."-]+\s*=/.test(first) ? readToml(text) : readYaml(text)
}

/** Lines without their line feed, with offsets. */
function* linesOf(text: string): Generator<{ line: string; start: number }> {
  let start = text.charCodeAt(0) === 0xfeff ? 1 : 0
  for (const line of text.slice(start).split('\n')) {
    yield { line: line.replace(/\r$/, ''), start }
    start += line.length + 1
  }
}

const scalar = /^(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^#\s"'][^#]*?))?\s*(?:\s#.*|#.*)?$/

/** The block style that people write; anchors and flow maps that say more than a word are not read. */
function readYaml(text: string): TraefikSetting[] | undefined {
  const settings: TraefikSetting[] = []
  const open: { indent: number; name: string }[] = []
  let textIndent: number | undefined
  for (const { line, start } of linesOf(text)) {
    if (line.trim() === '' || line.trim().startsWith('#') || /^(?:---|\.\.\.)\s*$/.test(line)) continue
    const indent = line.search(/\S/)
    if (textIndent !== undefined) {
      if (indent > textIndent) continue
      textIndent = undefined
    }
    while (open.length > 0 && (open.at(-1) as { indent: number }).indent >= indent) open.pop()
    if (/^\s*-(?:\s|$)/.test(line)) continue
    const match = /^(\s*)(?:"([^"]+)"|'([^']+)'|([^\s:#][^:#]*?))\s*:(?:[ \t]+(.*))?$/.exec(line)
    if (match === null) return undefined
    const name = (match[2] ?? match[3] ?? match[4] ?? '').toLowerCase()
    const rest = match[5] ?? ''
    const path = [...open.map((each) => each.name), name]
    const at = start + line.length - rest.length
    if (/^[|>]/.test(rest)) textIndent = indent
    if (path[0] === 'entrypoints' && /^[{&*!]/.test(rest) && !/^\{\s*\}/.test(rest)) return undefined
    settings.push(settingOf(path, rest, at))
    open.push({ indent, name })
  }
  return settings
}

/** Tables, keys with dots, strings on one line. */
function readToml(text: string): TraefikSetting[] | undefined {
  const settings: TraefikSetting[] = []
  let table: string[] = []
  let depth = 0
  for (const { line, start } of linesOf(text)) {
    const plain = line.replace(/^((?:[^"'#]|"(?:[^"\\]|\\.)*"|'[^']*')*)#.*$/, '$1')
    if (plain.trim() === '') continue
    if (depth > 0) {
      depth += count(plain, '[') - count(plain, ']')
      continue
    }
    if (/"""|'''/.test(plain)) return undefined
    const header = /^\s*\[\[?([^[\]]+)\]\]?\s*$/.exec(plain)
    if (header !== null) {
      table = namesOf(header[1] as string)
      settings.push({ path: table, value: '', start, end: start })
      continue
    }
    const match = /^\s*([\w."' -]+?)\s*=\s*(.*?)\s*$/.exec(plain)
    if (match === null) return undefined
    const [, key = '', value = ''] = match
    const path = [...table, ...namesOf(key)]
    if (path[0] === 'entrypoints' && value.startsWith('{')) return undefined
    const at = start + plain.indexOf(value, plain.indexOf('=') + 1)
    settings.push(settingOf(path, value, at))
    depth = Math.max(0, count(value, '[') - count(value, ']'))
  }
  return settings
}

const count = (text: string, part: string): number => text.split(part).length - 1

const namesOf = (key: string): string[] =>
  (key.match(/"[^"]*"|'[^']*'|[^.\s]+/g) ?? []).map((name) => name.replaceAll(/^["']|["']$/g, '').toLowerCase())

function settingOf(path: readonly string[], rest: string, at: number): TraefikSetting {
  const match = scalar.exec(rest)
  const value = match?.[1] ?? match?.[2] ?? match?.[3] ?? ''
  const start = at + (match?.[3] === undefined && value !== '' ? 1 : 0)
  return { path, value, start, end: start + value.length }
}

const is = (path: readonly string[], pattern: RegExp): boolean => pattern.test(path.join('.'))

/** source: doc.traefik.io/traefik/routing/entrypoints "Redirection": `to` is an entry point or a port such as `:443` */
const redirection = /^entrypoints\.[^.]+\.http\.redirections\.entrypoint\.to$/

const entryPoint = /^entrypoints\.[^.]+\.address$/

/** What the static configuration says about ports and paths. */
export function readTraefikFacts(text: string): ConfigFacts | undefined {
  const settings = readTraefikConfig(text)
  if (settings === undefined) return undefined
  const facts = factsOf(settings)
  // source: doc.traefik.io/traefik/https/acme: the HTTP and TLS challenges come over 80 and 443
  const asks = settings.find(({ path }) => is(path, /(?:^|\.)acme\.(?:http|tls)challenge$/))
  if (asks !== undefined && facts.listens.some(({ port = 0 }) => port === 80 || port === 443))
    facts.doubts.push({
      offset: asks.start,
      text: 'asks for certificates over a challenge: it comes to the ports 80 and 443 that are published',
      help: 'Publish -p 80:8080 and -p 443:8443, as a Service does with targetPort.',
      rule: 'published-port'
    })
  return { ...facts, listens: [...facts.listens, ...impliedListens(settings, text.length)] }
}

function factsOf(settings: readonly TraefikSetting[]): ConfigFacts & { doubts: ConfigDoubt[] } {
  const listens: Listen[] = []
  const files: ConfigPath[] = []
  const ownPort: { offset: number; text: string }[] = []
  const doubts: ConfigDoubt[] = []
  for (const { path, value, start } of settings) {
    if (is(path, entryPoint)) {
      const match = /^(.*:)(\d+)(?:\/(?:tcp|udp))?$/i.exec(value)
      if (match !== null) {
        const from = start + (match[1] as string).length
        listens.push(plainListen(Number(match[2]), from, from + (match[2] as string).length))
      } else
        doubts.push({
          offset: start,
          text: `has the address ${value || '(none)'}, whose port cannot be read`,
          help: 'Write it with a port above 1023.'
        })
    } else if (is(path, /(?:^|\.)acme\.storage$/) && value !== '')
      // source: doc.traefik.io/traefik/https/acme: the file must have mode 600
      files.push({ path: value, offset: start, mode: '600' })
    else if (is(path, /^(?:log|accesslog|traefiklog)\.filepath$|^(?:accesslogsfile|traefiklogsfile)$/) && value !== '')
      files.push({ path: value, offset: start })
    // v1 has no way to say another port than the entry point's own.
    else if (is(path, /^entrypoints\.[^.]+\.redirect\.entrypoint$/))
      ownPort.push({ offset: start, text: `redirects to the port of the entry point ${value}` })
    else if (is(path, /^(?:providers\.)?docker$/))
      doubts.push({
        offset: start,
        text: 'reads the Docker socket, which only root and the host’s docker group may open',
        help: 'Start it with `--group-add "$(stat -c %g /var/run/docker.sock)"` (compose: `group_add`), or put a socket proxy in front of it.',
        rule: 'docker-socket'
      })
  }
  return {
    listens,
    includes: [],
    files,
    directories: [],
    keys: [],
    settings: new Map(),
    ownPort,
    doubts
  }
}

/** source: traefik pkg/config/static/static_config.go SetEffectiveConfiguration: without entry points `http` on :80; the internal entry point is :8080 */
function impliedListens(settings: readonly TraefikSetting[], end: number): Listen[] {
  const isOn = (pattern: RegExp) =>
    settings.some(({ path, value }) => is(path, pattern) && !/^(?:false|no|off)$/i.test(value))
  const listens: Listen[] = []
  const names = new Set(settings.flatMap(({ path }) => (path[0] === 'entrypoints' && path[1] ? [path[1]] : [])))
  if ([...names].every((name) => name === 'traefik'))
    listens.push({ ...plainListen(80, end, end), implied: 'entrypoints' })
  if (
    !names.has('traefik') &&
    isOn(/^api\.insecure$|^ping$|^metrics\.prometheus$|^providers\.rest\.insecure$|^(?:api|web|rest)$/)
  )
    listens.push({ ...plainListen(8080, 0, 0), implied: 'traefik' })
  return listens
}

/** What options say beside the addresses of entry points, which stand in the Dockerfile. */
export function readTraefikArguments(args: readonly string[]): ConfigFacts {
  const settings = args.flatMap((word, index): TraefikSetting[] => {
    const match = /^--?([\w.-]+)(?:=(.*))?$/.exec(word)
    if (match === null) return []
    const next = args[index + 1] ?? ''
    const value = match[2] ?? (next.startsWith('-') ? '' : next)
    return [{ path: (match[1] as string).toLowerCase().split('.'), value, start: 0, end: 0 }]
  })
  const facts = factsOf(settings)
  const addresses = new Map(settings.flatMap(({ path, value }) => (is(path, entryPoint) ? [[path[1], value]] : [])))
  const ownPort = settings.flatMap(({ path, value }) => {
    const port = Number(/:(\d+)(?:\/\w+)?$/.exec(addresses.get(value.toLowerCase()) ?? '')?.[1])
    return is(path, redirection) && port > 0 && port < 1024
      ? [{ offset: 0, text: `redirects to the entry point ${value}, whose own port becomes another than clients use` }]
      : []
  })
  return { ...facts, listens: [], ownPort: [...facts.ownPort, ...ownPort] }
}

/** Moves the addresses; a redirect that took its port from an entry point keeps the one that clients know. */
export function moveTraefikPorts(
  text: string,
  facts: ConfigFacts,
  mapping: ReadonlyMap<number, number>
): (ConfigEdit & { from: number })[] {
  const edits = facts.listens.flatMap(({ port, start, end, implied }) => {
    const to = port === undefined || implied === 'traefik' ? undefined : mapping.get(port)
    if (port === undefined || to === undefined) return []
    return [{ start, end, text: implied === undefined ? String(to) : addedEntryPoint(text, to), from: port }]
  })
  const settings = readTraefikConfig(text) ?? []
  for (const { path, value, start, end } of settings) {
    if (!is(path, redirection)) continue
    const address = settings.find((each) => is(each.path, entryPoint) && each.path[1] === value.toLowerCase())
    const port = Number(/:(\d+)(?:\/\w+)?$/.exec(address?.value ?? '')?.[1])
    if (!mapping.has(port)) continue
    const isQuoted = /["']/.test(text[start - 1] ?? '')
    edits.push({ start, end, text: isQuoted ? `:${port}` : `":${port}"`, from: port })
  }
  return edits
}

function addedEntryPoint(text: string, to: number): string {
  const isToml = /^\s*\[|^\s*[\w."-]+\s*=/m.test(text)
  const newline = text.includes('\r\n') ? '\r\n' : '\n'
  const gap = text === '' || text.endsWith('\n') ? '' : newline
  return isToml
    ? `${gap}${newline}[entryPoints.http]${newline}  address = ":${to}"${newline}`
    : `${gap}${newline}entryPoints:${newline}  http:${newline}    address: ":${to}"${newline}`
}
