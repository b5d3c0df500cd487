import {
  combineUses,
  findServiceUses,
  isComposeName,
  joinFolders,
  orderComposeNames,
  relativeFrom,
  type ServiceUse,
  withLastStage
} from './compose/project.ts'
import { contextSources, nearestContext } from './context-folder.ts'
import { parseDockerfile } from './dockerfile/dockerfile.ts'
import { UnrootError } from './errors.ts'
import { createBaseFinder, fromsOf } from './image/tree-bases.ts'
import { createManifestIndex, type FoundManifest, isOfInterest, type ManifestIndex } from './kubernetes/project.ts'
import { unifiedDiff } from './report/diff.ts'
import { buildFileReport } from './report/json.ts'
import { createSharedConfigs } from './report/shared-config.ts'
import { concernsManifests, rewrite } from './rewrite.ts'
import type {
  BaseDockerfile,
  CompanionReport,
  ComposeInput,
  FileReport,
  FindBase,
  RewriteOptions,
  RewriteResult
} from './types.ts'

/** Options of `rewriteFiles`: those of `rewrite`, without what the map of files answers. */
export interface RewriteFilesOptions
  extends Omit<
    RewriteOptions,
    'path' | 'readContext' | 'listContext' | 'readBeside' | 'listBeside' | 'isIgnored' | 'dockerfileFolder' | 'findBase'
  > {
  /** The build context of every Dockerfile, as a folder of the map (`''` for its root). Default: found for each. */
  context?: string
  /** Which image name in manifests which Dockerfile of the map builds: `{ 'team/api': 'services/api/Dockerfile' }`. */
  images?: Readonly<Record<string, string>>
}

/** What `rewriteFiles` answers. */
export interface RewriteFilesResult {
  /** Every file that was given, with its new text where it changes. */
  files: Map<string, string>
  /** One for each Dockerfile, in the order of the map. */
  reports: FileReport[]
  /** Other files that change. */
  companions: CompanionReport[]
}

const dockerfileName = /(^|\/)(?:(?:Dockerfile|Containerfile)(?:\.[^/]+)?|[^/]+\.[Dd]ockerfile)$/

/** Whether a path is searched for in a directory: `Dockerfile`, `Dockerfile.*`, `*.Dockerfile`, `Containerfile`, ... */
export const isDockerfileName = (path: string): boolean => dockerfileName.test(path) && !path.endsWith('.dockerignore')

/**
 * Rewrites a tree of files held in memory: every Dockerfile, with the scripts of its build context at hand.
 * Pure and synchronous, like `rewrite`.
 *
 * @param tree text by path, with `/`
 * @throws {UnrootError} `INVALID_OPTION`, `UNKNOWN_TRANSFORM`
 * @example
 * ```ts
 * import { rewriteFiles } from 'unroot'
 *
 * const tree = new Map([
 *   ['Dockerfile', 'FROM alpine:3.20\nCOPY run.sh /run.sh\nENTRYPOINT ["/run.sh"]\n'],
 *   ['run.sh', '#!/bin/sh\nmkdir -p /var/lib/jobs\nexec sleep infinity\n']
 * ])
 * const { files, reports } = rewriteFiles(tree)
 * reports[0]?.writablePaths.map(({ path }) => path) // => ['/var/lib/jobs']
 * files.get('Dockerfile')?.includes('chown 10001:10001 /var/lib/jobs') // => true
 * ```
 */
