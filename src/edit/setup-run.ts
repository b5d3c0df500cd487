/**
 * The one `RUN` for account and directories. It is recognised by what it does, without markers: a transform that runs
 * alone makes its own, and a later one joins it.
 */
import { type Dockerfile, positionOf, type Stage } from '../dockerfile/dockerfile.ts'
import type { Instruction } from '../dockerfile/instruction.ts'
import { isRootUser } from '../image/accounts.ts'
import { readImage, stateBefore } from '../image/image.ts'
import { shellSources } from '../image/shell-source.ts'
import { readCopies } from '../plan/copies.ts'
import { isInside } from '../plan/paths.ts'
import type { StagePlan } from '../plan/plan.ts'
import type { ShellCommand } from '../shell/commands.ts'
import type { Editor } from './editor.ts'
import { findUserPlace } from './user-place.ts'

const setupTools = new Set([
  'groupadd',
  'useradd',
  'addgroup',
  'adduser',
  'usermod',
  'mkdir',
  'chown',
  'touch',
  'microdnf',
  'yum',
  'dnf',
  'tdnf',
  'echo'
])

const isGroupChmod = ({ name, args }: ShellCommand): boolean =>
  name === 'chmod' && args.some(({ value }) => value === 'g=u')

const isSetup = (instruction: Instruction, plan: StagePlan): boolean => {
  if (instruction.raw.dangling !== undefined) return false
  if (instruction.keyword !== 'RUN' || instruction.heredocs.length > 0 || instruction.flags.length > 0) return false
  if (instruction.json !== undefined || /[;|#`]|\$\(/.test(instruction.argumentText)) return false
  const commands = shellSources(instruction).flatMap((source) => source.script.commands)
  if (commands.length === 0 || commands.some((command) => !setupTools.has(command.name) && !isGroupChmod(command)))
    return false
  const { uid, gid, text, replaces } = plan.user
  const name = plan.user.name ?? replaces?.name
  return commands.some(({ name: tool, args, redirects }) => {
    const words = args.map((word) => word.value)
    if (tool === 'echo' && redirects.some(({ target }) => target.value === '/etc/passwd'))
      return name !== undefined && words.some((word) => word.startsWith(`${name}:`))
    if (tool === 'useradd' || tool === 'adduser') return name !== undefined && words.includes(name)
    if (tool === 'chown')
      return [text, `${uid}:${gid}`, name, replaces && `${replaces.uid}:${replaces.gid}`].includes(words[0])
    return false
  })
}

/** The directory at which an instruction first depends on account or owner. */
function findDependent(dockerfile: Dockerfile, stage: Stage, plan: StagePlan): Instruction | undefined {
  const image = readImage(dockerfile, stage)
  const owned = plan.paths.map((each) => each.path)
  const home = plan.user.home?.startsWith('/home/') ? [plan.user.home] : []
  const receiving = [...plan.applicationDirectories, ...owned, ...home]
  const copies = new Map(readCopies(dockerfile, [stage]).map((copy) => [copy.instruction, copy]))
  return stage.instructions.find((instruction, index) => {
    // useradd leaves a home directory that is there already to root.
    if (plan.homeMove?.touches(instruction) === true) return true
    switch (instruction.keyword) {
      case 'WORKDIR': {
        const { workdir } = image.states[index] as (typeof image.states)[number]
        const isHome = plan.user.create !== undefined && home.some((path) => isInside(workdir, path))
        return isHome || owned.some((path) => isInside(workdir, path))
      }
      case 'COPY':
      case 'ADD': {
        const chown = instruction.flag('chown')?.value
        if (chown !== undefined) return chown === plan.user.text || chown.split(':')[0] === plan.user.name
        // It will get its --chown.
        const copy = copies.get(instruction)
        return copy !== undefined && !copy.isUnresolved && receiving.some((path) => isInside(copy.destination, path))
      }
      case 'VOLUME':
        return true
      case 'USER':
        return !isRootUser(instruction.argumentText)
      default:
        return false
    }
  })
}

/** What must stay behind the setup: volumes, and users that it creates. */
const isHard = (instruction: Instruction): boolean =>
  instruction.keyword === 'VOLUME' || (instruction.keyword === 'USER' && !isRootUser(instruction.argumentText))

export interface SetupPlace {
  /** An existing `RUN` to append to. */
  join: Instruction | undefined
  /** Else a new one goes above this instruction, or to the end of the stage. */
  before: Instruction | undefined
}

/**
 * Finds the place of the setup.
 *
 * @param after instructions that must have run before (a `RUN` that makes a directory or the account)
 */
export function findSetupPlace(
  dockerfile: Dockerfile,
  stage: Stage,
  plan: StagePlan,
  after: readonly Instruction[]
): SetupPlace {
  const { instructions } = stage
  const dependent = findDependent(dockerfile, stage, plan)
  const dependentIndex = dependent === undefined ? -1 : positionOf(stage, dependent)
  const lastNeeded = Math.max(-1, ...after.map((instruction) => positionOf(stage, instruction)))
  const hard = instructions.findIndex(isHard)
  const limit = hard === -1 ? instructions.length : hard
  const existing = instructions.findIndex(
    (instruction, index) => isSetup(instruction, plan) && index >= lastNeeded && index < limit
  )
  if (existing !== -1) return { join: instructions[existing], before: undefined }

  const userPlace = findUserPlace(stage)
  let at = dependentIndex
  if (at === -1) at = instructions.findIndex(({ keyword }) => keyword === 'COPY' || keyword === 'ADD')
  if (at === -1) at = userPlace.before === undefined ? instructions.length : positionOf(stage, userPlace.before)
  if (lastNeeded >= at) at = lastNeeded + 1
  return { join: undefined, before: instructions[at] }
}

/** Appends commands to the setup `RUN` of a stage, or makes one. */
export function addSetup(
  edit: Editor,
  dockerfile: Dockerfile,
  stage: Stage,
  place: SetupPlace,
  commands: readonly string[],
  message: string
): void {
  if (place.join !== undefined) {
    edit.appendCommands(place.join, commands, message)
    return
  }
  const image = readImage(dockerfile, stage)
  const state = place.before === undefined ? image.final : stateBefore(image, place.before)
  const run = edit.formatRun(commands)
  const isRoot = state.user === undefined || state.user === '' || isRootUser(state.user)
  // Root is needed after an existing USER: take it, and give it back.
  const text = isRoot
    ? run
    : `${edit.keyword('USER')} root\n${run}\n${edit.keyword('USER')} ${state.userInstruction?.argumentText ?? state.user}`
  if (place.before !== undefined) edit.insertBefore(place.before, text, message)
  else edit.insertAfter(stage.instructions.at(-1) ?? stage.from, text, message)
}
