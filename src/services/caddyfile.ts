/** Reads Caddyfiles with exact offsets. */
import type { ConfigDoubt, ConfigEdit, ConfigFacts, ConfigPath, Listen } from './server-config.ts'
import { plainListen, variableListen } from './server-config.ts'

interface CaddyToken {
  /** Quotes removed. */
  value: string
  start: number
  end: number
  line: number
}

export interface CaddySite {
  /** Undefined for snippets, whose directives belong to whoever imports them. */
  addresses: readonly CaddyToken[]
  isSnippet: boolean
  /** Lines of its block, nested ones too. */
  directives: readonly (readonly CaddyToken[])[]
}

interface Caddyfile {
  /** The block in front of all others that holds the options. */
  options: { open: CaddyToken; lines: readonly (readonly CaddyToken[])[] } | undefined
  sites: readonly CaddySite[]
  imports: readonly CaddyToken[]
}

/**
 * The blocks of a Caddyfile; undefined where it is none.
 *
 * source: caddy caddyconfig/caddyfile/lexer.go (words, quotes, `#` at the beginning of a word, heredocs) and parse.go
 * (blocks open with `{` at the end of a line; addresses are divided by commas; without braces the file is one site)
 */
function readCaddyfile(text: string): Caddyfile | undefined {
  if (/\{\{[^}]*\}\}|\{%|<%/.test(text)) return undefined
  const tokens = tokenize(text)
  if (tokens === undefined) return undefined
  const lines: CaddyToken[][] = []
  for (const token of tokens) {
    const last = lines.at(-1)
    if (last !== undefined && last[0]?.line === token.line) last.push(token)
    else lines.push([token])
  }
  const sites: CaddySite[] = []
  const imports: CaddyToken[] = []
  let options: Caddyfile['options']
  /** Lines of a block whose opening brace ends line `at`, and the line behind it. */
  const readBlock = (at: number): { inner: CaddyToken[][]; next: number } | undefined => {
    let depth = 1
    const inner: CaddyToken[][] = []
    for (let index = at + 1; index < lines.length; index++) {
      const line = lines[index] as CaddyToken[]
      if (line[0]?.value === '}' && --depth === 0) return line.length === 1 ? { inner, next: index + 1 } : undefined
      if (line.at(-1)?.value === '{') depth++
      inner.push(line)
    }
    return undefined
  }
  for (let index = 0; index < lines.length; ) {
    let line = lines[index] as CaddyToken[]
    const [first] = line as [CaddyToken]
    if (first.value === '{' && line.length === 1) {
      // Snippets may stand in front of it.
      const block = options === undefined && sites.every((site) => site.isSnippet) ? readBlock(index) : undefined
      if (block === undefined) return undefined
      options = { open: first, lines: block.inner }
      index = block.next
      continue
    }
    if (first.value === 'import') {
      if (line[1] !== undefined) imports.push(line[1])
      index++
      continue
    }
    if (first.value === '}' || first.value.startsWith('@')) return undefined
    // `a.com,` goes on in the next line.
    while (line.at(-1)?.value.endsWith(',') && lines[index + 1] !== undefined) {
      index++
      line = [...line, ...(lines[index] as CaddyToken[])]
    }
    const isSnippet = /^(?:&?\(.*\))$/.test(first.value)
    if (line.at(-1)?.value === '{') {
      const block = readBlock(index)
      if (block === undefined) return undefined
      sites.push({ addresses: isSnippet ? [] : splitAddresses(line.slice(0, -1)), isSnippet, directives: block.inner })
      index = block.next
      continue
    }
    if (isSnippet || (line.at(-1)?.value.endsWith('}') === true && line.some(({ value }) => value === '{')))
      return undefined
    // No braces: the rest of the file is this one site.
    if (sites.length > 0) return undefined
    sites.push({ addresses: splitAddresses(line), isSnippet: false, directives: lines.slice(index + 1) })
    break
  }
  return { options, sites, imports }
}

