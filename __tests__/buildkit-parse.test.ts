import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseDockerfile } from '../src/dockerfile/dockerfile.ts'
import { readLines } from '../src/dockerfile/line-reader.ts'
import { fixturesFolder } from './support/fixtures.ts'

interface BuildKitInstruction {
  keyword: string
  flags: string[] | null
  args: string[]
  json: boolean
  startLine: number
  endLine: number
  heredocs: { Name: string; Expand: boolean; Chomp: boolean; Content: string }[] | null
}

interface ParseCase {
  name: string
  input: string
  buildkit: { error: string } | { escape: string; instructions: BuildKitInstruction[] }
}

const cases: ParseCase[] = JSON.parse(readFileSync(path.join(fixturesFolder, 'buildkit-parse-cases.json'), 'utf8'))

const normalizeLines = (text: string, stripTabs: boolean): string =>
  text
    .split('\n')
    .map((line) => line.replace(/\r+$/, '').replace(stripTabs ? /^\t+/ : /^/, ''))
    .join('\n')

/** Inputs that cannot be met, with the reason; at most three. */
const exceptions = new Map<string, string>([])

describe('what BuildKit itself makes of an input', () => {
  test('all inputs are there, at most three of them excepted', () => {
    expect(cases.length).toBe(110)
    expect(exceptions.size).toBeLessThanOrEqual(3)
    for (const name of exceptions.keys()) expect(cases.map((each) => each.name)).toContain(name)
  })

  for (const { name, input, buildkit } of cases) {
    if (exceptions.has(name)) continue
    test(`${name}: ${JSON.stringify(input.length > 60 ? `${input.slice(0, 60)}...` : input)}`, () => {
      // The line reader alone: whether a keyword exists and what stands before FROM is decided behind it.
      const { error, instructions, escape } = readLines(input)
      const read = parseDockerfile(input)
      if ('error' in buildkit) {
        expect(error).toBeDefined()
        expect(read.error).toBeDefined()
        return
      }
      expect(error).toBeUndefined()
      expect(escape).toBe(buildkit.escape)
      expect(
        instructions.map(({ keyword, startLine, endLine, heredocs }) => ({
          keyword: keyword.toUpperCase(),
          startLine,
          endLine,
          heredocs: heredocs.map(({ name, quoted, stripTabs, bodyStart, bodyEnd }) => ({
            Name: name,
            Expand: !quoted,
            Chomp: stripTabs,
            Content: normalizeLines(input.slice(bodyStart, bodyEnd), stripTabs)
          }))
        }))
      ).toEqual(
        buildkit.instructions.map(({ keyword, startLine, endLine, heredocs }) => ({
          keyword: keyword.toUpperCase(),
          startLine,
          endLine,
          heredocs: (heredocs ?? []).map((each) => ({ ...each, Content: normalizeLines(each.Content, each.Chomp) }))
        }))
      )
      expect(
        read.instructions.map((instruction) => ({
          flags: instruction.flags.map(({ start, end }) => input.slice(start, end)),
          json: instruction.json?.map((string) => string.value)
        }))
      ).toEqual(
        buildkit.instructions.map(({ keyword, flags, json, args }) => ({
          flags: flags ?? [],
          json: json && !/^healthcheck$/i.test(keyword) ? args : undefined
        }))
      )
    })
  }
})
