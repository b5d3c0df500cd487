import path from 'node:path'
import sarifSchema from '@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json' with { type: 'json' }
import { Ajv } from 'ajv'
import * as v from 'valibot'
import { beforeAll, describe, expect, it } from 'vitest'
import { allRules } from '../src/cli/rules.ts'
import { unifiedDiff } from '../src/report/diff.ts'
import { readEdits, utf8Length } from '../src/report/edits.ts'
import { createGithub } from '../src/report/github.ts'
import { createGitlab } from '../src/report/gitlab.ts'
import { buildFailedReport, buildFileReport } from '../src/report/json.ts'
import { createMarkdown } from '../src/report/markdown.ts'
import { code, plain } from '../src/report/markup.ts'
import { createPullRequestText } from '../src/report/pull-request.ts'
import { createRdjson } from '../src/report/rdjson.ts'
import { reasonOf } from '../src/report/reasons.ts'
import { createSarif } from '../src/report/sarif.ts'
import type { StreamedReport } from '../src/report/streamed.ts'
import { rewrite } from '../src/rewrite.ts'
import type { CompanionReport, FileReport, Finding } from '../src/types.ts'
import type { Verification } from '../src/verify/types.ts'
import { transforms } from '../transforms/index.ts'
import {
  createFolder,
  readText,
  refusedDockerfile,
  removeFoldersAfterTests,
  repository,
  rootDockerfile,
  unroot
} from './support/cli.ts'
import { readFixtures, runFixture } from './support/fixtures.ts'
import { reportTree } from './support/report-tree.ts'

removeFoldersAfterTests()

const { version } = JSON.parse(readText(repository, 'package.json')) as { version: string }
/** Written by `npx vitest run __tests__/formats.test.ts -u`. */
const golden = (name: string) => path.join(repository, '__tests__/reports', name)
const withoutVersion = (text: string) => text.replaceAll(version, 'VERSION')

const whole = (report: StreamedReport, files: readonly FileReport[], companions: readonly CompanionReport[] = []) =>
  files.map((file) => report.add(file)).join('') + report.end(companions)

const sarif = (hasFixes = false) => createSarif({ rules: allRules, isWritten: false, hasFixes })

interface SarifPlace {
  artifactLocation: { uri: string }
  region: { startLine: number; startColumn: number; endLine: number; endColumn: number }
}

interface SarifResult {
  ruleId: string
  ruleIndex: number
  level: string
  message: { text: string }
  locations: { physicalLocation: SarifPlace }[]
  partialFingerprints: Record<string, string>
  suppressions: { kind: string; justification: string }[]
  fixes?: {
    artifactChanges: {
      artifactLocation: { uri: string }
      replacements: { deletedRegion: SarifPlace['region']; insertedContent: { text: string } }[]
    }[]
  }[]
}

interface SarifLog {
  runs: { results: SarifResult[]; tool: { driver: { rules: { id: string; helpUri?: string }[] } } }[]
}

/** The official schema, of draft 4: what it uses of that means the same in draft 7. */
function compileSarifSchema() {
  const { $schema: _, id: __, ...schema } = sarifSchema
  const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false })
  ajv.addFormat('uri', (text) => URL.canParse(text))
  ajv.addFormat('uri-reference', (text) => /^(?:[\w.~!$&'()*+,;=:@/?#-]|%[\dA-F]{2})*$/.test(text))
  ajv.addFormat('date-time', (text) => !Number.isNaN(Date.parse(text)))
  return ajv.compile(schema)
}

const isSarif = compileSarifSchema()

function parseSarif(text: string): SarifLog {
  const log = JSON.parse(text) as SarifLog
  expect(isSarif(log), JSON.stringify(isSarif.errors?.slice(0, 3))).toBe(true)
  return log
}

const results = (log: SarifLog): SarifResult[] => log.runs.flatMap((run) => run.results)

/** From reviewdog/reviewdog proto/rdf/reviewdog.proto. */
const rdfPosition = v.strictObject({
  line: v.pipe(v.number(), v.integer(), v.minValue(1)),
  column: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)))
})
const rdfRange = v.strictObject({ start: rdfPosition, end: rdfPosition })
const rdfSource = v.strictObject({ name: v.string(), url: v.string() })
const rdf = v.strictObject({
  source: rdfSource,
  diagnostics: v.array(
    v.strictObject({
      message: v.pipe(v.string(), v.minLength(1)),
      location: v.strictObject({ path: v.string(), range: rdfRange }),
      severity: v.picklist(['ERROR', 'WARNING', 'INFO']),
      code: v.strictObject({ value: v.string(), url: v.string() }),
      suggestions: v.optional(v.array(v.strictObject({ range: rdfRange, text: v.string() })))
    })
  )
})

