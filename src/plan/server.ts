/** The server that an image runs, with its configuration as far as the files tell, and what has to change in it. */
import type { Dockerfile } from '../dockerfile/dockerfile.ts'
import type { Instruction } from '../dockerfile/instruction.ts'
import { expand } from '../dockerfile/words.ts'
import { createSubstitute, resolvePath, type StageImage } from '../image/image.ts'
import { isBusyboxHttpd } from '../services/busybox-httpd.ts'
import { findReadableServer, unwrapLauncher } from '../services/readable-servers.ts'
import type { BaseConfigFile, LayoutQuestion, Server, ServerLayout, ServerUser } from '../services/server.ts'
import { type ConfigFacts, type ConfigPath, type Listen, lineOf, noFacts } from '../services/server-config.ts'
import type { ShellCommand } from '../shell/commands.ts'
import type { RewriteOptions } from '../types.ts'
import { type ConfigFile, type ConfigFiles, readConfigFiles } from './config-files.ts'
import { readCopies } from './copies.ts'
import type { RawFinding } from './hazard.ts'
import { layoutQuestion } from './layout-question.ts'
import { baseName, isInside, isPublicDirectory, isSystemDirectory, parentDirectory } from './paths.ts'
import type { RunFacts } from './run-facts.ts'
import { scriptWrites } from './script-writes.ts'
import type { StartedProgram, StartUp } from './startup.ts'
import type { PlannedUser } from './user.ts'
import { isOwnedAlready, type PlannedPath } from './writable-paths.ts'

export interface ServerConfigFile {
  file: ConfigFile
  facts: ConfigFacts
  isRoot: boolean
  /** The file as the base image brings it, where it still is that. */
  base: BaseConfigFile | undefined
}

/** A configuration of which the server reads more than the files tell. */
export interface UnreadConfig {
  path: string
  why: string
  isRoot: boolean
  /** Nothing of what stands there now is left when the server starts. */
  isWrittenAnew?: boolean
  instruction: Instruction | undefined
}

export interface ServerSetup {
  server: Server
  layout: ServerLayout
  files: readonly ServerConfigFile[]
  unread: readonly UnreadConfig[]
  /** Ports below 1024 that it binds, by file. */
  listens: readonly { port: number; listen: Listen; at: ServerConfigFile }[]
  /** Every port that it binds. */
  ports: ReadonlySet<number>
  /** Variables that hold a port, put in when the container starts. */
  variables: ReadonlySet<string>
  /** Settings that the command line makes. */
  given: ReadonlyMap<string, string>
  /** What the command line says beside ports. */
  told: ConfigFacts
  hasTemplates: boolean
  /** Account under which it runs already. */
  account: string | undefined
  /** What no edit can mend. */
  problem: { message: string; help: string } | undefined
  /** Files that a start script writes in place. */
  startWrites: readonly string[]
  configFiles: ConfigFiles
}

const isPrivileged = (port: number): boolean => port > 0 && port < 1024

/** The server that a program starts, in whatever launcher's hands. */
export function findStartedServer(
  program: StartedProgram
): { server: Server; name: string; args: readonly string[]; word: string } | undefined {
  const { name, args } = unwrapLauncher(program)
  const server = findReadableServer({ program: name })
  return server === undefined || isBusyboxHttpd(program) || /^(?:--version|-v|-V|-t|--help)$/.test(args[0] ?? '')
    ? undefined
    : { server, name, args, word: name === program.name ? program.word : name }
}

/** The servers that the image runs, whose configuration is of a kind that unroot can read. */
export function readServers(
  dockerfile: Dockerfile,
  image: StageImage,
  startUp: StartUp,
  options: RewriteOptions
): ServerSetup[] {
  const base = image.base.image
  if (base?.stepsDown?.guarded) return []
  const started = new Map<Server, { name: string; args: readonly string[]; word: string } | undefined>()
  for (const program of startUp.programs) {
    const found = findStartedServer(program)
    if (found !== undefined && !started.has(found.server)) started.set(found.server, found)
  }
  const isOverridden = startUp.entrypoint?.instruction !== undefined && startUp.command?.instruction !== undefined
  const isBaseCommand = !isOverridden && (startUp.command?.instruction === undefined || startUp.programs.length === 0)
  if (started.size === 0 && isBaseCommand && base?.service !== undefined) {
    const server = findReadableServer({ service: base.service })
    if (server !== undefined) started.set(server, undefined)
  }
  return [...started].flatMap(
    ([server, program]) => readServer(dockerfile, image, startUp, options, server, program) ?? []
  )
}

