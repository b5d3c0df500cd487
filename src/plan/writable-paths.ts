/** What the running process must be able to write. */
import { type Dockerfile, stageOf } from '../dockerfile/dockerfile.ts'
import type { Instruction } from '../dockerfile/instruction.ts'
import { expand } from '../dockerfile/words.ts'
import { type Accounts, type Principal, resolvePrincipal } from '../image/accounts.ts'
import { createSubstitute, readImage, resolvePath, type StageImage, stateBefore } from '../image/image.ts'
import { shellSources } from '../image/shell-source.ts'
import { type ArgumentWrite, findArgumentWrites } from '../services/program-writes.ts'
import type { RewriteOptions } from '../types.ts'
import type { Copy } from './copies.ts'
import { findFrameworkPaths } from './framework-paths.ts'
import {
  holdsData,
  isDataDirectory,
  isInside,
  isOwnTop,
  isPublicDirectory,
  isRootHome,
  isSocket,
  isSystemDirectory,
  parentDirectory,
  pathAndAncestors
} from './paths.ts'
import type { RunFact, RunFacts } from './run-facts.ts'
import { type ScriptWrite, scriptWrites } from './script-writes.ts'
import type { StartUp } from './startup.ts'
import { findGrant, type Grant } from './system-grants.ts'
import { isPreparedBase, type PlannedUser } from './user.ts'

/** A path that the running process writes. */
export interface PlannedPath {
  /** Absolute, in the container. */
  path: string
  /** What it is. */
  kind: 'directory' | 'file'
  /** How we know, one line. */
  reason: string
  /** More than a place into which files are copied: without a right to write there the program most likely fails. */
  isLikelyWritten?: boolean
  /** Root's files in it are written too. */
  isRecursive?: boolean
  /** The arguments of the `RUN` that leaves root's files there. */
  madeBy?: string
}

/** Names of `ENV` whose value is a place that a program fills. */
const dataVariable =
  /(?:^|_)(?:DATA|LOGS?|LOGFILE|CACHE|TMP|TEMP|UPLOADS?|STORAGE|STATE|MEDIA|SPOOL|PID|PIDFILE|DB|DATABASE)(?:_?(?:DIR|DIRECTORY|HOME|PATH|ROOT|FOLDER|FILE|LOCATION))?$/
const homeVariable = /_(?:HOME|DIR|PATH|ROOT|FOLDER)$/
const hasExtension = /\/[^/]+\.[A-Za-z][A-Za-z0-9]{0,5}$/

const leavesFiles = (instruction: Instruction, by: RegExp): boolean =>
  instruction.keyword === 'RUN' &&
  shellSources(instruction).some(({ script }) =>
    script.commands.some(({ name, args }) => by.test([name, ...args.map(({ value }) => value)].join(' ')))
  )

/** Web roots are only read by the server that delivers them. */
export const isWebRoot = (path: string): boolean =>
  /^\/(?:var\/www|usr\/share\/nginx|usr\/local\/apache2\/htdocs|srv\/www|srv\/http)(?:\/|$)/.test(path)

/** Servers whose workers never were root, so the application's files need no new owner. */
const servesWebRoot = (image: StageImage): boolean =>
  /^(?:php|nginx|openresty|httpd|apache|frankenphp|passenger)/.test(image.base.image?.service ?? '')

