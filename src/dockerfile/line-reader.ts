/**
 * Finds where directives, instructions, continuations and heredocs begin and end, as BuildKit's parser does.
 *
 * source: moby/buildkit frontend/dockerfile/parser/parser.go, parser/directives.go, shell/lex.go
 */

/** What continues a line. */
export type Escape = '\\' | '`'

/** A piece of the source that belongs to an instruction's logical line: continuation marks and comments are cut out. */
export interface Segment {
  /** Offset in the logical line. */
  logical: number
  /** Offset in the source. */
  source: number
  length: number
}

/** A heredoc: `<<EOF` and its body. */
export interface Heredoc {
  /** Without `<<` and quotes. */
  name: string
  /** `<<-`: leading tabs of the body are stripped. */
  stripTabs: boolean
  /** Part of the name was quoted: the body is taken as it is. */
  quoted: boolean
  /** Offset of the body's first character. */
  bodyStart: number
  /** Offset of the terminator's line. */
  bodyEnd: number
}

export interface RawInstruction {
  /** As written. */
  keyword: string
  /** Offset of the keyword's first character. */
  start: number
  /** Offset behind the last character of the logical line, heredoc bodies left out. */
  headEnd: number
  /** Offset behind the last line's last character, heredocs included, its line terminator left out. */
  end: number
  /** Lines count from 1. */
  startLine: number
  endLine: number
  /** The joined line: leading white space of the first line, continuation marks, comments and blank lines removed. */
  logical: string
  segments: readonly Segment[]
  heredocs: readonly Heredoc[]
  /** Offset of a continuation mark at the end of the file, with nothing behind it: BuildKit ignores it. */
  dangling: number | undefined
  /** A blank line stands inside the instruction (BuildKit warns). */
  hasEmptyContinuation: boolean
}

/** Why BuildKit would refuse a file. */
export interface ReadError {
  /** One line, in BuildKit's words where it has some. */
  message: string
  /** Counts from 1. */
  line: number
}

export interface ReadResult {
  escape: Escape
  directives: ReadonlyMap<string, string>
  instructions: readonly RawInstruction[]
  error: ReadError | undefined
}

