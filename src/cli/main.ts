#!/usr/bin/env node
import { version } from '../../package.json'
import { UnrootError } from '../errors.ts'

process.exitCode = await main(process.argv)

async function main(argv: readonly string[]): Promise<number> {
  // Asked so often by scripts that it should not wait for the option parser.
  if (argv.length === 3 && argv[2] === '--version') {
    process.stdout.write(`${version}\n`)
    return 0
  }
  // `unroot --help | head` closes its end early.
  ignoreClosedPipe(process.stderr)
  ignoreClosedPipe(process.stdout)
  const [{ CommanderError }, { createProgram }] = await Promise.all([import('commander'), import('./program.ts')])
  let exitCode = 0
  const program = createProgram((code) => {
    exitCode = code
  })
  // Each command has its own settings; commander copies the parent's only to commands that are added later.
  for (const command of [program, ...program.commands]) command.exitOverride()
  try {
    await program.parseAsync(argv)
    return exitCode
  } catch (error) {
    // Commander has printed its message already; help and version are no failures.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    process.stderr.write(`error: ${describe(error)}\n`)
    return 2
  }
}

function describe(error: unknown): string {
  if (error instanceof UnrootError) return error.message
  return error instanceof Error ? `unexpected: ${error.stack ?? error.message}` : String(error)
}

function ignoreClosedPipe(stream: NodeJS.WriteStream): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
}
