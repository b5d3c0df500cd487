import path from 'node:path'
import { withLastStage } from '../compose/project.ts'
import { UnrootError } from '../errors.ts'
import type { BuiltImage, FoundManifest } from '../kubernetes/project.ts'
import { buildFailedReport, buildFileReport } from '../report/json.ts'
import { createSharedConfigs, type SharedConfigs } from '../report/shared-config.ts'
import { concernsManifests, rewrite } from '../rewrite.ts'
import type { CompanionReport, FileReport, ManifestInput, RewriteOptions, RewriteResult, Strategy } from '../types.ts'
import { createBaseReader } from './bases.ts'
import { areInside, type CompanionEdit, type Companions, createCompanions } from './companions.ts'
import { type ComposeReader, createComposeReader } from './compose.ts'
import { type BuildContext, createBuildContext } from './context.ts'
import { type Discovery, discoverDockerfiles, type FoundFile } from './discover.ts'
import { createFolders, type Folders, findTopFolder } from './folders.ts'
import { createManifestReader, type ManifestReader } from './manifests.ts'
import { isInside, realPath, relativePath } from './paths.ts'
import { decodeDockerfile, fileFinding, prefetch, type ReadResult, readDockerfile } from './read.ts'
import { writeTexts } from './write.ts'

/** What may differ from file to file. */
export interface FileOptions
  extends Omit<
    RewriteOptions,
    | 'path'
    | 'readContext'
    | 'listContext'
    | 'readBeside'
    | 'listBeside'
    | 'contextMode'
    | 'isIgnored'
    | 'dockerfileFolder'
    | 'findBase'
  > {
  /** Absolute path of the build context. Default: the compose file's, else the nearest folder that fits. */
  context?: string
  /** Dockerfiles (or their folders) by the image names that manifests know them by; relative to `cwd`, or absolute. */
  images?: Readonly<Record<string, string>>
}

/** How paths are read and written. */
export interface PathsOptions {
  /** Absolute; reports name files relative to it. */
  cwd: string
  /** Write what changes. Default `false`. */
  write?: boolean
  /** How many files are fetched at the same time where reading is slow. Default 16. */
  concurrency?: number
  /** Asked with absolute paths. */
  isExcluded?: (file: string) => boolean
  /** Asked with absolute paths. */
  optionsFor?: (file: string) => FileOptions
  /** Told what reports leave out, before the report is handed over. */
  onRewrite?: (rewritten: RewrittenFile) => void
  /**
   * Asked about each Dockerfile that has changes, itself or beside it. What is not accepted is not written, and the
   * files that come after it are converted as if it were not there: what they share holds accepted changes only.
   */
  accept?: (offer: Offer) => Promise<boolean>
}

/** The changes that come with one Dockerfile. */
export interface Offer {
  report: FileReport
  /** What it changes in files beside it, beyond what was accepted before. */
  companions: { path: string; diff: string }[]
}

/** One file's conversion, for those who want to build it. */
export interface RewrittenFile {
  /** As in the report. */
  path: string
  /** Absolute. */
  file: string
  /** The original text. */
  text: string
  result: RewriteResult
  context: BuildContext
  /** The stages that are shipped, where anybody has named them. */
  targets: readonly string[] | undefined
  /** The one that was asked for. */
  strategy: Strategy | undefined
}

/** A run over many files. */
export interface PathsRun {
  /** How many files there are. */
  total: number
  /** One report after the other, ordered by path; the work is done while they are taken. */
  reports: AsyncIterable<FileReport>
  /** Complete when `reports` is at its end. */
  companions(): CompanionReport[]
}

/**
 * Converts the Dockerfiles that paths stand for. What cannot be read or written becomes a report; the others go on.
 *
 * @throws {UnrootError} `INVALID_OPTION` or `UNKNOWN_TRANSFORM`, while the reports are taken.
 */
