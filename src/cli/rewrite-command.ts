import { existsSync } from 'node:fs'
import { nearestWords } from '../config/nearest.ts'
import { UnrootError } from '../errors.ts'
import { rewriteInput, rewritePaths } from '../node/rewrite-paths.ts'
import { createReportText, isPending } from '../report/json.ts'
import { createPullRequestText } from '../report/pull-request.ts'
import type { CompanionReport, FileReport } from '../types.ts'
import { createColours, hasColours } from './colours.ts'
import type { Flags } from './flags.ts'
import { programName } from './next-commands.ts'
import { fileOutput, type Output, standardOutput } from './output.ts'
import { createProgress } from './progress.ts'
import { readSettings, type Settings } from './settings.ts'
import { canAsk, terminalOf } from './terminal.ts'
import { createView, type Notes, type NotesOptions, type View } from './views.ts'

/** What is to be done, and where the answers go. */
interface Task {
  flags: Flags
  settings: Settings
  cwd: string
  output: Output
  sides: SideReports
}

/** What the exit code is made of. */
interface Outcome {
  files: number
  hasFailed: boolean
  isPending: boolean
  /** Ctrl-C, or nobody is there any more to answer. */
  isStopped?: boolean
}

/**
 * `unroot [path ...]`. Answers with the exit code.
 *
 * @throws {UnrootError} for wrong usage
 */
export async function rewriteCommand(paths: readonly string[], flags: Flags): Promise<number> {
  checkCombination(paths, flags)
  const cwd = process.cwd()
  const settings = await readSettings(flags, cwd)
  if (flags.sarifFixes && (settings.format !== 'sarif' || flags.listDifferent))
    throw new UnrootError('INVALID_OPTION', '--sarif-fixes needs --format sarif')
  if (flags.verbose && settings.configFile) process.stderr.write(`config: ${settings.configFile}\n`)
  const output = flags.outputFile === undefined ? standardOutput() : fileOutput(flags.outputFile, cwd)
  const task: Task = { flags, settings, cwd, output, sides: createSideReports(flags, cwd) }
  try {
    const isStandardInput = paths.includes('-')
    const outcome = isStandardInput
      ? await rewriteStandardInput(task)
      : await rewriteFiles(paths.length === 0 ? ['.'] : paths, task)
    return exitCode(outcome, task, paths)
  } finally {
    output.close()
  }
}

function checkCombination(paths: readonly string[], flags: Flags): void {
  const refuse = (message: string) => {
    throw new UnrootError('INVALID_OPTION', message)
  }
  if (flags.write && flags.check) refuse('--write and --check exclude each other; --check writes nothing')
  if (flags.interactive) checkInteractive(paths, flags)
  if (flags.listDifferent && flags.format) refuse('--list-different and --format exclude each other')
  if (flags.quiet && flags.verbose) refuse('--quiet and --verbose exclude each other')
  if (!paths.includes('-')) {
    if (flags.stdinFilename !== undefined) refuse('--stdin-filename needs the path -')
    return
  }
  if (paths.length > 1) refuse('- (standard input) cannot be combined with other paths')
  if (flags.write) refuse('--write cannot be combined with -: the rewritten text goes to standard output')
}

function checkInteractive(paths: readonly string[], flags: Flags): void {
  const refuse = (message: string) => {
    throw new UnrootError('INVALID_OPTION', message)
  }
  if (flags.check) refuse('--interactive and --check exclude each other; --check writes nothing')
  if (flags.listDifferent) refuse('--interactive and --list-different exclude each other')
  if (flags.quiet) refuse('--interactive and --quiet exclude each other: there would be nothing to answer')
  if (paths.includes('-')) refuse('--interactive cannot be combined with -: answers come from standard input')
  if (!canAsk(terminalOf(process.stdin, process.stderr)))
    refuse(
      '--interactive needs a terminal for its questions, and standard input or standard error is none; ' +
        'use --write to write every change, or --check to see whether there are any'
    )
}

function exitCode(outcome: Outcome, { flags, settings }: Task, paths: readonly string[]): number {
  if (outcome.files === 0) {
    const places = paths.length === 0 ? 'the working directory' : paths.join(', ')
    const severity = settings.failOnNoFiles ? 'error' : 'warning'
    if (settings.failOnNoFiles || !flags.quiet) process.stderr.write(`${severity}: no Dockerfile found in ${places}\n`)
    return settings.failOnNoFiles ? 2 : 0
  }
  if (outcome.hasFailed) hintAtCommand(paths)
  if (outcome.isStopped) return 130
  if (outcome.hasFailed) return 2
  return flags.check && outcome.isPending ? 1 : 0
}

const commands = ['verify', 'list', 'explain', 'init']

/** A mistyped command is taken for a path. */
function hintAtCommand([first = '']: readonly string[]): void {
  if (existsSync(first) || !/^[a-z]+$/.test(first)) return
  if (first === 'help') return void process.stderr.write('hint: `unroot --help` prints the options and commands\n')
  const [near] = nearestWords(first, commands, 1)
  if (near !== undefined) process.stderr.write(`hint: there is a command \`unroot ${near}\`\n`)
}

