/** Scripts that a `RUN` writes, renames or links. */
import type { Dockerfile } from '../dockerfile/dockerfile.ts'
import { createSubstitute, readImage, resolvePath, type StageImage, stateBefore } from '../image/image.ts'
import { shellSources } from '../image/shell-source.ts'
import { readShell, type ShellCommand } from '../shell/commands.ts'
import { baseName } from './paths.ts'
import { readFlow } from './script-flow.ts'

export type MadeByRun = { text: string } | { text: undefined; from: string }

/** What the last `RUN` that makes a file makes of it: its text, or the path it had before. */
export function findMadeByRun(dockerfile: Dockerfile, image: StageImage, path: string): MadeByRun | undefined {
  const name = baseName(path)
  for (const stage of image.lineage.toReversed())
    for (const instruction of stage.instructions.toReversed()) {
      if (instruction.keyword !== 'RUN' || !instruction.raw.logical.includes(name)) continue
      const state = stateBefore(readImage(dockerfile, stage), instruction)
      const substitute = createSubstitute(state)
      // `RUN cat <<EOF > /start.sh`
      const [heredoc] = instruction.heredocs
      if (heredoc !== undefined) {
        const target = /^cat\s*<<-?\s*\S+\s*>\s*(\S+)\s*$|^cat\s*>\s*(\S+)\s*<<-?\s*\S+\s*$/.exec(
          instruction.argumentText
        )
        if (target !== null && resolvePath(state.workdir, (target[1] ?? target[2]) as string) === path)
          return { text: instruction.heredocBody(heredoc) }
      }
      let written: string | undefined
      for (const { script, text } of shellSources(instruction)) {
        const surroundings = { text, directory: state.workdir, outside: new Map<string, never>(), substitute }
        for (const { command, directory } of readFlow(script, surroundings)) {
          const at = (value: string) =>
            value.startsWith('/') || directory !== undefined ? resolvePath(directory ?? '/', value) : undefined
          const words = command.args.filter((word) => !word.value.startsWith('-')).map((word) => word.value)
          if (/^(?:ln|mv|cp)$/.test(command.name) && words.length === 2) {
            const [from, to] = words as [string, string]
            const target = at(to)
            const isInto = to.endsWith('/') || to === '.'
            if (
              target !== undefined &&
              (isInto ? `${target === '/' ? '' : target}/${baseName(from)}` : target) === path
            ) {
              // A relative link begins at its own place.
              const source =
                command.name === 'ln' ? resolvePath(path.slice(0, path.lastIndexOf('/')) || '/', from) : at(from)
              if (source !== undefined && source !== path) return { text: undefined, from: source }
            }
          }
          const redirect = command.redirects.find(
            ({ operator, target }) =>
              /^>{1,2}$/.test(operator) &&
              at(target.isStatic ? target.value : (substitute(target.value) ?? '')) === path
          )
          if (redirect === undefined) continue
          const line = readOutput(command)
          if (line === undefined) return undefined
          written = redirect.operator === '>' ? line : `${written ?? ''}${line}`
        }
      }
      // What cannot be read as a script is none that we understood.
      if (written !== undefined)
        return /^#!/.test(written) && !readShell(written).hasErrors ? { text: written } : undefined
    }
  return undefined
}

/** What `echo` and `printf` print, as far as it is written out. */
function readOutput({ name, args, heredocBody }: ShellCommand): string | undefined {
  if (name === 'cat' && args.length === 0) return heredocBody
  if (name !== 'echo' && name !== 'printf') return undefined
  const words = args.filter((word, index) => !(index === 0 && /^-[neE]+$/.test(word.value)))
  if (words.some((word) => !word.isStatic)) return undefined
  const expand = (text: string) => text.replaceAll('\\n', '\n').replaceAll('\\t', '\t')
  const values = words.map((word) => expand(word.value))
  if (name === 'echo') return `${values.join(' ')}\n`
  const [format = '', ...rest] = values
  // `printf '%s\n' a b`
  if (/^%s\n?$/.test(format)) return rest.map((value) => format.replace('%s', value)).join('')
  return rest.length === 0 ? format.replaceAll('%%', '%') : undefined
}
