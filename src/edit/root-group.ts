/** Group 0 in the place of an account, wherever a file names it. */
import { type Dockerfile, positionOf } from '../dockerfile/dockerfile.ts'
import type { Instruction } from '../dockerfile/instruction.ts'
import { isRootUser, resolvePrincipal } from '../image/accounts.ts'
import { createSubstitute, type ImageState, readImage, type StageImage, stateBefore } from '../image/image.ts'
import { shellSources } from '../image/shell-source.ts'
import { readCopies } from '../plan/copies.ts'
import { isReadable, withGroupRights } from '../plan/group-rights.ts'
import { isInside } from '../plan/paths.ts'
import type { StagePlan } from '../plan/plan.ts'
import type { PlannedUser } from '../plan/user.ts'
import { isPrincipal } from '../plan/writable-paths.ts'
import type { Editor } from './editor.ts'

interface Place {
  dockerfile: Dockerfile
  image: StageImage
  stagePlan: StagePlan
  edit: Editor
}

/** Files that a program changes in place. */
const changedInPlace = /\.(?:db|sqlite3?|rrd)$/

/** Writes `uid:0` where `--chown`, `chown`, `USER` and mounts of the image's own stages name the account. */
export function giveToRootGroup({ dockerfile, image, stagePlan, edit }: Place, user: PlannedUser): void {
  for (const stage of image.lineage) {
    const own = readImage(dockerfile, stage)
    for (const instruction of stage.instructions) {
      const state = stateBefore(own, instruction)
      if (instruction.keyword === 'USER') {
        const [start, end] = instruction.sourceRange(
          instruction.argumentsLogicalStart,
          instruction.raw.logical.trimEnd().length
        )
        const text = inRootGroup(instruction.argumentText, state, user, true)
        if (text !== undefined) edit.replace(start, end, text, `USER ${instruction.argumentText} is any uid of group 0`)
      } else if (instruction.keyword === 'RUN') {
        // The accounts that the RUN makes are there in it.
        const { accounts } = own.states[positionOf(stage, instruction)] ?? state
        for (const { start, end, text, message } of findRunEdits(instruction, { ...state, accounts }, user))
          edit.replace(start, end, text, message)
      }
    }
  }
  const directories = stagePlan.paths.filter(({ kind }) => kind === 'directory').map(({ path }) => path)
  for (const { instruction, destination, sources, state, from } of readCopies(dockerfile, image.lineage)) {
    const chown = instruction.flag('chown')
    const text = chown && inRootGroup(chown.value ?? '', state, user, false)
    if (chown !== undefined && text !== undefined)
      edit.replace(chown.valueStart, chown.valueEnd, text, `files in ${destination} belong to group 0`)
    const isOurs = chown !== undefined && isPrincipal(resolve(chown.value ?? '', state), user)
    // Without an owner a copy belongs to root and his group.
    if (chown !== undefined && !isOurs) continue
    const chmod = instruction.flag('chmod')
    const mode = chmod && withGroupRights(chmod.value ?? '')
    if (chmod !== undefined && mode !== undefined && isOurs)
      edit.replace(chmod.valueStart, chmod.valueEnd, mode, `the group may what the owner may in ${destination}`)
    const isData =
      sources.length > 0 &&
      sources.every((source) => changedInPlace.test(source)) &&
      directories.some((path) => isInside(destination, path))
    if (chmod === undefined && isData && from === undefined)
      edit.addFlag(instruction, '--chmod=0664', `group 0 can write ${sources.join(', ')}`)
  }
}

const resolve = (text: string, state: ImageState) =>
  resolvePrincipal(
    (createSubstitute(state)(text) ?? text).replace(/^([a-z_][\w-]*)\.(?=[a-z])/i, '$1:'),
    state.accounts
  )

/** The same owner in group 0; undefined where it is somebody else, or in group 0 already. */
function inRootGroup(written: string, state: ImageState, user: PlannedUser, isUser: boolean): string | undefined {
  const text = written.trim()
  const owner = resolve(text, state)
  const [name = '', group] = text.split(':')
  if (text === user.text || isRootUser(text) || !isPrincipal(owner, user)) return undefined
  if (!isUser && /^(?:0|root)$/.test(group ?? '')) return undefined
  // The author's own variable stays.
  if (/^\$(?:\w+|\{\w+\})$/.test(name) && createSubstitute(state)(name) === String(user.uid))
    return group === '0' ? undefined : `${name}:0`
  return user.text
}

interface RunEdit {
  start: number
  end: number
  text: string
  message: string
}

function* findRunEdits(instruction: Instruction, state: ImageState, user: PlannedUser): Generator<RunEdit> {
  for (const { name, value, valueStart, valueEnd } of instruction.flags) {
    if (name !== 'mount' || value === undefined) continue
    const uid = /(?:^|,)uid=(\d+)/.exec(value)?.[1]
    if (uid === undefined || Number(uid) !== (user.replaces?.uid ?? user.uid)) continue
    const text = value.replace(/((?:^|,)gid=)(?!0(?:,|$))\d+/, '$10').replace(/((?:^|,)uid=)\d+/, `$1${user.uid}`)
    if (text !== value) yield { start: valueStart, end: valueEnd, text, message: 'the mount belongs to group 0' }
  }
  const { accounts } = state
  for (const source of isReadable(instruction) ? shellSources(instruction) : []) {
    for (const { name, args } of source.script.commands) {
      const tool = name.slice(name.lastIndexOf('/') + 1)
      const at = (index: number, text: string) => {
        const word = args[index]
        if (word === undefined) return undefined
        const start = source.toSource(word.start)
        return { start, end: source.toSource(word.end - 1) + 1, text, message: `group 0 in the place of ${word.value}` }
      }
      if (tool === 'chown') {
        const index = args.findIndex(({ value }) => !value.startsWith('-'))
        const word = args[index]
        const text = word && inRootGroup(word.value, state, user, false)
        const edit = text === undefined ? undefined : at(index, text)
        if (edit !== undefined) yield edit
      }
      const isGroup = (value: string | undefined) =>
        value !== undefined &&
        user.replaces !== undefined &&
        (/^\d+$/.test(value)
          ? Number(value) === user.replaces.gid && value !== '0'
          : value === user.replaces.name ||
            (user.replaces.gid !== undefined &&
              accounts.groups.get(value)?.gid === user.replaces.gid &&
              value !== 'root'))
      if (tool === 'chgrp') {
        const index = args.findIndex(({ value }) => !value.startsWith('-'))
        const edit = isGroup(args[index]?.value) ? at(index, '0') : undefined
        if (edit !== undefined) yield edit
      }
      if (tool === 'install') {
        const valueOf = (...names: string[]) => args.findIndex(({ value }) => names.includes(value)) + 1
        const group = valueOf('-g', '--group')
        if (group === 0 || !isGroup(args[group]?.value)) continue
        const owner = valueOf('-o', '--owner')
        const isOurs = owner > 0 && isPrincipal(resolve(args[owner]?.value ?? '', state), user)
        for (const edit of [at(group, '0'), isOurs ? at(owner, String(user.uid)) : undefined])
          if (edit !== undefined) yield edit
      }
    }
  }
}
