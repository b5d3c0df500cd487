/** The report of `unroot verify` for people: on the terminal, and as Markdown. Pure. */
import type { Check, CheckName, FileVerification, Verification } from '../verify/types.ts'

export interface Painter {
  bold(text: string): string
  dim(text: string): string
  red(text: string): string
  green(text: string): string
  yellow(text: string): string
}

const words = { verified: 'verified', failed: 'FAILED', 'not-verified': 'not verified' }
const marks = { passed: 'ok', failed: 'FAILED', skipped: '-' }

const title = ({ path, target }: FileVerification): string => (target === null ? path : `${path} (stage ${target})`)

/** One Dockerfile: a table of what was compared, what failed, and the last lines of its log. */
export function formatFileVerification(file: FileVerification, paint: Painter): string {
  const colour = { verified: paint.green, failed: paint.red, 'not-verified': paint.yellow }[file.status]
  const reason = file.status === 'not-verified' ? `: ${file.reason}` : ''
  const lines = [
    `${paint.bold(title(file))}: ${colour(words[file.status])}${reason}`,
    ...formatChecks(file.checks, paint),
    ...file.notes.map((note) => `  note: ${note}`),
    ...formatLog(file)
  ]
  return `${lines.join('\n')}\n`
}

function formatChecks(checks: readonly Check[], paint: Painter): string[] {
  if (checks.length === 0) return []
  const rows = checks.map(({ name, before, after, status }) => [name, before, after, marks[status]] as const)
  const head = ['check', 'before', 'after', ''] as const
  const widths = [0, 1, 2].map((column) => Math.max(...[head, ...rows].map((row) => (row[column] as string).length)))
  const line = (row: readonly string[]) =>
    `  ${row.map((text, column) => text.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd()
  const body = rows.map((row, index) => {
    const { status, message } = checks[index] as Check
    const text = line(row)
    if (status === 'failed') return paint.red(`${text}  ${message}`)
    return status === 'skipped' ? paint.dim(`${text} ${message}`) : text
  })
  return [paint.dim(line(head)), ...body]
}

function formatLog({ log }: FileVerification): string[] {
  if (log.length === 0) return []
  return [
    `  last ${log.length === 1 ? 'line' : `${log.length} lines`} of the log:`,
    ...log.map((line) => `    ${printable(line)}`)
  ]
}

/** A log must not steer the terminal of whoever reads it. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '')
}

/** `3 images: 2 verified, 1 failed` */
export function formatVerificationCounts({ summary, engine }: Pick<Verification, 'summary' | 'engine'>): string {
  const { files, verified, failed, 'not-verified': notVerified } = summary
  const counts = [
    verified > 0 && `${verified} verified`,
    failed > 0 && `${failed} failed`,
    notVerified > 0 && `${notVerified} not verified`
  ].filter((text) => text !== false)
  const by = engine === null ? '' : ` (${engine.name} ${engine.version})`
  return `${files} ${files === 1 ? 'image' : 'images'}${counts.length > 0 ? `: ${counts.join(', ')}` : ''}${by}`
}

const columns: readonly CheckName[] = ['builds', 'starts', 'user', 'log', 'ports', 'http', 'health', 'size']

/** What no run of `verify` can show. */
const neverVerified = [
  'existing volumes and mounted data (a new container has none)',
  'other services: containers ran without a network unless one was asked for',
  'what the program does later than the look at it, or on requests that were not made'
]

/**
 * The section of a pull request, and the whole of `--format markdown`: short, and clear about what was not looked at.
 */
export function formatVerificationMarkdown(verification: Verification): string {
  const { files, engine } = verification
  const tried = files.filter(({ checks }) => checks.length > 0)
  const untried = files.filter(({ checks }) => checks.length === 0)
  const failures = files.filter(({ status }) => status === 'failed')
  const sections = [
    '## Verification',
    summaryLine(verification),
    ...(tried.length > 0 && engine ? [table(tried)] : []),
    ...failures.map(failureSection),
    `**Not verified:**\n\n${[...untried.map(untriedLine), ...skippedLines(tried), ...neverVerified.map((text) => `- ${text}`)].join('\n')}`
  ]
  return `${sections.join('\n\n')}\n`
}

function summaryLine(verification: Verification): string {
  if (verification.engine === null) return 'Nothing was built or started.'
  return `Each image was built and started before and after the change, the new one without capabilities, without new privileges and with ports below 1024 closed. ${formatVerificationCounts(verification)}.`
}

function table(files: readonly FileVerification[]): string {
  const rows = files.map((file) => [
    code(title(file)),
    ...columns.map((name) => checkCell(file.checks.find((check) => check.name === name)))
  ])
  const head = ['Dockerfile', ...columns]
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')
}

function checkCell(check: Check | undefined): string {
  if (check === undefined) return ''
  const { status, before, after } = check
  if (status === 'skipped') return '–'
  const change = before === '' || before === after ? after : `${before} → ${after}`
  return status === 'failed' ? `**failed**: ${cell(change)}` : cell(change)
}

function failureSection(file: FileVerification): string {
  const log =
    file.log.length === 0 ? [] : ['', '```', ...file.log.map((line) => printable(line).replaceAll('```', "'''")), '```']
  return [`${code(title(file))} **failed**: ${cell(file.reason)}`, ...log].join('\n')
}

const untriedLine = (file: FileVerification): string => `- ${code(title(file))}: ${cell(file.reason)}`

/** The same gap in several files is one line. */
function skippedLines(files: readonly FileVerification[]): string[] {
  const byGap = new Map<string, FileVerification[]>()
  for (const file of files) for (const gap of file.notVerified) byGap.set(gap, [...(byGap.get(gap) ?? []), file])
  return [...byGap].map(([gap, which]) => {
    const names =
      which.length === files.length && files.length > 1
        ? 'every image'
        : which.map((file) => code(title(file))).join(', ')
    return `- ${names}: ${cell(gap)}`
  })
}

/** Text of an image must not become markup of the page. */
function cell(text: string): string {
  const escapes: Record<string, string> = { '<': '&lt;', '>': '&gt;', '|': '\\|' }
  return printable(text)
    .replace(/\s+/g, ' ')
    .replace(/[<>|]/g, (character) => escapes[character] as string)
}

function code(text: string): string {
  const fence = text.includes('`') ? '``' : '`'
  return `${fence}${cell(text)}${fence}`
}