/** From docs.gitlab.com/ci/testing/code_quality. */
const codeQuality = v.array(
  v.strictObject({
    description: v.pipe(v.string(), v.minLength(1)),
    check_name: v.string(),
    fingerprint: v.string(),
    severity: v.picklist(['info', 'minor', 'major', 'critical', 'blocker']),
    location: v.strictObject({
      path: v.string(),
      lines: v.strictObject({ begin: v.pipe(v.number(), v.minValue(1)), end: v.pipe(v.number(), v.minValue(1)) })
    })
  })
)

interface Place {
  line: number
  column: number
}

/** Applies replacements, with columns in bytes of UTF-8 or in UTF-16 code units. */
function applyEdits(
  text: string,
  unit: 'utf8' | 'utf16le',
  edits: { start: Place; end: Place; text: string }[]
): string {
  const bytes = Buffer.from(text, unit)
  const newline = Buffer.from('\n', unit)
  const size = unit === 'utf8' ? 1 : 2
  const starts = [0]
  for (let at = bytes.indexOf(newline); at !== -1; at = bytes.indexOf(newline, at + newline.length))
    starts.push(at + newline.length)
  const offset = ({ line, column }: Place) => {
    const start = starts[line - 1]
    if (start === undefined) throw new Error(`there is no line ${line}`)
    const at = start + (column - 1) * size
    if (at > (starts[line] ?? bytes.length)) throw new Error(`line ${line} has no column ${column}`)
    return at
  }
  const pieces: Buffer[] = []
  let last = 0
  for (const edit of edits) {
    expect(offset(edit.start)).toBeGreaterThanOrEqual(last)
    pieces.push(bytes.subarray(last, offset(edit.start)), Buffer.from(edit.text, unit))
    last = offset(edit.end)
  }
  return Buffer.concat([...pieces, bytes.subarray(last)]).toString(unit)
}

const applySuggestions = (text: string, report: string, name: string) =>
  applyEdits(
    text,
    'utf8',
    v
      .parse(rdf, JSON.parse(report))
      .diagnostics.filter(({ location }) => location.path === name)
      .flatMap(({ suggestions = [] }) => suggestions)
      .map(({ range, text: inserted }) => ({
        start: range.start as Place,
        end: range.end as Place,
        text: inserted
      }))
  )

function applyFixes(text: string, log: SarifLog, uri: string): string {
  const changes = results(log)
    .flatMap(({ fixes = [] }) => fixes)
    .flatMap(({ artifactChanges }) => artifactChanges)
    .filter(({ artifactLocation }) => artifactLocation.uri === uri)
  return applyEdits(
    text,
    'utf16le',
    (changes[0]?.replacements ?? []).map(
      ({ deletedRegion: { startLine, startColumn, endLine, endColumn }, insertedContent }) => ({
        start: { line: startLine, column: startColumn },
        end: { line: endLine, column: endColumn },
        text: insertedContent.text
      })
    )
  )
}

const finding: Finding = {
  rule: 'low-port',
  severity: 'warning',
  message: 'EXPOSE 80 stays below 1024',
  help: 'Remap it.',
  range: { start: { line: 3, column: 1 }, end: { line: 3, column: 10 } }
}