async function rewriteFiles(paths: readonly string[], task: Task): Promise<Outcome> {
  const { flags, settings, cwd, output, sides } = task
  if (flags.interactive) return reviewFiles(paths, task)
  const write = flags.write === true && process.env.DRY_RUN !== 'true'
  const run = await rewritePaths(paths, { ...settings, cwd, write })
  const outcome: Outcome = { files: run.total, hasFailed: false, isPending: false }
  const view = await chooseView(task, write)
  // Diffs that scroll by on the same terminal are progress enough.
  const isShown = process.stderr.isTTY && !flags.quiet && (flags.outputFile !== undefined || !process.stdout.isTTY)
  const progress = createProgress(process.stderr, run.total, isShown)
  // Somebody who has seen enough (`| head`) ends the run, unless it does more than print.
  const isPrintOnly = !write && !flags.check && !sides.isWanted
  for await (const report of run.reports) {
    progress.step(report.path)
    note(report, outcome)
    view.file(report)
    sides.file(report)
    if (isPrintOnly && output.isClosed()) break
  }
  progress.clear()
  const companions = run.companions()
  if (run.total > 0 || settings.format !== 'diff') view.end(companions)
  sides.end(companions)
  return outcome
}

async function rewriteStandardInput(task: Task): Promise<Outcome> {
  const { flags, settings, cwd, output, sides } = task
  const { report, text } = await rewriteInput(await readStandardInput(), flags.stdinFilename, { ...settings, cwd })
  const outcome: Outcome = { files: 1, hasFailed: false, isPending: false }
  note(report, outcome)
  const printsText = settings.format === 'diff' && flags.format === undefined && !flags.listDifferent
  if (printsText && text !== undefined && !flags.check) output.write(text)
  const view = await chooseView(task, false, printsText ? 'text' : undefined)
  view.file(report)
  view.end([])
  sides.file(report)
  sides.end([])
  return outcome
}

function note(report: FileReport, outcome: Outcome): void {
  outcome.hasFailed ||= report.verdict === 'failed'
  outcome.isPending ||= isPending(report)
}

async function chooseView({ flags, settings, output }: Task, isWritten: boolean, kind?: 'text'): Promise<View> {
  const isColoured = (stream: { isTTY?: boolean }) => hasColours(stream, process.env, flags.color)
  const errorColours = createColours(isColoured(process.stderr))
  return createView(kind ?? (flags.listDifferent ? 'list' : settings.format), {
    output,
    colourDiff: await diffColouring(flags.outputFile === undefined && isColoured(process.stdout)),
    errors: flags.interactive ? { write: () => undefined } : process.stderr,
    errorColours,
    isWritten,
    isQuiet: flags.quiet ?? false,
    isVerbose: flags.verbose ?? false,
    hasFixes: flags.sarifFixes ?? false,
    createNotes: process.stderr.isTTY && !flags.interactive ? await terminalNotes(flags) : undefined
  })
}

/** Loaded only where somebody looks at it. */
async function diffColouring(isColoured: boolean): Promise<(diff: string) => string> {
  if (!isColoured) return (diff) => diff
  const { colourDiff } = await import('./colour-diff.ts')
  const colours = createColours(true)
  return (diff) => colourDiff(diff, colours)
}

async function terminalNotes({ write }: Flags): Promise<(options: NotesOptions) => Notes> {
  const { createTerminalNotes } = await import('./terminal-notes.ts')
  const run = { program: programName(process.env), args: process.argv.slice(2), isDryRun: write ?? false }
  return (options) => createTerminalNotes({ ...options, columns: process.stderr.columns, run })
}

/** `--interactive`: the diffs and the questions are for the terminal, a report tells what was accepted. */
async function reviewFiles(paths: readonly string[], task: Task): Promise<Outcome> {
  const { flags, settings, cwd, sides } = task
  const isDryRun = process.env.DRY_RUN === 'true'
  const terminal = terminalOf(process.stdin, process.stderr, flags.color)
  const isReported = flags.format !== undefined || flags.outputFile !== undefined || !process.stdout.isTTY
  const view = isReported ? await chooseView(task, !isDryRun) : undefined
  const { reviewPaths } = await import('./review.ts')
  const outcome: Outcome = { files: 0, hasFailed: false, isPending: false }
  const { total, companions, isStopped } = await reviewPaths(
    paths,
    { ...settings, cwd, write: !isDryRun },
    {
      terminal,
      colourDiff: await diffColouring(terminal.isColoured),
      isVerbose: flags.verbose ?? false,
      program: programName(process.env),
      report(report) {
        note(report, outcome)
        view?.file(report)
        sides.file(report)
      }
    }
  )
  outcome.files = total
  outcome.isStopped = isStopped
  if (total > 0 || settings.format !== 'diff') view?.end(companions)
  sides.end(companions)
  return outcome
}

async function readStandardInput(): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of process.stdin) chunks.push(chunk as Uint8Array)
  return Buffer.concat(chunks)
}

interface SideReports extends View {
  isWanted: boolean
}

/** `--summary-file` and `--pr-body-file`. */
function createSideReports({ summaryFile, prBodyFile }: Flags, cwd: string): SideReports {
  const summary = summaryFile === undefined ? undefined : fileOutput(summaryFile, cwd)
  const prBody = prBodyFile === undefined ? undefined : fileOutput(prBodyFile, cwd)
  const text = createReportText()
  const pullRequest = createPullRequestText()
  return {
    isWanted: summary !== undefined || prBody !== undefined,
    file(report) {
      if (summary) text.add(report)
      if (prBody) pullRequest.add(report)
    },
    end(companions: CompanionReport[]) {
      for (const piece of summary ? text.pieces(companions) : []) summary?.write(piece)
      prBody?.write(pullRequest.end(companions))
      summary?.close()
      prBody?.close()
    }
  }
}