/** `a.com,b.com` and `a.com, b.com` are two each. */
const splitAddresses = (line: readonly CaddyToken[]): CaddyToken[] =>
  line.flatMap((token) => {
    let from = token.start
    return token.value.split(',').flatMap((value) => {
      const start = from
      from += value.length + 1
      return value === '' ? [] : [{ ...token, value, start, end: start + value.length }]
    })
  })

function tokenize(text: string): CaddyToken[] | undefined {
  const tokens: CaddyToken[] = []
  let line = 1
  let index = text.charCodeAt(0) === 0xfeff ? 1 : 0
  while (index < text.length) {
    const character = text[index] as string
    if (character === '\n') line++
    if (/\s/.test(character)) {
      index++
      continue
    }
    if (character === '\\' && /^\\\r?\n/.test(text.slice(index, index + 3))) {
      // The next line still counts as this one; what stands there keeps its number.
      index = text.indexOf('\n', index) + 1
      continue
    }
    if (character === '#') {
      const end = text.indexOf('\n', index)
      index = end === -1 ? text.length : end
      continue
    }
    if (character === '"' || character === '`') {
      let end = index + 1
      while (end < text.length && text[end] !== character) end += character === '"' && text[end] === '\\' ? 2 : 1
      if (end >= text.length) return undefined
      tokens.push({ value: text.slice(index + 1, end), start: index + 1, end, line })
      line += text.slice(index, end).split('\n').length - 1
      index = end + 1
      continue
    }
    const heredoc = /^<<([\w-]+)\r?\n/.exec(text.slice(index, index + 60))
    if (heredoc !== null) {
      const close = new RegExp(`^[ \\t]*${heredoc[1]}(?=\\s|$)`, 'm').exec(text.slice(index + heredoc[0].length))
      if (close === null) return undefined
      const end = index + heredoc[0].length + close.index + close[0].length
      tokens.push({ value: '', start: index, end, line })
      line += text.slice(index, end).split('\n').length - 1
      index = end
      continue
    }
    let end = index
    while (end < text.length && !/\s/.test(text[end] as string)) end++
    tokens.push({ value: text.slice(index, end), start: index, end, line })
    index = end
  }
  return tokens
}

/** `http_port` and `https_port` decide for every address that names no port. */
const optionOf: Readonly<Record<string, number>> = { http_port: 80, https_port: 443 }

