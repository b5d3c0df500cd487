/**
 * The state of the image after each instruction: who it runs as, where, with what environment, and how it starts.
 */
import { type Dockerfile, parseDockerfile, positionOf, type Stage } from '../dockerfile/dockerfile.ts'
import type { Instruction } from '../dockerfile/instruction.ts'
import { expand } from '../dockerfile/words.ts'
import type { BaseDockerfile, FindBase } from '../types.ts'
import {
  type Accounts,
  applyAccountCommand,
  baseAccounts,
  isRootUser,
  mentionsAccounts,
  noAccounts
} from './accounts.ts'
import type { Distribution, ResolvedBaseImage } from './base-image.ts'
import { findBaseImage } from './base-images/index.ts'
import { recogniseMirror, recogniseTemplate, unknownPart } from './base-images/recognise.ts'
import { type BaseView, type BuiltBase, type OpenBase, readBuiltBase } from './built-base.ts'
import { HistoryMap } from './history-map.ts'
import { type ImageReference, readReference } from './reference.ts'
import { shellSources } from './shell-source.ts'

/** `ENTRYPOINT` or `CMD` in force. */
/** What `ENTRYPOINT` or `CMD` says. */
export interface CommandLine {
  /** `["a", "b"]`, or a text for the shell. */
  form: 'exec' | 'shell'
  /** The words of an exec form; the text of a shell form as its only word. */
  words: readonly string[]
  /** Undefined: the base image brings it. */
  instruction: Instruction | undefined
  /** The stage in which it stands. */
  stage: Stage | undefined
}

/** What an image is configured to, behind one instruction. */
export interface ImageState {
  /** As written in `USER`, variables put in; undefined: nobody said, so root. */
  user: string | undefined
  /** Variables of `user` that have no value. */
  unresolvedUser: readonly string[]
  /** The `USER` that counts; undefined: the base image says it, or nobody. */
  userInstruction: Instruction | undefined
  /** Absolute. */
  workdir: string
  /** `WORKDIR` names a variable that has no value. */
  isWorkdirKnown: boolean
  /** What `ENV` sets, that of the base image included. */
  environment: HistoryMap<string, string>
  /** `ENV` and `ARG` in scope. */
  variables: HistoryMap<string, string>
  /** What `SHELL` says; undefined: `/bin/sh -c`. */
  shell: readonly string[] | undefined
  /** Undefined: none, or that of an unknown base image. */
  entrypoint: CommandLine | undefined
  /** What `CMD` says, in the same way. */
  command: CommandLine | undefined
  /** Such as `80` or `53/udp`. */
  exposed: HistoryMap<string, true>
  /** Absolute paths of `VOLUME`, those of the base image included. */
  volumes: readonly string[]
  /** Users and groups, as far as they can be known. */
  accounts: Accounts
}

export interface StageBase {
  reference: ImageReference
  /** Variables of `FROM` without a value. */
  unresolved: readonly string[]
  /** What was taken for granted to find `image`. */
  assumption?: string
  image: ResolvedBaseImage | undefined
  distribution: Distribution | undefined
  /** The distribution was told from package managers or the tag, not from the image's own data. */
  isInferred: boolean
  /** The Dockerfile of the same tree that builds it; `image` is what that one says. */
  builtBy?: BaseDockerfile
  /** What a stage on it begins with, where that is more than `image` says. */
  initial?: ImageState
}

/** The image that a stage makes: its state after each instruction. */
export interface StageImage {
  /** Whose image it is. */
  stage: Stage
  /** What `FROM` names at the end of `lineage`, and what is known of it. */
  base: StageBase
  /** The stage of this file that `FROM` names. */
  parent: StageImage | undefined
  /** The stages of this file that make up the image, the one with the foreign base first. */
  lineage: readonly Stage[]
  /** Behind `FROM`. */
  initial: ImageState
  /** State after each instruction of `stage`. */
  states: readonly ImageState[]
  /** Behind the last instruction: how it runs. */
  final: ImageState
}

const runsAsRoot = (state: ImageState): boolean =>
  state.unresolvedUser.length === 0 && (state.user === undefined || state.user === '' || isRootUser(state.user))

/** Whether the image runs as root in this state; a variable without value counts as another user. */
export const isRoot = runsAsRoot