/** Directories of the application: the last `WORKDIR`, and those that receive files copied relative to them. */
export function findApplicationDirectories(
  dockerfile: Dockerfile,
  image: StageImage,
  copies: readonly Copy[],
  startUp?: StartUp
): string[] {
  // Empty in every base image: with `WORKDIR /opt` and `COPY . .` it is the application's.
  const isTakenOver = (path: string) =>
    /^\/(?:usr\/src|opt|mnt|media)$/.test(path) &&
    path === image.final.workdir &&
    copies.some(({ destination }) => destination === path)
  const isOwn = (path: string) =>
    (!isSystemDirectory(path) || isTakenOver(path)) &&
    // A WORKDIR below /tmp is root's like any other.
    (!isPublicDirectory(path) || /^\/(?:var\/)?tmp\/./.test(path)) &&
    !isRootHome(path) &&
    !(servesWebRoot(image) && isWebRoot(path))
  const found = new Set<string>()
  const declared = new Set<string>()
  // Declared by the Dockerfile that builds the base.
  const [first] = image.lineage
  if (image.base.builtBy !== undefined && first !== undefined)
    declared.add(readImage(dockerfile, first).initial.workdir)
  for (const stage of image.lineage) {
    const own = readImage(dockerfile, stage)
    stage.instructions.forEach((instruction, index) => {
      const state = own.states[index]
      if (instruction.keyword === 'WORKDIR' && state?.isWorkdirKnown) declared.add(state.workdir)
    })
  }
  const { workdir } = image.final
  if (declared.has(workdir) && isOwn(workdir)) found.add(workdir)
  // `cd /opt/app && exec python main.py`: that is where it works.
  for (const { command } of startUp?.commands ?? []) {
    const target = command.name === 'cd' && command.args[0]?.isStatic ? command.args[0].value : ''
    if (target.startsWith('/') && copies.some((copy) => isInside(copy.destination, target)))
      declared.add(resolvePath('/', target))
  }
  for (const directory of startUp?.directories ?? [])
    if (copies.some((copy) => isInside(copy.destination, directory))) declared.add(directory)
  for (const copy of copies) {
    if (copy.isUnresolved) continue
    const at = copy.state.workdir
    // A copy into the directory in which the instruction stands, or into a directory that a later WORKDIR names.
    const isHere = at !== '/' && declared.has(at) && isInside(copy.destination, at)
    // A tree that holds the working directory is the application as well.
    const isAbove = copy.destination !== '/' && copy.destination !== workdir && isInside(workdir, copy.destination)
    const target = isHere ? at : isAbove ? copy.destination : highestDeclared(copy.destination, declared)
    if (target !== undefined && isOwn(target)) found.add(target)
  }
  return [...found].sort((a, b) => (a === workdir ? -1 : b === workdir ? 1 : 0))
}

/** The highest directory named by a `WORKDIR` that holds a path. */
function highestDeclared(path: string, declared: ReadonlySet<string>): string | undefined {
  let found: string | undefined
  for (const directory of pathAndAncestors(path)) if (directory !== '/' && declared.has(directory)) found = directory
  return found
}

/** What the base image gives to its account, and to nobody else of the group. */
export function findAccountPlaces(image: StageImage, { replaces, home }: PlannedUser): string[] {
  const base = image.base.image
  if (replaces === undefined || base?.kind !== 'application' || isPreparedBase(image)) return []
  if (base.account?.name === undefined || base.account.name !== replaces.name) return []
  // source: docker-library/php apache/Dockerfile: mode 1777 for what Apache writes
  return (base.owned ?? []).filter((path) => path !== home && !/^\/var\/(?:lock|run|log)\/apache2$/.test(path))
}

