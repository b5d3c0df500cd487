import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { parseDockerfile } from '../../src/dockerfile/dockerfile.ts'
import { verdicts } from '../../src/report/json.ts'
import { formatFinding } from '../../src/report/summary.ts'
import { isDockerfileName, type RewriteFilesOptions, rewriteFiles } from '../../src/rewrite-files.ts'
import type { Verdict } from '../../src/types.ts'
import { transforms } from '../../transforms/index.ts'

export const fixturesFolder = fileURLToPath(new URL('../../__fixtures__', import.meta.url))

/** The transforms, and the subjects that are no single transform's. */
const groups: readonly string[] = [
  ...transforms.map(({ name }) => name),
  'whole',
  'refused',
  'untouched',
  'reading',
  'gold'
]

export interface CaseFile {
  options?: Omit<RewriteFilesOptions, 'context' | 'transforms'>
  /** Of every Dockerfile, or of each by its path. */
  verdict?: Verdict | Record<string, Verdict>
  /** Numbers of the table "Traps". */
  traps?: number[]
  /** Why the case cannot pass yet. */
  pending?: string
  /** The build context, as a folder of `before/`. */
  context?: string
}

type Files = ReadonlyMap<string, string>

export interface Fixture {
  /** `group/case` */
  id: string
  group: string
  folder: string
  file: CaseFile
  before: Files
  /** Only the files that change. */
  after: Files
  findings: string | undefined
}

export interface Fixtures {
  cases: Fixture[]
  /** Misnamed files and folders, unknown keys: each one is an error. */
  problems: string[]
}

const kebabCase = /^[a-z0-9]+(-[a-z0-9]+)*$/
const readText = (file: string): string =>
  new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(readFileSync(file))

/** Reads every case. */
export function readFixtures(root = fixturesFolder): Fixtures {
  const problems: string[] = []
  const cases: Fixture[] = []
  for (const group of readdirSync(root, { withFileTypes: true })) {
    if (!group.isDirectory()) {
      if (group.name !== 'buildkit-parse-cases.json') problems.push(`${group.name}: a file beside the groups`)
      continue
    }
    if (!groups.includes(group.name)) problems.push(`${group.name}: no such group; there are ${groups.join(', ')}`)
    for (const entry of readdirSync(path.join(root, group.name), { withFileTypes: true })) {
      const id = `${group.name}/${entry.name}`
      if (!entry.isDirectory()) problems.push(`${id}: a file beside the cases`)
      else if (!kebabCase.test(entry.name)) problems.push(`${id}: the name of a case is kebab-case`)
      else {
        const found = readFixture(group.name, entry.name, path.join(root, group.name, entry.name), problems)
        if (found !== undefined) cases.push(found)
      }
    }
  }
  return { cases, problems }
}

function readFixture(group: string, name: string, folder: string, problems: string[]): Fixture | undefined {
  const id = `${group}/${name}`
  const entries = readdirSync(folder)
  for (const entry of entries)
    if (!['case.json', 'before', 'after', 'findings.txt'].includes(entry)) problems.push(`${id}/${entry}: misnamed`)
  try {
    const before = readTree(path.join(folder, 'before'))
    const after = entries.includes('after') ? readTree(path.join(folder, 'after')) : new Map<string, string>()
    if (entries.includes('after') && after.size === 0) problems.push(`${id}: after/ is empty`)
    if (![...before.keys()].some(isDockerfileName)) problems.push(`${id}: no Dockerfile in before/`)
    for (const [file, text] of after)
      if (before.get(file) === text) problems.push(`${id}/after/${file}: does not differ from before/`)
    const file = entries.includes('case.json') ? readCaseFile(id, path.join(folder, 'case.json'), problems) : {}
    const findings = entries.includes('findings.txt') ? readText(path.join(folder, 'findings.txt')) : undefined
    return { id, group, folder, file, before, after, findings }
  } catch (error) {
    problems.push(`${id}: ${(error as Error).message}`)
    return undefined
  }
}

