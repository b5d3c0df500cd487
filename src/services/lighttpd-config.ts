/** Reads lighttpd configuration with exact offsets. */
import type { ConfigDoubt, ConfigFacts, ConfigPath, Listen } from './server-config.ts'
import { plainListen, variableListen } from './server-config.ts'

interface LighttpdToken {
  kind: 'name' | 'string' | 'number' | 'sign' | 'end'
  /** Without quotes. */
  value: string
  start: number
  end: number
}

export interface LighttpdAssignment {
  /** Names of old are told by their new ones. */
  name: string
  /** What is assigned, token by token. */
  value: readonly LighttpdToken[]
  start: number
  end: number
  /** Of the block that it stands in: `$SERVER["socket"]`, `$HTTP["host"]`; undefined at the top. */
  condition: string | undefined
}

export interface LighttpdSocket {
  value: string
  start: number
  end: number
}

interface LighttpdConfig {
  assignments: readonly LighttpdAssignment[]
  /** `$SERVER["socket"] == "address"`. */
  sockets: readonly LighttpdSocket[]
  includes: readonly LighttpdToken[]
}

/**
 * The settings of a configuration; undefined where it is none.
 *
 * source: lighttpd src/configfile.c config_tokenizer: `#` begins a comment, strings know `\"`, names hold dots and dashes,
 * a line feed ends a statement outside parentheses
 */