/** State before an instruction of the stage. */
export const stateBefore = (image: StageImage, instruction: Instruction): ImageState => {
  const index = positionOf(image.stage, instruction)
  return index <= 0 ? image.initial : (image.states[index - 1] as ImageState)
}

/** Joins a path to a working directory and removes `.` and `..`. */
export function resolvePath(workdir: string, path: string): string {
  if (path.startsWith('/') && path.length > 1 && !path.endsWith('/') && !path.includes('//') && !path.includes('/.'))
    return path
  const parts: string[] = []
  for (const part of (path.startsWith('/') ? path : `${workdir}/${path}`).split('/')) {
    if (part === '' || part === '.') continue
    if (part === '..') parts.pop()
    else parts.push(part)
  }
  return `/${parts.join('/')}`
}

// source: Docker's predefined build arguments; values are those of the commonest build
const predefined: readonly (readonly [string, string])[] = [
  ['TARGETPLATFORM', 'linux/amd64'],
  ['TARGETOS', 'linux'],
  ['TARGETARCH', 'amd64'],
  ['TARGETVARIANT', ''],
  ['BUILDPLATFORM', 'linux/amd64'],
  ['BUILDOS', 'linux'],
  ['BUILDARCH', 'amd64'],
  ['BUILDVARIANT', '']
]

const managers: readonly (readonly [RegExp, Distribution])[] = [
  [/\b(apt-get|apt|aptitude|dpkg)\b/, 'debian'],
  [/\bapk\s+(--[\w-]+\s+)*(add|update|upgrade|del)\b/, 'alpine'],
  [/\bmicrodnf\b/, 'ubi-minimal'],
  [/\btdnf\b/, 'photon'],
  [/\b(yum|dnf)\b/, 'rhel'],
  [/\bzypper\b/, 'suse'],
  [/\bpacman\b/, 'arch']
]

const tagHints: readonly (readonly [RegExp, Distribution])[] = [
  [/alpine/, 'alpine'],
  [/ubi-?\d*-?minimal|ubi-minimal/, 'ubi-minimal'],
  [/ubi-?\d*-?micro|ubi-micro/, 'ubi-micro'],
  [/\bubi\d|centos|rocky|alma|rhel|\bel\d/, 'rhel'],
  [/ubuntu|focal|jammy|noble|bionic|xenial/, 'ubuntu'],
  [/debian|buster|bullseye|bookworm|trixie|stretch|\bslim/, 'debian'],
  [/distroless/, 'none'],
  [/windowsservercore|nanoserver/, 'windows']
]

function readBase(dockerfile: Dockerfile, stage: Stage, globals: ReadonlyMap<string, string>): StageBase {
  const image = stage.from.words[0]?.text ?? ''
  const { value, unresolved } = expand(image, globals, dockerfile.escape)
  const reference = readReference(value)
  const known = unresolved.length > 0 ? undefined : findBaseImage({ name: reference.name, tag: reference.tag })
  if (known === undefined) {
    const found =
      unresolved.length > 0
        ? recogniseTemplate(
            expand(
              image,
              { get: (name) => globals.get(name) ?? (unresolved.includes(name) ? unknownPart(name) : undefined) },
              dockerfile.escape
            ).value,
            inferDistribution(stage, '')
          )
        : recogniseMirror(reference.name, reference.tag)
    if (found !== undefined)
      return {
        reference: unresolved.length > 0 ? { ...reference, text: image } : reference,
        unresolved,
        image: found.image,
        distribution: found.distribution,
        isInferred: found.distribution === undefined,
        ...(found.assumption === undefined ? {} : { assumption: found.assumption })
      }
    const built = findBuilt(dockerfile, unresolved.length > 0 ? image : value, reference)
    if (built !== undefined) return { ...built, reference, unresolved }
  }
  // A root file system that an ADD unpacks onto scratch: the RUNs tell what it is.
  const unpacked =
    known?.distribution === 'none' && reference.name === 'scratch' ? inferDistribution(stage, '') : undefined
  if (known !== undefined && unpacked !== undefined)
    return { reference, unresolved, image: known, distribution: unpacked, isInferred: true }
  if (known !== undefined)
    return { reference, unresolved, image: known, distribution: known.distribution, isInferred: false }
  return { reference, unresolved, image: undefined, distribution: inferDistribution(stage, value), isInferred: true }
}

