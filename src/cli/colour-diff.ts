import { diffWordsWithSpace } from 'diff'
import type { Colours } from './colours.ts'

/** A unified diff in the colours that git uses; what differs within a line that changed is shown inverse. */
export function colourDiff(diff: string, colours: Colours): string {
  if (!colours.isColorSupported || diff === '') return diff
  const lines = diff.split('\n')
  const coloured: string[] = []
  for (let index = 0; index < lines.length; ) {
    const line = lines[index] as string
    if (index < 2) coloured.push(colours.bold(line))
    else if (line.startsWith('-')) {
      const removed = takeWhile(lines, index, '-')
      const added = takeWhile(lines, index + removed.length, '+')
      coloured.push(...colourBlock(removed, added, colours))
      index += removed.length + added.length
      continue
    } else coloured.push(colourLine(line, colours))
    index++
  }
  return coloured.join('\n')
}

function colourLine(line: string, { cyan, green, red }: Colours): string {
  if (line.startsWith('@@')) return cyan(line)
  if (line.startsWith('+')) return green(line)
  if (line.startsWith('-')) return red(line)
  return line
}

/** Lines with a mark from an index on, with the notes about a missing final newline that belong to them. */
function takeWhile(lines: readonly string[], from: number, mark: '-' | '+'): string[] {
  let to = from
  while (lines[to]?.startsWith(mark) || (to > from && lines[to]?.startsWith('\\'))) to++
  return lines.slice(from, to)
}

/** More lines than that are no change of single lines any more, and looking for pairs costs their product. */
const longestBlock = 40
/** Minified and generated lines. */
const longestLine = 1_000

function colourBlock(removed: readonly string[], added: readonly string[], colours: Colours): string[] {
  const lines = [...removed, ...added].map((line) => colourLine(line, colours))
  if (removed.length > longestBlock || added.length > longestBlock) return lines
  for (const [before, after] of findPairs(removed, added)) {
    const [old, now] = markWords((removed[before] as string).slice(1), (added[after] as string).slice(1), colours)
    lines[before] = colours.red(`-${old}`)
    lines[removed.length + after] = colours.green(`+${now}`)
  }
  return lines
}

/** Which removed line became which added one: in order, and with the most in common. */
function findPairs(removed: readonly string[], added: readonly string[]): [number, number][] {
  const likeness = removed.map((before) => added.map((after) => compare(before, after)))
  // best[i][j]: what can be had from the lines i and j on.
  const best = Array.from({ length: removed.length + 1 }, () => new Array<number>(added.length + 1).fill(0))
  const at = (i: number, j: number) => best[i]?.[j] ?? 0
  const like = (i: number, j: number) => likeness[i]?.[j] ?? 0
  for (let i = removed.length - 1; i >= 0; i--)
    for (let j = added.length - 1; j >= 0; j--)
      (best[i] as number[])[j] = Math.max(at(i + 1, j), at(i, j + 1), like(i, j) + at(i + 1, j + 1))
  const pairs: [number, number][] = []
  for (let i = 0, j = 0; i < removed.length && j < added.length; ) {
    if (like(i, j) > 0 && at(i, j) === like(i, j) + at(i + 1, j + 1)) pairs.push([i++, j++])
    else if (at(i, j) === at(i + 1, j)) i++
    else j++
  }
  return pairs
}

const leastLikeness = 0.5

/** The part of the shorter line that both begin and end with; 0 for lines that have too little in common. */
function compare(before: string, after: string): number {
  if (before.startsWith('\\') || after.startsWith('\\')) return 0
  const a = before.slice(1).trim()
  const b = after.slice(1).trim()
  const shorter = Math.min(a.length, b.length)
  if (shorter === 0 || Math.max(a.length, b.length) > longestLine) return 0
  let start = 0
  while (start < shorter && a[start] === b[start]) start++
  let end = 0
  while (end < shorter - start && a.at(-1 - end) === b.at(-1 - end)) end++
  const likeness = (start + end) / shorter
  return likeness < leastLikeness ? 0 : likeness
}

function markWords(before: string, after: string, { inverse }: Colours): [string, string] {
  // The blank behind a word that came or went needs no emphasis; blanks alone do.
  const mark = (text: string) => (text.trim() === '' ? inverse(text) : text.replace(/^.*\S/s, inverse))
  let old = ''
  let now = ''
  for (const { value, added, removed } of diffWordsWithSpace(before, after)) {
    if (removed) old += mark(value)
    else if (added) now += mark(value)
    else {
      old += value
      now += value
    }
  }
  return [old, now]
}
