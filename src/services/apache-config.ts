/** Reads Apache httpd configuration with exact offsets. */
import type { ConfigFacts, ConfigPath, Listen } from './server-config.ts'

interface ApacheDirective {
  /** Lower case; sections as `<virtualhost`. */
  name: string
  args: readonly { value: string; start: number; end: number }[]
  start: number
}

/**
 * The directives of a configuration, section starts among them; undefined where it is none.
 *
 * source: httpd.apache.org/docs/2.4/configuring.html: one directive a line, a backslash at its end continues it,
 * comments on lines of their own, names without regard to case
 */
export function readApacheConfig(text: string): ApacheDirective[] | undefined {
  if (/\{\{|\{%|<%|<\?php/.test(text)) return undefined
  const directives: ApacheDirective[] = []
  const open: string[] = []
  const lines = /[^\n]*(?:\n|$)/g
  lines.lastIndex = text.charCodeAt(0) === 0xfeff ? 1 : 0
  for (let match = lines.exec(text); match !== null && match[0] !== ''; match = lines.exec(text)) {
    const start = match.index
    let end = lines.lastIndex
    while (/\\\r?\n$/.test(text.slice(start, end)) && end < text.length) {
      const next = text.indexOf('\n', end)
      end = next === -1 ? text.length : next + 1
    }
    lines.lastIndex = end
    const directive = readLine(text, start, end)
    if (directive === undefined) continue
    if (directive.name.startsWith('</')) {
      if (open.pop() !== directive.name.slice(2)) return undefined
      continue
    }
    if (directive.name.startsWith('<')) open.push(directive.name.slice(1))
    directives.push(directive)
  }
  return open.length === 0 ? directives : undefined
}

function readLine(text: string, start: number, end: number): ApacheDirective | undefined {
  const words: { value: string; start: number; end: number }[] = []
  let index = start
  let isSection = false
  while (index < end) {
    const character = text[index] as string
    if (/\s/.test(character) || (character === '\\' && /^\\\r?\n/.test(text.slice(index, index + 3)))) {
      index++
      continue
    }
    if (words.length === 0 && character === '#') return undefined
    if (isSection && character === '>') break
    const from = index
    let value = ''
    if (words.length > 0 && (character === '"' || character === "'")) {
      for (index++; index < end && text[index] !== character; index++) {
        if (text[index] === '\\' && text[index + 1] === character) index++
        value += text[index]
      }
      words.push({ value, start: from + 1, end: index })
      index++
      continue
    }
    while (index < end && !/\s/.test(text[index] as string) && !(isSection && text[index] === '>')) {
      value += text[index]
      index++
      if (words.length === 0 && value === '</' && !isSection) continue
    }
    if (words.length === 0 && value.startsWith('<')) {
      isSection = true
      if (value.endsWith('>')) value = value.slice(0, -1)
    }
    words.push({ value, start: from, end: from + value.length })
  }
  const [first, ...args] = words
  return first === undefined ? undefined : { name: first.value.toLowerCase(), args, start: first.start }
}

/** What a configuration says about ports and paths. */
export function readApacheFacts(text: string): ConfigFacts | undefined {
  const directives = readApacheConfig(text)
  if (directives === undefined) return undefined
  const listens: Listen[] = []
  const includes: (ConfigPath & { context: string })[] = []
  const files: ConfigPath[] = []
  const keys: ConfigPath[] = []
  const settings = new Map<string, string>()
  const ownPort: { offset: number; text: string }[] = []
  for (const { name, args, start } of directives) {
    const [first] = args
    if (first === undefined) continue
    const path: ConfigPath = { path: first.value, offset: first.start }
    if (!name.startsWith('<')) settings.set(name, first.value)
    switch (name) {
      case 'listen':
        listens.push(...readAddress(first, false))
        break
      case '<virtualhost':
        for (const word of args) listens.push(...readAddress(word, true))
        break
      case 'namevirtualhost':
        listens.push(...readAddress(first, true))
        break
      case 'include':
      case 'includeoptional':
        includes.push({ ...path, context: 'main' })
        break
      case 'errorlog':
      case 'customlog':
      case 'transferlog':
        if (!/^\||^syslog|^\/(?:dev|proc)\/|\$\{/.test(first.value)) files.push(path)
        break
      case 'sslcertificatekeyfile':
        if (!first.value.includes('${')) keys.push(path)
        break
      case 'proxypass':
      case 'proxypassreverse':
      case 'rewriterule': {
        const local = args
          .map(({ value }) => /^(?:https?|wss?):\/\/(?:localhost|127\.0\.0\.1)(?::(\d+))?(?:\/|$)/.exec(value))
          .find((found) => found !== null)
        if (local) ownPort.push({ offset: start, text: `asks its own port ${local[1] ?? '80'}` })
        break
      }
      case 'rewritecond':
        if (args.some(({ value }) => value.includes('%{SERVER_PORT}')))
          ownPort.push({ offset: start, text: 'tests %{SERVER_PORT}' })
        break
    }
  }
  return { listens, includes, files, directories: [], keys, settings, ownPort }
}

/** `80`, `*:80`, `[::]:80`, `_default_:443`, `${PORT}`. */
function readAddress({ value, start, end }: { value: string; start: number; end: number }, isEcho: boolean): Listen[] {
  const common = { end, before: '', after: '', isEcho }
  const match = /^(?:.*:)?(\d+)$/.exec(value)
  if (match !== null && !/^\d+(?:\.\d+)+$/.test(value)) {
    const digits = match[1] as string
    return [{ ...common, port: Number(digits), variable: undefined, start: end - digits.length }]
  }
  const variable = /\$\{\w+\}/.exec(value)
  return variable === null ? [] : [{ ...common, port: undefined, variable: variable[0], start }]
}