const openBase: OpenBase = (text, { target, findBase }, view) => {
  const dockerfile = parseDockerfile(text)
  surround(dockerfile, { findBase }, view)
  const { stages } = dockerfile
  const stage = stages.find(({ name, index }) => name === target?.toLowerCase() || String(index) === target)
  return readImage(dockerfile, stage ?? (stages.at(-1) as Stage))
}

/** The base that another Dockerfile of the same tree builds. */
function findBuilt(
  dockerfile: Dockerfile,
  name: string,
  reference: ImageReference
): Omit<StageBase, 'reference' | 'unresolved'> | undefined {
  const memo = memoOf(dockerfile)
  const builtBy = memo.findBase?.(name)
  const built: BuiltBase | undefined = builtBy && readBuiltBase(builtBy, reference, memo.view, openBase)
  if (builtBy === undefined || built === undefined) return undefined
  const { image, initial, base } = built
  return { image, initial, builtBy, distribution: base.distribution, isInferred: base.isInferred }
}

function inferDistribution(stage: Stage, reference: string): Distribution | undefined {
  for (const instruction of stage.instructions) {
    if (instruction.keyword !== 'RUN') continue
    const text = instruction.raw.logical
    for (const [pattern, distribution] of managers) if (pattern.test(text)) return distribution
  }
  const lower = reference.toLowerCase()
  for (const [pattern, distribution] of tagHints) if (pattern.test(lower)) return distribution
  return undefined
}

const baseCommand = (words: readonly string[] | undefined): CommandLine | undefined =>
  words === undefined ? undefined : { form: 'exec', words, instruction: undefined, stage: undefined }

/** States are never changed in place, so images with the same base can begin with the same one. */
const initialStates = new Map<string, ImageState>()

function initialState(base: StageBase): ImageState {
  const { image } = base
  const key = `${image?.name} ${image?.tag} ${base.distribution}`
  const known = initialStates.get(key)
  if (known !== undefined) return known
  const state = readInitialState(base)
  if (initialStates.size > 500) initialStates.clear()
  initialStates.set(key, state)
  return state
}

function readInitialState(base: StageBase): ImageState {
  const { image } = base
  const environment = HistoryMap.of(Object.entries(image?.env ?? {}))
  return {
    user: image?.user,
    unresolvedUser: [],
    userInstruction: undefined,
    workdir: image?.workdir ?? '/',
    isWorkdirKnown: image !== undefined,
    environment,
    variables: environment,
    shell: undefined,
    entrypoint: baseCommand(image?.entrypoint),
    command: baseCommand(image?.cmd),
    exposed: HistoryMap.of(),
    volumes: image?.volumes ?? [],
    accounts: base.distribution === 'windows' ? noAccounts : baseAccounts(base.distribution, image?.account)
  }
}

/** Reads the state of a stage. Follows `FROM stage`; the result is kept for the Dockerfile's lifetime. */
export function readImage(dockerfile: Dockerfile, stage: Stage): StageImage {
  const { images } = memoOf(dockerfile)
  const known = images.get(stage.index)
  if (known !== undefined) return known
  const globals = readGlobalArguments(dockerfile)
  const parent = findParent(dockerfile, stage, globals)
  // A long chain of stages is read from its beginning, so that nothing recurses deeply.
  const chain: Stage[] = []
  for (
    let earlier = parent;
    earlier !== undefined && !images.has(earlier.index);
    earlier = findParent(dockerfile, earlier, globals)
  )
    chain.push(earlier)
  if (chain.length > 1) for (const earlier of chain.toReversed()) readImage(dockerfile, earlier)
  let base: StageBase
  let initial: ImageState
  let parentImage: StageImage | undefined
  if (parent === undefined) {
    base = readBase(dockerfile, stage, globals)
    initial = base.initial ?? initialState(base)
  } else {
    const image = readImage(dockerfile, parent)
    base = image.base
    if (base.isInferred && base.distribution === undefined) {
      const distribution = inferDistribution(stage, '')
      if (distribution !== undefined) base = { ...base, distribution }
    }
    // Build arguments end with their stage.
    initial = { ...image.final, variables: image.final.environment }
    parentImage = image
  }
  const states: ImageState[] = []
  let state = initial
  for (const instruction of stage.instructions) {
    state = apply(state, instruction, stage, globals, base)
    states.push(state)
  }
  let lineage: readonly Stage[] | undefined
  const result: StageImage = {
    stage,
    base,
    parent: parentImage,
    // Only asked of shipped stages; a list for each stage of a long chain would be many.
    get lineage() {
      lineage ??= readLineage(result)
      return lineage
    },
    initial,
    states,
    final: state
  }
  images.set(stage.index, result)
  return result
}

