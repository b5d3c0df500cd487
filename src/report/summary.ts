import type { FileReport, Finding, Report } from '../types.ts'
import { countVerdicts, verdicts } from './json.ts'

/** One finding in one line: `path:line: rule: message`. */
export function formatFinding(path: string, { rule, message, range, accepted }: Finding): string {
  const reason = accepted ? ` (accepted: ${accepted.reason})` : ''
  return printable(`${path}:${range.start.line}: ${rule}: ${message}${reason}`)
}

/** How many files change on disk, companions counted, and whether that has been done. */
export interface ChangeCount {
  count: number
  isWritten: boolean
}

/** The counts in one line, such as `3 files: 2 converted, 1 refused; 2 would change`. */
export function formatCounts(summary: Report['summary'], changes: ChangeCount): string {
  const counted = verdicts.filter((verdict) => summary[verdict] > 0).map((verdict) => `${summary[verdict]} ${verdict}`)
  const files = `${summary.files} ${summary.files === 1 ? 'file' : 'files'}`
  return `${files}: ${counted.join(', ') || 'none'}; ${changes.count} ${changes.isWritten ? 'changed' : 'would change'}`
}

/** `--format summary`: a line for each file, then the counts. */
export function formatSummary(files: readonly Pick<FileReport, 'path' | 'verdict'>[], changes: ChangeCount): string {
  const width = Math.max(...verdicts.map((verdict) => verdict.length))
  const lines = files.map(({ path, verdict }) => `${verdict.padEnd(width)}  ${printable(path)}`)
  return `${[...lines, formatCounts(countVerdicts(files), changes)].join('\n')}\n`
}

/** Characters that would move the cursor or split a line of output are shown as escapes. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
  return text.replace(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g, (character) =>
    character === '\n' ? '\\n' : `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
  )
}
