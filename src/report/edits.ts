/** The edits of a unified diff, for formats that hand over changes piece by piece. */
import type { Change } from '../types.ts'
import { isCompanionChange } from './pending.ts'

/** A place in the original text. */
export interface EditPosition {
  /** From 1. */
  line: number
  /** What stands in front of it on its line: formats count columns in different units. */
  before: string
}

/** One replacement; `end` is exclusive. Applied from the last to the first, they give the new text. */
export interface DiffEdit {
  start: EditPosition
  end: EditPosition
  text: string
}

interface Block {
  line: number
  /** With their line ends. */
  removed: string[]
  added: string[]
  /** The line in front of it, if there is one. */
  previous: string | undefined
  isAtEnd: boolean
}

/** Reads a diff of `unifiedDiff`. */
export function readEdits(diff: string): DiffEdit[] {
  return readBlocks(diff).map(createEdit)
}

/**
 * Ranges end in front of a line end where they can: a comment on a range that ended at column 1 of the next line would
 * be shown on that line too, and there is none behind the last.
 */
function createEdit({ line, removed, added, previous, isAtEnd }: Block): DiffEdit {
  const text = added.join('')
  const last = removed.at(-1)
  if (last === undefined) {
    if (!isAtEnd || previous === undefined) return insertion({ line, before: '' }, text)
    // Behind the last line: there is no line to insert in front of.
    const { content, lineEnd } = splitLine(previous)
    return insertion({ line: line - 1, before: content }, lineEnd + withoutLineEnd(text, lineEnd))
  }
  const { content, lineEnd } = splitLine(last)
  const lastLine = line + removed.length - 1
  const start = { line, before: '' }
  if (text === '' && isAtEnd && previous !== undefined && splitLine(previous).lineEnd === lineEnd)
    return {
      start: { line: line - 1, before: splitLine(previous).content },
      end: { line: lastLine, before: content },
      text
    }
  if (lineEnd === '' || (text !== '' && splitLine(added.at(-1) ?? '').lineEnd === lineEnd))
    return { start, end: { line: lastLine, before: content }, text: withoutLineEnd(text, lineEnd) }
  return { start, end: { line: lastLine + 1, before: '' }, text }
}

const insertion = (at: EditPosition, text: string): DiffEdit => ({ start: at, end: at, text })

const withoutLineEnd = (text: string, lineEnd: string): string => text.slice(0, text.length - lineEnd.length)

function splitLine(line: string): { content: string; lineEnd: string } {
  const lineEnd = /\r?\n$/.exec(line)?.[0] ?? ''
  return { content: withoutLineEnd(line, lineEnd), lineEnd }
}

function readBlocks(diff: string): Block[] {
  const blocks: Block[] = []
  let block: Block | undefined
  let previous: string | undefined
  let line = 0
  const lines = diff.split('\n')
  // The headers are two lines; in hunks every line has a mark, so that `@@` can only begin one.
  for (let index = 2; index < lines.length - 1; index++) {
    const marked = lines[index] as string
    const mark = marked[0]
    if (mark === '@') {
      const [, start, count] = /^@@ -(\d+)(?:,(\d+))?/.exec(marked) ?? []
      // An empty side is named by the line in front of it.
      line = Number(start) + (count === '0' ? 1 : 0)
      block = previous = undefined
      continue
    }
    if (mark === '\\') continue
    const isLast = lines[index + 1]?.startsWith('\\') === true
    const text = isLast ? marked.slice(1) : `${marked.slice(1)}\n`
    if (mark === ' ') {
      if (block) block.isAtEnd = false
      block = undefined
      previous = text
      line++
      continue
    }
    if (block === undefined) {
      block = { line, removed: [], added: [], previous, isAtEnd: true }
      blocks.push(block)
    }
    if (mark === '+') block.added.push(text)
    else {
      block.removed.push(text)
      previous = text
      line++
    }
  }
  return blocks
}

/** Each edit with the changes of which it is made, in their order. */
export function matchChanges(
  edits: readonly DiffEdit[],
  changes: readonly Change[]
): { edit: DiffEdit; changes: Change[] }[] {
  const matched = edits.map((edit) => ({ edit, changes: [] as Change[] }))
  for (const change of changes) {
    if (isCompanionChange(change)) continue
    const { line } = change.range.start
    const isNear = (lines: number) =>
      matched.find(({ edit: { start, end } }) => line >= start.line - lines && line <= end.line + lines)
    // What is inserted beside a line that changes is one edit with it in the diff.
    const owner = isNear(0) ?? isNear(1)
    owner?.changes.push(change)
  }
  return matched
}

/** How many bytes a text takes in UTF-8. Without TextEncoder, which is no part of the language. */
export function utf8Length(text: string): number {
  let length = 0
  for (const character of text) {
    const code = character.codePointAt(0) as number
    length += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
  }
  return length
}