export async function rewritePaths(paths: readonly string[], options: PathsOptions): Promise<PathsRun> {
  const folders = createFolders()
  const discovery = await discoverDockerfiles(paths, { ...options, folders })
  const companions = createCompanions(options.cwd)
  return {
    total: discovery.files.length,
    reports: rewriteInOrder(discovery, options, companions, folders),
    companions: companions.reports
  }
}

interface Run {
  options: PathsOptions
  companions: Companions
  shared: SharedConfigs
  readCompose: ComposeReader
  readManifests: ManifestReader
  readBases: ReturnType<typeof createBaseReader>
  /** Texts of Dockerfiles that this run has written, as they were before. */
  originals: Map<string, string>
  topFolderOf: (file: string) => string
  roots: readonly string[]
  realCwd: string
}

async function* rewriteInOrder(
  discovery: Discovery,
  options: PathsOptions,
  companions: Companions,
  folders: Folders
): AsyncGenerator<FileReport> {
  const { files, roots } = discovery
  const [named = options.cwd] = roots
  const topFolderOf = (file: string) => findTopFolder(file, options.cwd, named, folders)
  const realCwd = realPath(options.cwd)
  const originals = new Map<string, string>()
  const byFile = new Map(files.map((found) => [found.file, found]))
  const readOriginal = (file: string) => {
    const found = byFile.get(file)
    return originals.get(file) ?? (found && readFound(found).text)
  }
  const run: Run = {
    options,
    companions,
    shared: createSharedConfigs(),
    readCompose: createComposeReader(folders, options.cwd),
    readManifests: createManifestReader(folders, discovery),
    readBases: createBaseReader(options.cwd, byFile, readOriginal, async (file) => {
      const found = byFile.get(file)
      const text = readOriginal(file)
      if (found === undefined || text === undefined) return undefined
      const { attempted, findBase } = await convertFile(found, text, run)
      return { text, result: attempted.result, findBase }
    }),
    originals,
    topFolderOf,
    roots,
    realCwd
  }
  for await (const [found, read] of readInOrder(files, options.concurrency ?? 16))
    yield read.problem ? buildFailedReport(found.path, read.problem) : await rewriteFile(found, read.text, run)
}

/**
 * Reads one file after the other: a local disk answers sooner than another thread can be woken. When a folder turns out
 * to be slow (a network drive), the next files are fetched side by side.
 */
async function* readInOrder(files: readonly FoundFile[], concurrency: number): AsyncGenerator<[FoundFile, ReadResult]> {
  const fetching: Promise<void>[] = []
  let next = 0
  let slowReads = 0
  for (const [index, found] of files.entries()) {
    if (slowReads >= slowReadsUntilFetching) {
      for (next = Math.max(next, index); next < Math.min(files.length, index + concurrency); next++)
        fetching.push(prefetch((files[next] as FoundFile).file))
      await fetching.shift()
    }
    const started = performance.now()
    const read = readFound(found)
    if (performance.now() - started > slowMilliseconds) slowReads++
    yield [found, read]
  }
}

const slowMilliseconds = 5
/** One slow read says nothing: the garbage collector can be behind it. */
const slowReadsUntilFetching = 3

function readFound({ file, path: name, problem }: FoundFile): ReadResult {
  if (problem === undefined) return readDockerfile(file, name)
  const help = 'Check the path and its permissions.'
  return { problem: fileFinding('unreadable-file', `cannot read ${name}: ${problem}`, help) }
}

