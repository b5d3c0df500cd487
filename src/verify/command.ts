import { accessSync, constants, statSync } from 'node:fs'
import path from 'node:path'
import { type Output, x } from 'tinyexec'

/** How a program ended. */
export interface CommandResult {
  isOk: boolean
  code: number | null
  stdout: string
  stderr: string
  isTimedOut: boolean
}

export interface CommandOptions {
  /** Seconds. */
  timeout?: number
  env?: Record<string, string>
  /** Cleaning up goes on when everything else is broken off. */
  isUninterrupted?: boolean
}

/** Runs one program to its end; never throws for what the program does. */
export type RunCommand = (file: string, args: readonly string[], options?: CommandOptions) => Promise<CommandResult>

/** Somebody pressed Ctrl-C, or the process shall end. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError'
}

const graceMilliseconds = 5_000

/**
 * Makes the function that starts programs: an absolute path and an array of arguments, never a shell, and nothing from
 * the working directory on the `PATH`.
 */
export function createRunCommand(signal: AbortSignal, onCommand: (words: readonly string[]) => void): RunCommand {
  return async (file, args, { timeout = 60, env = {}, isUninterrupted = false } = {}) => {
    const isBrokenOff = () => signal.aborted && !isUninterrupted
    if (isBrokenOff()) throw new InterruptedError('interrupted')
    onCommand([file, ...args])
    // Detached: Ctrl-C on a terminal goes to the whole group, and would also end what cleans up.
    const running = x(file, args, {
      nodePath: false,
      throwOnError: false,
      nodeOptions: { stdio: ['ignore', 'pipe', 'pipe'], env, detached: process.platform !== 'win32' }
    })
    let isTimedOut = false
    const kills: NodeJS.Timeout[] = []
    const end = () => {
      killGroup(running, 'SIGTERM')
      kills.push(setTimeout(() => killGroup(running, 'SIGKILL'), graceMilliseconds))
    }
    kills.push(
      setTimeout(() => {
        isTimedOut = true
        end()
      }, timeout * 1000)
    )
    if (!isUninterrupted) signal.addEventListener('abort', end, { once: true })
    const { stdout, stderr, code } = await outcome(running)
    for (const kill of kills) clearTimeout(kill)
    signal.removeEventListener('abort', end)
    if (isBrokenOff()) throw new InterruptedError('interrupted')
    return { isOk: code === 0 && !isTimedOut, code, stdout, stderr, isTimedOut }
  }
}

async function outcome(running: PromiseLike<Output>): Promise<Pick<CommandResult, 'code' | 'stdout' | 'stderr'>> {
  try {
    const { stdout, stderr, exitCode } = await running
    return { code: exitCode ?? null, stdout, stderr }
  } catch (error) {
    // It could not be started at all.
    return { code: null, stdout: '', stderr: String(error) }
  }
}

/** With what it started itself, such as docker's build plugin, which would keep the pipes open. */
function killGroup(
  running: { pid: number | undefined; kill(signal: 'SIGTERM' | 'SIGKILL'): boolean },
  signal: 'SIGTERM' | 'SIGKILL'
) {
  try {
    if (running.pid === undefined || process.platform === 'win32') running.kill(signal)
    else process.kill(-running.pid, signal)
  } catch {
    // It is gone already.
  }
}

/** The program that a name stands for on the `PATH`; folders that are relative to the working directory do not count. */
export function findOnPath(name: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
  if (path.isAbsolute(name)) return isProgram(name) ? name : undefined
  const endings = process.platform === 'win32' ? ['.exe', '.cmd'] : ['']
  for (const folder of (env.PATH ?? '').split(path.delimiter).filter(path.isAbsolute))
    for (const ending of endings) {
      const file = path.join(folder, name + ending)
      if (isProgram(file)) return file
    }
  return undefined
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}

/** Lets time pass; ends at once when the work is broken off. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const interrupt = () => {
      clearTimeout(timer)
      reject(new InterruptedError('interrupted'))
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', interrupt)
      resolve()
    }, milliseconds)
    if (signal.aborted) interrupt()
    else signal.addEventListener('abort', interrupt, { once: true })
  })
}