const fileOf = (name: string, text: string): FileReport => buildFileReport(name, rewrite(text, { path: name }))
const formats = ['sarif', 'rdjson', 'github', 'gitlab', 'markdown'] as const

describe('a repository', () => {
  let folder: string

  beforeAll(() => {
    folder = createFolder(reportTree)
  })

  it.each([
    ['sarif', 'report.sarif', []],
    ['sarif', 'report-with-fixes.sarif', ['--sarif-fixes']],
    ['rdjson', 'report.rdjson', []],
    ['github', 'report.github.txt', []],
    ['gitlab', 'report.gitlab.json', []],
    ['markdown', 'report.markdown.md', []]
  ])('as %s is %s', async (format, name, args) => {
    const { code: exitCode, stdout } = await unroot(folder, ['--format', format, ...args])
    // One file cannot be parsed.
    expect(exitCode).toBe(2)
    await expect(withoutVersion(stdout)).toMatchFileSnapshot(golden(name))
    expect((await unroot(folder, ['--format', format, ...args])).stdout).toBe(stdout)
  })

  it('as a pull request is pull-request.md', async () => {
    await unroot(folder, ['--pr-body-file', 'body.md', '-o', 'out.diff'])
    await expect(withoutVersion(readText(folder, 'body.md'))).toMatchFileSnapshot(golden('pull-request.md'))
  })

  it('is in SARIF what the schema allows, with results that are refused, accepted and pending', async () => {
    const log = parseSarif((await unroot(folder, ['--format', 'sarif', '--sarif-fixes'])).stdout)
    const at = (uri: string) =>
      results(log).filter(({ locations }) => locations[0]?.physicalLocation.artifactLocation.uri === uri)
    expect(at('jobs/cron/Dockerfile')).toMatchObject([{ level: 'error', suppressions: [] }])
    expect(at('jobs/mail/Dockerfile')[0]?.suppressions).toMatchObject([
      { kind: 'external', justification: 'replaced in spring' }
    ])
    expect(at('jobs/sshd/Dockerfile')[0]?.suppressions).toMatchObject([
      { kind: 'inSource', justification: 'people log in with their own accounts' }
    ])
    expect(at('gr%C3%B6%C3%9Fe%2C%20neu/Dockerfile')).toMatchObject([
      { ruleId: 'pending-conversion', level: 'warning' }
    ])
    const changed = at('site/Dockerfile').flatMap(({ fixes = [] }) => fixes)[0]?.artifactChanges
    expect(changed?.map(({ artifactLocation }) => artifactLocation.uri)).toEqual([
      'site/Dockerfile',
      'site/compose.yaml',
      'site/nginx.conf'
    ])
    const { rules } = log.runs[0]?.tool.driver ?? { rules: [] }
    for (const { ruleId, ruleIndex } of results(log)) expect(rules[ruleIndex]?.id).toBe(ruleId)
    expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length)
  })

  it('is rewritten by suggestions and by fixes as it is by --write', async () => {
    const rdjson = (await unroot(folder, ['--format', 'rdjson'])).stdout
    const fixes = parseSarif((await unroot(folder, ['--format', 'sarif', '--sarif-fixes'])).stdout)
    const copy = createFolder(reportTree)
    await unroot(copy, ['--write'])
    for (const [name, text] of Object.entries(reportTree)) {
      const after = readText(copy, name)
      expect(applySuggestions(text, rdjson, name), name).toBe(after)
      expect(applyFixes(text, fixes, name.split('/').map(encodeURIComponent).join('/')), name).toBe(after)
    }
    expect(readText(copy, 'größe, neu/Dockerfile')).toMatch(/USER 10001:10001\r\nCMD .*[^\n]$/)
  })

  it('has nothing pending once it is written', async () => {
    const copy = createFolder(reportTree)
    const github = (await unroot(copy, ['--write', '--format', 'github'])).stdout
    expect(github).toContain('::changed: ')
    expect(github).not.toContain('would change')
    for (const format of ['sarif', 'rdjson', 'gitlab'])
      expect((await unroot(createFolder(reportTree), ['--write', '--format', format])).stdout).not.toContain(
        'pending-conversion'
      )
    expect((await unroot(createFolder(reportTree), ['--write', '--format', 'markdown'])).stdout).toContain('## Changed')
  })
})

