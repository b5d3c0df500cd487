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
  const { commands } = script
  const inherits = surroundings.stopsOnError === true
  const hasFunctions = commands.some((command) => command.inFunction !== undefined)
  if (!hasFunctions && !inherits) return withDirectories(commands, surroundings)
  const calls = findCalls(commands, surroundings)
  const running = commands.flatMap((command) => {
    if (command.inFunction === undefined) return [inherits ? { ...command, stopsOnError: true } : command]
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

/** What the commands of a script say about its functions. */
interface FunctionUse {
  bodies: ReadonlyMap<string, readonly ShellCommand[]>
  /** The functions that a command names. */
  named: ReadonlyMap<ShellCommand, readonly string[]>
  /** Functions that something else than a command names (a list, an array): who calls them is not seen. */
  elsewhere: readonly string[]
}

/** A script is looked at several times in one run. */
const uses = new WeakMap<readonly ShellCommand[], FunctionUse>()

const wordPattern = /[\w.:-]+/g
const variablePattern = /\$\{[^}]*\}|\$\w+/

function readFunctionUse(commands: readonly ShellCommand[], text: string): FunctionUse {
  const known = uses.get(commands)
  if (known !== undefined) return known
  const bodies = new Map<string, ShellCommand[]>()
  for (const command of commands)
    if (command.inFunction !== undefined) {
      const body = bodies.get(command.inFunction)
      if (body === undefined) bodies.set(command.inFunction, [command])
      else body.push(command)
    }
  const named = new Map<ShellCommand, string[]>()
  const unseen = new Map<string, number>()
  if (bodies.size > 0) {
    // The definition itself is one mention.
    for (const name of bodies.keys()) unseen.set(name, -1)
    for (const [word] of text.matchAll(wordPattern)) {
      const count = unseen.get(word)
      if (count !== undefined) unseen.set(word, count + 1)
    }
    for (const command of commands) {
      const names: string[] = []
      for (const value of [command.name, ...command.args.map((word) => word.value)])
        for (const [word] of value.matchAll(wordPattern))
          if (bodies.has(word)) {
            names.push(word)
            unseen.set(word, (unseen.get(word) as number) - 1)
          }
      for (const word of [command.nameWord, ...command.args])
        if (word !== undefined && !word.isStatic) names.push(...composedNames(word.value, bodies))
      if (names.length > 0) named.set(command, names)
    }
  }
  const elsewhere = [...unseen].flatMap(([name, count]) => (count > 0 ? [name] : []))
  const use = { bodies, named, elsewhere }
  uses.set(commands, use)
  return use
}

/** The functions that `run_${state}_node` can stand for. */
function composedNames(value: string, bodies: ReadonlyMap<string, unknown>): string[] {
  const parts = value.split(variablePattern)
  if (parts.length < 2 || !parts.some((part) => /^\w*\w{3}\w*$/.test(part))) return []
  const pattern = new RegExp(`^${parts.map((part) => part.replace(/[.*+?()[\]{}|^$\\]/g, '\\$&')).join('.+')}$`)
  return [...bodies.keys()].filter((name) => pattern.test(name))
}

function findCalls(commands: readonly ShellCommand[], surroundings: Surroundings): Map<string, Call> {
  const calls = new Map<string, Call>()
  const { bodies, named, elsewhere } = readFunctionUse(commands, surroundings.text)
  if (bodies.size === 0) return calls
  const { outside, stopsOnError: inherited = false } = surroundings
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
    for (const name of named.get(command) ?? [])
      if (name !== command.inFunction)
        call(name, {
          guard: command.guard === 'none' ? (by?.guard ?? 'none') : command.guard,
          isAccepted: command.failure === 'accepted' || by?.isAccepted === true,
          stopsOnError: inherited || command.stopsOnError || by?.stopsOnError === true
        })
  }
  const everywhere: Call = { guard: 'none', isAccepted: false, stopsOnError: inherited }
  for (const name of elsewhere) call(name, everywhere)
  for (const [name, guard] of outside) if (bodies.has(name)) call(name, { ...everywhere, guard })
  for (const command of commands) if (command.inFunction === undefined) scan(command, undefined)
  for (let name = pending.pop(); name !== undefined; name = pending.pop())
    for (const command of bodies.get(name) as readonly ShellCommand[]) scan(command, calls.get(name))
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