const directivePattern = /^#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$/
const validDirectives = new Set(['escape', 'syntax', 'check'])
/** Go's bufio.MaxScanTokenSize: a longer line is an error in BuildKit. */
const maxLineBytes = 64 * 1024
const byteOrderMark = '\ufeff'
// Go's unicode.IsSpace; NEL and NBSP count, the zero-width BOM does not.
const leadingSpace = /^[\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/
const isSpace = (character: string): boolean => leadingSpace.test(character)

const leadingSpaceLength = (text: string): number => {
  const code = text.charCodeAt(0)
  if (code > 0x20 && code < 0x80) return 0
  return leadingSpace.exec(text)?.[0].length ?? 0
}

const isTooLong = (line: string): boolean => {
  if (line.length * 3 < maxLineBytes) return false
  if (line.length >= maxLineBytes) return true
  let bytes = 0
  for (let index = 0; index < line.length; index++) {
    const code = line.charCodeAt(index)
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code >= 0xd800 && code < 0xe000 ? 2 : 3
  }
  return bytes >= maxLineBytes
}

/** Splits off a continuation mark: the escape character, not behind another one, with blanks at most behind it. */
const withoutContinuation = (line: string, escape: Escape): string | undefined => {
  let end = line.length
  while (end > 0 && (line[end - 1] === ' ' || line[end - 1] === '\t')) end--
  if (end === 0 || line[end - 1] !== escape) return undefined
  if (end > 1 && line[end - 2] === escape) return undefined
  return line.slice(0, end - 1)
}

/** Reads a whole Dockerfile. Never throws; what BuildKit refuses becomes `error`, with what was read up to there. */
export function readLines(text: string): ReadResult {
  const instructions: RawInstruction[] = []
  const directives = new Map<string, string>()
  let escape: Escape = '\\'
  let directivesDone = false
  let offset = text.startsWith(byteOrderMark) ? 1 : 0
  let line = 0
  let lineStart = 0
  let current = ''

  const fail = (message: string, at: number): ReadResult => ({
    escape,
    directives,
    instructions,
    error: { message, line: at }
  })
  /** Reads the next line into `current`, without its terminator; false at the end. */
  const next = (): boolean => {
    if (offset >= text.length) return false
    lineStart = offset
    const newline = text.indexOf('\n', offset)
    let end = newline === -1 ? text.length : newline
    offset = newline === -1 ? text.length : newline + 1
    while (end > lineStart && text[end - 1] === '\r') end--
    current = text.slice(lineStart, end)
    line++
    return true
  }

  while (next()) {
    if (isTooLong(current)) return fail(`line ${line} is longer than the 65535 bytes that BuildKit reads`, line)
    const indent = leadingSpaceLength(current)
    const trimmed = indent > 0 ? current.slice(indent) : current
    if (!directivesDone) {
      const match = directivePattern.exec(trimmed)
      const name = match?.[1]?.toLowerCase()
      if (match === null || name === undefined || !validDirectives.has(name)) directivesDone = true
      else {
        if (directives.has(name)) return fail(`only one ${name} parser directive can be used`, line)
        const value = match[2] as string
        directives.set(name, value)
        if (name === 'escape') {
          if (value !== '\\' && value !== '`')
            return fail(`invalid escape token '${value}' does not match \` or \\`, line)
          escape = value
        }
      }
    }
    if (trimmed === '' || trimmed[0] === '#') continue

    const startLine = line
    const start = lineStart + indent
    let headEnd = start + trimmed.length
    let logical = ''
    const segments: Segment[] = []
    const add = (piece: string, source: number) => {
      if (piece === '') return
      segments.push({ logical: logical.length, source, length: piece.length })
      logical += piece
    }
    let hasEmptyContinuation = false
    let piece = withoutContinuation(trimmed, escape)
    let open = piece !== undefined
    let mark = start + (piece?.length ?? 0)
    add(piece ?? trimmed, start)
    while (open && next()) {
      if (isTooLong(current)) return fail(`line ${line} is longer than the 65535 bytes that BuildKit reads`, line)
      headEnd = lineStart + current.length
      const space = leadingSpaceLength(current)
      if (space === current.length) {
        hasEmptyContinuation = true
        continue
      }
      if (current[space] === '#') continue
      piece = withoutContinuation(current, escape)
      open = piece !== undefined
      mark = lineStart + (piece?.length ?? 0)
      add(piece ?? current, lineStart)
    }
    if (logical.trim() === '') continue
    const keyword = /^[^\t\v\f\r ]+/.exec(logical)?.[0] ?? logical

    const heredocs: Heredoc[] = []
    if (logical.includes('<<') && canContainHeredoc(keyword, logical)) {
      for (const heredoc of findHeredocs(logical)) {
        const bodyStart = offset
        let bodyEnd = offset
        let terminated = false
        while (next()) {
          const candidate = heredoc.stripTabs ? current.replace(/^\t+/, '') : current
          if (candidate === heredoc.name) {
            terminated = true
            bodyEnd = lineStart
            break
          }
        }
        if (!terminated) return fail(`unterminated heredoc "${heredoc.name}"`, startLine)
        heredocs.push({ ...heredoc, bodyStart, bodyEnd })
      }
    }
    const end = heredocs.length > 0 ? lineStart + current.length : headEnd
    instructions.push({
      keyword,
      start,
      headEnd,
      end,
      startLine,
      endLine: line,
      logical,
      segments,
      heredocs,
      dangling: open ? mark : undefined,
      hasEmptyContinuation
    })
  }
  if (instructions.length === 0) return fail('file with no instructions', Math.max(line, 1))
  return { escape, directives, instructions, error: undefined }
}

const heredocKeywords = new Set(['add', 'copy', 'run'])

const canContainHeredoc = (keyword: string, logical: string): boolean => {
  let name = keyword.toLowerCase()
  let rest = logical.slice(keyword.length).trim()
  if (name === 'onbuild') {
    name = (/^[^\t\v\f\r ]+/.exec(rest)?.[0] ?? '').toLowerCase()
    rest = rest.slice(name.length).trim()
  }
  if (!heredocKeywords.has(name)) return false
  return parseJsonStrings(rest.replace(/^(--\S+\s+)+/, '')) === undefined
}

/** The strings of a JSON array, or undefined where BuildKit would take the text for something else. */
export function parseJsonStrings(text: string): string[] | undefined {
  if (!text.startsWith('[')) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : undefined
  } catch {
    return undefined
  }
}

/** The heredocs that a logical line opens. */
function findHeredocs(logical: string): Omit<Heredoc, 'bodyStart' | 'bodyEnd'>[] {
  const found: Omit<Heredoc, 'bodyStart' | 'bodyEnd'>[] = []
  const words = shellWords(logical)
  for (let index = 0; index < words.length; index++) {
    const match = /^\d*<<(-?)([^<]*)$/.exec(words[index] as string)
    if (match === null) continue
    let name = match[2] as string
    // `<< EOF` is one in BuildKit, `<<- EOF` is none (buildkit-parse-cases "hd space dash").
    if (name === '' && match[1] === '') name = words[++index] ?? ''
    if (name === '' || name.includes('<')) continue
    const unquoted = unquote(name)
    if (unquoted === undefined) continue
    found.push({ name: unquoted, stripTabs: match[1] === '-', quoted: /["']/.test(name) })
  }
  return found
}

/** Words as BuildKit's shell lexer splits them with raw quotes and escapes; none when a quote stays open. */
function shellWords(text: string): string[] {
  const words: string[] = []
  let word = ''
  for (let index = 0; index < text.length; index++) {
    const character = text[index] as string
    if (character === "'" || character === '"') {
      let end = index + 1
      while (end < text.length && text[end] !== character) end += character === '"' && text[end] === '\\' ? 2 : 1
      if (end >= text.length) return []
      word += text.slice(index, end + 1)
      index = end
    } else if (character === '\\') {
      word += text.slice(index, index + 2)
      index++
    } else if (isSpace(character)) {
      if (word !== '') words.push(word)
      word = ''
    } else word += character
  }
  if (word !== '') words.push(word)
  return words
}

function unquote(word: string): string | undefined {
  let result = ''
  for (let index = 0; index < word.length; index++) {
    const character = word[index] as string
    if (character === "'" || character === '"') {
      const end = word.indexOf(character, index + 1)
      if (end === -1) return undefined
      result += word.slice(index + 1, end)
      index = end
    } else if (character === '\\') {
      index++
      result += word[index] ?? ''
    } else result += character
  }
  return result === '' ? undefined : result
}
