/**
 * Base images that another Dockerfile of the same tree builds: what that Dockerfile says takes the place of a row of
 * data.
 */
import type { BaseDockerfile, FindBase } from '../types.ts'
import type { ResolvedBaseImage } from './base-image.ts'
import type { CommandLine, ImageState, StageImage } from './image.ts'
import type { ImageReference } from './reference.ts'

/**
 * `now`: as the Dockerfile of the base stands, for which a file is planned. `converted`: as it will be, for everything
 * that depends on who runs the steps of the file.
 */
export type BaseView = 'now' | 'converted'

export interface BuiltBase {
  image: ResolvedBaseImage
  /** What a stage that is built on it begins with. */
  initial: ImageState
  base: StageImage['base']
}

const read = new WeakMap<BaseDockerfile, Partial<Record<BaseView, BuiltBase | 'unknown'>>>()

const converted = new WeakMap<BaseDockerfile, BaseDockerfile>()
const finders = new WeakSet<FindBase>()

/** The same bases when their conversion is done; undefined: they are that already. */
export function afterConversion(findBase: FindBase): FindBase | undefined {
  if (finders.has(findBase)) return undefined
  const find: FindBase = (image) => {
    const base = findBase(image)
    if (base === undefined) return undefined
    const { text, result, findBase: further } = base
    let later = converted.get(base)
    if (later === undefined) {
      later = {
        ...base,
        text: result.text,
        result: result.text === text ? result : { ...result, verdict: 'already-non-root' },
        ...(further && { findBase: afterConversion(further) ?? further })
      }
      converted.set(base, later)
    }
    return later
  }
  finders.add(find)
  return find
}

/** Reads the stage of a text that is built as this base. */
export type OpenBase = (text: string, base: BaseDockerfile, view: BaseView) => StageImage

/** Undefined where that Dockerfile tells no more than the name of the image does. */
export function readBuiltBase(
  base: BaseDockerfile,
  reference: ImageReference,
  view: BaseView,
  open: OpenBase
): BuiltBase | undefined {
  const views = read.get(base) ?? {}
  read.set(base, views)
  if (views[view] === undefined) {
    // Two that are built on each other end here.
    views[view] = 'unknown'
    views[view] = derive(base, reference, view, open) ?? 'unknown'
  }
  const known = views[view]
  return known === 'unknown' ? undefined : known
}

function derive(
  builtBy: BaseDockerfile,
  reference: ImageReference,
  view: BaseView,
  open: OpenBase
): BuiltBase | undefined {
  const { path, text, result } = builtBy
  const { verdict, findings, user } = result
  const isRefused = verdict === 'refused'
  if (verdict === 'failed' || verdict === 'not-applicable') return undefined
  // Nobody knows what its own base brings.
  const reason = findings.find(({ severity }) => severity === 'error')
  if (isRefused && reason?.rule === 'unknown-base') return undefined
  const image = open(view === 'converted' ? result.text : text, builtBy, view)
  const { final, base } = image
  const own = base.image
  const hasOwnEntrypoint = final.entrypoint?.instruction !== undefined
  const hasOwnCommand = hasOwnEntrypoint || final.command?.instruction !== undefined
  const isSwitched = (verdict === 'already-non-root' || result.text !== text) && user !== null && user.uid !== null
  const account = isSwitched
    ? {
        uid: user.uid as number,
        gid: user.gid ?? (user.uid as number),
        ...accountOf(open(result.text, builtBy, view), user.name)
      }
    : own?.account
  const entrypoint = storedWords(final.entrypoint, final)
  const cmd = storedWords(final.command, final)
  const { entrypoint: _entrypoint, cmd: _cmd, user: _user, ...kept }: Partial<ResolvedBaseImage> = own ?? {}
  // What starts is its own program, not that of the image it is built on.
  if (hasOwnEntrypoint) for (const key of ofEntrypoint) delete kept[key]
  const derived: ResolvedBaseImage = {
    ...kept,
    distribution: base.distribution ?? 'debian',
    kind: hasOwnCommand || own === undefined ? 'application' : own.kind,
    name: reference.name,
    tag: reference.tag,
    ...(final.user !== undefined && { user: final.user }),
    ...(entrypoint && { entrypoint }),
    ...(cmd && { cmd }),
    volumes: final.volumes,
    ...(account && { account, reuseAccount: true }),
    ...(isSwitched && {
      runsAsAnyUser: true,
      owned: [...(own?.owned ?? []), ...result.writablePaths.map(({ path: each }) => each)]
    }),
    ...(isRefused && reason && { needsRoot: `${path} builds it, and is refused: ${reason.message}` }),
    source: path
  }
  const words = (line: readonly string[] | undefined): CommandLine | undefined =>
    line && { form: 'exec', words: line, instruction: undefined, stage: undefined }
  return {
    image: derived,
    base,
    initial: {
      ...final,
      variables: final.environment,
      userInstruction: undefined,
      entrypoint: words(entrypoint),
      command: words(cmd)
    }
  }
}

const ofEntrypoint = ['service', 'stepsDown', 'needsRoot', 'startScripts', 'takesOver'] as const

function accountOf(image: StageImage, name: string | null): { name?: string; home?: string } {
  if (name === null) return {}
  const home = image.final.accounts.users.get(name)?.home
  return { name, ...(home !== undefined && { home }) }
}

/** As the image's configuration holds it. source: docs.docker.com/reference/dockerfile, "Shell and exec form" */
const storedWords = (line: CommandLine | undefined, { shell }: ImageState): readonly string[] | undefined =>
  line === undefined || line.form === 'exec' ? line?.words : [...(shell ?? ['/bin/sh', '-c']), ...line.words]
