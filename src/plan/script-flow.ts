/** Which commands of a script run, as whom, and in which directory. */
import { resolvePath } from '../image/image.ts'
import type { Guard, ShellCommand, ShellScript } from '../shell/commands.ts'

export interface RunningCommand {
  command: ShellCommand
  /** The directory it runs in; undefined when a `cd` before it goes where the files do not tell. */
  directory: string | undefined
}

interface Surroundings {
  text: string
  /** The directory in which the script starts. */
  directory: string | undefined
  /** Names that the script's callers use, and as whom: functions of a library. */
  outside: ReadonlyMap<string, Guard>
  /** `set -e` of the script that reads this one in. */
  stopsOnError?: boolean
  substitute(text: string): string | undefined
}

/** The commands that run: the bodies of functions only where something calls them, then with the caller's guard. */
export function readFlow(script: ShellScript, surroundings: Surroundings): RunningCommand[] {
  const commands = surroundings.stopsOnError
    ? script.commands.map((command) => ({ ...command, stopsOnError: true }))
    : script.commands
  const calls = findCalls(commands, surroundings)
  const running = commands.flatMap((command) => {
    if (command.inFunction === undefined) return [command]
    const call = calls.get(command.inFunction)
    if (call === undefined) return []
    return [
      {
        ...command,
        guard: command.guard === 'none' ? call.guard : command.guard,
        failure: call.isAccepted && command.failure === 'plain' ? 'accepted' : command.failure,
        stopsOnError: command.stopsOnError || call.stopsOnError
      } as const
    ]
  })
  return withDirectories(running, surroundings)
}

interface Call {
  guard: Guard
  isAccepted: boolean
  stopsOnError: boolean
}

const wordsOf = (command: ShellCommand): string[] =>
  [command.name, ...command.args.map((word) => word.value)].flatMap((word) => word.match(/[\w.:-]+/g) ?? [])

function findCalls(commands: readonly ShellCommand[], { text, outside }: Surroundings): Map<string, Call> {
  const calls = new Map<string, Call>()
  const bodies = new Map<string, ShellCommand[]>()
  for (const command of commands)
    if (command.inFunction !== undefined)
      bodies.set(command.inFunction, [...(bodies.get(command.inFunction) ?? []), command])
  if (bodies.size === 0) return calls
  const pending: string[] = []
  const call = (name: string, next: Call) => {
    const known = calls.get(name)
    const merged: Call =
      known === undefined
        ? next
        : {
            guard: known.guard === next.guard ? known.guard : 'none',
            isAccepted: known.isAccepted && next.isAccepted,
            stopsOnError: known.stopsOnError || next.stopsOnError
          }
    if (known?.guard === merged.guard && known.isAccepted === merged.isAccepted) return
    calls.set(name, merged)
    pending.push(name)
  }
  const scan = (command: ShellCommand, by: Call | undefined) => {
    // `run_${state}_node`
    const composed = [command.nameWord, ...command.args].flatMap((word) =>
      word === undefined || word.isStatic || !/\w{3}/.test(word.value.replace(/\$\{[^}]*\}|\$\w+/g, ''))
        ? []
        : [word.value]
    )
    const isComposed = (name: string) =>
      composed.some((word) => {
        const pattern = word
          .split(/\$\{[^}]*\}|\$\w+/)
          .map((part) => part.replace(/[.*+?()[\]{}|^$\\]/g, '\\$&'))
          .join('.+')
        return new RegExp(`^${pattern}$`).test(name)
      })
    const names = [...wordsOf(command), ...(composed.length === 0 ? [] : [...bodies.keys()].filter(isComposed))]
    for (const word of names) {
      if (!bodies.has(word) || word === command.inFunction) continue
      call(word, {
        guard: command.guard === 'none' ? (by?.guard ?? 'none') : command.guard,
        isAccepted: command.failure === 'accepted' || by?.isAccepted === true,
        stopsOnError: command.stopsOnError || by?.stopsOnError === true
      })
    }
  }
  const everywhere: Call = { guard: 'none', isAccepted: false, stopsOnError: false }
  const written = new Map<string, number>()
  for (const command of commands) for (const word of wordsOf(command)) written.set(word, (written.get(word) ?? 0) + 1)
  for (const name of bodies.keys()) {
    // A list, an array or a variable that names it: who calls it is not seen.
    const mentions =
      text.split(new RegExp(`(?<![\\w.-])${name.replace(/[.$*+?()[\]{}|^\\]/g, '\\$&')}(?![\\w.-])`)).length - 1
    if (mentions > 1 + (written.get(name) ?? 0)) call(name, everywhere)
    else if (outside.has(name)) call(name, { ...everywhere, guard: outside.get(name) as Guard })
  }
  for (const command of commands) if (command.inFunction === undefined) scan(command, undefined)
  for (let name = pending.pop(); name !== undefined; name = pending.pop())
    for (const command of bodies.get(name) as ShellCommand[]) scan(command, calls.get(name))
  return calls
}

function withDirectories(commands: readonly ShellCommand[], { directory, substitute }: Surroundings): RunningCommand[] {
  const changes = (command: ShellCommand) => /^(?:cd|pushd|popd)$/.test(command.name)
  if (!commands.some(changes)) return commands.map((command) => ({ command, directory }))
  // Functions run somewhere in between.
  const isMoved = commands.some((command) => changes(command) && command.inFunction === undefined)
  const places = new Map<string, string | undefined>([['', directory]])
  const placeOf = (key: string): string | undefined => {
    if (places.has(key)) return places.get(key)
    const at = key.lastIndexOf('.')
    const parent = key.startsWith('function ')
      ? at === -1
        ? isMoved
          ? undefined
          : directory
        : placeOf(key.slice(0, at))
      : placeOf(at === -1 ? '' : key.slice(0, at))
    places.set(key, parent)
    return parent
  }
  return commands.map((command) => {
    const key =
      command.inFunction === undefined
        ? command.subshell
        : `function ${command.inFunction.replaceAll('.', '_')}${command.subshell === '' ? '' : `.${command.subshell}`}`
    const here = placeOf(key)
    if (changes(command)) {
      const [target] = command.args
      const text = target === undefined ? undefined : target.isStatic ? target.value : substitute(target.value)
      const isSure = command.name === 'cd' && !command.isConditional && text !== undefined && !/^[-~]/.test(text)
      const isAbsolute = text?.startsWith('/') === true
      places.set(key, isSure && (isAbsolute || here !== undefined) ? resolvePath(here ?? '/', text) : undefined)
    }
    return { command, directory: here }
  })
}
