/** Which planned paths still need an owner, and which `RUN`s of the file must come before it gets one. */
import { type Dockerfile, positionOf, type Stage } from '../dockerfile/dockerfile.ts'
import type { Instruction } from '../dockerfile/instruction.ts'
import type { StageImage } from '../image/image.ts'
import { type Copy, readCopies } from '../plan/copies.ts'
import { isInside, pathAndAncestors } from '../plan/paths.ts'
import type { StagePlan } from '../plan/plan.ts'
import { type RunFacts, readRunFacts } from '../plan/run-facts.ts'
import { isOwnedAlready, type PlannedPath } from '../plan/writable-paths.ts'

export interface SetupPaths {
  facts: RunFacts
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

const names = (instruction: Instruction, path: string): boolean => {
  const at = instruction.source.indexOf(path)
  if (at === -1) return false
  const [before, after] = [instruction.source[at - 1] ?? ' ', instruction.source[at + path.length] ?? ' ']
  return !/[\w./-]/.test(before) && !/[\w.-]/.test(after)
}

/** A copy of whole directories, by its name; BuildKit gives those that exist already the owner of the source's. */
const isTree = ({ sources, destination, instruction }: Copy): boolean =>
  destination === '/' &&
  instruction.flag('chown') === undefined &&
  sources.some((source) =>
    /(?:^|\/)(?:rootfs|root|staging|overlay|dist|out|output|fs|image|target|files)?\/?$|^\.\/?$/.test(source)
  )

/** The RUN that creates our account names the home. */
const isAccountRun = (instruction: Instruction, { user }: StagePlan): boolean =>
  user.name !== undefined && new RegExp(`\\b(?:useradd|adduser)\\b.*\\b${user.name}\\b`, 's').test(instruction.source)

/** Sorts the paths of a plan for the setup of its stage, on the text as it is now. */
export function readSetupPaths(dockerfile: Dockerfile, stage: Stage, image: StageImage, plan: StagePlan): SetupPaths {
  const { user, paths } = plan
  const { accounts } = image.final
  const facts = readRunFacts(dockerfile, image.lineage)
  const base = image.base.image
  const owned = base?.account?.uid !== undefined && base.account.uid === user.uid ? (base.owned ?? []) : []
  const needed = paths.filter(({ path }) => {
    if (owned.includes(path) || path === user.ownHome) return false
    const made = facts.at(path).findLast((fact) => fact.kind === 'make')
    return !isOwnedAlready(path, facts, user, accounts, made?.instruction)
  })
  const { instructions } = stage
  const copies = readCopies(dockerfile, [stage])
  // A `mkdir -p` of ours in front of theirs breaks it where it has no -p, for the path itself and for what is above it.
  const makers = (group: readonly PlannedPath[]) => {
    const found = new Set<Instruction>()
    for (const { path } of group)
      for (const directory of pathAndAncestors(path))
        for (const fact of facts.at(directory))
          if (
            fact.kind === 'make' &&
            (directory === path || fact.isStrict) &&
            positionOf(stage, fact.instruction) !== -1
          )
            found.add(fact.instruction)
    // A tree that is copied over the directories above sets their owner anew.
    for (const copy of copies)
      if (
        positionOf(stage, copy.instruction) !== -1 &&
        isTree(copy) &&
        group.some(({ path }) => path !== copy.destination && isInside(path, copy.destination))
      )
        found.add(copy.instruction)
    // What moved out of /root may be made by `git clone`, `mv` or `cp`, which want it not to be there.
    if (plan.homeMove !== undefined)
      for (const { path } of group) {
        const first = instructions.find(
          (instruction) => names(instruction, path) && ['RUN', 'WORKDIR', 'COPY', 'ADD'].includes(instruction.keyword)
        )
        if (first?.keyword === 'RUN' && !isAccountRun(first, plan)) found.add(first)
      }
    return [...found].sort((a, b) => a.index - b.index)
  }
  const volumes = instructions.filter(({ keyword }) => keyword === 'VOLUME')
  const [firstVolume] = volumes
  const isLate = (each: PlannedPath) => {
    if (plan.homeMove !== undefined) {
      const [maker] = makers([each])
      if (maker !== undefined && names(maker, each.path)) return true
    }
    if (firstVolume === undefined) return false
    const last = makers([each]).at(-1)
    const isVolume = volumes.some((volume) => volume.argumentText.includes(each.path))
    return last !== undefined && last.index > firstVolume.index && !isVolume
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
