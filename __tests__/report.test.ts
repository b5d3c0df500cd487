import { readFileSync } from 'node:fs'
import path from 'node:path'
import { toJsonSchema } from '@valibot/to-json-schema'
import { Ajv2020 } from 'ajv/dist/2020.js'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { buildFailedReport, buildReport, createReportText, isPending } from '../src/report/json.ts'
import { formatPullRequest } from '../src/report/pull-request.ts'
import { reportSchema } from '../src/report/schema.ts'
import { formatCounts, formatFinding } from '../src/report/summary.ts'
import type { FileReport, Finding } from '../src/types.ts'
import {
  brokenDockerfile,
  createFolder,
  nonRootDockerfile,
  refusedDockerfile,
  removeFoldersAfterTests,
  repository,
  rootDockerfile,
  unroot
} from './support/cli.ts'

removeFoldersAfterTests()

const shipped = JSON.parse(readFileSync(path.join(repository, 'report.schema.json'), 'utf8'))

const finding: Finding = {
  rule: 'low-port',
  severity: 'warning',
  message: 'EXPOSE 80 stays below 1024',
  help: 'Remap it.',
  range: { start: { line: 3, column: 1 }, end: { line: 3, column: 10 } }
}

const converted: FileReport = {
  ...buildFailedReport('api/Dockerfile', finding),
  verdict: 'converted',
  changed: true,
  user: { uid: 10001, gid: 10001, name: 'app', source: 'created' },
  stage: { index: 0, name: null },
  changes: [{ transform: 'switch-user', message: 'runs as 10001:10001', range: finding.range }],
  diff: '--- a/api/Dockerfile\n'
}

describe('report.schema.json', () => {
  it('is generated from the schema that validates reports', () => {
    expect(shipped).toEqual({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      ...toJsonSchema(reportSchema, { target: 'draft-2020-12' })
    })
  })

  it('holds for every kind of file', async () => {
    const folder = createFolder({
      Dockerfile: rootDockerfile,
      'b.Dockerfile': nonRootDockerfile,
      'c.Dockerfile': refusedDockerfile,
      'd.Dockerfile': brokenDockerfile,
      'e.Dockerfile': Buffer.from([0xff]),
      'f.Dockerfile': '# nothing\n',
      'g.Dockerfile': 'FROM mcr.microsoft.com/windows/servercore:ltsc2022\nCMD ["cmd"]\n',
      'h/Dockerfile': 'FROM alpine:3.20\nCOPY run.sh /run.sh\nENTRYPOINT ["/run.sh"]\n',
      'h/run.sh': '#!/bin/sh\nset -e\nexec sleep 60\n',
      '.unrootrc.json': JSON.stringify({
        umask: '027',
        ignore: [{ path: 'c.Dockerfile', rule: 'needs-server-config', reason: 'later' }]
      })
    })
    const report = JSON.parse((await unroot(folder, ['--format', 'json'])).stdout)
    const validate = new Ajv2020({ strict: true }).compile(shipped)
    expect(validate(report), JSON.stringify(validate.errors)).toBe(true)
    expect(v.safeParse(reportSchema, report).issues).toBeUndefined()
    expect(report.files.map((file: FileReport) => file.path)).toEqual([
      'Dockerfile',
      'b.Dockerfile',
      'c.Dockerfile',
      'd.Dockerfile',
      'e.Dockerfile',
      'f.Dockerfile',
      'g.Dockerfile',
      'h/Dockerfile'
    ])
    const { files, ...verdicts } = report.summary
    expect(files).toBe(8)
    expect(Object.values<number>(verdicts).reduce((sum, count) => sum + count)).toBe(8)
  })

  it('refuses what is no report', () => {
    const validate = new Ajv2020({ strict: true }).compile(shipped)
    expect(validate({ ...buildReport([]), version: 2 })).toBe(false)
    expect(validate(buildReport([{ ...converted, verdict: 'fine' as 'converted' }]))).toBe(false)
    expect(validate(buildReport([converted]))).toBe(true)
  })
})

describe('the text of a report', () => {
  it.each([0, 1, 3, 500])('that comes in pieces is that of the whole (%i files)', (count) => {
    const files = Array.from({ length: count }, () => ({ ...converted, diff: '-a "b"\\n\n+\u2028' }))
    const companions = files.map(({ path: name }) => ({ path: name, for: [], changed: true, created: false, diff: '' }))
    const text = createReportText()
    for (const file of files) text.add(file)
    expect([...text.pieces(companions)].join('')).toBe(`${JSON.stringify(buildReport(files, companions), null, 2)}\n`)
  })
})

describe('isPending', () => {
  const refused = { ...converted, verdict: 'refused' as const, changed: false }
  const error: Finding = { ...finding, severity: 'error' }

  it('is true for changes, and for refusals of which an error is not accepted', () => {
    expect(isPending(converted)).toBe(true)
    expect(isPending({ ...refused, findings: [error] })).toBe(true)
    expect(isPending({ ...refused, findings: [{ ...error, accepted: { reason: 'x' } }, error] })).toBe(true)
  })

  it('is false for accepted refusals, whatever warnings stand beside them, and for untouched files', () => {
    expect(isPending({ ...refused, findings: [{ ...error, accepted: { reason: 'x' } }, finding] })).toBe(false)
    expect(isPending({ ...refused, verdict: 'already-non-root', findings: [finding] })).toBe(false)
  })
})

describe('texts', () => {
  it('show a finding in one line', () => {
    expect(formatFinding('Dockerfile', finding)).toBe('Dockerfile:3: low-port: EXPOSE 80 stays below 1024')
    expect(formatFinding('Dockerfile', { ...finding, accepted: { reason: 'host network' } })).toBe(
      'Dockerfile:3: low-port: EXPOSE 80 stays below 1024 (accepted: host network)'
    )
    expect(formatFinding('a\nb', { ...finding, message: 'CMD \u001b[2J' })).toBe('a\\nb:3: low-port: CMD \\x1b[2J')
  })

  it('count in one line', () => {
    const { summary } = buildReport([converted, { ...converted, verdict: 'refused' }])
    expect(formatCounts(summary, { count: 1, isWritten: false })).toBe(
      '2 files: 1 converted, 1 refused; 1 would change'
    )
    expect(formatCounts(summary, { count: 1, isWritten: true })).toMatch(/; 1 changed$/)
  })

  it('are a pull request text with its title first and no markup from the Dockerfile', () => {
    const hostile = { ...finding, message: '<img src=x>\n# heading' }
    const text = formatPullRequest(buildReport([{ ...converted, findings: [hostile] }]))
    expect(text.split('\n').slice(0, 2)).toEqual(['Run the image of api/Dockerfile as a non-root user', ''])
    expect(text).toContain('\n### `api/Dockerfile`\n\nRuns as `10001:10001 (app)`')
    expect(text).toContain('- Line 3: runs as 10001:10001. ')
    expect(text).toContain('&lt;img src=x&gt; # heading')
    expect(text).not.toContain('\n# heading')
  })
})