describe('each format', () => {
  it.each(formats)('%s takes standard input', async (format) => {
    const name = ['--stdin-filename', 'api/Dockerfile']
    const {
      code: exitCode,
      stdout,
      stderr
    } = await unroot(createFolder(), ['-', '--format', format, ...name], {
      stdin: rootDockerfile
    })
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(stdout).toContain('api/Dockerfile')
    expect(
      (await unroot(createFolder(), ['-', '--check', '--format', format], { stdin: refusedDockerfile })).code
    ).toBe(1)
  })

  it('is valid without any file', async () => {
    const folder = createFolder()
    const outputs = await Promise.all(formats.map((format) => unroot(folder, ['--format', format])))
    const [log = '', rdjson = '', github, gitlab = '', markdown] = outputs.map(({ stdout }) => stdout)
    expect(results(parseSarif(log))).toEqual([])
    expect(v.parse(rdf, JSON.parse(rdjson)).diagnostics).toEqual([])
    expect(github).toBe('')
    expect(JSON.parse(gitlab)).toEqual([])
    expect(markdown).toContain('0 files')
  })

  it('can be the format of the config', async () => {
    const folder = createFolder({ Dockerfile: rootDockerfile, '.unrootrc.json': '{ "format": "gitlab" }' })
    const { code: exitCode, stdout } = await unroot(folder, [])
    expect(exitCode).toBe(0)
    expect(v.parse(codeQuality, JSON.parse(stdout))).toMatchObject([{ check_name: 'pending-conversion' }])
  })

  it('names what could not be read on standard error too', async () => {
    const folder = createFolder({ Dockerfile: Buffer.from([0xff]) })
    for (const format of formats) {
      const { code: exitCode, stderr } = await unroot(folder, ['--format', format])
      expect({ exitCode, stderr }).toMatchObject({
        exitCode: 2,
        stderr: expect.stringMatching(/^Dockerfile:1: not-text: /)
      })
    }
  })
})

describe('every fixture', () => {
  const runs = readFixtures().cases.map((fixture) => ({ fixture, ...runFixture(fixture) }))
  const reports = runs.flatMap((run) => run.reports)

  it('is valid SARIF', () => {
    const log = parseSarif(whole(sarif(true), reports))
    expect(results(log).length).toBeGreaterThan(200)
    const prints = results(log).map(({ partialFingerprints }) => partialFingerprints['unrootResult/v1'])
    expect(new Set(prints).size).toBe(prints.length)
  })

  it('is valid for reviewdog and GitLab, with fingerprints of its own', () => {
    v.parse(rdf, JSON.parse(whole(createRdjson({ isWritten: false }), reports)))
    const issues = v.parse(codeQuality, JSON.parse(whole(createGitlab({ isWritten: false }), reports)))
    expect(new Set(issues.map(({ fingerprint }) => fingerprint)).size).toBe(issues.length)
  })

  it('is rewritten by its suggestions and fixes', () => {
    for (const { fixture, reports: own, files } of runs)
      for (const report of own) {
        const before = fixture.before.get(report.path) ?? ''
        const after = files.get(report.path) ?? before
        const rdjson = whole(createRdjson({ isWritten: false }), [report])
        expect(applySuggestions(before, rdjson, report.path), fixture.id).toBe(after)
        const uri = report.path.split('/').map(encodeURIComponent).join('/')
        expect(applyFixes(before, JSON.parse(whole(sarif(true), [report])), uri), fixture.id).toBe(after)
      }
  })
})

