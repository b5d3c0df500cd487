import { type FileCommand, findFileCommands } from '../services/file-commands.ts'
import type { ShellCommand, ShellWord } from '../shell/commands.ts'
import { baseName, isSystemDirectory } from './paths.ts'

export interface ScriptWrite {
  path: string
  /** False when a variable of the script itself stands in it. */
  isKnown: boolean
  /** `directory`: it is made; `into`: files are put into it, it must be there. */
  kind: 'file' | 'directory' | 'into'
  /** The file is replaced by a new one of the same name, so the right to write its directory is needed. */
  replaces: boolean
}

const isFlag = (word: ShellWord): boolean => word.value.startsWith('-') && word.value !== '-'

/** The absolute or relative paths that a command of a start script writes. */
export function* scriptWrites(
  command: ShellCommand,
  substitute: (text: string) => string | undefined
): Generator<ScriptWrite> {
  const name = baseName(command.name)
  const read = ({ value: text, isStatic }: { value: string; isStatic: boolean }) => {
    const value = isStatic ? text : substitute(text)
    return { path: value ?? text, isKnown: value !== undefined }
  }
  /** `/app/logs/run$RANDOM.log`: the directory is known. */
  const readFile = (word: { value: string; isStatic: boolean }): Omit<ScriptWrite, 'replaces'> => {
    const write = read(word)
    const directory = write.isKnown ? undefined : /^(\/[^$`*?[]+)\/[^/]+$/.exec(write.path)?.[1]
    if (directory === undefined || isSystemDirectory(directory)) return { ...write, kind: 'file' }
    return { path: directory, isKnown: true, kind: 'into' }
  }
  for (const { operator, target } of command.redirects)
    if (
      />/.test(operator) &&
      operator !== '>&' &&
      !/^[<>]\(/.test(target.text) &&
      !/^&/.test(target.value) &&
      !/^\d+$/.test(target.value)
    )
      yield { ...readFile(target), replaces: false }
  if (name === 'mkdir') {
    const mode = command.args.findIndex((word) => word.value === '-m' || word.value === '--mode')
    for (const [index, word] of command.args.entries())
      if (!isFlag(word) && index !== mode + (mode === -1 ? 0 : 1))
        yield { ...read(word), kind: 'directory', replaces: false }
    return
  }
  for (const row of findFileCommands(name)) {
    if (row.onlyWith !== undefined && !command.args.some((word) => row.onlyWith?.test(word.value))) continue
    const into = row.isDirectory === true
    const isList = command.args.filter((word) => !isFlag(word)).length > 2
    for (const word of name.endsWith('sed') ? sedFiles(command.args) : writtenWords(row, command.args)) {
      const { path, isKnown } = read(word)
      if (path === '-' || path === '') continue
      const isDirectory = into || (row.words === 'last' && (/(?:^|\/)\.{0,2}$/.test(path) || isList))
      yield { path, isKnown, kind: isDirectory ? 'into' : 'file', replaces: row.replaces === true }
    }
  }
}

function* writtenWords(
  { words, flags }: FileCommand,
  args: readonly ShellWord[]
): Generator<{ value: string; isStatic: boolean }> {
  if (words !== undefined) {
    const plain = args.filter((word) => !isFlag(word))
    if (words === 'all') yield* plain
    else if (words === 'first') yield* plain.slice(0, 1)
    else if (plain.length > 1) yield* plain.slice(-1)
  }
  for (const flag of flags ?? [])
    for (const [index, word] of args.entries()) {
      const next = args[index + 1]
      const isShort = /^-\w$/.test(flag)
      const isGiven =
        word.value === flag || (isShort && /^-\w+$/.test(word.value) && word.value.endsWith(flag.slice(1)))
      if (isGiven && next !== undefined) yield next
      else if (!isShort && word.value.startsWith(`${flag}=`))
        yield { value: word.value.slice(flag.length + 1), isStatic: word.isStatic }
    }
}

/** The files behind the script of a `sed -i`. */
function* sedFiles(args: readonly ShellWord[]): Generator<ShellWord> {
  let hasScript = args.some(({ value }) => /^--expression=|^--file=/.test(value))
  const plain: ShellWord[] = []
  for (let index = 0; index < args.length; index++) {
    const word = args[index] as ShellWord
    if (/^-[a-zE]*e$|^-[a-zE]*f$|^--expression$/.test(word.value)) {
      hasScript = true
      index++
    } else if (!isFlag(word) && word.value !== '') plain.push(word)
  }
  yield* plain.slice(hasScript ? 0 : 1)
}
