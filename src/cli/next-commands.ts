import type { Severity } from '../types.ts'

/** What a run has come to, for the question what to do next. */
export interface RunState {
  /** How the user starts unroot, and the arguments of this run. */
  program: string
  args: readonly string[]
  /** How many files would change, or have been changed. */
  changes: number
  isWritten: boolean
  /** `--write`, kept from writing by `DRY_RUN`. */
  isDryRun: boolean
  /** How often a rule was found, without what is accepted. */
  rules: ReadonlyMap<string, { severity: Severity; count: number }>
}

/** How the user has started unroot. */
export function programName(env: NodeJS.ProcessEnv): string {
  return env.npm_command === 'exec' ? 'npx unroot' : 'unroot'
}

/**
 * The commands that make sense after a run, the most useful first.
 *
 * @example
 * const change = { changes: 1, isWritten: false, isDryRun: false, rules: new Map() }
 * const state = { program: 'unroot', args: ['--check', 'api'], ...change }
 * nextCommands(state) // => [['Apply it', 'unroot --write api'], ['Prove it', 'unroot verify api']]
 */
export function nextCommands(state: RunState): [label: string, command: string][] {
  const { program, changes, isWritten, isDryRun } = state
  const args = withoutReport(state.args)
  const commands: [string, string][] = []
  if (changes > 0 && !isWritten && !args.includes('-')) {
    const write = [program, '--write', ...args]
    commands.push(['Apply it', [...(isDryRun ? ['DRY_RUN=false'] : []), ...write].join(' ')])
    if (changes > 1 && !isDryRun) commands.push(['One by one', [program, '--interactive', ...args].join(' ')])
    commands.push(['Prove it', [program, 'verify', ...args].join(' ')])
  }
  const rule = mostSerious(state.rules)
  if (rule !== undefined) commands.push([`Why "${rule}"`, `${program} explain ${rule}`])
  return commands
}

const alone = new Set([
  ...['-w', '--write', '--check', '-l', '--list-different', '--interactive', '--sarif-fixes'],
  ...['-q', '--quiet', '--verbose', '--no-color']
])
const withValue = new Set(['--format', '-o', '--output-file', '--summary-file', '--pr-body-file'])

/** The arguments that say what is converted and how, quoted for a shell. */
function withoutReport(args: readonly string[]): string[] {
  const kept: string[] = []
  for (let index = 0; index < args.length; index++) {
    const argument = args[index] as string
    if (withValue.has(argument)) index++
    else if (!alone.has(argument) && !withValue.has(argument.split('=')[0] as string)) kept.push(quote(argument))
  }
  return kept
}

function quote(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`
}

/** Errors before warnings; of those, the one that is met most often. What is only good to know needs no reading. */
function mostSerious(rules: RunState['rules']): string | undefined {
  for (const severity of ['error', 'warning'] as const) {
    const [most] = [...rules]
      .filter(([, found]) => found.severity === severity)
      .sort(([a, { count: countA }], [b, { count: countB }]) => countB - countA || (a < b ? -1 : 1))
    if (most !== undefined) return most[0]
  }
  return undefined
}
