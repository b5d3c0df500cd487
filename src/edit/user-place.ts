import type { Stage } from '../dockerfile/dockerfile.ts'
import type { Instruction } from '../dockerfile/instruction.ts'
import { isRootUser } from '../image/accounts.ts'

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
