import { describe, expect, test } from 'vitest'
import { parseDockerfile } from '../src/dockerfile/dockerfile.ts'
import { rewrite } from '../src/rewrite.ts'

const small = 500
const large = 5_000
/** Ten times the lines may cost that much more. */
const allowed = 12

const repeat = (count: number, line: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => line(index)).join('')
const head = 'FROM python:3.12-slim\nWORKDIR /app\n'
const tail = 'COPY . .\nCMD ["python", "app.py"]\n'

/** Dockerfiles of about `lines` lines. */
const shapes: Readonly<Record<string, (lines: number) => string>> = {
  'RUN instructions': (lines) => head + repeat(lines, (index) => `RUN echo ${index}\n`) + tail,
  'one long RUN': (lines) => `${head}RUN true${repeat(lines, (index) => ` \\\n    && echo ${index}`)}\n${tail}`,
  'RUNs of ten lines': (lines) =>
    head + repeat(lines / 10, (index) => `RUN true${repeat(9, () => ` \\\n && echo ${index}`)}\n`) + tail,
  'COPY instructions': (lines) => head + repeat(lines, (index) => `COPY f${index} src/\n`) + tail,
  'ENV instructions': (lines) => head + repeat(lines, (index) => `ENV KEY_${index}=value\n`) + tail,
  'one long ENV': (lines) => `${head}ENV A=b${repeat(lines, (index) => ` \\\n    KEY_${index}=value`)}\n${tail}`,
  'ARG instructions': (lines) => head + repeat(lines, (index) => `ARG KEY_${index}=value\n`) + tail,
  'EXPOSE instructions': (lines) => head + repeat(lines, (index) => `EXPOSE ${2000 + index}\n`) + tail,
  'LABEL instructions': (lines) => head + repeat(lines, (index) => `LABEL key${index}="a value"\n`) + tail,
  'WORKDIR instructions': (lines) => head + repeat(lines, (index) => `WORKDIR /srv/dir${index}\n`) + tail,
  'USER instructions': (lines) => head + repeat(lines, (index) => `USER ${index % 2 === 0 ? 'root' : '1000'}\n`) + tail,
  accounts: (lines) => head + repeat(lines, (index) => `RUN useradd --uid ${2000 + index} user${index}\n`) + tail,
  'directories that RUNs make': (lines) => head + repeat(lines, (index) => `RUN mkdir -p /data/dir${index}\n`) + tail,
  stages: (lines) =>
    repeat(lines / 2, (index) => `FROM alpine:3.20 AS stage${index}\nRUN echo ${index}\n`) + head + tail,
  'copies between stages': (lines) =>
    repeat(
      lines / 2,
      (index) => `FROM alpine:3.20 AS stage${index}\nCOPY --from=stage${Math.max(0, index - 1)} /a /a\n`
    ) +
    head +
    tail,
  'a chain of stages': (lines) =>
    `FROM python:3.12-slim AS stage0\n${repeat(lines / 2, (index) => `FROM stage${index} AS stage${index + 1}\nRUN echo ${index}\n`)}` +
    tail,
  heredocs: (lines) => head + repeat(lines / 5, (index) => `RUN <<EOF\necho ${index}\nUSER x\ntrue\nEOF\n`) + tail,
  'one long heredoc': (lines) => `${head}RUN <<EOF\n${repeat(lines, (index) => `echo ${index}\n`)}EOF\n${tail}`,
  'heredocs of a COPY': (lines) =>
    `${head}COPY${repeat(lines / 4, (index) => ` <<F${index}`)} /app/\n${repeat(lines / 4, (index) => `a\nb\nc\nF${index}\n`)}${tail}`,
  comments: (lines) => repeat(lines, (index) => `# comment ${index}\n`) + head + tail,
  'comments in a RUN': (lines) => `${head}RUN true${repeat(lines, (index) => ` \\\n# comment ${index}`)}\n${tail}`,
  'one long exec form': (lines) => `${head}CMD ["app"${repeat(lines, (index) => `, \\\n  "argument ${index}"`)}]\n`
}

