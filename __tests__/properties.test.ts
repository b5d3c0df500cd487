import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseDockerfile } from '../src/dockerfile/dockerfile.ts'
import { verdicts } from '../src/report/json.ts'
import { rewrite } from '../src/rewrite.ts'
import type { Position, Range, RewriteOptions, RewriteResult } from '../src/types.ts'
import { readFixtures } from './support/fixtures.ts'
import { anyText, damaged, dockerfile, entrypointOptions, options, rearranged } from './support/fixtures-arbitraries.ts'

const seed = 20_261_122
const corpus = readFixtures().cases.flatMap(({ before }) => [...before.values()])
const fromCorpus = fc.constantFrom(...corpus)
const script = '#!/bin/sh\nset -e\nmkdir -p /var/lib/app\necho $$ > /run/app.pid\nexec "$@"\n'
// New scripts need a name that nothing has.
const readContext = (name: string) => (/\.sh$/.test(name) && !/user-entrypoint/.test(name) ? script : undefined)

const sources: readonly (readonly [string, fc.Arbitrary<string>, number, fc.Arbitrary<RewriteOptions>])[] = [
  ['generated Dockerfiles', dockerfile, 1_000, options],
  ['damaged Dockerfiles', damaged(dockerfile), 250, options],
  ['rearranged fixtures', rearranged(fromCorpus), 300, options],
  ['damaged fixtures', damaged(fromCorpus), 250, options],
  ['noise', anyText, 150, options],
  ['generated Dockerfiles with strategy entrypoint', dockerfile, 300, entrypointOptions],
  ['rearranged fixtures with strategy entrypoint', rearranged(fromCorpus), 200, entrypointOptions]
]

const check = (
  text: fc.Arbitrary<string>,
  numRuns: number,
  given: fc.Arbitrary<RewriteOptions>,
  property: (text: string, result: RewriteResult, given: RewriteOptions) => void
) =>
  fc.assert(
    fc.property(text, given, (each, chosen) => {
      const all: RewriteOptions = { ...chosen, readContext }
      property(each, rewrite(each, all), all)
    }),
    { seed, numRuns }
  )

describe.each(sources)('%s', (_name, text, numRuns, chosen) => {
  test('a verdict, never an exception; texts change only where it says so', () =>
    check(text, numRuns, chosen, (original, result) => {
      expect(verdicts).toContain(result.verdict)
      expect(result.changed).toBe(result.text !== original || result.companions.size > 0)
      if (['refused', 'not-applicable', 'failed'].includes(result.verdict)) {
        expect(result.text).toBe(original)
        expect(result.findings).not.toEqual([])
      }
      if (result.verdict === 'failed') expect(parseDockerfile(original).error).toBeDefined()
      if (result.text !== original) expect(result.changes).not.toEqual([])
    }))

  test('the same input gives the same answer', () =>
    check(text, Math.ceil(numRuns / 3), chosen, (original, result, given) => {
      const { diff, ...again } = rewrite(original, given)
      const { diff: firstDiff, ...first } = result
      expect(again).toEqual(first)
      expect(diff()).toBe(firstDiff())
    }))

  test('a second run changes nothing', () =>
    check(text, numRuns, chosen, (_original, result, given) => {
      if (!result.changed) return
      const again = rewrite(result.text, {
        ...given,
        readContext: (name) => result.companions.get(name) ?? readContext(name)
      })
      expect(again.text).toBe(result.text)
      expect([...again.companions]).toEqual([])
      const isPartial = result.findings.some(({ rule }) => rule === 'partial-run')
      if (!isPartial && (result.verdict === 'converted' || result.verdict === 'needs-review'))
        expect(again.verdict).toBe('already-non-root')
    }))

  test('what lies outside the reported ranges is untouched', () =>
    check(text, numRuns, chosen, (original, result) => {
      const locate = createOffsets(original)
      for (const { range } of [...result.changes, ...result.findings]) expectInside(range, original)
      const ranges = result.changes
        .map(({ range }) => [locate(range.start), locate(range.end)] as const)
        .sort((a, b) => a[0] - b[0] || a[1] - b[1])
      expectPieces(result.text, piecesOutside(original, ranges))
    }))

  test('byte order mark and line ends are kept, and the result reads back', () =>
    check(text, numRuns, chosen, (original, result) => {
      expect(result.text.startsWith('\ufeff')).toBe(original.startsWith('\ufeff'))
      expect(result.text.endsWith('\n') || !original.endsWith('\n')).toBe(true)
      if (!original.includes('\r')) expect(result.text).not.toContain('\r')
      if (/\n/.test(original) && !/(^|[^\r])\n/.test(original)) expect(result.text).not.toMatch(/(^|[^\r])\n/)
      if (parseDockerfile(original).error === undefined) expect(parseDockerfile(result.text).error).toBeUndefined()
    }))
})

function createOffsets(text: string): (position: Position) => number {
  const starts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return ({ line, column }) => (starts[line - 1] ?? text.length) + column - 1
}

function expectInside({ start, end }: Range, text: string): void {
  const lines = text.split('\n')
  for (const { line, column } of [start, end]) {
    expect(line).toBeGreaterThanOrEqual(1)
    expect(line).toBeLessThanOrEqual(lines.length)
    expect(column).toBeGreaterThanOrEqual(1)
    expect(column).toBeLessThanOrEqual((lines[line - 1] as string).length + 1)
  }
  expect(start.line < end.line || (start.line === end.line && start.column <= end.column)).toBe(true)
}

/** The pieces of a text between ranges; an empty range cuts, too. */
function piecesOutside(text: string, ranges: readonly (readonly [number, number])[]): string[] {
  const pieces: string[] = []
  let from = 0
  for (const [start, end] of ranges) {
    if (start >= from) pieces.push(text.slice(from, start))
    from = Math.max(from, end)
  }
  return [...pieces, text.slice(from)]
}

/** The pieces stand in the text in order, the first at its start and the last at its end. */
function expectPieces(text: string, pieces: readonly string[]): void {
  if (pieces.length === 1) {
    expect(text).toBe(pieces[0])
    return
  }
  const first = pieces[0] as string
  const last = pieces.at(-1) as string
  expect(text.startsWith(first)).toBe(true)
  let at = first.length
  for (const piece of pieces.slice(1, -1)) {
    const found = text.indexOf(piece, at)
    expect(found, `${JSON.stringify(piece)} is still there`).toBeGreaterThanOrEqual(at)
    at = found + piece.length
  }
  expect(text.endsWith(last) && text.length - last.length >= at, `${JSON.stringify(last)} is the end`).toBe(true)
}
