import type { Dockerfile, Stage } from '../dockerfile/dockerfile.ts'
import type { Instruction } from '../dockerfile/instruction.ts'
import { expand } from '../dockerfile/words.ts'
import { type ImageState, readImage, readOnce, resolvePath, stateBefore } from '../image/image.ts'
import { baseName } from './paths.ts'

/** A `COPY` or `ADD`, with its destination as a path of the image. */
export interface Copy {
  instruction: Instruction
  stage: Stage
  /** Paths in the build context or the source stage, as written but with variables put in. */
  sources: readonly string[]
  /** Absolute. */
  destination: string
  /** Ends in `/`, or several sources: surely a directory. */
  isDirectory: boolean
  /** A variable in the destination has no value. */
  isUnresolved: boolean
  /** Value of `--from`. */
  from: string | undefined
  state: ImageState
}

/** All copies of the image's own stages, in order. */
export const readCopies = (dockerfile: Dockerfile, lineage: readonly Stage[]): readonly Copy[] =>
  readOnce(dockerfile, `copies ${lineage.map(({ index }) => index).join(' ')}`, () => listCopies(dockerfile, lineage))

function listCopies(dockerfile: Dockerfile, lineage: readonly Stage[]): Copy[] {
  const copies: Copy[] = []
  for (const stage of lineage) {
    const image = readImage(dockerfile, stage)
    for (const instruction of stage.instructions) {
      if (instruction.keyword !== 'COPY' && instruction.keyword !== 'ADD') continue
      const parts = instruction.copy
      if (parts === undefined) continue
      const state = stateBefore(image, instruction)
      const { value, unresolved } = expand(parts.destination.text, state.variables, dockerfile.escape)
      const sources = parts.sources
        .filter((word) => !/^<<-?[^<]/.test(word.text))
        .map((word) => expand(word.text, state.variables, dockerfile.escape).value)
      copies.push({
        instruction,
        stage,
        sources,
        destination: resolvePath(state.workdir, value),
        isDirectory: /[/]$|(^|\/)\.{1,2}$/.test(value) || parts.sources.length > 1,
        isUnresolved: unresolved.length > 0 || (!value.startsWith('/') && !state.isWorkdirKnown),
        from: instruction.flag('from')?.value,
        state
      })
    }
  }
  return copies
}

const cleanContextPath = (path: string): string => resolvePath('/', path).slice(1)

/** Where a file of the image comes from. */
export type Origin =
  | { kind: 'context'; path: string; text: string; copy: Copy }
  | { kind: 'heredoc'; text: string; copy: Copy }
  | { kind: 'stage'; copy: Copy }
  | { kind: 'unread'; copy: Copy }

/** Looks through the copies, last one first, for the one that brings a file to `path`. */
export function findOrigin(
  copies: readonly Copy[],
  path: string,
  readContext: ((path: string) => string | undefined) | undefined
): Origin | undefined {
  let unread: Copy | undefined
  for (const copy of copies.toReversed()) {
    const { destination } = copy
    const isInside = destination === '/' || path.startsWith(`${destination}/`)
    if (path !== destination && !isInside) continue
    const { heredocs } = copy.instruction
    // One heredoc may give the file its name; several land in a directory under their own.
    const heredoc =
      heredocs.find((each) => path === `${destination === '/' ? '' : destination}/${each.name}`) ??
      (path === destination ? heredocs[0] : undefined)
    if (heredoc !== undefined) return { kind: 'heredoc', text: copy.instruction.heredocBody(heredoc), copy }
    if (copy.from !== undefined) {
      const names = copy.sources.map(baseName)
      const isNamed = names.includes(baseName(path)) || path === destination
      // A whole tree from a stage may bring it too; a copy from the context that names it is better evidence.
      if (isNamed) return { kind: 'stage', copy }
      unread ??= copy
      continue
    }
    const rest = isInside ? path.slice(destination === '/' ? 1 : destination.length + 1) : ''
    for (const source of copy.sources) {
      if (/^(https?|git|ssh):/.test(source)) continue
      const candidates = new Set<string>()
      const clean = cleanContextPath(source)
      if (rest === '') candidates.add(clean)
      else {
        const name = baseName(clean)
        if (/[*?[]/.test(name)) {
          if (!rest.includes('/') && !matchesGlob(rest, name)) continue
          candidates.add(`${clean.slice(0, -name.length)}${rest}`)
        } else if (name === rest) candidates.add(clean)
        candidates.add(clean === '' ? rest : `${clean}/${rest}`)
        // `COPY . ./` in a working directory that only the base image knows: some of the first parts are that directory.
        if (copy.isUnresolved && clean === '')
          for (let at = rest.indexOf('/'); at !== -1; at = rest.indexOf('/', at + 1)) candidates.add(rest.slice(at + 1))
      }
      for (const candidate of candidates) {
        const text = readContext?.(candidate)
        if (text !== undefined) return { kind: 'context', path: candidate, text, copy }
      }
      if (baseName(clean) === baseName(path)) unread = copy
      else unread ??= copy
    }
  }
  return unread === undefined ? undefined : { kind: 'unread', copy: unread }
}

/** Go's `filepath.Match` for the last part of a source. */
const matchesGlob = (name: string, pattern: string): boolean => {
  const text = pattern
    .replace(/\[!/g, '[^')
    .replace(/[.+()|{}$]/g, '\\$&')
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]')
  try {
    return new RegExp(`^${text}$`).test(name)
  } catch {
    return true
  }
}
