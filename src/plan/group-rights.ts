/** Strategy `arbitrary-user`: which paths the group cannot write yet, and behind which step it gets the right. */
import { type Dockerfile, positionOf, type Stage } from '../dockerfile/dockerfile.ts'
import type { Instruction } from '../dockerfile/instruction.ts'
import { resolvePrincipal } from '../image/accounts.ts'
import type { Distribution } from '../image/base-image.ts'
import { isRoot, readImage, resolvePath, type StageImage, stateBefore } from '../image/image.ts'
import { shellSources } from '../image/shell-source.ts'
import type { RewriteOptions } from '../types.ts'
import { type Copy, readCopies } from './copies.ts'
import { baseName, isInside, isPublicDirectory, isSystemDirectory, parentDirectory } from './paths.ts'
import type { StagePlan } from './plan.ts'
import { type RunFact, readRunFacts } from './run-facts.ts'
import { isPreparedBase } from './user.ts'
import { isPrincipal } from './writable-paths.ts'

/** A mode that lets the group do what the owner may, or takes that away; undefined: it says nothing of the group. */
function groupRights(mode: string): 'open' | 'closed' | undefined {
  const octal = /^0?[0-7]?([0-7])([0-7])[0-7]$/.exec(mode)
  if (octal !== null) return (Number(octal[1]) & ~Number(octal[2])) === 0 ? 'open' : 'closed'
  if (/(?:^|,)(?:[uo]*g[uo]*=[urwxX]*[uw]|[uo]*[ga][uoga]*\+[rxX]*w|a=[rxX]*w)/.test(mode)) return 'open'
  return /(?:^|,)[uoa]*[ga][uoa]*(?:-[rxX]*w|=)/.test(mode) ? 'closed' : undefined
}

/** An octal mode with the rights of the owner for the group as well. */
export function withGroupRights(mode: string): string | undefined {
  const octal = /^(0?[0-7]?)([0-7])([0-7])([0-7])$/.exec(mode)
  if (octal === null) return undefined
  const [, special, owner, group, others] = octal
  const opened = Number(group) | Number(owner)
  return opened === Number(group) ? undefined : `${special}${owner}${opened}${others}`
}

/**
 * The copy that brings an open directory to an image without a shell. The directory that a copy names is made anew with mode
 * 0755 whatever `--chmod` says; those in it keep the mode of their stage, or have that of `--chmod`.
 * source: moby/buildkit solver/llbsolver/file/backend.go docopy (MkdirAll of the destination), tried with BuildKit 0.13
 */