/** Everything the plan knows the process to write, with reasons. */
export function planPaths(
  dockerfile: Dockerfile,
  image: StageImage,
  copies: readonly Copy[],
  facts: RunFacts,
  startUp: StartUp,
  user: PlannedUser,
  applicationDirectories: readonly string[],
  readContext: ((path: string) => string | undefined) | undefined,
  mounts: RewriteOptions['mounts'] = []
): PlannedPath[] {
  const planned = new Map<string, PlannedPath>()
  const add = (path: string, reason: string, kind: PlannedPath['kind'] = 'directory') => {
    // A directory that a RUN has made there belongs to root like any other.
    const isPublic =
      isPublicDirectory(path) &&
      !(
        /^\/(?:var\/)?tmp\/./.test(path) &&
        (applicationDirectories.includes(path) || facts.at(path).some((fact) => fact.kind === 'make'))
      )
    if (
      planned.has(path) ||
      isPublic ||
      isSocket(path) ||
      isRootHome(path) ||
      (isSystemDirectory(path) && !applicationDirectories.includes(path))
    )
      return
    if (path === user.ownHome) return
    planned.set(path, { path, kind, reason })
  }
  if (user.replaces !== undefined && user.home !== undefined && !isPublicDirectory(user.home) && !isPreparedBase(image))
    planned.set(user.home, { path: user.home, kind: 'directory', reason: 'HOME' })
  for (const path of findAccountPlaces(image, user))
    if (isDataDirectory(path) && !isWebRoot(path))
      add(path, `belongs to ${user.replaces?.name} alone in ${image.base.reference.text}`)
  for (const path of applicationDirectories)
    add(path, path === image.final.workdir ? 'the working directory' : 'receives application files')

  const all = image.lineage.flatMap((stage) => stage.instructions)
  for (const instruction of all) {
    if (instruction.keyword !== 'VOLUME') continue
    const stage = stageOf(image.lineage, instruction)
    if (stage === undefined) continue
    const state = stateBefore(readImage(dockerfile, stage), instruction)
    for (const word of instruction.json?.map((string) => string.value) ?? instruction.words.map(({ text }) => text)) {
      const { value, unresolved } = expand(word, state.variables, dockerfile.escape)
      if (unresolved.length > 0 || value === '') continue
      const path = resolvePath(state.workdir, value)
      if (path !== '/')
        add(
          path,
          `VOLUME in line ${instruction.startLine}`,
          hasExtension.test(path) && /\.(?:db|sqlite3?|log|json|ya?ml|conf)$/.test(path) ? 'file' : 'directory'
        )
    }
  }

  // A new volume takes over the owner of the image's directory; one that the image lacks belongs to root.
  for (const { path, kind, file } of mounts)
    if (kind === 'volume' && holdsData(path)) add(resolvePath('/', path), `${file} mounts a volume there`)

  const destinations = new Set(copies.map((copy) => copy.destination))
  for (const directory of ['/', ...applicationDirectories]) destinations.delete(directory)
  const copied = (path: string) => [...pathAndAncestors(path)].some((directory) => destinations.has(directory))
  const madeByRun = findMade(facts)
  const environment = new Map<string, string>()
  for (const instruction of all)
    if (instruction.keyword === 'ENV')
      for (const { name } of instruction.properties ?? []) {
        const value = image.final.environment.get(name.text)
        if (value !== undefined) environment.set(name.text, value)
      }
  for (const [name, value] of environment) {
    if (!/^\/[\w./@+-]+$/.test(value)) continue
    const path = resolvePath('/', value)
    if (dataVariable.test(name) || /\.(?:db|sqlite3?|log|pid)$/.test(path)) {
      if (copied(path)) continue
      if (hasExtension.test(path)) add(parentDirectory(path), `ENV ${name}`)
      else add(path, `ENV ${name}`)
    } else if (name === 'HOME') {
      if (path !== '/' && !copied(path)) add(path, 'ENV HOME')
    } else if (homeVariable.test(name) && /^\/(?:var|run|srv|data)\//.test(path) && madeByRun.has(path))
      add(path, `ENV ${name}`)
  }

  /** A program that is unpacked there. */
  const isFilledByRun = (path: string, { raw }: Instruction) =>
    /\b(?:tar|unzip|git|curl|wget|make|cmake|pip|npm|dotnet)\b/.test(raw.logical) && raw.logical.split(path).length > 2
  /** Its author gave it to root or closed it on purpose. */
  const isKeptFromOthers = (path: string) =>
    [...facts.covering(path)].some(
      ({ kind, value }) =>
        (kind === 'own' && /^(?:root|0)(?::|$)/.test(value)) || (kind === 'open' && /^0?7[05]0$/.test(value))
    )
  // `CMD ["/kinode-home"]`: a place at the top that the program is given and nothing brings, so it makes it.
  for (const { name, args, place } of startUp.programs)
    if (
      (place === 'CMD' || place === 'ENTRYPOINT') &&
      !/^(?:curl|wget|ls|cat|test|find|grep|cd|exec|echo|tail)$/.test(name)
    )
      for (const [index, word] of args.entries())
        if (
          /^\/[a-z][\w-]*$/.test(word) &&
          isOwnTop(word) &&
          !(args[index - 1] ?? '').startsWith('-') &&
          !copied(word) &&
          !copies.some(
            ({ destination, sources }) => destination === '/' && sources.some((source) => source.endsWith(word))
          ) &&
          !image.lineage.some((stage) =>
            stage.instructions.some(({ keyword, source }) => keyword === 'RUN' && source.includes(word))
          )
        )
          add(word, `${place} names it`)
  const isNamedAtStart = (path: string) =>
    startUp.programs.some(({ args }) => args.some((word) => word === path || word.endsWith(`=${path}`)))
  for (const [path, { instruction, isFile }] of madeByRun) {
    if (
      /^\/var\/(?:lib|cache)\/(?:apt|dpkg|apk|yum|dnf)|^\/var\/lib\/(?:mysql|postgresql|redis|mongodb|nginx)|^\/(?:var\/)?run\/(?:sshd|mysqld|postgresql|lock)|\/node_modules\/|\/(?:man|man\d|locale|doc|src|build|node_modules|bin|lib|libs|include|conf|config|certs?|ssl|keys?|etc|scripts?)$/.test(
        path
      )
    )
      continue
    if (servesWebRoot(image) && isWebRoot(path)) continue
    const isApplication = applicationDirectories.some((directory) => directory !== path && isInside(path, directory))
    if (
      isDataDirectory(path) ||
      (/^\/(?:var\/)?tmp\/./.test(path) && isNamedAtStart(path)) ||
      (isOwnTop(path) && !copied(path) && !isFilledByRun(path, instruction) && !isKeptFromOthers(path)) ||
      isApplication ||
      (user.home !== undefined && path !== user.home && isInside(path, user.home))
    ) {
      const reason = `made by RUN in line ${instruction.startLine}`
      add(path, reason, isFile ? 'file' : 'directory')
      // \`mkdir -p\` has made what is on the way as well.
      if (user.home !== undefined && isInside(path, user.home))
        for (const parent of pathAndAncestors(parentDirectory(path)))
          if (parent !== user.home && isInside(parent, user.home)) add(parent, reason)
    }
  }

  const made = new Set<string>()
  for (const { place, name, args, guard } of startUp.programs)
    if (guard !== 'root')
      for (const each of findArgumentWrites(name, args)) addArgument(each, `${name} ${each.flag}, ${place}`)
  for (const [name, value] of environment)
    if (/(?:OPTS|OPTIONS|ARGS)$/.test(name) && value.includes('/'))
      for (const each of findArgumentWrites(name, value.split(/\s+/))) addArgument(each, `ENV ${name}`)

  const substitute = createSubstitute(image.final, startUp.variables)
  for (const { command, place, directory } of startUp.commands) {
    if (command.name === 'chown') {
      // What the script would take over must belong to the user at build time.
      const isGuarded = command.guard === 'root'
      const isRecursive = command.args.some((word) => /^-\w*R|^--recursive$/.test(word.value))
      for (const word of command.args.filter((each) => !each.value.startsWith('-')).slice(1)) {
        const value = word.isStatic ? word.value : substitute(word.value)
        if (value === undefined || !value.startsWith('/') || /[*?]/.test(value)) continue
        const path = resolvePath('/', value)
        if (isGuarded) add(path, `${place} would take it over as root`)
        else if (isRecursive && !isCovered(path) && !isCopiedFile(path)) add(path, `${place} gives it away`)
      }
    }
    if (command.guard === 'root') continue
    for (const write of scriptWrites(command, substitute)) {
      const path = resolveWrite(write, directory, user)
      if (path === undefined || (isCovered(path) && !isSystemDirectory(path))) continue
      if (isSystemDirectory(path) || (write.kind === 'file' && isSystemDirectory(parentDirectory(path)))) {
        const grant = findGrant(path, write, { image, copies, facts, startUp })
        if (grant !== undefined) addGrant(grant, `${place} writes ${path}`)
        if (grant !== undefined || isSystemDirectory(path)) continue
      }
      if (write.kind === 'directory') {
        add(path, `${place} makes it`)
        made.add(path)
      } else if (write.kind === 'into') add(path, `${place} fills it`)
      else {
        const parent = parentDirectory(path)
        if (isSystemDirectory(parent)) add(path, `${place} writes it`, 'file')
        else add(parent, `${place} writes ${path}`)
      }
    }
  }

  // The entrypoint would take over what a build step leaves there (an Erlang cookie of mode 0400).
  const { takesOver } = image.base.image ?? {}
  const leaving = takesOver && all.findLast((instruction) => leavesFiles(instruction, takesOver.by))
  if (takesOver !== undefined && leaving !== undefined)
    planned.set(takesOver.path, {
      path: takesOver.path,
      kind: 'directory',
      reason: `RUN in line ${leaving.startLine} leaves root’s files there`,
      isRecursive: true,
      madeBy: leaving.argumentText
    })

  for (const { framework, directory, writes, builder } of findFrameworkPaths(
    dockerfile,
    image,
    copies,
    startUp,
    readContext
  )) {
    const isCovering = applicationDirectories.some((each) => isInside(directory, each))
    // Copied with --chown, or made by the process itself in a directory of its own.
    if (builder === undefined && (isCovering || framework.isOnlyBuilt)) continue
    for (const path of writes)
      planned.set(path, {
        path,
        kind: 'directory',
        reason: `${framework.name} writes it${builder === undefined ? '' : `; filled by RUN in line ${builder.startLine}`}`,
        ...(framework.isShallow ? {} : { isRecursive: true }),
        ...(builder === undefined ? {} : { madeBy: builder.argumentText })
      })
  }
  const whole = [...planned.values()].filter((each) => each.isRecursive)
  return [...planned.values()]
    .filter(
      ({ path, reason }) =>
        reason.startsWith('VOLUME') || !whole.some((each) => each.path !== path && isInside(path, each.path))
    )
    .map((each) => ({ ...each, isLikelyWritten: isLikelyWritten(each) }))

  // A program that brings no files into its working directory works there for another reason: it writes.
  function isLikelyWritten({ path, reason }: PlannedPath): boolean {
    const isFilled = copies.some((copy) => isInside(copy.destination, path))
    return reason.startsWith('VOLUME') || image.base.distribution !== 'none' || !isFilled
  }

  function isCovered(path: string): boolean {
    if (user.ownHome !== undefined && isInside(path, user.ownHome)) return true
    for (const directory of pathAndAncestors(path))
      if (made.has(directory) || (directory !== path && planned.get(directory)?.kind === 'directory')) return true
    return false
  }

  /** A `mkdir` of that name would make a directory of a file. */
  function isCopiedFile(path: string): boolean {
    return copies.some((copy) => copy.destination === path && !copy.isDirectory)
  }

  function addGrant({ path, kind, isRecursive }: Grant, reason: string) {
    const known = planned.get(path)
    if (known === undefined || (isRecursive && known.isRecursive !== true))
      planned.set(path, { path, kind, reason: known?.reason ?? reason, ...(isRecursive ? { isRecursive } : {}) })
  }

  function addArgument({ path, kind }: ArgumentWrite, reason: string) {
    const isDirectory = kind === 'directory' && !hasExtension.test(path)
    if (isCovered(path) || isCopiedFile(path)) return
    if (isDirectory) add(path, reason)
    else if (!isSystemDirectory(parentDirectory(path))) add(parentDirectory(path), reason)
    else if (kind !== 'replaced') add(path, reason, 'file')
  }
}

/** The absolute path of a write; undefined where the files do not tell it. */
export function resolveWrite(
  write: ScriptWrite,
  directory: string | undefined,
  user: Pick<PlannedUser, 'home'>
): string | undefined {
  if (!write.isKnown || /[*?$`]/.test(write.path)) return undefined
  const path = write.path.replace(/^~/, user.home ?? '/')
  return path.startsWith('/')
    ? resolvePath('/', path)
    : directory === undefined
      ? undefined
      : resolvePath(directory, path)
}

/** What the `RUN`s make and do not remove again. */
export function findMade(facts: Pick<RunFacts, 'all'>): Map<string, { instruction: Instruction; isFile: boolean }> {
  const made = new Map<string, { instruction: Instruction; isFile: boolean; order: number }>()
  const removed = new Map<string, number>()
  facts.all.forEach(({ kind, path, instruction, isFile }, order) => {
    if (kind === 'make') made.set(path, { instruction, isFile, order })
    else if (kind === 'remove' && path !== '/') removed.set(path, order)
  })
  for (const [path, { order }] of made)
    for (const directory of pathAndAncestors(path)) if ((removed.get(directory) ?? -1) > order) made.delete(path)
  return made
}

/** Whether an owner is the planned user, or the account that stands in the file in his place. */
export const isPrincipal = (owner: Pick<Principal, 'uid' | 'name'>, { uid, name, replaces }: PlannedUser): boolean =>
  [{ uid, name }, ...(replaces === undefined ? [] : [replaces])].some(
    (user) =>
      (owner.uid !== undefined && owner.uid === user.uid) || (owner.name !== undefined && owner.name === user.name)
  )

/** Whether the Dockerfile itself gives `path` to the user, or opens it to everybody. */
export function isOwnedAlready(
  path: string,
  facts: RunFacts,
  user: PlannedUser,
  accounts: Accounts,
  since?: Instruction,
  isRecursive = false
): boolean {
  for (const fact of facts.covering(path)) if (gives(fact)) return true
  return false

  function gives(fact: RunFact): boolean {
    if (isRecursive && !fact.isRecursive) return false
    if (since !== undefined && fact.instruction.index < since.index) return false
    if (fact.kind === 'open')
      return /^0?[0-7]?[0-7][0-7]7$|^(?:a|o|ugo|go)?\+[rx]*w|^(?:a|ugo)=rwx/.test(fact.value) && !/^\+/.test(fact.value)
    if (fact.kind !== 'own') return false
    const owner = resolvePrincipal(fact.value.replace(/\.(?=[a-z])/, ':'), accounts)
    return isPrincipal(owner, user)
  }
}