export function rewriteFiles(tree: ReadonlyMap<string, string>, options: RewriteFilesOptions = {}): RewriteFilesResult {
  if (!(tree instanceof Map) && typeof (tree as ReadonlyMap<string, string>)?.get !== 'function')
    throw new UnrootError('INVALID_OPTION', 'the files must be a Map from path to text')
  const { context, images = {}, ...rest } = options
  const files = new Map(tree)
  const reports: FileReport[] = []
  const companions = new Map<string, CompanionReport>()
  const shared = createSharedConfigs()
  const composeUses = findComposeUses(tree)
  const dockerfiles = [...tree.keys()].filter(isDockerfileName)
  let index: ManifestIndex | undefined
  const exists = (path: string) => tree.has(path) || [...tree.keys()].some((known) => known.startsWith(`${path}/`))
  const named = [
    ...Object.entries(images).map(([image, file]) => ({
      image,
      dockerfile: joinFolders('', file),
      evidence: 'as `images` says'
    })),
    ...composeUses.located.flatMap(({ file, dockerfile, use: { image, target } }) =>
      image === undefined ? [] : [{ image, dockerfile, target, evidence: `as ${file} says` }]
    )
  ]
  const findBuilder = createBaseFinder({
    dockerfiles,
    owners: [],
    readFroms: () => dockerfiles.flatMap((path) => fromsOf(tree.get(path) as string))
  })
  const bases = new Map<string, BaseDockerfile>()
  const underway = new Set<string>()
  const prepare = (path: string) => {
    const text = tree.get(path) as string
    const uses = composeUses.located.filter((each) => each.dockerfile === path)
    const folder =
      context ?? uses[0]?.context ?? nearestContext(foldersUpward(path), contextSources(parseDockerfile(text)), exists)
    const inContext = (name: string) => joinFolders(folder, name)
    const findBase: FindBase = (image) => {
      const found = findBuilder(image, path, named)
      if (found === undefined || !tree.has(found.dockerfile) || underway.has(found.dockerfile)) return undefined
      if (underway.size > longestChain) return undefined
      const key = JSON.stringify(found)
      let base = bases.get(key)
      if (base === undefined) {
        const { dockerfile, target, evidence } = found
        const built = prepare(dockerfile)
        const result = built.attempt(tree)
        base = { path: dockerfile, text: built.text, target, evidence, result, findBase: built.findBase }
        bases.set(key, base)
      }
      return base
    }
    const attempt = (state: ReadonlyMap<string, string>, manifests: readonly FoundManifest[] = []): RewriteResult => {
      underway.add(path)
      const compose = combineUses(
        uses.map(({ file, use }) => {
          const beside = file.slice(0, file.lastIndexOf('/') + 1)
          const env = tree.get(`${beside}.env`) ?? tree.get(`${beside}.env.example`)
          return { use, path: relativeFrom(folder, file), text: state.get(file) as string, env }
        })
      )
      const targets = withLastStage(compose.targets, text)
      const result = rewrite(text, {
        publishedPorts: compose.ports,
        mounts: compose.mounts,
        grants: compose.grants,
        buildArgs: compose.buildArgs,
        composeFiles: [
          ...compose.files,
          ...composeUses.broken.filter((each) => foldersUpward(path).includes(each.folder)).map(({ input }) => input)
        ],
        manifests: manifests.map((each) => ({
          ...each,
          path: relativeFrom(folder, each.path),
          name: each.path,
          text: each.problem === undefined ? (state.get(each.path) as string) : each.text
        })),
        ...(targets && { targets }),
        ...rest,
        path,
        findBase,
        readContext: (name) => state.get(inContext(name)),
        dockerfileFolder: folderInContext(path, folder),
        listContext: (name) => listBelow(tree.keys(), inContext(name), folder),
        readBeside: (name) => state.get(inContext(name)),
        listBeside: (name) => {
          const start = inContext(name)
          return [...tree.keys()]
            .filter((known) => start === '' || known.startsWith(`${start}/`))
            .map((known) => relativeFrom(folder, known))
        }
      })
      underway.delete(path)
      return result
    }
    return { text, inContext, findBase, attempt }
  }
  for (const path of dockerfiles) {
    const { inContext, attempt } = prepare(path)
    let manifests: readonly FoundManifest[] = []
    let result = attempt(tree)
    if (concernsManifests(result, rest)) {
      index ??= createManifestIndex(
        [...tree].flatMap(([name, each]) =>
          /\.ya?ml$/.test(name) && isOfInterest(each) ? [{ path: name, text: each }] : []
        )
      )
      manifests = index.find({
        dockerfile: path,
        images: Object.entries(images).map(([name, file]) => [name, joinFolders('', file)]),
        built: composeUses.located.flatMap(({ file, dockerfile, use: { image, target } }) =>
          image === undefined ? [] : [{ image, dockerfile, target, file }]
        ),
        isOnly: dockerfiles.length === 1
      })
      if (manifests.length > 0) result = attempt(tree, manifests)
    }
    // An earlier Dockerfile needs another text in the same file: this one has to do with that.
    const hasConflict = [...result.companions].some(
      ([name, changed]) => companions.has(inContext(name)) && files.get(inContext(name)) !== changed
    )
    if (hasConflict) result = attempt(files, manifests)
    files.set(path, result.text)
    const report = buildFileReport(path, result)
    reports.push(report)
    shared.note(report, result.serverFiles.map(inContext), new Set([...result.companions.keys()].map(inContext)))
    for (const [name, changed] of result.companions) {
      const full = inContext(name)
      const known = companions.get(full)
      files.set(full, changed)
      const before = tree.get(full)
      companions.set(full, {
        path: full,
        for: [...(known?.for ?? []), path],
        changed: true,
        created: before === undefined,
        diff: unifiedDiff(full, before ?? '', changed, { created: before === undefined })
      })
    }
  }
  return { files, reports, companions: [...companions.values()] }
}

