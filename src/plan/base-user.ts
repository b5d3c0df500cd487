import { type Dockerfile, parseDockerfile, type Stage } from '../dockerfile/dockerfile.ts'
import type { Instruction } from '../dockerfile/instruction.ts'
import type { BaseView } from '../image/built-base.ts'
import { hasBuiltBase, type ImageState, isRoot, readImage, stateBefore, surround } from '../image/image.ts'

/**
 * The first `RUN` of each stage that is no longer root because the base image, which another Dockerfile of the tree
 * builds, is converted as well. A `USER root` above it changes nothing where that base is an older one.
 */
export function findStepsAfterConversion(dockerfile: Dockerfile): Instruction[] {
  if (!hasBuiltBase(dockerfile)) return []
  const now = new Set(findStepsOfBaseUser(readAgain(dockerfile, 'now')).map(({ index }) => index))
  return findStepsOfBaseUser(readAgain(dockerfile, 'converted')).flatMap(({ index }) =>
    now.has(index) ? [] : (dockerfile.instructions[index] ?? [])
  )
}

/** Whom a stage becomes, that was root, without a `USER` of its own; undefined: it stays who it is. */
export function findUserAfterConversion(dockerfile: Dockerfile, { index }: Stage): string | undefined {
  if (!hasBuiltBase(dockerfile)) return undefined
  const [now, later] = (['now', 'converted'] as const).map((view) => {
    const read = readAgain(dockerfile, view)
    return readImage(read, read.stages[index] as Stage).final
  }) as [ImageState, ImageState]
  return isRoot(now) && isBaseUser(later) ? later.user : undefined
}

function readAgain(dockerfile: Dockerfile, view: BaseView): Dockerfile {
  const read = parseDockerfile(dockerfile.text)
  surround(read, dockerfile, view)
  return read
}

/** Nobody has written the `USER`, and it is not root. */
const isBaseUser = (state: ImageState): boolean => state.userInstruction === undefined && !isRoot(state)

function findStepsOfBaseUser(dockerfile: Dockerfile): Instruction[] {
  const steps: Instruction[] = []
  const kept = new Set<Stage>()
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
