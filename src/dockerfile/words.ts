/**
 * Words and build variables, as BuildKit's own lexer reads them.
 *
 * source: moby/buildkit frontend/dockerfile/shell/lex.go, parser/line_parsers.go
 */
import type { Escape } from './line-reader.ts'

/** A piece of text with its place; offsets are those of the text it was found in. */
/** A word of an instruction and its place. */
export interface Word {
  /** As written. */
  text: string
  /** Offset of its first character. */
  start: number
  /** Offset behind its last character. */
  end: number
}

/** Blank, tab, line feed, vertical tab, form feed, carriage return. */
export const isBlank = (code: number): boolean => code === 32 || (code >= 9 && code <= 13)

const spaceAt = (text: string, index: number): boolean => isBlank(text.charCodeAt(index))

/** Where a word ends: at white space outside quotes. */
export function endOfWord(text: string, escape: Escape, from: number): number {
  let index = from
  let quote = ''
  for (; index < text.length; index++) {
    const character = text[index] as string
    if (character === escape && quote !== "'") index++
    else if (quote !== '') {
      if (character === quote) quote = ''
    } else if (character === '"' || character === "'") quote = character
    else if (spaceAt(text, index)) break
  }
  return Math.min(index, text.length)
}

/** Splits at white space outside quotes; quotes and escapes stay in the words. */
export function splitWords(text: string, escape: Escape, from = 0): Word[] {
  const words: Word[] = []
  let index = from
  while (index < text.length) {
    while (index < text.length && spaceAt(text, index)) index++
    if (index >= text.length) break
    const start = index
    index = endOfWord(text, escape, start)
    words.push({ text: text.slice(start, index), start, end: index })
  }
  return words
}

/** Splits at white space only, as `EXPOSE`, `FROM`, `COPY` and `VOLUME` do. */
export function splitAtSpace(text: string, from = 0): Word[] {
  const words: Word[] = []
  let index = from
  while (index < text.length) {
    while (index < text.length && spaceAt(text, index)) index++
    const start = index
    while (index < text.length && !spaceAt(text, index)) index++
    if (index > start) words.push({ text: text.slice(start, index), start, end: index })
  }
  return words
}

export interface Expansion {
  value: string
  /** Names that have no value. */
  unresolved: readonly string[]
}

export type Variables = ReadonlyMap<string, string> | { get(name: string): string | undefined }

const none: readonly string[] = []

/**
 * Removes quotes and escapes and puts in the values of `$name`, `${name}`, `${name:-word}` and `${name:+word}`.
 * Patterns (`${name#...}`) count as unresolved.
 */
export function expand(text: string, variables: Variables, escape: Escape): Expansion {
  if (!/[$'"\\`]/.test(text)) return { value: text, unresolved: none }
  let value = ''
  const unresolved: string[] = []
  let index = 0
  const dollar = (): string => {
    // at '$'
    const rest = text.slice(index)
    const plain = /^\$([A-Za-z_]\w*|[0-9]+|[@*#?$!-])/.exec(rest)
    if (plain !== null) {
      index += plain[0].length
      const found = variables.get(plain[1] as string)
      if (found === undefined) unresolved.push(plain[1] as string)
      return found ?? ''
    }
    const head = /^\$\{([A-Za-z_]\w*)/.exec(rest)
    if (head === null) {
      index++
      return '$'
    }
    const name = head[1] as string
    let end = head[0].length
    for (let depth = 1; end < rest.length && depth > 0; end++) {
      if (rest[end] === escape) end++
      else if (rest[end] === '{') depth++
      else if (rest[end] === '}') depth--
    }
    index += end
    const modifier = rest.slice(head[0].length, end - 1)
    const found = variables.get(name)
    if (modifier === '') {
      if (found === undefined) unresolved.push(name)
      return found ?? ''
    }
    const operation = /^(:?)([-+?])([\s\S]*)$/.exec(modifier)
    if (operation === null) {
      unresolved.push(name)
      return ''
    }
    const isSet = found !== undefined && !(operation[1] === ':' && found === '')
    if (operation[2] === '?') {
      if (!isSet) unresolved.push(name)
      return found ?? ''
    }
    if ((operation[2] === '-') === isSet) return operation[2] === '-' ? (found as string) : ''
    const word = expand(operation[3] as string, variables, escape)
    unresolved.push(...word.unresolved)
    return word.value
  }
  let quote = ''
  while (index < text.length) {
    const character = text[index] as string
    if (character === '$' && quote !== "'") value += dollar()
    else if (character === escape && quote !== "'") {
      const following = text[index + 1]
      if (following === undefined) index++
      else if (quote === '"' && following !== '"' && following !== '$' && following !== escape) {
        value += character
        index++
      } else {
        value += following
        index += 2
      }
    } else if (quote === '' && (character === '"' || character === "'")) {
      quote = character
      index++
    } else if (character === quote) {
      quote = ''
      index++
    } else {
      value += character
      index++
    }
  }
  return { value, unresolved }
}