/** Base images on base images; nobody builds longer chains. */
const longestChain = 20

interface LocatedUse {
  use: ServiceUse
  /** In the tree. */
  file: string
  dockerfile: string
  context: string
}

/** What every compose file of the tree runs; the files nearest to the root come first. */
function findComposeUses(tree: ReadonlyMap<string, string>): {
  located: LocatedUse[]
  broken: { folder: string; input: ComposeInput }[]
} {
  const byFolder = new Map<string, string[]>()
  for (const path of tree.keys()) {
    const slash = path.lastIndexOf('/')
    const folder = path.slice(0, Math.max(slash, 0))
    const name = path.slice(slash + 1)
    if (isComposeName(name)) byFolder.set(folder, [...(byFolder.get(folder) ?? []), name])
  }
  const located: LocatedUse[] = []
  const broken: { folder: string; input: ComposeInput }[] = []
  for (const [folder, names] of byFolder) {
    const files = orderComposeNames(names).map((name) => joinFolders(folder, name))
    const found = findServiceUses(files.map((name) => ({ name, text: tree.get(name) as string })))
    for (const use of found.uses)
      located.push({
        use,
        file: use.file,
        dockerfile: joinFolders(folder, use.dockerfile),
        context: joinFolders(folder, use.context)
      })
    for (const { name, problem } of found.broken)
      broken.push({ folder, input: { path: name, name, text: '', services: [], problem } })
  }
  return { located, broken }
}

/** The folder of a Dockerfile inside its context; `''` also where it lies outside. */
function folderInContext(path: string, context: string): string {
  const relative = relativeFrom(context, path)
  return relative.startsWith('../') || !relative.includes('/') ? '' : relative.slice(0, relative.lastIndexOf('/'))
}

/** The paths below a folder, relative to the build context. */
function listBelow(paths: Iterable<string>, folder: string, context: string): string[] {
  const prefix = folder === '' || folder.endsWith('/') ? folder : `${folder}/`
  const from = context === '' ? 0 : context.length + 1
  return [...paths].filter((path) => path.startsWith(prefix)).map((path) => path.slice(from))
}

/** The folders above a path, nearest first; `''` is the root. */
function foldersUpward(path: string): string[] {
  const folders: string[] = []
  let folder = path
  while (folder.includes('/')) {
    folder = folder.slice(0, folder.lastIndexOf('/'))
    folders.push(folder)
  }
  return [...folders, '']
}
