/** `--format gitlab`: GitLab's code quality report. */
// source: docs.gitlab.com/ci/testing/code_quality: severities info, minor, major, critical, blocker; of two results with
// one fingerprint the second is dropped
import type { Finding, Range, Severity } from '../types.ts'
import { createFingerprints } from './fingerprints.ts'
import { lastLine, type PendingResult, pendingCompanion, pendingConversion, pendingRule, withHelp } from './pending.ts'
import { createJsonList, type StreamedReport } from './streamed.ts'

const severities: Record<Severity, string> = { error: 'critical', warning: 'major', info: 'info' }

/** What is accepted is left out: the format has no word for it. */
export function createGitlab({ isWritten }: { isWritten: boolean }): StreamedReport {
  const list = createJsonList(2)
  const fingerprints = createFingerprints()
  const add = (rule: string, path: string, key: string, description: string, severity: string, range: Range) =>
    list.add({
      description,
      check_name: rule,
      fingerprint: fingerprints.next(rule, path, key),
      severity,
      location: { path, lines: { begin: range.start.line, end: lastLine(range) } }
    })
  const addFinding = (path: string, { rule, severity, message, help, range }: Finding) =>
    add(rule, path, message, withHelp(message, help), severities[severity], range)
  const addPending = (path: string, result: PendingResult | undefined) =>
    result === undefined || isWritten ? '' : add(pendingRule.name, path, '', result.message, 'minor', result.range)
  return {
    add(file) {
      const open = file.findings.filter(({ accepted }) => accepted === undefined)
      return (
        open.map((finding) => addFinding(file.path, finding)).join('') + addPending(file.path, pendingConversion(file))
      )
    },
    end: (companions) =>
      `${companions.map((companion) => addPending(companion.path, pendingCompanion(companion))).join('')}${list.end()}\n`
  }
}