function readCaseFile(id: string, file: string, problems: string[]): CaseFile {
  const value: unknown = JSON.parse(readText(file))
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('case.json is no object')
  for (const key of Object.keys(value))
    if (!['options', 'verdict', 'traps', 'pending', 'context'].includes(key))
      problems.push(`${id}/case.json: unknown key "${key}"`)
  const { verdict, traps, pending } = value as CaseFile
  const named = typeof verdict === 'object' ? Object.values(verdict) : verdict === undefined ? [] : [verdict]
  for (const each of named) if (!verdicts.includes(each)) problems.push(`${id}/case.json: no verdict "${each}"`)
  for (const trap of traps ?? [])
    if (!Number.isInteger(trap) || trap < 1 || trap > 35) problems.push(`${id}/case.json: no trap ${trap}`)
  if (pending !== undefined && !pending.includes(' / ')) problems.push(`${id}/case.json: pending is "reason / title"`)
  return value
}

function readTree(folder: string): Map<string, string> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).replaceAll(path.sep, '/'))
  return new Map(names.sort().map((name) => [name, readText(path.join(folder, name))]))
}

const optionsOf = ({ file }: Fixture): RewriteFilesOptions =>
  file.context === undefined ? { ...file.options } : { ...file.options, context: file.context }

const expectedFiles = ({ before, after }: Fixture): Files => new Map([...before, ...after])
const sorted = (files: Files) => Object.fromEntries([...files].sort(([a], [b]) => (a < b ? -1 : 1)))
const mapTexts = (files: Files, change: (text: string, name: string) => string): Map<string, string> =>
  new Map([...files].map(([name, text]) => [name, change(text, name)]))

/** The result of a case, with its findings as the command line prints them. */
export function runFixture(fixture: Fixture, files: Files = fixture.before) {
  const result = rewriteFiles(files, optionsOf(fixture))
  const findings = result.reports.flatMap((report) =>
    report.findings.map((finding) => `${formatFinding(report.path, finding)}\n`)
  )
  return { ...result, findings: findings.join('') }
}

/** Texts, verdicts and findings are those of the case. */
export function checkResult(fixture: Fixture): void {
  const { files, reports, findings } = runFixture(fixture)
  const { verdict } = fixture.file
  if (verdict !== undefined) {
    const wanted = reports.map(({ path: name }) => [name, typeof verdict === 'string' ? verdict : verdict[name]])
    expect(
      reports.map((report) => [report.path, report.verdict]),
      findings
    ).toEqual(wanted)
  }
  expect(sorted(files)).toEqual(sorted(expectedFiles(fixture)))
  if (fixture.findings !== undefined) expect(findings).toBe(fixture.findings)
}

/** What was converted stays as it is. */
export function checkSecondRun(fixture: Fixture): void {
  const first = runFixture(fixture)
  const second = runFixture(fixture, first.files)
  expect(sorted(second.files)).toEqual(sorted(first.files))
  expect(second.companions).toEqual([])
  first.reports.forEach((report, index) => {
    const again = second.reports[index]?.verdict
    const isEdited = report.verdict === 'converted' || report.verdict === 'needs-review'
    if (!report.changed || !isEdited) expect(again, report.path).toBe(report.verdict)
    else if (!report.findings.some(({ rule }) => rule === 'partial-run'))
      expect(again, report.path).toBe('already-non-root')
  })
}

/** With CRLF everywhere nothing differs but the line ends. */
export function checkLineEndings(fixture: Fixture): void {
  const toCrlf = (text: string) => text.replaceAll(/\r?\n/g, '\r\n')
  // A script with CRLF does not start: a new one has LF, one that is there is left to itself, and none stands in the file.
  if (fixture.file.options?.strategy === 'entrypoint') {
    checkEntrypointWithCrlf(fixture, toCrlf)
    return
  }
  const plain = runFixture(fixture)
  const crlf = runFixture(fixture, mapTexts(fixture.before, toCrlf))
  expect(sorted(crlf.files)).toEqual(sorted(mapTexts(plain.files, toCrlf)))
  expect(crlf.findings).toBe(plain.findings)
}

function checkEntrypointWithCrlf(fixture: Fixture, toCrlf: (text: string) => string): void {
  const plain = runFixture(fixture)
  const crlf = runFixture(fixture, mapTexts(fixture.before, toCrlf))
  const isInline = [...plain.files].some(
    ([name, text]) => isDockerfileName(name) && text.includes("COPY --chmod=0755 <<'EOF'")
  )
  if (isInline && plain.reports.some(({ changed }) => changed)) {
    expect(crlf.findings).toContain('no-step-down')
    return
  }
  for (const [name, text] of crlf.files)
    if (fixture.before.get(name) === undefined) expect(text).not.toContain('\r')
    else expect(text, name).toBe(toCrlf(text))
}