async function rewriteFile(found: FoundFile, text: string, run: Run): Promise<FileReport> {
  try {
    const { options, context, roots, attempted } = await convertFile(found, text, run)
    const { result, edits, note } = attempted
    const report = buildFileReport(found.path, result)
    if (note) report.findings = [...report.findings, note]
    const texts = [
      ...edits,
      ...(result.text === text ? [] : [{ file: found.file, name: found.path, text: result.text }])
    ]
    const { accept } = run.options
    const isAccepted =
      texts.length === 0 ||
      accept === undefined ||
      (await accept({ report, companions: run.companions.preview(edits) }))
    if (run.options.write && isAccepted && texts.length > 0) {
      run.originals.set(found.file, text)
      await writeTexts(texts, roots)
    }
    const { targets, strategy } = options
    run.options.onRewrite?.({ path: found.path, file: found.file, text, result, context, targets, strategy })
    if (isAccepted) run.companions.add(edits, found.path)
    const named = (name: string) => relativePath(run.options.cwd, realPath(context.file(name)))
    const changed = isAccepted ? [...result.companions.keys()].map(named) : []
    run.shared.note(report, result.serverFiles.map(named), new Set(changed))
    return report
  } catch (error) {
    return reportFailure(found.path, error)
  }
}

/** Everything but writing. */
async function convertFile(found: FoundFile, text: string, run: Run) {
  const asked = run.options.optionsFor?.(found.file) ?? {}
  const completed = await completeOptions(found.file, text, asked, run)
  const { context: given, images = {}, ...options } = completed.options
  const top = run.topFolderOf(found.file)
  const context = createBuildContext({ dockerfile: found.file, text, given, top })
  const name = diffName(found, run.realCwd)
  const roots = writableRoots(run, asked.context)
  const absolute = Object.fromEntries(
    Object.entries(images).map(([image, file]) => [image, path.resolve(run.options.cwd, file)])
  )
  const bases = run.readBases({ dockerfile: found.file, top, images: absolute, built: completed.built })
  const attempt = (more: RewriteOptions = {}) =>
    rewriteWithCompanions(text, { findBase: bases.findBase, ...options, ...more, path: name }, context, roots, run)
  let attempted = attempt()
  if (await bases.load()) attempted = attempt()
  if (options.manifests === undefined && concernsManifests(attempted.result, options)) {
    const manifests = await run.readManifests({
      dockerfile: found.file,
      top,
      images: absolute,
      built: completed.built
    })
    if (manifests.length > 0) attempted = attempt({ manifests: manifests.map((each) => toInput(each, roots, run)) })
  }
  return { options, context, roots, attempted, findBase: bases.findBase }
}

/** Mistakes of the caller end the run; everything else is about this one file. */
function reportFailure(name: string, error: unknown): FileReport {
  const message = error instanceof Error ? error.message : String(error)
  if (error instanceof UnrootError) {
    if (error.code === 'FILE_UNWRITABLE')
      return buildFailedReport(
        name,
        fileFinding('failed-write', message, 'The file is as it was; check its permissions.')
      )
    if (error.code !== 'OVERLAPPING_EDIT') throw error
  }
  const help = 'This is a bug in unroot; the file is as it was. Please report it together with the Dockerfile.'
  return buildFailedReport(name, fileFinding('internal-error', `unroot failed on ${name}: ${message}`, help))
}

/** Puts in what compose files say, unless the caller has said it. */
async function completeOptions(
  file: string,
  text: string,
  options: FileOptions,
  run: Run
): Promise<{ options: FileOptions; built: readonly BuiltImage[] }> {
  const compose = await run.readCompose(file, run.topFolderOf(file))
  const targets = options.targets ?? withLastStage(compose.targets, text)
  const context = options.context ?? compose.context
  const publishedPorts = options.publishedPorts ?? compose.ports
  const mounts = options.mounts ?? compose.mounts
  const grants = options.grants ?? compose.grants
  const composeFiles = options.composeFiles ?? compose.files
  const buildArgs = options.buildArgs ?? compose.buildArgs
  const completed = {
    ...options,
    publishedPorts,
    mounts,
    grants,
    composeFiles,
    buildArgs,
    ...(targets && { targets }),
    ...(context && { context })
  }
  return { options: completed, built: compose.built }
}

function toInput(found: FoundManifest, roots: readonly string[], run: Run): ManifestInput {
  const real = realPath(found.path)
  const isReadOnly = !roots.some((root) => isInside(root, real))
  return { ...found, name: relativePath(run.options.cwd, found.path), isReadOnly }
}

