/** Which planned paths still need an owner, and which `RUN`s of the file must come before it gets one. */
import { type Dockerfile, positionOf, type Stage } from '../dockerfile/dockerfile.ts'
import type { Instruction } from '../dockerfile/instruction.ts'
import { resolvePrincipal } from '../image/accounts.ts'
import type { StageImage } from '../image/image.ts'
import { createSubstitute, readImage, resolvePath, stateBefore } from '../image/image.ts'
import { shellSources } from '../image/shell-source.ts'
import { type Copy, readCopies } from '../plan/copies.ts'
import { isInside, isSystemDirectory, pathAndAncestors } from '../plan/paths.ts'
import type { StagePlan } from '../plan/plan.ts'
import { escapeRegExp } from '../plan/root-home.ts'
import { type RunFacts, readRunFacts } from '../plan/run-facts.ts'
import { readFlow } from '../plan/script-flow.ts'
import { findBringers } from '../plan/system-grants.ts'
import { isOwnedAlready, type PlannedPath } from '../plan/writable-paths.ts'
import { runsScriptsAsOwner } from '../services/npm-owner.ts'

export interface SetupPaths {
  facts: RunFacts
  /** Every path that is not the user's yet. */
  needed: readonly PlannedPath[]
  /** Those that go into the one setup `RUN`. */
  together: readonly PlannedPath[]
  /** Those that a `RUN` behind a `VOLUME` makes, or that something fills first: a `RUN` of their own where needed. */
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

/** Installs that npm runs as the owner of the directory, where it does so: the directory gets its owner behind them. */
function findNpmRuns(stage: Stage, image: StageImage): { instruction: Instruction; workdir: string }[] {
  const runs = stage.instructions.filter(({ keyword }) => keyword === 'RUN')
  const { reference } = image.base
  if (
    !runsScriptsAsOwner(
      reference,
      runs.map(({ source }) => source)
    )
  )
    return []
  return runs
    .filter(({ source }) =>
      /\bnpm\s+(?:-\S+\s+)*(?:ci|clean-install|i|install|run|rebuild|exec)\b|\bnpx\s/.test(source)
    )
    .map((instruction) => ({ instruction, workdir: stateBefore(image, instruction).workdir }))
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
  user.name !== undefined &&
  new RegExp(`\\b(?:useradd|adduser)\\b.*(?<!\\w)${escapeRegExp(user.name)}(?!\\w)`, 's').test(instruction.source)

/** Sorts the paths of a plan for the setup of its stage, on the text as it is now. */
export function readSetupPaths(dockerfile: Dockerfile, stage: Stage, image: StageImage, plan: StagePlan): SetupPaths {
  const { user, paths } = plan
  const { accounts } = image.final
  const facts = readRunFacts(dockerfile, image.lineage)
  const base = image.base.image
  const owned = base?.account?.uid !== undefined && base.account.uid === user.uid ? (base.owned ?? []) : []
  const copies = readCopies(dockerfile, image.lineage)
  let moves: Map<Instruction, string[]> | undefined
  /** What fills a place that the user gets with all that is in it, or a place of the system. */
  const fillers = ({ path, kind, isRecursive, madeBy }: PlannedPath): Instruction[] => {
    const found = new Set(isSystemDirectory(path) ? findBringers(image, copies, path) : [])
    if (isRecursive === true && kind === 'directory' && !isSystemDirectory(path))
      for (const copy of copies)
        if (isInside(path, copy.destination) || isInside(copy.destination, path)) {
          const owner = resolvePrincipal(copy.instruction.flag('chown')?.value ?? '', accounts)
          if (owner.uid !== user.uid || user.uid === undefined) found.add(copy.instruction)
        }
    // `git clone` and `mv` want that nothing is there yet.
    if (!plan.applicationDirectories.includes(path))
      for (const [each, targets] of (moves ??= readMoves(dockerfile, image)))
        if (targets.some((target) => isInside(path, target))) found.add(each)
    if (madeBy !== undefined)
      for (const each of image.lineage.flatMap((owner) => owner.instructions))
        if (each.argumentText === madeBy) found.add(each)
    return [...found].sort((a, b) => a.index - b.index)
  }
  const needed = paths.filter((each) => {
    const { path, madeBy } = each
    const isRecursive = each.isRecursive === true
    if (madeBy === undefined && (owned.includes(path) || path === user.ownHome)) return false
    const made = facts.at(path).findLast((fact) => fact.kind === 'make')?.instruction
    const since = isRecursive ? (fillers(each).at(-1) ?? made) : made
    return !isOwnedAlready(path, facts, user, accounts, since, isRecursive && each.kind === 'directory')
  })
  const { instructions } = stage
  const npmRuns = findNpmRuns(stage, image)
  // A `mkdir -p` of ours in front of theirs breaks it where it has no -p, for the path itself and for what is above it.
  const makers = (group: readonly PlannedPath[]) => {
    const found = new Set<Instruction>()
    for (const each of group)
      for (const instruction of fillers(each)) if (positionOf(stage, instruction) !== -1) found.add(instruction)
    for (const { path } of group)
      for (const directory of pathAndAncestors(path))
        for (const fact of facts.at(directory))
          if (
            fact.kind === 'make' &&
            (directory === path || fact.isStrict) &&
            positionOf(stage, fact.instruction) !== -1
          )
            found.add(fact.instruction)
    for (const run of npmRuns)
      if (group.some(({ path }) => isInside(run.workdir, path) || isInside(path, run.workdir)))
        found.add(run.instruction)
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
    if (each.isRecursive === true || isSystemDirectory(each.path)) return true
    if (npmRuns.some((run) => isInside(run.workdir, each.path) || isInside(each.path, run.workdir))) return true
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

/** The `RUN`s that put a whole directory somewhere, and where: `git clone x dir`, `mv x dir`, `ln -s x dir`. */
function readMoves(dockerfile: Dockerfile, image: StageImage): Map<Instruction, string[]> {
  const moves = new Map<Instruction, string[]>()
  for (const owner of image.lineage)
    for (const instruction of owner.instructions) {
      if (instruction.keyword !== 'RUN' || !/\b(?:clone|checkout|create-project|mv|ln)\s/.test(instruction.raw.logical))
        continue
      const state = stateBefore(readImage(dockerfile, owner), instruction)
      const substitute = createSubstitute(state)
      for (const { script, text } of shellSources(instruction)) {
        const surroundings = { text, directory: state.workdir, outside: new Map<string, never>(), substitute }
        for (const { command, directory } of readFlow(script, surroundings)) {
          const words = command.args.filter((word) => !word.value.startsWith('-')).map((word) => word.value)
          const isClone =
            /^(?:git|svn|composer)$/.test(command.name) && /^(?:clone|checkout|co|create-project)$/.test(words[0] ?? '')
          const isMove = /^(?:mv|ln)$/.test(command.name) && words.length === 2
          if (!isClone && !isMove) continue
          const last =
            words.length > 2 || isMove
              ? (words.at(-1) as string)
              : (/([^/:]+?)(?:\.git)?\/?$/.exec(words[1] ?? '')?.[1] ?? '.')
          const target = substitute(last)
          if (target === undefined || target.endsWith('/') || (!target.startsWith('/') && directory === undefined))
            continue
          const path = resolvePath(directory ?? '/', target)
          // A branch or an option's value: no place.
          if (path !== '/' && !/:/.test(path)) moves.set(instruction, [...(moves.get(instruction) ?? []), path])
        }
      }
    }
  return moves
}