/** With a byte order mark in front of every Dockerfile nothing differs but the mark. */
export function checkByteOrderMark(fixture: Fixture): void {
  const mark = (text: string, name: string) =>
    isDockerfileName(name) && !text.startsWith('\ufeff') ? `\ufeff${text}` : text
  const plain = runFixture(fixture)
  const marked = runFixture(fixture, mapTexts(fixture.before, mark))
  expect(sorted(marked.files)).toEqual(sorted(mapTexts(plain.files, mark)))
  expect(marked.findings).toBe(plain.findings)
}

/** New instructions that transforms may add. */
const addable = new Set(['RUN', 'USER', 'ENV', 'CMD', 'EXPOSE'])
/** With strategy `entrypoint` also these, and the USER of an earlier conversion goes. */
const addableWithEntrypoint = new Set([...addable, 'COPY', 'ENTRYPOINT'])

/** The result reads back with every instruction and comment of the original, in order, and only intended new ones. */
export function checkInstructions(fixture: Fixture): void {
  const { files } = runFixture(fixture)
  const isEntrypoint = fixture.file.options?.strategy === 'entrypoint'
  const isCompared = ({ keyword }: Line) => !isEntrypoint || keyword !== 'USER'
  for (const [name, text] of fixture.before) {
    if (!isDockerfileName(name)) continue
    const before = parseDockerfile(text)
    const after = parseDockerfile(files.get(name) as string)
    expect(after.error).toEqual(before.error)
    if (before.error !== undefined) continue
    expect(after.stages.length, name).toBe(before.stages.length)
    expect(after.directives, name).toEqual(before.directives)
    before.stages.forEach((stage, index) => {
      const added = findAdded(
        stage.instructions.map(({ keyword, raw }) => ({ keyword, text: raw.logical })).filter(isCompared),
        (after.stages[index]?.instructions ?? [])
          .map(({ keyword, raw }) => ({ keyword, text: raw.logical }))
          .filter(isCompared)
      )
      for (const { keyword, text: line } of added)
        expect(isEntrypoint ? addableWithEntrypoint : addable, `${name}: new instruction ${line}`).toContain(keyword)
    })
    const comments = findComments(files.get(name) as string)
    for (const comment of findComments(text)) {
      const at = comments.indexOf(comment)
      expect(at, `${name}: the comment ${comment} is still there, in order`).toBeGreaterThanOrEqual(0)
      comments.splice(0, at + 1)
    }
  }
}

interface Line {
  keyword: string
  text: string
}

/** The instructions of `after` that have no counterpart in `before`; those with the same text are paired first. */
function findAdded(before: readonly Line[], after: readonly Line[]): Line[] {
  // Longest pairing by keyword, in order; the same text counts more.
  const score = Array.from({ length: before.length + 1 }, () => new Array<number>(after.length + 1).fill(0))
  const at = (row: number, column: number) => score[row]?.[column] ?? 0
  const pair = (a: Line, b: Line) => (a.keyword !== b.keyword ? 0 : a.text === b.text ? 1001 : 1000)
  for (let row = before.length - 1; row >= 0; row--)
    for (let column = after.length - 1; column >= 0; column--) {
      const gain = pair(before[row] as Line, after[column] as Line)
      const best = Math.max(at(row + 1, column), at(row, column + 1), gain > 0 ? gain + at(row + 1, column + 1) : 0)
      ;(score[row] as number[])[column] = best
    }
  expect(Math.floor(at(0, 0) / 1000), 'instructions that are still there').toBe(before.length)
  const added: Line[] = []
  let row = 0
  let column = 0
  while (column < after.length) {
    const gain = row < before.length ? pair(before[row] as Line, after[column] as Line) : 0
    if (gain > 0 && at(row, column) === gain + at(row + 1, column + 1)) row++
    else added.push(after[column] as Line)
    column++
  }
  return added
}

const findComments = (text: string): string[] => text.split(/\r?\n/).filter((line) => /^[ \t]*#/.test(line))

/** Writes `after/`, and `findings.txt` where there is one, from what the code answers now. */
export function updateFixture(fixture: Fixture): void {
  const { files, findings } = runFixture(fixture)
  const folder = path.join(fixture.folder, 'after')
  rmSync(folder, { recursive: true, force: true })
  for (const [name, text] of files) {
    if (fixture.before.get(name) === text) continue
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true })
    writeFileSync(path.join(folder, name), text)
  }
  if (fixture.findings !== undefined) writeFileSync(path.join(fixture.folder, 'findings.txt'), findings)
}