function readLineage(image: StageImage): Stage[] {
  const stages: Stage[] = []
  for (let at: StageImage | undefined = image; at !== undefined; at = at.parent) stages.push(at.stage)
  return stages.reverse()
}

/** What is kept with a Dockerfile. */
interface Memo {
  images: Map<number, StageImage>
  globals: ReadonlyMap<string, string> | undefined
  stages: Map<string, Stage[]> | undefined
  derived: Map<string, unknown>
  findBase: FindBase | undefined
  buildArgs: Readonly<Record<string, string>> | undefined
  view: BaseView
}

/**
 * What is read from a Dockerfile once and asked for by several rooms; a Dockerfile never changes.
 *
 * @param key names what is read, and of which stages
 */
export function readOnce<Value>(dockerfile: Dockerfile, key: string, read: () => Value): Value {
  const { derived } = memoOf(dockerfile)
  if (!derived.has(key)) derived.set(key, read())
  return derived.get(key) as Value
}

function memoOf(dockerfile: Dockerfile): Memo {
  dockerfile.memo ??= {
    images: new Map(),
    globals: undefined,
    stages: undefined,
    derived: new Map(),
    findBase: undefined,
    buildArgs: undefined,
    view: 'now'
  } satisfies Memo
  return dockerfile.memo as Memo
}

/** Whether a stage of the file is built on an image that another Dockerfile of the same tree builds. */
export function hasBuiltBase(dockerfile: Dockerfile): boolean {
  return (
    memoOf(dockerfile).findBase !== undefined &&
    dockerfile.stages.some((stage) => readImage(dockerfile, stage).base.builtBy !== undefined)
  )
}

/** What a Dockerfile does not say itself. */
export interface Surroundings {
  /** Which others build its base images. */
  findBase?: FindBase | undefined
  /** Values of arguments above the first `FROM` that have none in the file. Further down they are meant to differ: `ARG UID`. */
  buildArgs?: Readonly<Record<string, string>> | undefined
}

/**
 * Tells a Dockerfile what stands around it, before anything is read from it.
 *
 * @param from what stands there, or a Dockerfile that knows it already
 * @param view how the Dockerfiles of its bases are read; default: as `from` reads them
 */
export function surround(dockerfile: Dockerfile, from: Surroundings | Dockerfile, view?: BaseView): void {
  const memo = memoOf(dockerfile)
  const known = 'stages' in from ? memoOf(from) : { ...from, view: 'now' as const }
  memo.findBase = known.findBase
  memo.buildArgs = known.buildArgs
  memo.view = view ?? known.view
}

/** `ARG`s before the first `FROM`, with the predefined platform arguments. */
function readGlobalArguments(dockerfile: Dockerfile): ReadonlyMap<string, string> {
  const memo = memoOf(dockerfile)
  if (memo.globals !== undefined) return memo.globals
  const globals = new Map(predefined)
  for (const instruction of dockerfile.globalArguments)
    for (const { name, value } of instruction.properties ?? []) {
      const given = memo.buildArgs?.[name.text]
      if (value !== undefined) globals.set(name.text, expand(value.text, globals, dockerfile.escape).value)
      else if (given !== undefined) globals.set(name.text, given)
    }
  memo.globals = globals
  return globals
}

/** The earlier stage that `FROM` names, if it names one. */
export function findParent(
  dockerfile: Dockerfile,
  stage: Stage,
  globals = readGlobalArguments(dockerfile)
): Stage | undefined {
  const image = stage.from.words[0]?.text ?? ''
  const name = expand(image, globals, dockerfile.escape).value.toLowerCase()
  return stagesByName(dockerfile)
    .get(name)
    ?.findLast((earlier) => earlier.index < stage.index)
}

function stagesByName(dockerfile: Dockerfile): Map<string, Stage[]> {
  const memo = memoOf(dockerfile)
  if (memo.stages === undefined) {
    const stages = new Map<string, Stage[]>()
    for (const stage of dockerfile.stages)
      if (stage.name !== undefined) stages.set(stage.name, [...(stages.get(stage.name) ?? []), stage])
    memo.stages = stages
  }
  return memo.stages
}

