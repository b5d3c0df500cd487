/** Reads HAProxy configuration with exact offsets. */
import type { ConfigDoubt, ConfigFacts, ConfigPath, Listen } from './server-config.ts'
import { plainListen } from './server-config.ts'

interface HaproxyWord {
  /** Quotes and escapes removed. */
  value: string
  start: number
  end: number
}

export interface HaproxyLine {
  /** `global`, `defaults`, `frontend`, ... */
  section: string
  words: readonly HaproxyWord[]
  start: number
  /** Behind the last word. */
  end: number
}

const sections =
  /^(?:global|defaults|frontend|backend|listen|peers|mailers|resolvers|userlist|cache|program|ring|log-forward|http-errors|fcgi-app|crt-store|traces|log-profile|acme)$/

/**
 * The lines of a configuration; undefined where it is none.
 *
 * source: HAProxy configuration manual 2.1 "Configuration file format" and 2.2 "Quoting and escaping": one keyword a
 * line, `#` begins a comment outside quotes, a backslash takes the next character, `'` takes all, `"` knows `$` and `\`
 */
export function readHaproxyConfig(text: string): HaproxyLine[] | undefined {
  if (/\{\{|\{%|<%/.test(text)) return undefined
  const lines: HaproxyLine[] = []
  let section = ''
  let index = text.charCodeAt(0) === 0xfeff ? 1 : 0
  while (index < text.length) {
    const next = text.indexOf('\n', index)
    const end = next === -1 ? text.length : next
    const words = readWords(text, index, end)
    if (words === undefined) return undefined
    const [first] = words
    const last = words.at(-1)
    if (first !== undefined && last !== undefined) {
      if (sections.test(first.value)) section = first.value
      // Something that is no configuration at all.
      else if (section === '' && !first.value.startsWith('.')) return undefined
      lines.push({ section, words, start: first.start, end: last.end })
    }
    index = end + 1
  }
  return lines
}

function readWords(text: string, from: number, end: number): HaproxyWord[] | undefined {
  const words: HaproxyWord[] = []
  let index = from
  while (index < end) {
    const character = text[index] as string
    if (/\s/.test(character)) {
      index++
      continue
    }
    if (character === '#') break
    const start = index
    let value = ''
    let quote = ''
    for (; index < end; index++) {
      const at = text[index] as string
      if (quote === '' && (/\s/.test(at) || at === '#')) break
      if (at === '\\' && quote !== "'" && index + 1 < end) {
        index++
        value += text[index]
      } else if (quote === '' && (at === '"' || at === "'")) quote = at
      else if (at === quote) quote = ''
      else value += at
    }
    if (quote !== '') return undefined
    const isLineEnd = text[index - 1] === '"' || text[index - 1] === "'"
    const isQuoted = isLineEnd && /["']/.test(text[start] as string)
    words.push({ value, start: isQuoted ? start + 1 : start, end: isQuoted ? index - 1 : index })
  }
  return words
}

/** What a configuration says about ports and paths. */
export function readHaproxyFacts(text: string): ConfigFacts | undefined {
  const lines = readHaproxyConfig(text)
  if (lines === undefined) return undefined
  const listens: Listen[] = []
  const files: ConfigPath[] = []
  const keys: ConfigPath[] = []
  const settings = new Map<string, string>()
  const ownPort: { offset: number; text: string }[] = []
  const doubts: ConfigDoubt[] = []
  let keyBase = ''
  for (const line of lines) {
    const { section, words, start } = line
    const [first, second, third] = words as [HaproxyWord, HaproxyWord?, HaproxyWord?]
    const isProxy = section === 'frontend' || section === 'listen'
    if (section === 'global' && second !== undefined) {
      settings.set(first.value, second.value)
      if (first.value === 'crt-base') keyBase = second.value
      if (first.value === 'stats' && second.value === 'socket' && third !== undefined) {
        if (isSocketPath(third.value)) files.push(socketOf(third))
        else listens.push(...readBind(text, third))
      }
    }
    // source: configuration manual 4.2 "bind": `[<address>]:<port_range> [, ...]`; the address behind the name of a
    // proxy is its older form
    if (first.value === 'bind' && (isProxy || section === 'peers' || section === 'log-forward') && second)
      listens.push(...readBind(text, second))
    else if (first.value === 'dgram-bind' && second) listens.push(...readBind(text, second))
    else if (isProxy && first.value === section && third?.value.includes(':') === true)
      listens.push(...readBind(text, third))
    if (first.value === 'bind' && second !== undefined && isSocketPath(second.value)) files.push(socketOf(second))
    if (first.value === 'bind')
      for (const [index, { value, start: offset }] of words.entries())
        if (value === 'crt' && index > 1) {
          const path = words[index + 1]?.value
          if (path !== undefined && !path.includes('$'))
            keys.push({ path: path.startsWith('/') || keyBase === '' ? path : `${keyBase}/${path}`, offset })
        }
    if (words.some(({ value }) => /\bdst_port\b/.test(value))) ownPort.push({ offset: start, text: 'uses dst_port' })
    if (/^(?:server|default-server)$/.test(first.value)) {
      const local = /^(?:localhost|127\.0\.0\.1|\[::1\]|::1):(\d+)$/.exec(third?.value ?? '')
      if (local !== null) ownPort.push({ offset: start, text: `asks its own port ${local[1]}` })
    }
    if (section === 'program' && first.value === 'program')
      doubts.push({
        offset: start,
        text: 'starts another program',
        help: 'Look at what that program needs: as UID:GID it must start too.'
      })
  }
  return { listens, includes: [], files, directories: [], keys, settings, ownPort, doubts }
}

const socketOf = ({ value, start }: HaproxyWord): ConfigPath => ({
  path: value.replace(/^unix@/, ''),
  offset: start,
  isSocket: true
})

const isSocketPath = (value: string): boolean => /^(?:unix@)?\//.test(value)

/** The ports of one `bind`: addresses with commas between them, the port behind the last colon. */
function readBind(text: string, { start, end }: { start: number; end: number }): Listen[] {
  const listens: Listen[] = []
  let from = start
  for (const part of text.slice(start, end).split(',')) {
    const at = from
    from += part.length + 1
    if (/^"?(?:unix@|abns@|fd@|sockpair@|\/)/.test(part)) continue
    const match = /^(.*:)(\d+)(-\d+)?"?$/.exec(part)
    if (match === null) {
      const variable = /:"?\$\{?(\w+)\}?"?$/.exec(part) ?? /\$\{?(\w+)\}?/.exec(part)
      if (variable !== null)
        listens.push({ ...plainListen(0, at, at + part.length), port: undefined, variable: `$${variable[1]}` })
      continue
    }
    const [, host = '', digits = '', range] = match
    if (range === undefined)
      listens.push(plainListen(Number(digits), at + host.length, at + host.length + digits.length))
    else
      listens.push({
        ...plainListen(0, at, at + part.length),
        port: undefined,
        variable: `${digits}${range}`
      })
  }
  return listens
}