export function findOpenCopy(dockerfile: Dockerfile, copies: readonly Copy[], path: string): Copy | undefined {
  return copies.findLast(({ destination, sources, from, instruction, isUnresolved }) => {
    const [source] = sources
    if (isUnresolved || destination === path || !isInside(path, destination)) return false
    const stage = dockerfile.stages.find(({ name, index }) => name === from?.toLowerCase() || String(index) === from)
    if (stage === undefined || sources.length !== 1 || source === undefined || /[*?[]/.test(source)) return false
    if (!isRootGroup(instruction)) return false
    const facts = readRunFacts(dockerfile, readImage(dockerfile, stage).lineage)
    const there = resolvePath('/', `${source}/${path.slice(destination === '/' ? 1 : destination.length + 1)}`)
    if (!facts.at(there).some(({ kind }) => kind === 'make')) return false
    const modes = [...facts.covering(there)].flatMap(({ kind, value }) =>
      kind === 'open' ? (groupRights(value) ?? []) : []
    )
    const chmod = instruction.flag('chmod')?.value
    return chmod === undefined
      ? modes.length > 0 && modes.every((rights) => rights === 'open')
      : groupRights(chmod) === 'open'
  })
}

/** Without `--chown` a copy belongs to root and his group. */
function isRootGroup(instruction: Instruction): boolean {
  const owner = instruction.flag('chown')?.value
  return owner === undefined || /:(?:0|root)$/.test(owner)
}

const owningTools = new Set(
  'mkdir touch rm chown chgrp chmod find groupadd useradd addgroup adduser usermod echo sed apt-get apk dnf microdnf yum tdnf zypper'.split(
    ' '
  )
)

/** A `RUN` that makes directories, accounts and owners and puts no tree anywhere. */
function isOnlyOwning(instruction: Instruction): boolean {
  const commands = shellSources(instruction).flatMap(({ script }) => script.commands)
  return (
    commands.length > 0 &&
    commands.every(
      ({ name, args }) =>
        owningTools.has(name) || (name === 'install' && args.some(({ value }) => /^-[a-z]*d/.test(value)))
    )
  )
}

/** No quote is left open: the words are what a shell makes of them. */
export const isReadable = (instruction: Instruction): boolean =>
  shellSources(instruction).every(({ script }) => !script.hasErrors)

/** Rights that are missing, and where they are given. */
export interface GroupNeeds {
  /** In the same layer as the owner: nothing is stored twice. */
  inRun: Map<Instruction, { single: string[]; whole: string[] }>
  /** Behind the last step that fills something. */
  late: { behind: Instruction | undefined; trees: string[]; single: string[]; whole: string[] } | undefined
}

/** Whether `&& command` behind the last line of a `RUN` is its next command. */
export const canAppend = ({ keyword, json, heredocs, raw, argumentText }: Instruction): boolean =>
  keyword === 'RUN' &&
  json === undefined &&
  heredocs.length === 0 &&
  raw.dangling === undefined &&
  !/[;&|(]\s*$|(?:^|\s)#/.test(argumentText)

/** Looks for what a member of group 0 cannot write yet, on the text as it is now. */
export function findGroupNeeds(
  dockerfile: Dockerfile,
  stage: Stage,
  image: StageImage,
  { user, paths }: StagePlan,
  options: RewriteOptions
): GroupNeeds {
  const facts = readRunFacts(dockerfile, image.lineage)
  const order = new Map(facts.all.map((fact, index) => [fact, index]))
  const copies = readCopies(dockerfile, image.lineage)
  const { accounts } = image.final
  const isOurs = (fact: RunFact) =>
    fact.kind === 'own' &&
    isReadable(fact.instruction) &&
    isPrincipal(resolvePrincipal(fact.value.replace(/\.(?=[a-z])/, ':'), accounts), user)
  const isOpen = (path: string, since: number, isDeep: boolean): boolean => {
    let open = false
    for (const fact of [...facts.covering(path)].sort((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0))) {
      // `mkdir -p` leaves alone what is there.
      if (fact.isStrict || fact.kind === 'remove') open = false
      if (fact.kind !== 'open') continue
      const rights = groupRights(fact.value)
      if (rights === 'closed') open = false
      else if (rights === 'open' && fact.instruction.index >= since && (fact.isRecursive || !isDeep)) open = true
    }
    return open
  }

  const directories = paths.filter(({ kind, isRecursive }) => kind === 'directory' && isRecursive !== true)
  const base = image.base.image?.owned ?? []
  const fillers = new Map<string, Instruction>()
  for (const { path } of directories) {
    if (isSystemDirectory(path)) continue
    const last = findFillers(dockerfile, image, copies, path, path === user.home, options).at(-1)
    if (last === undefined) continue
    const closed = [...facts.covering(path)].flatMap(({ kind, value, instruction }) =>
      kind === 'open' && groupRights(value) === 'closed' ? [instruction] : []
    )
    fillers.set(
      path,
      closed.reduce((latest, each) => (each.index > latest.index ? each : latest), last)
    )
  }
  // What a later `chown -R` gives to the user, files and all, gets the rights there.
  const isGivenWhole = (path: string, since: number) =>
    [...facts.covering(path)].some(
      (fact) => isOurs(fact) && fact.isRecursive && fact.instruction.index >= since && canAppend(fact.instruction)
    )
  const trees = [...fillers].filter(
    ([path, last]) =>
      !isGivenWhole(path, last.index) &&
      ![...fillers].some(([other, since]) => other !== path && isInside(path, other) && since.index >= last.index) &&
      !isOpen(path, last.index, true)
  )
  const isInTree = (path: string, since: number) =>
    [...fillers].some(([tree, last]) => isInside(path, tree) && last.index >= since)

  const inRun: GroupNeeds['inRun'] = new Map()
  const single = new Set<string>()
  const whole = new Set<string>()
  const give = (path: string, isDeep: boolean, owner: Instruction | undefined) => {
    const isLast = owner !== undefined && positionOf(stage, owner) !== -1 && canAppend(owner)
    const isUndone = [...facts.covering(path)].some(
      (fact) =>
        fact.kind === 'open' && fact.instruction.index > (owner?.index ?? -1) && groupRights(fact.value) === 'closed'
    )
    if (isLast && !isUndone) {
      const entry = inRun.get(owner) ?? { single: [], whole: [] }
      const list = isDeep ? entry.whole : entry.single
      if (!list.includes(path)) list.push(path)
      inRun.set(owner, entry)
    } else (isDeep ? whole : single).add(path)
  }
  // Whatever the file gives to the user, it gives to the group.
  for (const fact of facts.all) {
    if (!isOurs(fact) || isPublicDirectory(fact.path)) continue
    const later = facts.at(fact.path).findLast((other) => isOurs(other) && other.isRecursive === fact.isRecursive)
    if (later !== fact) continue
    const { path, isRecursive, instruction } = fact
    if (isRecursive ? isOpen(path, instruction.index, true) : isOpen(path, 0, false)) continue
    if (!isRecursive && (isInTree(path, instruction.index) || isGivenWhole(path, instruction.index))) continue
    give(path, isRecursive, instruction)
  }
  for (const { path, isRecursive = false } of paths) {
    if (isPublicDirectory(path) || (isPreparedBase(image) && base.some((owned) => isInside(path, owned)))) continue
    const owner = [...facts.covering(path)].findLast((fact) => isOurs(fact) && (fact.isRecursive || !isRecursive))
    const made = facts.at(path).findLast(({ kind }) => kind === 'make')?.instruction
    // What nobody makes is not there: with --only, for one.
    if (made === undefined || owner !== undefined) continue
    if (isOpen(path, 0, isRecursive) || isInTree(path, made.index)) continue
    give(path, isRecursive, made)
  }
  const behind = [...fillers.values(), ...facts.all.filter(isOurs).map(({ instruction }) => instruction)]
    .concat(facts.all.flatMap(({ kind, instruction }) => (kind === 'open' ? [instruction] : [])))
    .filter((instruction) => positionOf(stage, instruction) !== -1)
    .sort((a, b) => a.index - b.index)
  if (trees.length + single.size + whole.size === 0) return { inRun, late: undefined }
  const last =
    single.size + whole.size === 0
      ? trees
          .map(([, instruction]) => instruction)
          .filter((instruction) => positionOf(stage, instruction) !== -1)
          .sort((a, b) => a.index - b.index)
          .at(-1)
      : behind.at(-1)
  return { inRun, late: { behind: last, trees: trees.map(([path]) => path), single: [...single], whole: [...whole] } }
}

/** What puts directories into a directory, in order. */
function findFillers(
  dockerfile: Dockerfile,
  image: StageImage,
  copies: readonly Copy[],
  path: string,
  isHome: boolean,
  options: RewriteOptions
): Instruction[] {
  const found = new Set<Instruction>()
  for (const copy of copies)
    if (copy.destination !== '/' && (isInside(copy.destination, path) || isInside(path, copy.destination)))
      if (!isSingleFile(copy, path, options)) found.add(copy.instruction)
  for (const owner of image.lineage) {
    const own = readImage(dockerfile, owner)
    owner.instructions.forEach((instruction, index) => {
      const { workdir } = own.states[index] as (typeof own.states)[number]
      if (instruction.keyword === 'WORKDIR' && workdir !== path && isInside(workdir, path)) found.add(instruction)
      if (instruction.keyword !== 'RUN' || isOnlyOwning(instruction)) return
      const state = stateBefore(own, instruction)
      const isThere = isInside(state.workdir, path) && path !== '/'
      if (isThere || mentions(instruction, path) || (isHome && !isRoot(state))) found.add(instruction)
    })
  }
  return [...found].sort((a, b) => a.index - b.index)
}

const mentions = ({ raw, heredocs, source }: Instruction, path: string): boolean => {
  const text = heredocs.length > 0 ? source : raw.logical
  const at = text.indexOf(path)
  return at !== -1 && !/[\w./-]/.test(text[at - 1] ?? ' ') && !/[\w.-]/.test(text[at + path.length] ?? ' ')
}

/** Files that land in a directory itself bring no directories. */
function isSingleFile(copy: Copy, path: string, { readContext, listContext }: RewriteOptions): boolean {
  const { destination, isDirectory, sources, from } = copy
  const isFlat = destination === path || (parentDirectory(destination) === path && !isDirectory)
  return (
    isFlat &&
    sources.every((source) => {
      const name = source.replace(/^\.?\//, '')
      if (from === undefined && readContext?.(name) !== undefined) return true
      if (from === undefined && (listContext?.(name).length ?? 0) > 0) return false
      return /^[^/]+\.[A-Za-z][A-Za-z0-9]{0,7}$/.test(baseName(name)) || /^\.[\w-]+rc$|^\.env$/.test(baseName(name))
    })
  )
}

/** Images whose package set has no findutils; all of them have bash 4.3 or later. source: package lists of ubi*-minimal, ubi*-micro, amazonlinux, fedora, photon */
const lacksFind = new Set<Distribution | undefined>(['ubi-minimal', 'ubi-micro', 'amazonlinux', 'fedora', 'photon'])

/** A command that opens every directory of some trees, and none of their files: those would be stored twice. */
export function openTrees(image: StageImage, trees: readonly string[]): string {
  const hasFind = image.lineage.some((stage) =>
    stage.instructions.some(({ keyword, source }) => keyword === 'RUN' && /\bfindutils\b|\bfind\s+\//.test(source))
  )
  if (!lacksFind.has(image.base.distribution) || hasFind) return `find ${trees.join(' ')} -type d -exec chmod g=u {} +`
  // `**/` names links to directories as well, and chmod follows them.
  const all = trees.map((tree) => `${tree}/**/`).join(' ')
  return `bash -O globstar -O dotglob -c 'for d in ${all}; do [ -L "\${d%/}" ] || chmod g=u "$d"; done'`
}