/** What a Caddyfile, or a file that one imports, says about ports and paths. */
export function readCaddyFacts(text: string, context: string): ConfigFacts | undefined {
  // Imported inside a site: directives only.
  const file = readCaddyfile(context === 'site' ? `:0 {\n${text}\n}\n` : text)
  if (file === undefined) return undefined
  const shift = context === 'site' ? ':0 {\n'.length : 0
  const listens: Listen[] = []
  const includes: (ConfigPath & { context: string })[] = []
  const files: ConfigPath[] = []
  const directories: ConfigPath[] = []
  const keys: ConfigPath[] = []
  const settings = new Map<string, string>()
  const ownPort: { offset: number; text: string }[] = []
  const doubts: ConfigDoubt[] = []
  for (const line of file.options?.lines ?? []) {
    const [name, value] = line as [CaddyToken, CaddyToken?]
    if (value !== undefined) settings.set(name.value, value.value)
    if (name.value in optionOf && value !== undefined) {
      if (/^\d+$/.test(value.value))
        listens.push({ ...plainListen(Number(value.value), value.start, value.end), isEcho: true })
      const variable = /^\{\$(\w+)(?::(\d+))?\}$/.exec(value.value)
      if (variable?.[1] !== undefined) listens.push(...variablePort(variable, value))
    }
    if (name.value === 'storage' && value?.value === 'file_system' && line[2] !== undefined)
      directories.push({ path: line[2].value, offset: line[2].start })
  }
  const portOf = (option: string): number | undefined => {
    const said = settings.get(option)
    return said === undefined ? optionOf[option] : /^\d+$/.test(said) ? Number(said) : undefined
  }
  const implies = (option: string, { start, end }: CaddyToken) => {
    const port = portOf(option)
    if (port !== undefined) listens.push({ ...plainListen(port, start, end), implied: option })
  }
  const redirects = !/^(?:off|disable_redirects)$/.test(settings.get('auto_https') ?? '')
  for (const { addresses, directives } of file.sites) {
    if (context !== 'site')
      for (const address of addresses) {
        const { value } = address
        // source: caddy caddyconfig/httpcaddyfile/addresses.go ParseAddress
        const match =
          /^(?:(https?):\/\/)?(\[[^\]]*\]|[^:/{]*(?:\{[^}]*\}[^:/{]*)*)?(?::(\d+|\{\$\w+(?::\d+)?\}))?(?:\/.*)?$/.exec(
            value
          )
        const [, scheme, host = '', port] = match ?? []
        if (match === null) doubts.push(unknownAddress(address))
        else if (port !== undefined) {
          const end = address.start + value.lastIndexOf(port) + port.length
          const variable = /^\{\$(\w+)(?::(\d+))?\}$/.exec(port)
          if (variable !== null) listens.push(...variablePort(variable, { start: end - port.length, end }))
          else {
            listens.push(plainListen(Number(port), end - port.length, end))
            if (host !== '' && scheme === undefined && port === '80') settings.set('named-http', value)
          }
          // https://a.com:8443 has its redirects on the port for HTTP.
          if (
            host !== '' &&
            !host.includes('{$') &&
            redirects &&
            scheme !== 'http' &&
            Number(port) !== portOf('http_port')
          )
            implies('http_port', address)
        } else if (/^\{\$\w+(?::[^}]*)?\}$/.test(host) && scheme === undefined) {
          // A whole address; where it names no port, the options decide.
          const [, name = '', value = ''] = /^\{\$(\w+)(?::(.*))?\}$/.exec(host) ?? []
          listens.push(variableListen(name, address.start, address.end))
          const digits = /:(\d+)$/.exec(value)?.[1]
          if (digits !== undefined)
            listens.push(plainListen(Number(digits), address.end - 1 - digits.length, address.end - 1))
          else {
            implies('http_port', address)
            implies('https_port', address)
          }
        } else if (scheme === 'http') implies('http_port', address)
        else {
          implies('https_port', address)
          if (host !== '' && redirects) implies('http_port', address)
        }
      }
    for (const line of directives) readDirective(line)
  }
  // source: caddyserver.com/docs/automatic-https: certificates for public names are asked for over 80 and 443
  const automatic = listens.find(({ port, implied }) => implied === 'https_port' && port === 443)
  if (automatic !== undefined && redirects)
    doubts.push({
      offset: automatic.start,
      text: 'has a site with automatic HTTPS: clients and certificate authorities reach it under 80 and 443',
      help: 'Publish -p 80:8080 and -p 443:8443 (and -p 443:8443/udp for HTTP/3), as a Service does with targetPort.',
      rule: 'published-port'
    })
  for (const { value, start } of file.imports)
    if (!isSnippetName(value)) includes.push({ path: value, offset: start, context: 'main' })

  function readDirective(line: readonly CaddyToken[]): void {
    const [name, first, second] = line as [CaddyToken, CaddyToken?, CaddyToken?]
    if (first === undefined) return
    if (name.value === 'import' && !isSnippetName(first.value))
      includes.push({ path: first.value, offset: first.start - shift, context: 'site' })
    else if (name.value === 'output' && first.value === 'file' && second !== undefined)
      files.push({ path: second.value, offset: second.start - shift })
    else if (name.value === 'tls' && second !== undefined && /[/.]/.test(second.value) && second.value !== '{')
      keys.push({ path: second.value, offset: second.start - shift })
    if (line.some(({ value }) => /\{(?:http\.request\.)?(?:hostport|port|local\.port)\}/.test(value)))
      ownPort.push({ offset: name.start - shift, text: 'uses the port of the request' })
    if (name.value === 'reverse_proxy' || name.value === 'to')
      for (const { value, start } of line) {
        const local = /^(?:https?:\/\/)?(?:localhost|127\.0\.0\.1):(\d+)$/.exec(value)
        if (local !== null) ownPort.push({ offset: start - shift, text: `asks its own port ${local[1]}` })
      }
  }
  return { listens, includes, files, directories, keys, settings, ownPort, doubts }
}