describe('edits of a diff', () => {
  const long = (count: number) => Array.from({ length: count }, (_, index) => `RUN step ${index}\n`).join('')
  const cases: Record<string, [before: string, after: string]> = {
    'an insertion': ['FROM a\nCMD x\n', 'FROM a\nUSER 1\nCMD x\n'],
    'an insertion behind the last line': ['FROM ä\n', 'FROM ä\nUSER 1\n'],
    'one behind a last line without a line end': ['FROM a\nCMD größe 🐳', 'FROM a\nCMD größe 🐳\nUSER 1'],
    'one behind it that ends the line': ['FROM a\nCMD x', 'FROM a\nCMD x\nUSER 1\n'],
    'CRLF behind the last line': ['FROM a\r\nCMD ü\r\n', 'FROM a\r\nCMD ü\r\nUSER 1\r\n'],
    'CRLF without a final line end': ['FROM a\r\nCMD ü', 'FROM a\r\nUSER 1\r\nCMD ü'],
    'a line end that is taken away': ['FROM a\nCMD x\n', 'FROM a\nCMD x'],
    'another kind of line end': ['FROM a\nCMD x\n', 'FROM a\nCMD x\r\n'],
    'a line of other characters': ['FROM a\nENV X=日本🐳\nCMD x\n', 'FROM a\nENV X=日本 🐳\nCMD x\n'],
    'a line that goes': ['A\nB\nC\n', 'A\nC\n'],
    'the last line that goes': ['A\nB\nC\n', 'A\nB\n'],
    'the last line without a line end that goes': ['A\nB\nC', 'A\nB\n'],
    'everything that goes': ['A\nB\n', ''],
    'an empty file': ['', 'FROM a\n'],
    'a byte order mark': ['\ufeffFROM a\nCMD x\n', '\ufeffFROM b\nCMD x\n'],
    'lines that look like headers': ['-- a/x\n@@ -1 +1 @@\nFROM a\n', '++ b/x\n@@ -2 +2 @@\nFROM a\nUSER 1\n'],
    'other line separators': ['FROM a\rb\u2028c\nCMD x\n', 'FROM a\rb\u2028d\nCMD x\n'],
    'two hunks': [long(40), long(40).replace('step 2\n', 'step two\n').replace('step 30\n', 'step\nRUN 30\n')],
    'everything replaced': [long(1_500), long(1_500).replaceAll('step', 'other')]
  }

  it.each(Object.entries(cases))('make %s, in bytes and in code units', (_, [before, after]) => {
    const edits = readEdits(unifiedDiff('ü ber/Dockerfile', before, after))
    const place = (measure: (text: string) => number) => (position: { line: number; before: string }) => ({
      line: position.line,
      column: measure(position.before) + 1
    })
    for (const [unit, measure] of [
      ['utf8', utf8Length],
      ['utf16le', (text: string) => text.length]
    ] as const) {
      const located = edits.map(({ start, end, text }) => ({
        start: place(measure)(start),
        end: place(measure)(end),
        text
      }))
      expect(applyEdits(before, unit, located)).toBe(after)
    }
  })

  it('touch only lines that change, so that a comment is shown at them', () => {
    const [edit, ...rest] = readEdits(unifiedDiff('Dockerfile', 'FROM a\nCMD ä\n# end\n', 'FROM a\nCMD b\n# end\n'))
    expect(rest).toEqual([])
    expect(edit).toEqual({ start: { line: 2, before: '' }, end: { line: 2, before: 'CMD ä' }, text: 'CMD b' })
  })
})

