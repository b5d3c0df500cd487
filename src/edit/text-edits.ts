/** Edits of one text, addressed by offsets. */
import MagicString from 'magic-string'
import { UnrootError } from '../errors.ts'

interface Edit {
  start: number
  end: number
  text: string
  message: string
}

/** An edit that was asked for, in offsets of the text that it was made for. */
export interface AppliedEdit {
  /** For the report. */
  message: string
  /** Of the first character that goes. */
  start: number
  /** Behind the last one; the same as `start` where something was inserted. */
  end: number
}

/** Edits of one text, by offsets. */
export interface TextEdits {
  /**
   * Replaces `[start, end)`; an empty range inserts. The same edit a second time is none.
   *
   * @throws {UnrootError} `OVERLAPPING_EDIT`
   */
  replace(start: number, end: number, text: string, message: string): void
  /** What was asked for until now. */
  readonly edits: readonly AppliedEdit[]
  /**
   * The edited text, and where an offset of it was before; inserted text counts to the place it was put.
   *
   * @internal
   */
  finish(): { text: string; toOld(offset: number): number }
}

/** Collects the edits of one text; magic-string would merge overlapping ones without a word. */
export function createTextEdits(text: string): TextEdits {
  const edits: Edit[] = []
  return {
    replace(start, end, replacement, message) {
      // Two shipped stages can ask for the same edit of the stage that both are built on.
      if (edits.some((other) => other.start === start && other.end === end && other.text === replacement)) return
      for (const other of edits) {
        const overlaps =
          start === end || other.start === other.end
            ? start > other.start && start < other.end
            : start < other.end && end > other.start
        const isInsideInsert = other.start === other.end && other.start > start && other.start < end
        if (overlaps || isInsideInsert)
          throw new UnrootError(
            'OVERLAPPING_EDIT',
            `two edits overlap at offset ${start}: "${other.message}" and "${message}"`
          )
      }
      edits.push({ start, end, text: replacement, message })
    },
    get edits() {
      return edits.map(({ message, start, end }) => ({ message, start, end }))
    },
    finish() {
      const magic = new MagicString(text)
      const sorted = edits
        .map((edit, order) => ({ ...edit, order }))
        .sort((a, b) => a.start - b.start || a.order - b.order)
      for (const edit of sorted)
        if (edit.start === edit.end) magic.appendLeft(edit.start, edit.text)
        else if (edit.text === '') magic.remove(edit.start, edit.end)
        else magic.update(edit.start, edit.end, edit.text)
      const toOld = (offset: number): number => {
        let shift = 0
        for (const edit of sorted) {
          const newStart = edit.start + shift
          if (offset < newStart) break
          const newEnd = newStart + edit.text.length
          if (offset < newEnd) return edit.start
          shift += edit.text.length - (edit.end - edit.start)
        }
        return offset - shift
      }
      return { text: magic.toString(), toOld }
    }
  }
}