function apply(
  state: ImageState,
  instruction: Instruction,
  stage: Stage,
  globals: ReadonlyMap<string, string>,
  base: StageBase
): ImageState {
  const { escape } = instruction
  const value = (text: string) => expand(text, state.variables, escape)
  const commandLine = (): CommandLine => ({
    form: instruction.json === undefined ? 'shell' : 'exec',
    words: instruction.json?.map((string) => string.value) ?? [instruction.argumentText],
    instruction,
    stage
  })
  switch (instruction.keyword) {
    case 'USER': {
      const { value: user, unresolved } = value(instruction.argumentText)
      return { ...state, user, unresolvedUser: unresolved, userInstruction: instruction }
    }
    case 'WORKDIR': {
      const { value: path, unresolved } = value(instruction.argumentText)
      return {
        ...state,
        workdir: resolvePath(state.workdir, path),
        isWorkdirKnown: unresolved.length === 0 && (path.startsWith('/') || state.isWorkdirKnown)
      }
    }
    case 'ENV': {
      let { environment, variables } = state
      for (const property of instruction.properties ?? []) {
        const result = value(property.value?.text ?? '').value
        // Without an ARG in scope both are one.
        const isOne = variables === environment
        environment = environment.with(property.name.text, result)
        variables = isOne ? environment : variables.with(property.name.text, result)
      }
      return { ...state, environment, variables }
    }
    case 'ARG': {
      let { variables } = state
      for (const property of instruction.properties ?? []) {
        const name = property.name.text
        // An ENV of the same name wins over ARG.
        if (state.environment.has(name)) continue
        const text = property.value === undefined ? globals.get(name) : value(property.value.text).value
        if (text !== undefined) variables = variables.with(name, text)
      }
      return { ...state, variables }
    }
    case 'SHELL':
      return { ...state, shell: instruction.json?.map((string) => string.value) }
    case 'ENTRYPOINT': {
      const entrypoint = commandLine()
      // An ENTRYPOINT resets the CMD that comes from the base image.
      const command = state.command?.stage === stage ? state.command : undefined
      const isEmpty = entrypoint.form === 'exec' && entrypoint.words.length === 0
      return { ...state, entrypoint: isEmpty ? undefined : entrypoint, command }
    }
    case 'CMD': {
      const command = commandLine()
      const isEmpty = command.form === 'exec' && command.words.length === 0
      return { ...state, command: isEmpty ? undefined : command }
    }
    case 'EXPOSE': {
      let { exposed } = state
      for (const word of instruction.words)
        for (const port of value(word.text).value.split(/\s+/)) exposed = exposed.with(port, true)
      return { ...state, exposed }
    }
    case 'VOLUME': {
      const texts = instruction.json?.map((string) => string.value) ?? instruction.words.map((word) => word.text)
      return {
        ...state,
        volumes: [...state.volumes, ...texts.map((text) => resolvePath(state.workdir, value(text).value))]
      }
    }
    case 'RUN': {
      if (!mentionsAccounts(instruction.raw.logical) && instruction.heredocs.length === 0) return state
      let { accounts } = state
      const local = new Map<string, string>()
      const substitute = createSubstitute(state, local)
      for (const source of shellSources(instruction))
        for (const command of source.script.commands) {
          if (command.name === '')
            for (const { name, value: word } of command.assignments) {
              const assigned = word === undefined ? '' : word.isStatic ? word.value : substitute(word.value)
              if (assigned !== undefined) local.set(name, assigned)
            }
          accounts = applyAccountCommand(accounts, command, base.distribution, substitute)
        }
      return accounts === state.accounts ? state : { ...state, accounts }
    }
    default:
      return state
  }
}

/** Puts the values of `ENV` and `ARG` into shell text; undefined when something else would have to be run. */
export function createSubstitute(
  state: ImageState,
  local: ReadonlyMap<string, string> = new Map()
): (text: string) => string | undefined {
  const variables = { get: (name: string) => local.get(name) ?? state.variables.get(name) }
  return (text) => {
    if (/\$\(|`|[*?[]|\{[^}]*,/.test(text)) return undefined
    const { value, unresolved } = expand(text, variables, '\\')
    return unresolved.length > 0 ? undefined : value
  }
}
