import type { Stage } from '../dockerfile/dockerfile.ts'
import type { Instruction } from '../dockerfile/instruction.ts'
import { isRootUser } from '../image/accounts.ts'
import type { StageImage } from '../image/image.ts'
import type { StagePlan } from '../plan/plan.ts'
import { canRun } from '../plan/user.ts'

/** Instructions behind which the last `USER` belongs. */
const needsRoot = new Set(['RUN', 'COPY', 'ADD', 'WORKDIR'])

export interface UserPlace {
  /** A trailing `USER root` to rewrite. */
  replace: Instruction | undefined
  /** Else above this `ENTRYPOINT` or `CMD`; undefined: at the end of the stage. */
  before: Instruction | undefined
}

/** Where the final `USER` of a stage goes: behind the last step that needs root, right before the command. */
export function findUserPlace(stage: Stage): UserPlace {
  const { instructions } = stage
  const lastStep = instructions.findLastIndex((instruction) => needsRoot.has(instruction.keyword))
  const rest = instructions.slice(lastStep + 1)
  const replace = rest.findLast((instruction) => instruction.keyword === 'USER')
  const before = rest.find((instruction) => instruction.keyword === 'ENTRYPOINT' || instruction.keyword === 'CMD')
  return { replace: replace !== undefined && isRootUser(replace.argumentText) ? replace : undefined, before }
}

/**
 * The `WORKDIR` in front of which `USER` belongs in an image that can hold no `RUN`: what `WORKDIR` makes belongs to the
 * user in force. source: moby/buildkit frontend/dockerfile/dockerfile2llb dispatchWorkdir (Mkdir with the state's user);
 * the legacy builder and kaniko leave it to root.
 */
export function findOwningWorkdir(stage: Stage, image: StageImage, plan: StagePlan): Instruction | undefined {
  if (canRun(image) || stage.instructions.some(({ keyword }) => keyword === 'USER' || keyword === 'RUN'))
    return undefined
  const needed = new Set(plan.paths.filter(({ isLikelyWritten }) => isLikelyWritten === true).map(({ path }) => path))
  return stage.instructions.find(
    (instruction, index) => instruction.keyword === 'WORKDIR' && needed.has(image.states[index]?.workdir ?? '')
  )
}
