import { type Dockerfile, parseDockerfile, type Stage, stageOf } from '../dockerfile/dockerfile.ts'
import type { Instruction } from '../dockerfile/instruction.ts'
import type { BaseView } from '../image/built-base.ts'
import { hasBuiltBase, type ImageState, isRoot, readImage, stateBefore, surround } from '../image/image.ts'
import type { RawFinding } from './hazard.ts'

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

/** What becomes of a file that is left alone when its base image is converted. */
export function findBaseChanges(dockerfile: Dockerfile, targets: readonly Stage[]): (RawFinding & { stage: Stage })[] {
  const describe = (stage: Stage) => {
    const { builtBy, reference } = readImage(dockerfile, stage).base
    return `${builtBy?.path}, which builds ${reference.text}, is converted`
  }
  const common = { rule: 'base-changes-user', severity: 'warning' } as const
  const steps = findStepsAfterConversion(dockerfile).map((step) => {
    const stage = stageOf(dockerfile.stages, step) as Stage
    return {
      ...common,
      stage,
      message: `this step is no longer root once ${describe(stage)}`,
      help: 'Put `USER root` above it; below the last step the USER that the image ends with.',
      at: step
    }
  })
  const ends = targets.flatMap((stage) => {
    const user = findUserAfterConversion(dockerfile, stage)
    if (user === undefined) return []
    const message = `the image runs as ${user} once ${describe(stage)}`
    const help = 'Put `USER root` at the end of the stage when it has to stay root.'
    return [{ ...common, stage, message, help, at: stage.from }]
  })
  return [...steps, ...ends]
}

/** Whom a stage becomes, that was root, without a `USER` of its own; undefined: it stays who it is. */
function findUserAfterConversion(dockerfile: Dockerfile, { index }: Stage): string | undefined {
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