describe('fingerprints', () => {
  const text = 'FROM debian:12-slim\nRUN apt-get update && apt-get install -y cron\nCMD ["cron", "-f"]\n'
  const prints = (file: FileReport) =>
    results(parseSarif(whole(sarif(), [file]))).map((result) => result.partialFingerprints)

  it('stay when lines move', () => {
    const moved = fileOf('Dockerfile', `# one\n# two\n\n${text}`)
    const still = fileOf('Dockerfile', text)
    expect(moved.findings[0]?.range).not.toEqual(still.findings[0]?.range)
    expect(prints(moved)).toEqual(prints(still))
    const inLine = (line: number) => ({
      ...still,
      findings: [{ ...finding, message: `start.sh line ${line} runs \`chown\`` }]
    })
    expect(prints(inLine(4))).toEqual(prints(inLine(12)))
  })

  it('differ between files, rules, messages and results that are alike', () => {
    const twice = {
      ...fileOf('Dockerfile', text),
      findings: [finding, finding, { ...finding, rule: 'unknown-listener' }, { ...finding, message: 'EXPOSE 81' }]
    }
    const all = [...prints(twice), ...prints({ ...twice, path: 'b/Dockerfile' })].map((print) => JSON.stringify(print))
    expect(new Set(all).size).toBe(8)
  })
})

describe('GitHub annotations', () => {
  const annotations = (files: readonly FileReport[], companions: readonly CompanionReport[] = []) =>
    whole(createGithub({ isWritten: false }), files, companions)

  it('escape what GitHub asks to escape', () => {
    const hostile = { ...finding, severity: 'error' as const, message: '100%\n::error::x', help: 'a, b: c\r' }
    expect(annotations([buildFailedReport('a,b:c%\n/Dockerfile', hostile)])).toBe(
      '::error file=a%2Cb%3Ac%25%0A/Dockerfile,line=3,endLine=3,col=1,endColumn=10,title=unroot%3A low-port::100%25%0A::error::x. a, b: c%0D\n'
    )
  })

  it('are ten of a type; the rest is one line', () => {
    const many = Array.from({ length: 12 }, (_, index) =>
      buildFailedReport(
        `${index}/Dockerfile`,
        finding,
        { ...finding, severity: 'error' },
        { ...finding, severity: 'error' }
      )
    )
    const lines = annotations(many).trimEnd().split('\n')
    expect(lines.filter((line) => line.startsWith('::error ')).length).toBe(10)
    expect(lines.filter((line) => line.startsWith('::warning ')).length).toBe(10)
    expect(lines.filter((line) => !line.startsWith('::'))).toEqual([
      'unroot: 14 more errors, 2 more warnings (GitHub shows 10 annotations of a type; --format markdown shows all)'
    ])
  })

  it('leave out what is accepted and what is only good to know', () => {
    const quiet = [
      { ...finding, accepted: { reason: 'x' } },
      { ...finding, severity: 'info' as const }
    ]
    expect(annotations([buildFailedReport('Dockerfile', ...quiet)])).toBe('')
  })

  it('are one for each change, in the Dockerfile and beside it', () => {
    const file = fileOf('Dockerfile', rootDockerfile)
    const companion = {
      path: 'compose.yaml',
      for: ['Dockerfile'],
      changed: true,
      created: false,
      diff: unifiedDiff('compose.yaml', 'a\nb\n', 'a\nc\n')
    }
    const lines = annotations([file], [companion]).trimEnd().split('\n')
    expect(lines.length).toBe(file.changes.length + 1)
    expect(lines.at(-1)).toBe(
      '::notice file=compose.yaml,line=2,endLine=2,col=1,title=unroot%3A companion::would change with Dockerfile'
    )
  })
})

describe('Markdown', () => {
  it('keeps code and nothing else of what a Dockerfile says', () => {
    expect(plain('runs `a <b> *c*` for *x* <img> @me [y](z) #12')).toBe(
      'runs `a <b> *c*` for \\*x\\* &lt;img&gt; &#64;me \\[y\\](z) &#35;12'
    )
    expect(plain('``` `<img>` \u001b[2J')).toBe("''' '&lt;img&gt;' \\\\x1b\\[2J")
    expect(code('a`b\nc')).toBe('`` a`b c ``')
  })

  it('has one page for thousands of files, which a job summary takes', () => {
    const converted = fileOf('Dockerfile', rootDockerfile)
    const text = whole(
      createMarkdown({ isWritten: false }),
      Array.from({ length: 5_000 }, (_, index) => ({ ...converted, path: `ü/${index}/Dockerfile` }))
    )
    expect(Buffer.byteLength(text)).toBeLessThan(1024 * 1024)
    expect(text).toContain('5000 files: 5000 converted; 5000 would change')
    expect(text).toMatch(/\*\*\d+ more files left out here/)
  })
})

