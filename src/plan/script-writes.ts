import type { ShellCommand } from '../shell/commands.ts'
import { baseName } from './paths.ts'

export interface ScriptWrite {
  path: string
  /** False when a variable of the script itself stands in it. */
  isKnown: boolean
  kind: 'file' | 'directory'
  /** `mkdir` without `-p`. */
  isStrict: boolean
}

/** Commands whose last or every argument is written. */
const writers = new Map<string, 'all' | 'last'>([
  ['touch', 'all'],
  ['tee', 'all'],
  ['cp', 'last'],
  ['mv', 'last'],
  ['ln', 'last'],
  ['install', 'last'],
  ['rsync', 'last']
])

/** The absolute or relative paths that a command of a start script writes. */
export function* scriptWrites(
  command: ShellCommand,
  substitute: (text: string) => string | undefined
): Generator<ScriptWrite> {
  const name = baseName(command.name)
  const read = (word: { value: string; isStatic: boolean }) => {
    const value = word.isStatic ? word.value : substitute(word.value)
    return { path: value ?? word.value, isKnown: value !== undefined }
  }
  for (const { operator, target } of command.redirects)
    if (/>/.test(operator) && operator !== '>&' && !/^&/.test(target.value) && !/^\d+$/.test(target.value))
      yield { ...read(target), kind: 'file', isStrict: false }
  const words = command.args.filter((word) => !word.value.startsWith('-'))
  const flags = command.args.filter((word) => word.value.startsWith('-'))
  if (name === 'mkdir') {
    const isStrict = !flags.some((flag) => /^-[a-z]*p|^--parents/.test(flag.value))
    for (const word of words) yield { ...read(word), kind: 'directory', isStrict }
  } else if (name === 'sed' && flags.some((flag) => /^-[a-zA-Z]*i|^--in-place/.test(flag.value))) {
    const hasScriptFlag = flags.some((flag) => /^-[a-zE]*e$|^--expression/.test(flag.value))
    for (const word of words.slice(hasScriptFlag ? 0 : 1))
      if (/^[./$\w~]/.test(word.value) && !/^s[/|#,@]/.test(word.value))
        yield { ...read(word), kind: 'file', isStrict: false }
  } else {
    const which = writers.get(name)
    if (which === undefined) return
    const targets = which === 'all' ? words : words.length > 1 ? words.slice(-1) : []
    for (const word of targets) yield { ...read(word), kind: 'file', isStrict: false }
  }
}
