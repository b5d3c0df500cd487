/** Private keys that come into the image closed to everybody but root. */
import type { Dockerfile, Stage } from '../dockerfile/dockerfile.ts'
import type { Instruction } from '../dockerfile/instruction.ts'
import { createSubstitute, readImage, resolvePath, type StageImage, stateBefore } from '../image/image.ts'
import { shellSources } from '../image/shell-source.ts'
import { anyKeyMaker, isKeyOfSystem, isPrivateKeyName, keyMakers } from '../services/private-keys.ts'
import type { RewriteOptions } from '../types.ts'
import type { Copy } from './copies.ts'
import { baseName, isInside, isPublicDirectory, isRootHome, parentDirectory } from './paths.ts'
import { type RunFacts, readRunFacts } from './run-facts.ts'
import { readFlow } from './script-flow.ts'
import type { PlannedPath } from './writable-paths.ts'

interface MadeKey {
  path: string
  instruction: Instruction
}

/** Keys that the `RUN`s of these stages make as they are, and neither open nor remove again. */
function* findMadeKeys(dockerfile: Dockerfile, stages: readonly Stage[], facts: RunFacts): Generator<MadeKey> {
  for (const stage of stages)
    for (const instruction of stage.instructions) {
      if (instruction.keyword !== 'RUN' || !anyKeyMaker.test(instruction.raw.logical)) continue
      const state = stateBefore(readImage(dockerfile, stage), instruction)
      const substitute = createSubstitute(state)
      for (const { script, text } of shellSources(instruction)) {
        const surroundings = { text, directory: state.workdir, outside: new Map<string, never>(), substitute }
        for (const { command, directory } of readFlow(script, surroundings)) {
          const name = baseName(command.name)
          const words = command.args.map(({ value }) => value)
          const line = words.join(' ')
          for (const maker of keyMakers) {
            if (!maker.programs.includes(name) || !maker.when.test(line) || maker.unless?.test(line)) continue
            for (const [index, word] of command.args.entries()) {
              const target = command.args[index + 1]
              if (target === undefined || !maker.flags.includes(word.value)) continue
              const value = target.isStatic ? target.value : substitute(target.value)
              if (value === undefined || value === '' || (!value.startsWith('/') && directory === undefined)) continue
              const path = resolvePath(directory ?? '/', value)
              if (!path.startsWith('/dev/') && !isOpened(path, instruction, facts)) yield { path, instruction }
            }
          }
        }
      }
    }
}

const isOpened = (path: string, maker: Instruction, facts: RunFacts): boolean =>
  [...facts.covering(path)].some(
    ({ kind, value, instruction }) =>
      instruction.index >= maker.index &&
      (kind === 'remove' || (kind === 'open' && /[4-7]$|^(?:[ugoa]*[oa][ugoa]*)?[+=][rwxX]*r/.test(value)))
  )

/** Keys that a `RUN` of the image leaves to root: who serves with them must own them. */
export function planKeys(dockerfile: Dockerfile, image: StageImage, facts: RunFacts): PlannedPath[] {
  const keys = new Map<string, PlannedPath>()
  for (const { path, instruction } of findMadeKeys(dockerfile, image.lineage, facts))
    if (!isRootHome(path) && !isPublicDirectory(path) && !isKeyOfSystem(path))
      keys.set(path, {
        path,
        kind: 'file',
        reason: `a private key that RUN in line ${instruction.startLine} makes`,
        isRecursive: true,
        madeBy: instruction.argumentText
      })
  return [...keys.values()]
}

/** Whether a copy brings a private key, or a file that the build context closes to others. */
export function bringsKey(dockerfile: Dockerfile, copy: Copy, { readContext, contextMode }: RewriteOptions): boolean {
  const { sources, destination, from, isDirectory } = copy
  if (isKeyOfSystem(destination)) return false
  if (from === undefined)
    return sources.some((source) => {
      const name = resolvePath('/', source).slice(1)
      if (name === '' || readContext?.(name) === undefined) return false
      const mode = contextMode?.(name)
      return mode !== undefined && (mode & 0o004) === 0
    })
  if ([...sources, ...(isDirectory ? [] : [destination])].some(isPrivateKeyName)) return true
  const stage = dockerfile.stages.find(
    (each) => each.name === from.toLowerCase() || (String(each.index) === from && each.index < copy.stage.index)
  )
  if (stage === undefined) return false
  const { lineage } = readImage(dockerfile, stage)
  return [...findMadeKeys(dockerfile, lineage, readRunFacts(dockerfile, lineage))].some(({ path }) =>
    sources.some((source) => {
      const place = resolvePath('/', source.replace(/\/?\*[^/]*$/, ''))
      return path === place || (place !== '/' && isInside(path, place) && parentDirectory(path) !== '/')
    })
  )
}
