/** Programs and scripts of the start that only their owner may read or execute. */
import type { Dockerfile } from '../dockerfile/dockerfile.ts'
import { stageOf } from '../dockerfile/dockerfile.ts'
import type { Instruction } from '../dockerfile/instruction.ts'
import { readImage, resolvePath, type StageImage, stateBefore } from '../image/image.ts'
import { shellSources } from '../image/shell-source.ts'
import { readShell } from '../shell/commands.ts'
import type { RewriteOptions } from '../types.ts'
import type { Copy } from './copies.ts'
import { isInside } from './paths.ts'
import type { RunFacts } from './run-facts.ts'
import type { StartUp } from './startup.ts'
import { findApplicationDirectories } from './writable-paths.ts'

/** One place that keeps a program to its owner. */
export interface ClosedProgram {
  path: string
  /** The mode as written: `0700`, `u+x`, or what the file has in the build context. */
  mode: string
  instruction: Instruction
  /**
   * `run`: a `chmod` of a `RUN`; `flag`: the `--chmod` of a copy; `context`: the file's own mode in the build context,
   * which comes with `COPY`.
   */
  by: 'run' | 'flag' | 'context'
  /** Where the mode stands, and what opens the program to everybody; undefined when other files hang on it. */
  edit: { start: number; end: number; text: string } | undefined
}

/** Whether a mode keeps other users from starting a program; a symbolic one that gives the owner alone the right. */
const isClosed = (mode: string): boolean => {
  if (/^[0-7]{3,4}$/.test(mode)) {
    const bits = Number.parseInt(mode, 8)
    return (bits & 0o100) !== 0 && (bits & 0o005) !== 0o005
  }
  return /^u[+=][rwx]*x[rwx]*$/.test(mode)
}

/** The mode that a careful person writes instead. */
const opened = (mode: string): string => {
  if (!/^[0-7]{3,4}$/.test(mode)) return 'a+rx'
  const bits = Number.parseInt(mode, 8) | 0o055
  return bits.toString(8).padStart(mode.length, '0')
}

/** What the container or its health check starts: paths of the image. */
function findStarted(image: StageImage, startUp: StartUp): Set<string> {
  const started = new Set<string>()
  const add = (path: string) => {
    if (path.includes('/') && !path.includes('$')) started.add(resolvePath(image.final.workdir, path))
  }
  for (const program of startUp.programs) add(program.word)
  for (const script of startUp.scripts) add(script.path)
  const check = image.lineage
    .flatMap((stage) => stage.instructions)
    .findLast((instruction) => instruction.keyword === 'HEALTHCHECK')
  const texts = check?.json?.map((string) => string.value)
  if (texts !== undefined) add(texts[0] ?? '')
  else if (check !== undefined)
    for (const { script } of shellSources(check)) for (const command of script.commands) add(command.name)
  return started
}

/** Finds the programs of the start that another user could not execute. */
export function findClosedPrograms(
  dockerfile: Dockerfile,
  image: StageImage,
  copies: readonly Copy[],
  runFacts: RunFacts,
  startUp: StartUp,
  options: RewriteOptions
): ClosedProgram[] {
  const found: ClosedProgram[] = []
  const started = findStarted(image, startUp)
  const directories = findApplicationDirectories(dockerfile, image, copies)
  const isScript = (path: string) => started.has(path) || /\.(?:sh|bash|ash|ksh)$/.test(path)
  for (const path of started) {
    const copy = findCopy(copies, path)
    // What a COPY brings into the application's directories will belong to the user.
    if (directories.some((directory) => isInside(path, directory)) && copy !== undefined) continue
    const last = [...runFacts.covering(path)]
      .filter((fact) => fact.kind === 'open')
      .sort((a, b) => a.instruction.index - b.instruction.index)
      .at(-1)
    const script = startUp.scripts.find((each) => each.path === path)
    const contextMode = script?.contextPath === undefined ? undefined : options.contextMode?.(script.contextPath)
    const flag = copy?.instruction.flag('chmod')
    if (last !== undefined) {
      if (!isClosed(last.value)) continue
      // `chmod u+x` takes nothing away from a file that everybody may run.
      if (!/^\d/.test(last.value) && contextMode !== undefined && (contextMode & 0o005) === 0o005) continue
      found.push({
        path,
        mode: last.value,
        instruction: last.instruction,
        by: 'run',
        edit: modeWord(path, last.instruction)
      })
    } else if (flag?.value !== undefined && copy !== undefined) {
      if (!isClosed(flag.value)) continue
      const text = opened(flag.value)
      const isAlone = copy.sources.every(
        (source) => isScript(`/${source}`) || started.has(resolvePath(copy.destination, source))
      )
      found.push({
        path,
        mode: flag.value,
        instruction: copy.instruction,
        by: 'flag',
        edit: isAlone || copy.destination === path ? { start: flag.valueStart, end: flag.valueEnd, text } : undefined
      })
    } else if (copy !== undefined && contextMode !== undefined) {
      if ((contextMode & 0o005) === 0o005 || (contextMode & 0o100) === 0) continue
      const { instruction } = copy
      const at = instruction.argumentsStart
      const isAlone =
        copy.sources.length === 1 &&
        !/[*?[]/.test(copy.sources[0] ?? '') &&
        script?.contextPath === copy.sources[0]?.replace(/^\.?\//, '')
      found.push({
        path,
        mode: `0${(contextMode & 0o777).toString(8)}`,
        instruction,
        by: 'context',
        edit: isAlone ? { start: at, end: at, text: '--chmod=0755 ' } : undefined
      })
    }
  }
  return found

  /** The mode's word in the last `chmod` of a `RUN` that names the path, where nothing but scripts hangs on it. */
  function modeWord(path: string, run: Instruction): ClosedProgram['edit'] {
    const stage = stageOf(image.lineage, run)
    if (stage === undefined) return undefined
    const { workdir } = stateBefore(readImage(dockerfile, stage), run)
    let edit: ClosedProgram['edit']
    for (const source of shellSources(run)) {
      let at = workdir
      for (const { name, args } of readShell(source.text).commands) {
        if (name === 'cd' && args[0] !== undefined) at = resolvePath(at, args[0].value)
        if (name !== 'chmod') continue
        const words = args.filter((word) => !/^-[a-zA-Z]/.test(word.value) || /^-[rwx]/.test(word.value))
        const [mode, ...targets] = words
        if (mode === undefined || !isClosed(mode.value)) continue
        const paths = targets.map((word) => resolvePath(at, word.value))
        if (!paths.some((target) => target === path)) continue
        const isOnlyScripts = targets.every((word, index) => word.isStatic && isScript(paths[index] as string))
        const isQuoted = mode.text !== mode.value
        edit =
          isOnlyScripts && !isQuoted
            ? { start: source.toSource(mode.start), end: source.toSource(mode.end - 1) + 1, text: opened(mode.value) }
            : undefined
      }
    }
    return edit
  }
}

const findCopy = (copies: readonly Copy[], path: string): Copy | undefined =>
  copies.findLast(
    (each) => each.destination === path || path.startsWith(`${each.destination === '/' ? '' : each.destination}/`)
  )
