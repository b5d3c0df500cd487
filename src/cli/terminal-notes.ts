import { countVerdicts, verdicts } from '../report/json.ts'
import { formatCounts, printable } from '../report/summary.ts'
import type { FileReport, Finding, Severity, Verdict } from '../types.ts'
import type { Colours } from './colours.ts'
import { nextCommands, type RunState } from './next-commands.ts'
import { hang } from './page.ts'
import { textWidth } from './terminal.ts'
import type { Notes, NotesOptions } from './views.ts'

/** What a terminal is told besides what a file or a pipe is told. */
export interface TerminalNotesOptions extends NotesOptions {
  columns: number
  /** What else there is to say about the run. */
  remarks?: () => readonly string[]
  run: Pick<RunState, 'program' | 'args' | 'isDryRun'>
}

interface TerminalNotes extends Notes {
  /** A file that somebody has decided against; its findings are what that leads to. */
  skip(report: FileReport): void
}

/** The notes for a person: findings under the name of their file, counts in columns, and what to type next. */
export function createTerminalNotes(options: TerminalNotesOptions): TerminalNotes {
  const { errors, errorColours: colours, isQuiet, isVerbose, isWritten, columns, run } = options
  const blocks: string[] = []
  const files: Pick<FileReport, 'verdict'>[] = []
  const rules = new Map<string, { severity: Severity; count: number }>()
  const width = textWidth({ columns })
  let count = 0
  let skipped = 0
  const addBlock = (report: FileReport, head: string) => {
    for (const finding of report.findings) countRule(rules, finding)
    const lines = fileNotes(report, { colours, isQuiet, isVerbose, width })
    if (lines.length > 0) blocks.push([head, ...lines].join('\n'))
  }
  return {
    add(report) {
      files.push({ verdict: report.verdict })
      if (report.diff !== '') count++
      addBlock(report, fileHead(report, colours))
    },
    skip(report) {
      skipped++
      addBlock({ ...report, changes: [] }, `${colours.bold(printable(report.path))}  ${colours.dim('skipped')}`)
    },
    print(companions) {
      const companionCount = companions.filter(({ diff }) => diff !== '').length
      if (!isQuiet) {
        const changes = { count: count + companionCount, isWritten }
        const remarks = (options.remarks?.() ?? []).map((remark) => `  ${colours.dim(remark)}`)
        blocks.push([...summaryLines(files, skipped, changes, colours), ...remarks].join('\n'))
        const next = nextCommands({ ...run, rules, changes: count + companionCount, isWritten })
        if (next.length > 0) blocks.push(nextLines(next, colours).join('\n'))
      }
      if (blocks.length > 0) errors.write(`\n${blocks.join('\n\n')}\n`)
    }
  }
}

function countRule(rules: Map<string, { severity: Severity; count: number }>, { rule, severity, accepted }: Finding) {
  if (accepted) return
  const known = rules.get(rule)
  if (known === undefined) rules.set(rule, { severity, count: 1 })
  else known.count++
}

interface FileNotesOptions {
  colours: Colours
  isQuiet: boolean
  isVerbose: boolean
  width: number
}

/** The name of a file and its verdict. */
export function fileHead({ path, verdict }: FileReport, colours: Colours): string {
  return `${colours.bold(printable(path))}  ${verdictColour(colours)[verdict](verdict)}`
}

/** The findings of a file, and with `isVerbose` its changes, below each other. */
export function fileNotes(report: FileReport, options: FileNotesOptions): string[] {
  const { colours, isQuiet, isVerbose, width } = options
  const { changes, findings } = report
  const shown = findings.filter(({ severity, accepted }) => !isQuiet || (severity === 'error' && !accepted))
  const lines: string[] = []
  const digits = Math.max(
    2,
    ...[...shown, ...(isVerbose ? changes : [])].map(({ range }) => String(range.start.line).length)
  )
  const add = (line: number, kind: string, text: string) => {
    const head = `  ${colours.dim(String(line).padStart(digits))}  ${kind}  `
    lines.push(...hang(text, head, digits + severityWidth + 6, width))
  }
  if (isVerbose)
    for (const { transform, message, range } of changes)
      add(range.start.line, colours.dim('change '), `${printable(message)} ${colours.dim(`[${transform}]`)}`)
  for (const { severity, range, message, rule, help, accepted } of shown) {
    const reason = accepted ? ` (accepted: ${printable(accepted.reason)})` : ''
    const kind = accepted ? colours.dim('info   ') : severityColour(colours)[severity](severity.padEnd(severityWidth))
    add(range.start.line, kind, `${printable(message)}${reason} ${colours.dim(`[${rule}]`)}`)
    if (isVerbose && help) {
      const indent = ' '.repeat(digits + severityWidth + 6)
      lines.push(...hang(colours.dim(printable(help)), indent, indent.length, width))
    }
  }
  return lines
}

const severityWidth = 'warning'.length

const severityColour = ({ red, yellow, cyan }: Colours): Record<Severity, (text: string) => string> => ({
  error: red,
  warning: yellow,
  info: cyan
})

const verdictColour = ({ green, yellow, red, dim }: Colours): Record<Verdict, (text: string) => string> => ({
  converted: green,
  'needs-review': yellow,
  refused: red,
  'already-non-root': dim,
  'not-applicable': dim,
  failed: red
})

const verdictWords: Record<Verdict, [one: string, many: string]> = {
  converted: ['converted', 'converted'],
  'needs-review': ['needs review', 'need review'],
  refused: ['refused', 'refused'],
  'already-non-root': ['non-root already', 'non-root already'],
  'not-applicable': ['not applicable', 'not applicable'],
  failed: ['failed', 'failed']
}

function summaryLines(
  files: readonly Pick<FileReport, 'verdict'>[],
  skipped: number,
  changes: { count: number; isWritten: boolean },
  colours: Colours
): string[] {
  const counts = countVerdicts(files)
  const total = files.length + skipped
  if (total < 2 && skipped === 0) return [colours.bold(formatCounts(counts, changes))]
  const digits = String(total).length
  const row = (count: number, words: string) => `  ${String(count).padStart(digits)}  ${words}`
  const rows = verdicts
    .filter((verdict) => counts[verdict] > 0)
    .map((verdict) =>
      row(counts[verdict], verdictColour(colours)[verdict](verdictWords[verdict][counts[verdict] === 1 ? 0 : 1]))
    )
  if (skipped > 0) rows.push(row(skipped, colours.dim('skipped')))
  const done = `${changes.count} ${changes.isWritten ? 'changed' : 'would change'}`
  return [colours.bold(`${total} ${total === 1 ? 'file' : 'files'}; ${done}`), ...rows]
}

function nextLines(next: readonly [string, string][], { dim, cyan }: Colours): string[] {
  const width = Math.max(...next.map(([label]) => label.length))
  return next.map(([label, command]) => `  ${dim(label.padEnd(width))}  ${cyan(command)}`)
}