describe('the pull request text', () => {
  const textOf = (files: readonly FileReport[], verification?: Verification) => {
    const text = createPullRequestText()
    for (const file of files) text.add(file)
    return text.end([], verification)
  }
  const verification = (count: number): Verification => ({
    version: 1,
    tool: { name: 'unroot', version },
    engine: { name: 'docker', version: '28.0' },
    summary: { files: count, verified: count - 1, failed: 1, 'not-verified': 0 },
    files: Array.from({ length: count }, (_, index) => ({
      path: `${index}/Dockerfile`,
      target: null,
      verdict: 'converted',
      status: index === count - 1 ? 'failed' : 'verified',
      reason: index === count - 1 ? 'starts: exits with code 13' : '',
      checks: [
        { name: 'builds', status: 'passed', before: 'yes', after: 'yes', message: '' },
        { name: 'user', status: 'passed', before: '0', after: '10001', message: '' }
      ],
      notVerified: [],
      notes: [],
      log: []
    }))
  })

  it('with a verification is pull-request-verified.md', async () => {
    const files = [fileOf('0/Dockerfile', rootDockerfile), fileOf('1/Dockerfile', rootDockerfile)]
    await expect(withoutVersion(textOf(files, verification(2)))).toMatchFileSnapshot(golden('pull-request-verified.md'))
  })

  it('is at most 60,000 characters long, and says how many files it leaves out', () => {
    const review = 'FROM python:3.12-slim\nVOLUME /data\nCOPY . /app\nCMD ["python", "/app/x.py"]\n'
    const kinds = [rootDockerfile, refusedDockerfile, review].map((text) => fileOf('Dockerfile', text))
    const files = Array.from({ length: 3_000 }, (_, index) => ({
      ...(kinds[index % 3] as FileReport),
      path: `${index}/Dockerfile`
    }))
    for (const text of [textOf(files), textOf(files, verification(3_000))]) {
      expect(text.length).toBeLessThanOrEqual(60_000)
      expect(text.length).toBeGreaterThan(45_000)
      const section = (heading: string) => text.split('\n## ').find((part) => part.startsWith(heading)) ?? ''
      const left = (heading: string) => Number(/\*\*(\d+) more files? left out/.exec(section(heading))?.[1])
      expect(section('What changes').split('\n### ').length - 1 + left('What changes')).toBe(2_000)
      expect(section('To review').split('\n- [ ] ').length - 1 + left('To review')).toBe(1_000)
      expect(section('Not changed').split('\n- `').length - 1 + left('Not changed')).toBe(1_000)
    }
    expect(textOf(files, verification(3_000))).toContain('`2999/Dockerfile` **failed**')
    expect(textOf(files, verification(3_000))).toMatch(/\*\*\d+ more images left out/)
  })

  it('has a title that fits, whatever the path', () => {
    const [title = ''] = textOf([fileOf(`${'long/'.repeat(80)}a\nb/Dockerfile`, rootDockerfile)]).split('\n')
    expect(title.length).toBeLessThanOrEqual(256)
    expect(textOf([])).toMatch(/^No container image needs a change/)
    expect(textOf([fileOf('Dockerfile', refusedDockerfile)])).toMatch(/^No container image is changed/)
  })

  it('knows a reason for every transform', () => {
    for (const { name } of transforms) expect(reasonOf(name), name).toMatch(/^\S.*\.$/)
  })
})