export function readLighttpdConfig(text: string): LighttpdConfig | undefined {
  if (/\{\{|\{%|<%/.test(text)) return undefined
  const tokens = tokenize(text)
  if (tokens === undefined) return undefined
  const assignments: LighttpdAssignment[] = []
  const sockets: LighttpdSocket[] = []
  const includes: LighttpdToken[] = []
  const conditions: string[] = []
  for (let index = 0; index < tokens.length; ) {
    const token = tokens[index] as LighttpdToken
    if (token.kind === 'end') index++
    else if (token.value === '}' && token.kind === 'sign') {
      if (conditions.pop() === undefined) return undefined
      index++
    } else if (token.value === '$' && token.kind === 'sign') {
      // `$HTTP["url"] =~ "^/x" {`
      const open = tokens.findIndex(({ kind, value }, at) => at > index && kind === 'sign' && value === '{')
      if (open === -1) return undefined
      const head = tokens.slice(index, open).filter(({ kind }) => kind !== 'end')
      const condition = `${head[1]?.value}[${head[3]?.value}]`
      const address = head.at(-1)
      if (condition === 'SERVER[socket]' && address !== undefined && address.kind === 'string') sockets.push(address)
      conditions.push(condition)
      index = open + 1
    } else if (token.kind === 'name' && /^(?:else|elseif|elsif|global)$/.test(token.value)) {
      index++
      const open = tokens[index]
      if (open?.value === '{' && open.kind === 'sign') {
        conditions.push(token.value)
        index++
      }
    } else if (token.kind === 'name' && /^include(?:_shell)?$/.test(token.value)) {
      const file = tokens[index + 1]
      if (file === undefined) return undefined
      if (token.value === 'include') includes.push(file)
      while (index < tokens.length && tokens[index]?.kind !== 'end') index++
    } else if (token.kind === 'name') {
      const sign = tokens[index + 1]
      if (sign?.kind !== 'sign' || !/^(?:=|\+=|:=)$/.test(sign.value)) return undefined
      const value: LighttpdToken[] = []
      let depth = 0
      for (index += 2; index < tokens.length; index++) {
        const part = tokens[index] as LighttpdToken
        if (part.kind === 'end' && depth === 0) break
        if (part.kind === 'end') continue
        if (part.kind === 'sign' && part.value === '}' && depth === 0) break
        if (part.kind === 'sign') depth += part.value === '(' ? 1 : part.value === ')' ? -1 : 0
        value.push(part)
      }
      if (depth !== 0 || value.length === 0) return undefined
      assignments.push({
        name: token.value,
        value,
        start: token.start,
        end: (value.at(-1) as LighttpdToken).end,
        condition: conditions.findLast((each) => each !== 'global')
      })
    } else return undefined
  }
  return conditions.length === 0 ? { assignments, sockets, includes } : undefined
}

function tokenize(text: string): LighttpdToken[] | undefined {
  const tokens: LighttpdToken[] = []
  const pattern =
    /[ \t\r]+|(#[^\n]*)|(\n)|"((?:\\[\s\S]|[^"\\])*)"|(\d+)(?![\w.-])|([A-Za-z_][\w.-]*)|(\+=|:=|=>|==|!=|=~|!~|=\^|=\$|[=+(){}[\],$])/y
  let index = text.charCodeAt(0) === 0xfeff ? 1 : 0
  while (index < text.length) {
    pattern.lastIndex = index
    const match = pattern.exec(text)
    if (match === null) return undefined
    const end = pattern.lastIndex
    const [, comment, newline, string, number, name, sign] = match
    if (newline !== undefined) tokens.push({ kind: 'end', value: '\n', start: index, end })
    else if (string !== undefined) tokens.push({ kind: 'string', value: string, start: index + 1, end: end - 1 })
    else if (number !== undefined) tokens.push({ kind: 'number', value: number, start: index, end })
    else if (name !== undefined) tokens.push({ kind: 'name', value: name, start: index, end })
    else if (sign !== undefined && comment === undefined) tokens.push({ kind: 'sign', value: sign, start: index, end })
    index = end
  }
  return tokens
}

/** Settings that name a file which the server writes. source: redmine.lighttpd.net/projects/lighttpd/wiki/Docs_ConfigurationOptions */
const fileSettings = /^(?:server\.errorlog|server\.breakagelog|accesslog\.filename)$/
const directorySettings = /^(?:server\.upload-dirs|compress\.cache-dir|deflate\.cache-dir)$/
const keySettings = /^ssl\.(?:pemfile|privkey)$/

/** What a configuration, or a file that one includes, says about ports and paths. */
export function readLighttpdFacts(text: string, context: string): ConfigFacts | undefined {
  const config = readLighttpdConfig(text)
  if (config === undefined) return undefined
  const { assignments, sockets } = config
  const listens: Listen[] = []
  const includes: (ConfigPath & { context: string })[] = []
  const files: ConfigPath[] = []
  const directories: ConfigPath[] = []
  const keys: ConfigPath[] = []
  const settings = new Map<string, string>()
  const variables = new Map<string, string>()
  const ownPort: { offset: number; text: string }[] = []
  const doubts: ConfigDoubt[] = []
  const evaluate = (tokens: readonly LighttpdToken[]): string | undefined => {
    let value = ''
    for (const [index, { kind, value: part }] of tokens.entries()) {
      if (index % 2 === 1) {
        if (part !== '+' || kind !== 'sign') return undefined
      } else if (kind === 'string' || kind === 'number') value += part
      else if (kind === 'name' && variables.has(part)) value += variables.get(part)
      else return undefined
    }
    return value
  }
  for (const { name, value, start, condition } of assignments) {
    const [first] = value as [LighttpdToken]
    const text = evaluate(value)
    if (text !== undefined) {
      // source: lighttpd wiki, Docs_Configuration: `var.x` and what was assigned before can be used by name
      variables.set(name, text)
      if (name.startsWith('var.')) variables.set(name.slice(4), text)
    }
    if (condition === undefined) settings.set(name, text ?? '')
    const path = { path: text ?? '', offset: first.start }
    if (name === 'server.port' && condition === undefined) {
      const number = Number(first.value)
      const variable = /^env\.(\w+)$/.exec(first.value)?.[1]
      if (value.length === 1 && /^\d+$/.test(first.value)) listens.push(plainListen(number, first.start, first.end))
      else if (variable !== undefined) listens.push(variableListen(variable, first.start, first.end))
      else
        doubts.push({
          offset: start,
          text: 'takes its port from elsewhere',
          help: 'Let it be above 1023, and EXPOSE it.'
        })
    } else if (fileSettings.test(name) && text !== undefined && !/^\||^\/dev\//.test(text)) files.push(path)
    else if (directorySettings.test(name)) {
      if (text !== undefined) directories.push(path)
      else
        for (const token of value)
          if (token.kind === 'string') directories.push({ path: token.value, offset: token.start })
    } else if (keySettings.test(name) && text !== undefined) keys.push(path)
    else if (/^(?:fastcgi|scgi|proxy)\.server$/.test(name))
      for (const [index, token] of value.entries()) {
        const following = value[index + 2]
        // lighttpd makes the sockets of the programs that it starts itself.
        if (
          token.value === 'socket' &&
          following?.kind === 'string' &&
          value.some(({ value: each }) => each === 'bin-path')
        )
          files.push({ path: following.value, offset: following.start })
      }
  }
  for (const { value, start, end } of sockets) {
    const match = /^(.*:)?(\d+)$/.exec(value)
    if (match !== null && !/^\d+(?:\.\d+)+$/.test(value))
      listens.push(plainListen(Number(match[2]), end - (match[2] as string).length, end))
    else if (!value.startsWith('/') && !value.includes(':'))
      doubts.push({ offset: start, text: `listens on ${value}`, help: 'Name a port above 1023 there.' })
  }
  for (const { value, start, kind } of config.includes)
    if (kind === 'string') includes.push({ path: value, offset: start, context: 'included' })
  // source: lighttpd src/server.c: port 80 (443 with ssl.engine) where server.port is not set
  if (context === 'main' && !settings.has('server.port') && listens.every(({ port }) => port !== 80))
    listens.push({ ...plainListen(80, 0, 0), before: `server.port = `, after: '\n', implied: 'server.port' })
  return { listens, includes, files, directories, keys, settings, ownPort, doubts }
}