interface Attempt {
  result: RewriteResult
  edits: CompanionEdit[]
  note?: ReturnType<typeof fileFinding>
}

function rewriteWithCompanions(
  text: string,
  options: RewriteOptions,
  context: BuildContext,
  roots: readonly string[],
  run: Run
): Attempt {
  const attempt = (state: 'original' | 'edited', more: RewriteOptions = {}): Attempt => {
    const readContext = run.companions.reader(context, state)
    const composeFiles = options.composeFiles?.map((compose) => ({
      ...compose,
      path: relativePath(context.folder(), compose.path),
      text: run.companions.read(compose.path, state) ?? compose.text
    }))
    const manifests = options.manifests?.map((manifest) => ({
      ...manifest,
      path: relativePath(context.folder(), manifest.path),
      text: run.companions.read(manifest.path, state) ?? manifest.text
    }))
    const result = rewrite(text, {
      contextMode: context.mode,
      isIgnored: context.isIgnored,
      ...(options.strategy === 'entrypoint' && { dockerfileFolder: context.dockerfileFolder() }),
      listContext: context.list,
      listBeside: context.listBeside,
      readBeside: (name) => run.companions.read(context.file(name), state) ?? context.readBeside(name),
      ...options,
      ...more,
      ...(composeFiles && { composeFiles }),
      ...(manifests && { manifests }),
      readContext
    })
    return { result, edits: result.companions.size === 0 ? [] : run.companions.locate(result.companions, context) }
  }
  const first = attempt('original')
  if (!areInside(first.edits, roots)) {
    const outside = first.edits.map((edit) => edit.name).join(', ')
    const message = `${outside} would be changed with this file, but lies outside the given paths`
    const help = 'Name a folder that holds both, or turn such changes off with --no-companions.'
    return {
      ...attempt('original', { companions: false }),
      note: fileFinding('companion-outside-paths', message, help)
    }
  }
  return run.companions.hasConflict(first.edits) ? attempt('edited') : first
}

/** A build context that was asked for may be changed, unless it leads out of the working directory. */
function writableRoots({ roots, options }: Run, askedContext: string | undefined): readonly string[] {
  if (askedContext === undefined || !isInside(options.cwd, askedContext)) return roots
  return [...roots, realPath(askedContext)]
}

/** `git apply` follows no links: the diff of a linked Dockerfile is that of the file it leads to. */
function diffName({ realFile, path: name }: FoundFile, realCwd: string): string {
  return isInside(realCwd, realFile) ? relativePath(realCwd, realFile) : name
}

/**
 * Converts a Dockerfile that is no file, such as standard input. Files of the build context are read where the name
 * says where it lies; nothing but its own text changes.
 *
 * @param name Where it would lie, relative to `cwd`; undefined: unknown, so no file is read but in a given context.
 */
export async function rewriteInput(
  bytes: Uint8Array,
  name: string | undefined,
  options: PathsOptions
): Promise<{ report: FileReport; text: string | undefined }> {
  const label = name ?? 'Dockerfile'
  const read = decodeDockerfile(bytes, name ?? 'the input')
  if (read.problem) return { report: buildFailedReport(label, read.problem), text: undefined }
  const file = path.resolve(options.cwd, label)
  const { context: given, images: _, ...fileOptions } = options.optionsFor?.(file) ?? {}
  const context =
    name === undefined && given === undefined
      ? undefined
      : createBuildContext({
          dockerfile: file,
          text: read.text,
          given,
          top: findTopFolder(file, options.cwd, options.cwd, createFolders())
        })
  try {
    const result = rewrite(read.text, {
      ...fileOptions,
      companions: false,
      path: label,
      ...(context && { readContext: context.read, listContext: context.list })
    })
    return { report: buildFileReport(label, result), text: result.text }
  } catch (error) {
    return { report: reportFailure(label, error), text: read.text }
  }
}
