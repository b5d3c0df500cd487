import { version } from '../../package.json'
import type { CompanionReport, FileReport, Finding, Report, RewriteResult, Verdict } from '../types.ts'

/** In the order in which reports count them. */
export const verdicts = [
  'converted',
  'needs-review',
  'refused',
  'already-non-root',
  'not-applicable',
  'failed'
] as const satisfies readonly Verdict[]

/** The report of one Dockerfile. `path` is relative to the working directory, with `/`. */
export function buildFileReport(path: string, result: RewriteResult): FileReport {
  const { verdict, stage, user, changed, ports, writablePaths, changes, findings } = result
  return { path, verdict, stage, user, changed, ports, writablePaths, changes, findings, diff: result.diff() }
}

/** The report of a file that nothing could be done with. */
export function buildFailedReport(path: string, ...findings: Finding[]): FileReport {
  return {
    path,
    verdict: 'failed',
    stage: null,
    user: null,
    changed: false,
    ports: [],
    writablePaths: [],
    changes: [],
    findings,
    diff: ''
  }
}

/** The JSON report, version 1. */
export function buildReport(files: FileReport[], companions: CompanionReport[] = []): Report {
  return { version: 1, tool: { name: 'unroot', version }, summary: countVerdicts(files), files, companions }
}

/** The text of a report whose files come one after the other. */
export interface ReportText {
  add(file: FileReport): void
  /** The same as `JSON.stringify(report, null, 2)` with a final newline, in pieces. */
  pieces(companions: readonly CompanionReport[]): Generator<string>
}

/** Keeps UTF-8 instead of reports, which take ten times the memory; thousands of files shall fit. */
export function createReportText(): ReportText {
  const counted: Pick<FileReport, 'verdict'>[] = []
  const packed: Uint8Array[] = []
  let waiting = ''
  return {
    add(file) {
      waiting += `${counted.length === 0 ? '[' : ','}\n${indentedJson(file)}`
      counted.push({ verdict: file.verdict })
      if (waiting.length < packedLength) return
      packed.push(new TextEncoder().encode(waiting))
      waiting = ''
    },
    *pieces(companions) {
      const { files: _, companions: __, ...head } = buildReport([])
      const opening = JSON.stringify({ ...head, summary: countVerdicts(counted) }, null, 2)
      yield `${opening.slice(0, -2)},\n  "files": `
      for (const bytes of packed) yield new TextDecoder().decode(bytes)
      yield counted.length === 0 ? '[]' : `${waiting}\n  ]`
      const list = companions.map(indentedJson).join(',\n')
      yield `,\n  "companions": ${list === '' ? '[]' : `[\n${list}\n  ]`}\n}\n`
    }
  }
}

const packedLength = 64 * 1024

/** Strings of JSON hold no line breaks, so every line can be moved to the right. */
function indentedJson(value: object): string {
  return `    ${JSON.stringify(value, null, 2).replaceAll('\n', '\n    ')}`
}

/** How many files there are, and how many of each verdict. */
export function countVerdicts(files: readonly { verdict: Verdict }[]): Report['summary'] {
  const summary = { files: files.length } as Report['summary']
  for (const verdict of verdicts) summary[verdict] = 0
  for (const { verdict } of files) summary[verdict]++
  return summary
}

/** Whether `--check` fails on a file: it would change, or it is refused and nobody has accepted that. */
export function isPending({
  verdict,
  changed,
  findings
}: Pick<FileReport, 'verdict' | 'changed' | 'findings'>): boolean {
  if (changed) return true
  return verdict === 'refused' && findings.some(({ severity, accepted }) => severity === 'error' && !accepted)
}
