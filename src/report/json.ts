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

/**
 * The JSON report, version 1.
 *
 * @example
 * JSON.stringify(buildReport([buildFileReport('Dockerfile', rewrite(text))]), null, 2)
 */
export function buildReport(files: FileReport[], companions: CompanionReport[] = []): Report {
  return { version: 1, tool: { name: 'unroot', version }, summary: countVerdicts(files), files, companions }
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