function readServer(
  dockerfile: Dockerfile,
  image: StageImage,
  startUp: StartUp,
  options: RewriteOptions,
  server: Server,
  program: { name: string; args: readonly string[]; word: string } | undefined
): ServerSetup | undefined {
  const base = image.base.image
  const args = program?.args ?? base?.cmd?.slice(1) ?? []
  const question = layoutQuestion(image, { name: program?.name ?? '', word: program?.word, args })
  const found = server.findLayout(question)
  if (found === undefined) return undefined
  const layout: ServerLayout = found
  // A program that was compiled for another place reads another configuration.
  if (layout.root !== '' && server.isOptional !== true)
    if (program?.word.includes('/') && !/^\/(?:usr\/)?(?:local\/)?s?bin\//.test(program.word))
      if (
        !isInside(program.word, layout.home ?? layout.prefix) &&
        !/^\/usr\/local\/(?:openresty|apache2)\//.test(program.word)
      )
        return undefined
  const told = server.readArguments(args)
  const { config, settings } = told
  const isNamed = config !== undefined
  const locate = (name: string) => resolvePath(layout.startedIn ?? layout.prefix, name)
  const root = isNamed ? locate(config) : layout.root === '' ? '' : resolvePath(layout.prefix, layout.root)
  const more = (told.more ?? []).map(locate)
  if (root === '' || server.findSources !== undefined) {
    const sources = readSources(dockerfile, question, server, options)
    // Nothing to read and nothing that it writes: it is a program like any other.
    if (sources.length === 0 && server.isOptional === true) return undefined
    return finishServer(sources, [], noConfigFiles, false)
  }
  const usesEntrypoint = startUp.entrypoint !== undefined && startUp.entrypoint.instruction === undefined
  const templates = usesEntrypoint ? layout.templates : undefined

  // Beside a file of the application lies the application: only the file itself is looked for.
  const places = [root, ...more].map((path) =>
    layout.directories.includes(parentDirectory(path)) ? parentDirectory(path) : path
  )
  const candidates = isNamed ? [] : (layout.roots ?? [])
  let roots = [...new Set([...places, ...candidates, ...layout.directories, ...(templates ? [templates.from] : [])])]
  for (let round = 0; ; round++) {
    const known = withTemplates(readConfigFiles(dockerfile, image, layout, roots, options), templates)
    const first = candidates.find((path) => known.get(path) !== undefined) ?? root
    // A program that its command line tells everything needs no file.
    const read =
      told.isWhole === true || (told.ports !== undefined && known.get(first) === undefined)
        ? { files: [], unread: [], outside: [] }
        : readAll(server, layout, known, [first, ...more])
    if (server.isOptional === true && !isNamed && read.files.length === 0) return undefined
    const outside = read.outside.filter((path) => !roots.some((each) => isInside(path, each)))
    if (outside.length > 0 && round < 3) {
      roots = [...roots, ...outside]
      continue
    }
    return finishServer(
      read.files,
      [...read.unread, ...findRewritten(image, startUp, roots)],
      known,
      known.hasTemplates
    )
  }

  function finishServer(
    all: readonly ServerConfigFile[],
    unread: readonly UnreadConfig[],
    configFiles: ConfigFiles,
    hasTemplates: boolean
  ): ServerSetup {
    const isOverridden = server.isOverridden?.(question) === true
    const files = dropOverridden(all).map((each) =>
      isOverridden ? { ...each, facts: { ...each.facts, listens: [] } } : each
    )
    const listens: { port: number; listen: Listen; at: ServerConfigFile }[] = []
    const ports = new Set<number>(told.ports)
    const variables = new Set<string>(told.variables)
    for (const at of files)
      for (const listen of at.facts.listens) {
        const name = /^\$\{?(\w+)\}?$/.exec(listen.variable ?? '')?.[1]
        if (name !== undefined) {
          variables.add(name)
          const value = Number(image.final.environment.get(name))
          if (Number.isInteger(value) && value > 0) ports.add(value)
        }
        if (listen.port === undefined) continue
        if (!listen.isEcho) ports.add(listen.port)
        if (isPrivileged(listen.port)) listens.push({ port: listen.port, listen, at })
      }
    const accounts = new Set(
      files
        .flatMap(({ facts }) => facts.accounts ?? [])
        .filter((name) => !/^(?:root|0|nobody|nogroup|65534)$/.test(name) && !/[%$]/.test(name))
    )
    // An account that neither the base nor a package brings is not there.
    const isThere = (name: string) => image.final.accounts.users.has(name) || question.packages.length > 0
    const given = new Map(settings)
    if (server.editsEveryFile)
      for (const { facts } of files) for (const [name, value] of facts.settings) given.set(name, value)
    return {
      server,
      layout,
      files,
      unread,
      listens,
      ports,
      variables,
      given,
      told: told.facts ?? noFacts,
      hasTemplates,
      account: [...accounts].find((name) => accounts.size === 1 && isThere(name)) ?? layout.account,
      problem: server.findProblem?.(
        question,
        files.map(({ facts }) => facts)
      ),
      startWrites: findStartWrites(image, startUp),
      configFiles
    }
  }
}

const noConfigFiles: ConfigFiles = {
  get: () => undefined,
  match: () => [],
  matching: () => [],
  below: () => [],
  doubt: () => undefined
}

/** What a later file sets again does not count in an earlier one. */
function dropOverridden(files: readonly ServerConfigFile[]): ServerConfigFile[] {
  return files.map((each, index) => {
    const later = files.slice(index + 1).flatMap(({ facts }) => facts.overrides ?? [])
    if (later.length === 0) return each
    const isLast = ({ key }: { key?: string }) => key === undefined || !later.some((names) => names.has(key))
    const { facts } = each
    return {
      ...each,
      facts: {
        ...facts,
        listens: facts.listens.filter(isLast),
        files: facts.files.filter(isLast),
        directories: facts.directories.filter(isLast),
        made: (facts.made ?? []).filter(isLast)
      }
    }
  })
}

/** Configuration of the build context that is built into the program. */
function readSources(
  dockerfile: Dockerfile,
  question: LayoutQuestion,
  server: Server,
  { readContext }: RewriteOptions
): ServerConfigFile[] {
  if (readContext === undefined || server.findSources === undefined) return []
  const folders = new Map<string, Instruction>()
  for (const { sources, from, instruction } of readCopies(dockerfile, dockerfile.stages))
    if (from === undefined)
      for (const source of sources) {
        const folder = resolvePath('/', source).slice(1)
        if (/[*?[$]/.test(folder)) continue
        folders.set(folder, instruction)
        // A single file stands for its folder.
        if (/\.\w+$/.test(folder)) folders.set(parentDirectory(`/${folder}`).slice(1), instruction)
      }
  const found: ServerConfigFile[] = []
  for (const name of new Set(server.findSources(question, [...folders.keys()]))) {
    const text = readContext(name)
    const facts = text === undefined ? undefined : server.read(text, 'main')
    if (text === undefined || facts === undefined) continue
    if (facts.listens.length + facts.files.length + facts.directories.length === 0) continue
    found.push({
      file: {
        path: name,
        text,
        link: undefined,
        origin: { kind: 'context', name },
        instruction: undefined,
        isTouched: false
      },
      facts,
      isRoot: false,
      base: undefined
    })
  }
  return found
}

/** Files that start scripts write without replacing them, so that the file itself must belong to the user. */
function findStartWrites(image: StageImage, startUp: StartUp): string[] {
  const substitute = createSubstitute(image.final, startUp.variables)
  return startUp.commands.flatMap(({ command }) =>
    [...scriptWrites(command, substitute)]
      .filter(({ isKnown, kind, replaces }) => isKnown && kind === 'file' && !replaces)
      .map(({ path }) => resolvePath(image.final.workdir, path))
  )
}

/** `envsubst < template > nginx.conf`, `cp`; not `>>` and not `sed -i`. */
const writesAnew = ({ name, redirects }: ShellCommand): boolean =>
  /^(?:cp|mv|install)$/.test(baseName(name)) || redirects.some(({ operator }) => /^\d*>\|?$/.test(operator))

/** What a start script writes among the configurations: they are what its template says, not what stands there now. */
function findRewritten(image: StageImage, startUp: StartUp, roots: readonly string[]): UnreadConfig[] {
  const substitute = createSubstitute(image.final, startUp.variables)
  for (const { command, place, instruction } of startUp.commands)
    for (const { path, isKnown, kind } of scriptWrites(command, substitute)) {
      const full = resolvePath(image.final.workdir, path)
      if (isKnown && roots.some((each) => isInside(full, each)))
        return [
          {
            path: full,
            why: `${place} writes it at the start`,
            isRoot: false,
            isWrittenAnew: kind === 'file' && writesAnew(command),
            instruction
          }
        ]
    }
  return []
}

/** The entrypoint renders templates into files; until then they are the configuration. */
function withTemplates(
  files: ConfigFiles,
  templates: ServerLayout['templates']
): ConfigFiles & { hasTemplates: boolean } {
  if (templates === undefined) return { ...files, hasTemplates: false }
  const { from, suffix, to } = templates
  const rendered = new Map(
    files
      .below(from)
      .filter((path) => path.endsWith(suffix))
      .map((path) => [`${to}${path.slice(from.length, -suffix.length)}`, path])
  )
  return {
    ...files,
    hasTemplates: rendered.size > 0,
    get: (path) => files.get(rendered.get(path) ?? path),
    match: (glob) => [...new Set([...files.match(glob), ...files.matching(glob, [...rendered.keys()])])].sort(),
    doubt: (directory) => files.doubt(directory) ?? (isInside(directory, to) ? files.doubt(from) : undefined)
  }
}

function readAll(
  server: Server,
  layout: ServerLayout,
  known: ConfigFiles,
  roots: readonly string[]
): { files: ServerConfigFile[]; unread: UnreadConfig[]; outside: string[] } {
  const files: ServerConfigFile[] = []
  const unread: UnreadConfig[] = []
  const outside: string[] = []
  const seen = new Set<string>()
  const visit = (path: string, context: string, root: string): void => {
    const isRoot = context === 'main' && roots.includes(path)
    if (seen.has(`${path} ${context}`) || seen.size > 200) return
    seen.add(`${path} ${context}`)
    const file = known.get(path)
    if (file === undefined) {
      if (!isRoot) return
      const doubt = known.doubt(parentDirectory(path))
      unread.push({ path, why: doubt?.why ?? 'no COPY brings it', isRoot, instruction: doubt?.instruction })
      return
    }
    const facts = file.text === undefined ? undefined : server.read(file.text, context)
    if (facts === undefined) {
      const why = file.origin.kind === 'unread' ? file.origin.why : `it is no configuration that unroot can read`
      unread.push({ path, why, isRoot, instruction: file.instruction })
      return
    }
    const base = file.origin.kind === 'base' ? layout.files.find((each) => each.path === file.path) : undefined
    files.push({ file, facts, isRoot, base })
    for (const include of facts.includes) {
      const target = resolvePath(layout.isRelativeToRoot ? parentDirectory(root) : layout.prefix, include.path)
      const isGlob = /[*?[]/.test(target)
      const folder = parentDirectory(isGlob ? target.slice(0, target.search(/[*?[]/) + 1) : target)
      outside.push(folder)
      const doubt = isGlob ? known.doubt(folder) : undefined
      if (doubt !== undefined)
        unread.push({ path: target, why: doubt.why, isRoot: false, instruction: doubt.instruction })
      for (const path of isGlob ? known.match(target) : [target]) visit(path, include.context, root)
    }
  }
  for (const root of roots) visit(root, 'main', root)
  return { files, unread, outside }
}

export interface PlannedServer {
  name: string
  /** Ports below 1024 that it binds. */
  listened: readonly number[]
  ports: ReadonlySet<number>
  variables: ReadonlySet<string>
  /** Ports that stay, since not every place of them can be edited. */
  fixed: ReadonlySet<number>
  /** Everything it binds is known. */
  isRead: boolean
  /** Configuration files of the context may be edited. */
  editsContext: boolean
  /** The first configuration file cannot be edited: what it says stays true. */
  keepsSettings: boolean
  /** Nothing else in the image listens. */
  isAlone: boolean
  paths: readonly ServerPath[]
  findings: readonly RawFinding[]
  /** Files of the build context that configure it. */
  contextFiles: readonly string[]
}

/** What the server writes. */
export interface ServerPath {
  path: string
  kind: 'directory' | 'file'
  isRecursive: boolean
  /** It may be missing. */
  isNew: boolean
  /** The server insists on it. */
  mode?: string | undefined
}

/** The package has given it to the account that the image runs as. */
export const isOwnedByPackage = ({ layout }: ServerSetup, user: PlannedUser, path: string): boolean =>
  layout.account !== undefined &&
  layout.account === user.name &&
  layout.owned?.some((directory) => isInside(path, directory)) === true

/** Whether a directory that the user gets lets it write a path; log directories that are there already stay root's. */
export const covers = ({ home, logs }: ServerLayout, each: Pick<ServerPath, 'path' | 'kind'>, path: string): boolean =>
  each.kind === 'directory' &&
  isInside(path, each.path) &&
  !(each.path === home && logs.some((directory) => isInside(path, directory)))

export const isInContext = ({ file }: ServerConfigFile): boolean => file.origin.kind === 'context'

/** Plans the part of a stage that is about one server. */
function planServer(
  setup: ServerSetup,
  image: StageImage,
  user: PlannedUser,
  facts: RunFacts,
  planned: readonly PlannedPath[],
  options: RewriteOptions
): PlannedServer {
  const { server, layout, files, unread, listens } = setup
  const editsContext = options.companions !== false
  const findings: RawFinding[] = []
  const root = files.find((each) => each.isRoot)
  const isEditable = (each: ServerConfigFile) => editsContext || !isInContext(each)
  const serverUser: ServerUser = { ...user, accounts: image.final.accounts }
  if (setup.problem !== undefined) findings.push({ rule: 'needs-server-config', severity: 'error', ...setup.problem })
  // A port that stands in a file which nobody can edit here stays everywhere: two halves would not fit.
  const fixed = new Set<number>()
  for (const { port, at } of listens) if (!isEditable(at)) fixed.add(port)
  if (unread.length > 0) for (const { port } of listens) fixed.add(port)
  const isKept = keepsSettings(setup, editsContext)

  const paths = new Map<string, ServerPath>()
  const isGiven = (written: string): boolean => {
    const path = resolvePath(layout.workPrefix ?? layout.prefix, written)
    return (
      isPublicDirectory(path) ||
      isOwnedByPackage(setup, user, path) ||
      planned.some((each) => each.kind === 'directory' && isInside(path, each.path)) ||
      isOwnedAlready(path, facts, user, image.final.accounts)
    )
  }
  const isCovered = (path: string) => isGiven(path) || [...paths.values()].some((each) => covers(layout, each, path))
  const own = (path: string, more: Partial<ServerPath> = {}) => {
    if (isCovered(path)) return
    paths.set(path, { path, kind: 'directory', isRecursive: false, isNew: false, ...more })
  }
  const ownFiles = (written: readonly ConfigPath[]) => {
    for (const { path: name, mode, isSocket } of written) {
      if (layout.linkedLogs?.includes(name)) continue
      const path = resolvePath(layout.workPrefix ?? layout.prefix, name)
      if (layout.linkedLogs?.includes(path) || isCovered(path) || path.startsWith('/dev/')) continue
      const folder = parentDirectory(path)
      if (!isSystemDirectory(folder)) own(folder, { isNew: !layout.logs.includes(folder) })
      // A socket cannot be made beforehand: `editSettings` moves it.
      else if (isSocket !== true) own(path, { kind: 'file', isNew: true, mode })
    }
  }
  const isOther = layout.account === undefined || layout.account !== (user.name ?? user.replaces?.name)
  for (const written of layout.writable) {
    const path = expand(written, image.final.environment, '\\').value
    own(path, {
      isRecursive: layout.isRecursive === true || (isOther && layout.account !== undefined),
      isNew: layout.mayMiss?.includes(written) === true
    })
  }
  if (root?.base !== undefined) for (const path of layout.writableFiles ?? []) own(path, { kind: 'file', isNew: true })
  if (isOther && layout.isBoundToAccount === true)
    findings.push({
      rule: 'needs-server-config',
      severity: 'error',
      message: `${server.name} from a package works as ${layout.account} only, and the image would run as ${user.name ?? user.text}`,
      help: `Give it an image of its own, or run everything as ${layout.account} (--user ${layout.account}).`
    })
  else if (isOther) for (const path of layout.owned ?? []) own(path, { isRecursive: true })
  if (layout.home !== undefined && root?.base === undefined) own(layout.home)
  if (setup.hasTemplates && layout.templates !== undefined) own(layout.templates.to, { isRecursive: true })
  for (const each of files) {
    const directories = each.facts.directories.map(({ path }) => resolvePath(layout.workPrefix ?? layout.prefix, path))
    for (const path of directories) {
      const parent = parentDirectory(path)
      // The server makes the last part of the path itself.
      const isOneOfMany = directories.filter((other) => parentDirectory(other) === parent).length > 1
      own(isOneOfMany && !isSystemDirectory(parent) ? parent : path, { isNew: true })
    }
    if (each.base !== undefined && layout.writable.length > 0 && each.file.origin.kind === 'base') continue
    for (const made of each.facts.made ?? []) {
      const path = resolvePath(layout.workPrefix ?? layout.prefix, made.path)
      const folder = parentDirectory(path)
      if (isCovered(path)) continue
      if (!isSystemDirectory(folder)) own(folder, { isNew: true })
      else if (layout.owned?.includes(folder) !== true) findings.push(madeInSystem(server, each, path, made))
    }
    ownFiles(each.facts.files)
  }
  ownFiles(setup.told.files)
  for (const path of setup.startWrites) {
    const kind = setup.configFiles.get(path)?.origin.kind
    const isBase = kind === 'base' || kind === 'changed'
    const isPage = layout.pages?.includes(path) === true
    // The directory alone does not do: the file that the base image brings is root's.
    const isOwned = planned.some((each) => each.isRecursive === true && isInside(path, each.path))
    if ((isBase || isPage) && !isOwned) paths.set(path, { path, kind: 'file', isRecursive: false, isNew: isPage })
  }
  if (isKept) {
    // The pid file where the configuration has it, made beforehand: its directory belongs to the system.
    const pid = root?.facts.settings.get('pid') ?? layout.pid
    if (pid !== '' && !isCovered(resolvePath(layout.prefix, pid)))
      own(resolvePath(layout.prefix, pid), { kind: 'file', isNew: true })
    if (root === undefined) for (const path of layout.logs) own(path)
  }

  for (const each of files)
    for (const { path, offset } of each.facts.keys) {
      const key = resolvePath(layout.prefix, path)
      if (isCovered(key)) continue
      const bringer = findBringer(setup, image, key)
      const file = setup.configFiles.get(key)
      const mode = file?.origin.kind === 'context' ? options.contextMode?.(file.origin.name) : undefined
      // source: Debian's openssl package: /etc/ssl/private has mode 0700
      if (bringer !== undefined && parentDirectory(key) === '/etc/ssl/private')
        paths.set('/etc/ssl/private', { path: '/etc/ssl/private', kind: 'file', isRecursive: false, isNew: false })
      if (bringer === 'run' || (mode !== undefined && (mode & 0o004) === 0)) own(key, { kind: 'file' })
      else if (bringer !== 'copy')
        findings.push({
          rule: 'server-key',
          severity: 'warning',
          message: `${each.file.path} line ${lineOf(each.file.text ?? '', offset)}: the private key ${key} is not in the image; until now root read it`,
          help: 'What is mounted there must be readable for UID:GID (a secret with mode 0440 and fsGroup, or an owner that fits).',
          ...(each.file.instruction === undefined ? {} : { at: each.file.instruction })
        })
    }
  for (const { path, why, instruction } of unread)
    findings.push({
      rule: 'unread-server-config',
      severity: 'warning',
      message: `${path} could not be read (${why}), so ${server.name}'s ports are kept`,
      help: server.byHand,
      ...(instruction === undefined ? {} : { at: instruction })
    })
  const isDoubted = files.some(({ facts }) => facts.doubts?.some(({ rule }) => rule === undefined) === true)
  const isSilent = unread.length === 0 && setup.ports.size === 0 && setup.variables.size === 0
  if (server.isQuiet !== true && isSilent && !isDoubted)
    findings.push({
      rule: 'unread-server-config',
      severity: 'warning',
      message: `nothing in the image says where ${server.name} listens: its sites are mounted or made at the start`,
      help: server.byHand
    })
  for (const each of files)
    for (const { offset, text, help, rule = 'unread-server-config' } of each.facts.doubts ?? [])
      findings.push({
        rule,
        severity: 'warning',
        message: `${each.file.path} line ${lineOf(each.file.text ?? '', offset)} ${text}`,
        help,
        ...(each.file.instruction === undefined ? {} : { at: each.file.instruction })
      })
  for (const { text, help, rule = 'unread-server-config' } of setup.told.doubts ?? [])
    findings.push({ rule, severity: 'warning', message: `the command ${text}`, help })
  for (const { text } of setup.told.ownPort)
    findings.push({
      rule: 'own-port-in-config',
      severity: 'warning',
      message: `the command ${text}`,
      help: 'Write the port that clients use, such as `:443`.'
    })
  if (!editsContext)
    for (const each of files.filter(isInContext)) {
      const text = each.file.text as string
      const wanted = [
        ...each.facts.listens.flatMap(({ port, start }) =>
          port !== undefined && isPrivileged(port)
            ? [`line ${lineOf(text, start)}: a port above 1023 instead of ${port}`]
            : []
        ),
        ...(each.isRoot || server.editsEveryFile
          ? server
              .editSettings(text, isCovered, setup.given, serverUser)
              .map(
                (edit) =>
                  `line ${lineOf(text, edit.start)}: ${edit.text.trim() === '' ? `no \`${text.slice(edit.start, edit.end).trim()}\`` : `\`${edit.text.trim()}\``}`
              )
          : [])
      ]
      if (wanted.length === 0) continue
      findings.push({
        rule: 'server-config-left',
        severity: 'warning',
        message: `${each.file.origin.kind === 'context' ? each.file.origin.name : each.file.path} is left alone, though it has to change: ${wanted.join('; ')}`,
        help: 'Change it by hand and EXPOSE with it, or let unroot change files beside the Dockerfile.',
        ...(each.file.instruction === undefined ? {} : { at: each.file.instruction })
      })
    }
  for (const each of files) {
    for (const { listen, isLow } of each.facts.listens.map((listen) => ({
      listen,
      isLow: /^\D*(\d+)-\d+$/.exec(listen.variable ?? '')
    })))
      if (isLow !== null && isPrivileged(Number(isLow[1])))
        findings.push({
          rule: 'low-port',
          severity: 'warning',
          message: `${each.file.path} listens on the ports ${listen.variable}: a non-root process cannot bind them on every platform`,
          help: 'Choose a range above 1023 there.'
        })
    if (!listens.some(({ port }) => !fixed.has(port))) continue
    const said = new Set<string>()
    for (const { offset, text } of each.facts.ownPort) {
      const asked = /(\d+)$/.exec(text)?.[1]
      if (asked !== undefined && !listens.some(({ port }) => port === Number(asked))) continue
      if (said.has(text)) continue
      said.add(text)
      findings.push({
        rule: 'own-port-in-config',
        severity: 'warning',
        message: `${each.file.path} line ${lineOf(each.file.text ?? '', offset)} ${text}, which moves`,
        help: 'Check that the new number is right there, or write the one that clients use.',
        ...(each.file.instruction === undefined ? {} : { at: each.file.instruction })
      })
    }
  }
  return {
    name: server.name,
    listened: [...new Set(listens.filter(({ listen }) => !listen.isEcho).map(({ port }) => port))],
    ports: setup.ports,
    variables: setup.variables,
    fixed,
    isRead: unread.length === 0,
    editsContext,
    keepsSettings: isKept,
    isAlone: true,
    paths: [...paths.values()],
    findings,
    contextFiles: files.flatMap(({ file }) => (file.origin.kind === 'context' ? [file.origin.name] : []))
  }
}

const madeInSystem = (
  server: Server,
  { file }: ServerConfigFile,
  path: string,
  { offset }: ConfigPath
): RawFinding => ({
  rule: 'needs-server-config',
  severity: 'error',
  message: `${file.path} line ${lineOf(file.text ?? '', offset)}: ${server.name} makes ${path}, and ${parentDirectory(path)} belongs to root`,
  help: `Move it to a directory of its own there and wherever it is used (${parentDirectory(path)}/app/${baseName(path)}), then convert again.`,
  ...(file.instruction === undefined ? {} : { at: file.instruction })
})

/** Plans all servers of a stage as if they were one. */
export function planServers(
  setups: readonly ServerSetup[],
  image: StageImage,
  startUp: StartUp,
  user: PlannedUser,
  facts: RunFacts,
  planned: readonly PlannedPath[],
  options: RewriteOptions
): PlannedServer | undefined {
  const all = setups.map((setup) => planServer(setup, image, user, facts, planned, options))
  const [first, ...rest] = all
  if (first === undefined) return undefined
  const isAlone = !setups.some(
    ({ server }) =>
      server.name === 'supervisord' &&
      startUp.programs.some((program) => {
        const found = findStartedServer(program)?.server
        return !setups.some((each) => each.server === found)
      })
  )
  if (rest.length === 0) return { ...first, isAlone }
  const listening = all.filter(({ ports, variables }) => ports.size + variables.size > 0)
  const union = <Item>(pick: (server: PlannedServer) => Iterable<Item>) => [
    ...new Set(all.flatMap((each) => [...pick(each)]))
  ]
  const fixed = new Set(union((each) => each.fixed))
  const paths = new Map<string, ServerPath>()
  for (const path of all.flatMap((each) => each.paths)) if (!paths.has(path.path)) paths.set(path.path, path)
  return {
    name: (listening.length > 0 ? listening : all).map(({ name }) => name).join(' and '),
    listened: union(({ listened }) => listened),
    ports: new Set(union(({ ports }) => ports)),
    variables: new Set(union(({ variables }) => variables)),
    fixed,
    isRead: all.every(({ isRead }) => isRead),
    editsContext: first.editsContext,
    keepsSettings: first.keepsSettings,
    isAlone,
    paths: [...paths.values()],
    findings: [...all.flatMap(({ findings }) => findings), ...findReached(setups, fixed)],
    contextFiles: union(({ contextFiles }) => contextFiles)
  }
}

const ownAddress = /(?:localhost|127\.\d+\.\d+\.\d+|\[::1?\]):(\d+)\b/g

/** Where one server of the image reaches another under a port that moves: the edits leave backends alone. */
function findReached(setups: readonly ServerSetup[], fixed: ReadonlySet<number>): RawFinding[] {
  return setups.flatMap((setup) => {
    const moved = new Map(
      setups
        .filter((other) => other !== setup)
        .flatMap(({ server, listens }) => listens.map(({ port }) => [port, server.name] as const))
    )
    return setup.files.flatMap(({ file, facts }): RawFinding[] =>
      [...(file.text ?? '').matchAll(ownAddress)].flatMap(({ 0: { length }, 1: digits, index }) => {
        const name = moved.get(Number(digits))
        if (name === undefined || fixed.has(Number(digits))) return []
        if (facts.listens.some(({ start, end }) => start < index + length && end > index)) return []
        return {
          rule: 'own-port-in-config',
          severity: 'warning',
          message: `${file.path} line ${lineOf(file.text ?? '', index)} reaches ${name} on port ${digits}, which moves`,
          help: 'Write the new port there.',
          ...(file.instruction === undefined ? {} : { at: file.instruction })
        }
      })
    )
  })
}

/** The first configuration file cannot be edited: what it says stays true. */
export const keepsSettings = ({ files, unread }: ServerSetup, editsContext: boolean): boolean => {
  const root = files.find((each) => each.isRoot)
  return (
    root === undefined ||
    (!editsContext && isInContext(root)) ||
    unread.some(({ path, isWrittenAnew }) => isWrittenAnew === true && path === root.file.path)
  )
}

/** How a file comes into the image. */
function findBringer(setup: ServerSetup, image: StageImage, path: string): 'copy' | 'run' | undefined {
  const file = setup.configFiles.get(path)
  if (file?.origin.kind === 'context') return 'copy'
  for (const stage of image.lineage)
    for (const { keyword, raw } of stage.instructions) {
      if (keyword === 'RUN' && raw.logical.includes(path)) return 'run'
      if (keyword === 'RUN' && raw.logical.includes(baseName(path)) && raw.logical.includes('openssl')) return 'run'
      if ((keyword === 'COPY' || keyword === 'ADD') && raw.logical.includes(parentDirectory(path))) return 'copy'
    }
  return undefined
}
