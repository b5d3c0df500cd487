import { withoutUndefined } from '../config/file-options.ts'
import { findConfig, loadConfig } from '../config/load.ts'
import { createVerifySettings, shellCommand } from '../config/verify-settings.ts'
import { UnrootError } from '../errors.ts'
import { formatPullRequest } from '../report/pull-request.ts'
import { formatFileVerification, formatVerificationCounts, formatVerificationMarkdown } from '../report/verification.ts'
import { createRunCommand, InterruptedError } from '../verify/command.ts'
import { createEngine, findEngine } from '../verify/engine.ts'
import { createSession, type Session } from '../verify/session.ts'
import { defaultSettings, type FileVerification, type Verification, type VerifySettings } from '../verify/types.ts'
import { verifyPaths } from '../verify/verify-files.ts'
import { createColours, hasColours } from './colours.ts'
import { fileOutput, type Output, standardOutput } from './output.ts'
import { readSettings } from './settings.ts'
import type { VerifyFlags } from './verify-options.ts'

/**
 * `unroot verify [path ...]`. Answers with the exit code.
 *
 * @param command Words after `--`: they replace the image's command.
 * @throws {UnrootError} for wrong usage, and when no engine answers
 */
export async function verifyCommand(
  paths: readonly string[],
  command: readonly string[],
  flags: VerifyFlags
): Promise<number> {
  if (paths.includes('-')) refuse('verify needs files: - (standard input) has no build context')
  if (command.length > 0 && flags.command !== undefined) refuse('--command and words after -- exclude each other')
  const cwd = process.cwd()
  const { format: _, ...rewriteFlags } = flags
  const settings = await readSettings(rewriteFlags, cwd)
  const settingsFor = await createSettings(command, flags, cwd)
  const places = paths.length === 0 ? ['.'] : paths
  const output = flags.outputFile === undefined ? standardOutput() : fileOutput(flags.outputFile, cwd)
  const pullRequest = flags.prBodyFile === undefined ? undefined : fileOutput(flags.prBodyFile, cwd)
  const interruption = catchSignals()
  const progress = createStepLine(flags)
  const open = createSessionOpener(flags, interruption.signal)
  const view = createVerifyView(flags, output)
  try {
    const { verification, reports, companions } = await verifyPaths(places, {
      cwd,
      ...settings,
      settingsFor,
      openSession: open.session,
      onStep: progress.show,
      onFile(file) {
        progress.clear()
        view.file(file)
      }
    })
    view.end(verification)
    pullRequest?.write(formatPullRequest({ files: reports, companions }, verification))
    return exitCode(verification, settings.failOnNoFiles, flags, places)
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error
    return interruption.exitCode()
  } finally {
    progress.clear()
    await open.close()
    interruption.stop()
    output.close()
    pullRequest?.close()
  }
}

function refuse(message: string): never {
  throw new UnrootError('INVALID_OPTION', message)
}

function exitCode(
  { summary, files }: Verification,
  failOnNoFiles: boolean,
  flags: VerifyFlags,
  places: readonly string[]
): number {
  if (summary.files === 0) {
    const severity = failOnNoFiles ? 'error' : 'warning'
    if (failOnNoFiles || !flags.quiet)
      process.stderr.write(`${severity}: no Dockerfile found in ${places.join(', ')}\n`)
    return failOnNoFiles ? 2 : 0
  }
  if (files.some(({ verdict }) => verdict === 'failed')) return 2
  return summary.failed > 0 || summary.verified === 0 ? 1 : 0
}

/** Defaults, then the config for that path, then flags. */
async function createSettings(
  command: readonly string[],
  flags: VerifyFlags,
  cwd: string
): Promise<(file: string) => VerifySettings> {
  const isNamed = typeof flags.config === 'string'
  const loaded =
    flags.config === false ? undefined : isNamed ? await loadConfig(flags.config as string, cwd) : await findConfig(cwd)
  const fromConfig = loaded && createVerifySettings(loaded, isNamed)
  const { buildArg, env, runArg, http, stay, wait, timeout, network, runNetwork, readOnly, maxGrowth } = flags
  const given = withoutUndefined({
    ...{ http, stay, wait, timeout, readOnly, maxGrowth, runNetwork },
    buildNetwork: network,
    command: flags.command === undefined ? (command.length > 0 ? command : undefined) : shellCommand(flags.command),
    withoutSyntaxLine: flags.syntax ? undefined : true
  }) as Partial<VerifySettings>
  return (file) => {
    const base: VerifySettings = { ...defaultSettings, ...fromConfig?.(file), ...given }
    // Of two with one name the later one counts, for builds as for containers.
    return {
      ...base,
      buildArgs: [...base.buildArgs, ...(buildArg ?? [])],
      env: [...base.env, ...(env ?? [])],
      runArgs: [...base.runArgs, ...(runArg ?? [])]
    }
  }
}

/** Looks for the engine when there is something to build, and cleans up behind it. */
function createSessionOpener(flags: VerifyFlags, signal: AbortSignal) {
  let opened: Promise<Session> | undefined
  let last = ''
  const show = (words: readonly string[]) => {
    const line = `+ ${words.join(' ')}\n`
    // A container is looked at several times a second.
    if (flags.verbose && line !== last) process.stderr.write(line)
    last = line
  }
  const open = async () => {
    const run = createRunCommand(signal, show)
    const engine = createEngine(await findEngine(flags.engine, run), run)
    return createSession(engine, run, signal, flags.helperImage)
  }
  return {
    session: () => (opened ??= open()),
    close: async () => {
      const session = await opened?.catch(() => undefined)
      await session?.close()
    }
  }
}

/** The first Ctrl-C ends the work and cleans up; while that lasts, another one changes nothing. */
function catchSignals() {
  const abort = new AbortController()
  let received: NodeJS.Signals | undefined
  const stop = (signal: NodeJS.Signals) => {
    if (received === undefined) process.stderr.write(`\n${signal}: removing containers and images\n`)
    received ??= signal
    abort.abort()
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, stop)
  return {
    signal: abort.signal,
    exitCode: () => ({ SIGHUP: 129, SIGINT: 130, SIGTERM: 143 })[received as 'SIGINT'] ?? 130,
    stop() {
      for (const signal of signals) process.off(signal, stop)
    }
  }
}

/** What is being done, on one line of standard error, for a person only. */
function createStepLine({ quiet, verbose }: VerifyFlags) {
  const isShown = process.stderr.isTTY && !quiet && !verbose
  return {
    show(name: string, step: string) {
      if (isShown) process.stderr.write(`\r\u001b[K${`${name}: ${step}`.slice(0, (process.stderr.columns || 80) - 1)}`)
    },
    clear() {
      if (isShown) process.stderr.write('\r\u001b[K')
    }
  }
}

interface VerifyView {
  file(file: FileVerification): void
  end(verification: Verification): void
}

function createVerifyView({ format, outputFile, color, quiet }: VerifyFlags, output: Output): VerifyView {
  const nothing = () => undefined
  if (format === 'json')
    return { file: nothing, end: (verification) => output.write(`${JSON.stringify(verification, null, 2)}\n`) }
  if (format === 'markdown')
    return { file: nothing, end: (verification) => output.write(formatVerificationMarkdown(verification)) }
  const colours = createColours(outputFile === undefined && hasColours(process.stdout, process.env, color))
  return {
    file(file) {
      output.write(formatFileVerification(file, colours))
      output.flush()
    },
    end(verification) {
      if (!quiet && verification.summary.files > 0) process.stderr.write(`${formatVerificationCounts(verification)}\n`)
    }
  }
}