const isSnippetName = (value: string): boolean => !/[/.*]/.test(value)

const variablePort = (match: RegExpExecArray, { start, end }: { start: number; end: number }): Listen[] => {
  const [, name = '', digits] = match
  return [
    variableListen(name, start, end),
    // `{$PORT:80}`
    ...(digits === undefined ? [] : [plainListen(Number(digits), end - 1 - digits.length, end - 1)])
  ]
}

const unknownAddress = ({ value, start }: CaddyToken): ConfigDoubt => ({
  offset: start,
  text: `has the address ${value}, whose port cannot be read`,
  help: 'Write `http_port 8080` and `https_port 8443` in the global options, and no port below 1024 in addresses.'
})

/**
 * Ports that addresses name move there; all others by the global options, so that what is HTTP or HTTPS stays so.
 *
 * source: caddyserver.com/docs/caddyfile/options: `http_port` and `https_port` are for internal use, clients still use 80
 * and 443; an address with another port would get HTTPS
 */
export function moveCaddyPorts(
  text: string,
  facts: ConfigFacts,
  mapping: ReadonlyMap<number, number>,
  { isRoot, all }: { isRoot: boolean; all: readonly ConfigFacts[] }
): (ConfigEdit & { from: number })[] {
  const edits: (ConfigEdit & { from: number })[] = facts.listens.flatMap(({ port, start, end, implied }) => {
    const to = port === undefined || implied !== undefined ? undefined : mapping.get(port)
    return port === undefined || to === undefined ? [] : [{ start, end, text: String(to), from: port }]
  })
  if (!isRoot) return edits
  const file = readCaddyfile(text)
  // `:80` alone serves HTTP on any port; with a host name, or on 443, the options say what is HTTP.
  const isPlain = all.every(({ listens }) =>
    listens.every(({ port, implied }) => implied === undefined && (port === undefined || port === 80 || port >= 1024))
  )
  if (file === undefined || (isPlain && !all.some((each) => hasNamedHttp(each)))) return edits
  const wanted = Object.entries(optionOf).flatMap(([option, from]) => {
    const to = mapping.get(from)
    const isUsed = all.some(({ listens }) => listens.some(({ port }) => port === from))
    return to === undefined || !isUsed || facts.settings.has(option) ? [] : [{ option, from, to }]
  })
  const [first] = wanted
  if (first === undefined) return edits
  const newline = text.includes('\r\n') ? '\r\n' : '\n'
  const line = /^([ \t]+)\S/m.exec(text)?.[1] ?? '\t'
  const options = wanted.map(({ option, to }) => `${line}${option} ${to}`).join(newline)
  const start = file.options?.open.end ?? (text.charCodeAt(0) === 0xfeff ? 1 : 0)
  edits.push({
    start,
    end: start,
    text: file.options === undefined ? `{${newline}${options}${newline}}${newline}${newline}` : `${newline}${options}`,
    from: first.from
  })
  return edits
}

/** `example.com:80` is HTTP only as long as 80 is the port for HTTP. */
const hasNamedHttp = ({ settings, listens }: ConfigFacts): boolean =>
  settings.has('named-http') && listens.some(({ port }) => port === 80)
