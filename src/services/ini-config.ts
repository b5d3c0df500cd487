/** Reads `key = value` configuration with exact offsets: php-fpm, uWSGI, supervisord, my.cnf, properties. */

export interface IniEntry {
  section: string
  name: string
  value: string
  /** The value, without quotes. */
  start: number
  end: number
  /** The line, its line feed left out; with continuations. */
  lineStart: number
  lineEnd: number
}

export interface IniForm {
  /** Characters that begin a comment line. */
  comments: string
  /** Between name and value. */
  separators: string
  /** ` ;` behind a value begins a comment. */
  inlineComment?: RegExp
  /** Indented lines belong to the value before them. */
  continues?: boolean
}

/** The entries of a text, section lines left out. */
export function readIni(text: string, form: IniForm): IniEntry[] {
  const entries: IniEntry[] = []
  let section = ''
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0
  while (at < text.length) {
    const newline = text.indexOf('\n', at)
    const next = newline === -1 ? text.length : newline + 1
    const end = newline === -1 ? text.length : text[newline - 1] === '\r' ? newline - 1 : newline
    const line = text.slice(at, end)
    const start = at
    at = next
    const trimmed = line.trim()
    if (trimmed === '' || form.comments.includes(trimmed[0] as string)) continue
    const header = /^\s*\[([^\]]*)\]/.exec(line)
    if (header !== null) {
      section = (header[1] as string).trim()
      continue
    }
    const last = entries.at(-1)
    if (form.continues && /^\s/.test(line) && last !== undefined) {
      last.value += `\n${trimmed}`
      last.end = start + line.trimEnd().length
      last.lineEnd = end
      continue
    }
    const separator = [...line].findIndex((character) => form.separators.includes(character))
    const name = (separator === -1 ? line : line.slice(0, separator)).trim()
    let from = separator === -1 ? line.length : separator + 1
    while (from < line.length && /\s/.test(line[from] as string)) from++
    let raw = line.slice(from)
    const comment = form.inlineComment?.exec(raw)
    if (comment) raw = raw.slice(0, comment.index)
    raw = raw.trimEnd()
    const quoted = /^(["'])(.*)\1$/.exec(raw)
    if (quoted !== null) from++
    const value = quoted === null ? raw : (quoted[2] as string)
    entries.push({
      section,
      name,
      value,
      start: start + from,
      end: start + from + value.length,
      lineStart: start,
      lineEnd: end
    })
  }
  return entries
}
