/** Which planned paths still need an owner, and which `RUN`s of the file must come before it gets one. */
import type { Dockerfile, Stage } from '../dockerfile/dockerfile.ts'
import type { Instruction } from '../dockerfile/instruction.ts'
import type { StageImage } from '../image/image.ts'
import { isInside } from '../plan/paths.ts'
import type { StagePlan } from '../plan/plan.ts'
import { type RunFact, readRunFacts } from '../plan/run-facts.ts'
import { isOwnedAlready, type PlannedPath } from '../plan/writable-paths.ts'

export interface SetupPaths {
  facts: readonly RunFact[]
  /** Every path that is not the user's yet. */
  needed: readonly PlannedPath[]
  /** Those that go into the one setup `RUN`. */
  together: readonly PlannedPath[]
  /** Those that a `RUN` behind a `VOLUME` makes: they get a `RUN` of their own. */
  late: readonly PlannedPath[]
  /** The file's own `RUN`s that make a path: a `mkdir` in front of them could break theirs. */
  makers(paths: readonly PlannedPath[]): Instruction[]
  /** What the setup must stand behind. */
  after: readonly Instruction[]
}

/** Sorts the paths of a plan for the setup of its stage, on the text as it is now. */
export function readSetupPaths(dockerfile: Dockerfile, stage: Stage, image: StageImage, plan: StagePlan): SetupPaths {
  const { user, paths } = plan
  const { accounts } = image.final
  const facts = readRunFacts(dockerfile, image.lineage)
  const base = image.base.image
  const owned = base?.account?.uid !== undefined && base.account.uid === user.uid ? (base.owned ?? []) : []
  const needed = paths.filter(({ path }) => {
    if (owned.includes(path) || path === user.ownHome) return false
    const made = facts.findLast((fact) => fact.kind === 'make' && fact.path === path)
    return !isOwnedAlready(path, facts, user, accounts, made?.instruction)
  })
  const { instructions } = stage
  // A `mkdir -p` of ours in front of theirs breaks it where it has no -p, for the path itself and for what is above it.
  const makers = (group: readonly PlannedPath[]) =>
    facts
      .filter(
        (fact) =>
          fact.kind === 'make' &&
          instructions.includes(fact.instruction) &&
          group.some(({ path }) => fact.path === path || (fact.isStrict && isInside(path, fact.path)))
      )
      .map((fact) => fact.instruction)
  const firstVolume = instructions.findIndex(({ keyword }) => keyword === 'VOLUME')
  const isLate = (each: PlannedPath) => {
    if (firstVolume === -1) return false
    const last = Math.max(-1, ...makers([each]).map((maker) => instructions.indexOf(maker)))
    const isVolume = instructions.some(
      (instruction) => instruction.keyword === 'VOLUME' && instruction.argumentText.includes(each.path)
    )
    return last > firstVolume && !isVolume
  }
  const together = needed.filter((each) => !isLate(each))
  const after = makers(together)
  if (user.source === 'dockerfile' && user.uid === undefined) {
    const account = instructions.find(
      (instruction, index) =>
        instruction.keyword === 'RUN' && image.states[index]?.accounts.users.has(user.name ?? '') === true
    )
    if (account !== undefined) after.push(account)
  }
  return { facts, needed, together, late: needed.filter(isLate), makers, after }
}
