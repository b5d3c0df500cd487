import { formatPatch, OMIT_HEADERS, structuredPatch } from 'diff'

const contextLines = 3

/**
 * Myers' search costs the square of the number of changed lines. Conversions change dozens; a text that
 * shares next to nothing with the other one is shown as one replacement instead of being searched for minutes.
 */
const maxEditLength = 1_000

/**
 * The unified diff of one file, in the form that `git apply` takes in the working directory: plain `---`/`+++`
 * headers with `a/` and `b/`, line endings and a missing final newline kept. '' when nothing differs.
 *
 * @param path Relative to the working directory, with `/`.
 * @param options.created The file does not exist yet: the old side is `/dev/null`.
 * @example
 * unifiedDiff('Dockerfile', 'FROM alpine\n', 'FROM alpine\nUSER 65532\n').split('\n')[4] // => '+USER 65532'
 */
export function unifiedDiff(path: string, before: string, after: string, options: { created?: boolean } = {}): string {
  if (before === after) return ''
  const shared = sharedEnds(before, after)
  const hunks = changedLines(
    before.slice(shared.start, before.length - shared.end),
    after.slice(shared.start, after.length - shared.end)
  )
  const skippedLines = countLineBreaks(before, shared.start)
  for (const hunk of hunks) {
    hunk.oldStart += skippedLines
    hunk.newStart += skippedLines
  }
  const header = `--- ${options.created ? '/dev/null' : headerName(`a/${path}`)}\n+++ ${headerName(`b/${path}`)}\n`
  const names = { oldFileName: undefined, newFileName: undefined, oldHeader: undefined, newHeader: undefined }
  return header + formatPatch({ ...names, hunks }, OMIT_HEADERS)
}

type Hunk = ReturnType<typeof structuredPatch>['hunks'][number]

function changedLines(before: string, after: string): Hunk[] {
  const patch = structuredPatch('', '', before, after, undefined, undefined, {
    context: contextLines,
    maxEditLength
  })
  return patch?.hunks ?? [wholeReplacement(before, after)]
}

function wholeReplacement(before: string, after: string): Hunk {
  const removed = markLines(before, '-')
  const added = markLines(after, '+')
  return {
    oldStart: 1,
    oldLines: removed.count,
    newStart: 1,
    newLines: added.count,
    lines: [...removed.lines, ...added.lines]
  }
}

function markLines(text: string, mark: '-' | '+'): { lines: string[]; count: number } {
  if (text === '') return { lines: [], count: 0 }
  const lines = text.split('\n').map((line) => mark + line)
  if (text.endsWith('\n')) lines.pop()
  const count = lines.length
  if (!text.endsWith('\n')) lines.push('\\ No newline at end of file')
  return { lines, count }
}

/**
 * How many characters at both ends need no comparison: whole lines that are the same, but for the lines of
 * context that a hunk shows.
 */
function sharedEnds(before: string, after: string): { start: number; end: number } {
  const limit = Math.min(before.length, after.length)
  let start = 0
  while (start < limit && before.charCodeAt(start) === after.charCodeAt(start)) start++
  let end = 0
  while (end < limit - start && before.charCodeAt(before.length - 1 - end) === after.charCodeAt(after.length - 1 - end))
    end++
  return { start: startWithContext(before, start), end: before.length - endWithContext(before, before.length - end) }
}

function startWithContext(text: string, offset: number): number {
  let start = offset
  for (let breaks = 0; breaks <= contextLines && start > 0; breaks++) start = text.lastIndexOf('\n', start - 1)
  return start > 0 ? start + 1 : 0
}

function endWithContext(text: string, offset: number): number {
  let end = offset
  for (let breaks = 0; breaks <= contextLines; breaks++) {
    const lineBreak = text.indexOf('\n', end)
    if (lineBreak === -1) return text.length
    end = lineBreak + 1
  }
  return end
}

function countLineBreaks(text: string, end: number): number {
  let count = 0
  for (let index = text.indexOf('\n'); index !== -1 && index < end; index = text.indexOf('\n', index + 1)) count++
  return count
}

const escapes: Record<string, string> = { '\t': '\\t', '\n': '\\n', '\r': '\\r', '"': '\\"', '\\': '\\\\' }

/** A file name as git writes it: in C quotes when need be; a tab ends a name with spaces, for GNU patch. */
function headerName(name: string): string {
  if (/^[ !#-[\]-~]*$/.test(name)) return name.includes(' ') ? `${name}\t` : name
  const quoted = name.replace(/\p{Surrogate}/gu, '\ufffd').replace(/[^ !#-[\]-~]/gu, (character) => {
    return (
      escapes[character] ??
      utf8Bytes(character)
        .map((byte) => `\\${byte.toString(8).padStart(3, '0')}`)
        .join('')
    )
  })
  return `"${quoted}"`
}

/** Without TextEncoder, which is no part of the language. */
function utf8Bytes(character: string): number[] {
  const encoded = encodeURIComponent(character)
  if (!encoded.startsWith('%')) return [character.charCodeAt(0)]
  return encoded
    .slice(1)
    .split('%')
    .map((hex) => Number.parseInt(hex, 16))
}