const script = (lines: number) =>
  `#!/bin/sh\n${repeat(lines, (index) => `echo ${index} > /var/lib/app/f${index}\n`)}exec "$@"\n`

/** Milliseconds of processor time that one call takes, over calls enough to be measured. */
function cost(work: () => unknown): number {
  const started = process.cpuUsage()
  for (let calls = 1; ; calls++) {
    work()
    const { user, system } = process.cpuUsage(started)
    const used = (user + system) / 1_000
    if (used > 40) return used / calls
  }
}

/**
 * How many times as much the large input costs. Ten small ones are measured together and kept alive as long as the
 * large one is, so that the garbage collector has the same to do; measured again as long as the machine seems busy.
 */
function growth(work: (lines: number) => () => unknown): number {
  const few = work(small)
  const many = work(large)
  const tenFew = () => Array.from({ length: large / small }, few)
  many()
  const end = performance.now() + 8_000
  let ratio = Number.POSITIVE_INFINITY
  while (ratio > allowed && performance.now() < end)
    ratio = Math.min(ratio, (cost(many) / cost(tenFew)) * (large / small))
  return ratio
}

describe('5,000 lines cost at most twelve times what 500 cost', () => {
  for (const [name, shape] of Object.entries(shapes)) {
    test(`reading ${name}`, () => {
      const ratio = growth((lines) => {
        const text = shape(lines)
        expect(parseDockerfile(text).error).toBeUndefined()
        return () => parseDockerfile(text)
      })
      expect(ratio).toBeLessThanOrEqual(allowed)
    })

    test(`rewriting ${name}`, () => {
      const ratio = growth((lines) => {
        const text = shape(lines)
        return () => rewrite(text)
      })
      expect(ratio).toBeLessThanOrEqual(allowed)
    })
  }

  test('rewriting with a start script', () => {
    const text = `${head}COPY start.sh /start.sh\nENTRYPOINT ["/start.sh"]\n${tail}`
    const ratio = growth((lines) => {
      const source = script(lines)
      return () => rewrite(text, { readContext: () => source })
    })
    expect(ratio).toBeLessThanOrEqual(allowed)
  })
})

describe('extreme files', () => {
  const limit = 5_000
  const duration = (work: () => unknown): number => {
    const started = performance.now()
    work()
    return performance.now() - started
  }

  test('5 MB in one line', () => {
    const text = `FROM alpine:3.20\nRUN echo ${'x'.repeat(5_000_000)}\n`
    expect(duration(() => expect(rewrite(text).verdict).toBe('failed'))).toBeLessThan(limit)
  })

  test('5 MB in one continued RUN', () => {
    const text = `${head}RUN true${repeat(100_000, (index) => ` \\\n && echo ${'x'.repeat(40)} ${index}`)}\n${tail}`
    expect(text.length).toBeGreaterThan(5_000_000)
    expect(duration(() => expect(rewrite(text).verdict).toBe('converted'))).toBeLessThan(limit)
  })

  test('100,000 empty lines', () => {
    const text = head + '\n'.repeat(100_000) + tail
    expect(duration(() => expect(rewrite(text).verdict).toBe('converted'))).toBeLessThan(limit)
  })

  test('3,000 stages, each of the one before', () => {
    const text = `FROM python:3.12-slim AS stage0\n${repeat(3_000, (index) => `FROM stage${index} AS stage${index + 1}\n`)}${tail}`
    expect(duration(() => expect(rewrite(text).changed).toBe(true))).toBeLessThan(limit)
  })

  test('3,000 stages, each for itself', () => {
    const text = repeat(3_000, (index) => `FROM python:3.12-slim AS stage${index}\nWORKDIR /app\n${tail}`)
    expect(duration(() => expect(rewrite(text).verdict).toBe('converted'))).toBeLessThan(limit)
  })
})
