import { type Dockerfile, parseDockerfile, type Stage } from '../dockerfile/dockerfile.ts'
import type { Instruction } from '../dockerfile/instruction.ts'
import { hasBuiltBase, type ImageState, isRoot, readImage, stateBefore, surround } from '../image/image.ts'

/**
 * The first `RUN` of each stage that is no longer root because the base image, which another Dockerfile of the tree
 * builds, is converted as well. A `USER root` above it changes nothing where that base is an older one.
 *
 * @param dockerfile read with its bases as they will be
 */
export function findStepsOfBaseUser(dockerfile: Dockerfile): Instruction[] {
  const steps: Instruction[] = []
  const kept = new Set<Stage>()
  const isBaseUser = (state: ImageState) => state.userInstruction === undefined && !isRoot(state)
  for (const stage of dockerfile.stages) {
    const image = readImage(dockerfile, stage)
    if (image.base.builtBy === undefined) continue
    let isKept = image.parent !== undefined && kept.has(image.parent.stage)
    const step = isKept
      ? undefined
      : stage.instructions.find(
          (instruction) => instruction.keyword === 'RUN' && isBaseUser(stateBefore(image, instruction))
        )
    if (step !== undefined) {
      steps.push(step)
      isKept = true
    }
    if (isKept && isBaseUser(image.final)) kept.add(stage)
  }
  return steps
}

/** The same of a file as it was read for its plan, in which those bases are as they are now. */
export function findStepsAfterConversion(dockerfile: Dockerfile): Instruction[] {
  if (!hasBuiltBase(dockerfile)) return []
  const later = parseDockerfile(dockerfile.text)
  surround(later, dockerfile, 'converted')
  const now = new Set(findStepsOfBaseUser(dockerfile).map(({ index }) => index))
  return findStepsOfBaseUser(later).flatMap(({ index }) =>
    now.has(index) ? [] : (dockerfile.instructions[index] ?? [])
  )
}
