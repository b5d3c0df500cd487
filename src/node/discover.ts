import { lstatSync, statSync } from 'node:fs'
import path from 'node:path'
import { isDockerfileName } from '../rewrite-files.ts'
import { findEmptyFolder, walkFolder } from './folder-walk.ts'
import { type Folders, isYamlName } from './folders.ts'
import { listWithGit, readSubmodules } from './git-listing.ts'
import { isInside, realPath, relativePath } from './paths.ts'

/** One path that a run has to answer for. */
export interface FoundFile {
  /** Absolute, as it was named or found. */
  file: string
  /** Absolute, links followed. */
  realFile: string
  /** Relative to the working directory, with `/`. */
  path: string
  /** Why it cannot be read, where that is known already. */
  problem?: string
}

/** What a search of a directory comes upon. */
export interface SearchHit {
  file: string
  isLink?: boolean
  problem?: string
}

export interface Discovery {
  /** Ordered by `path`, each real file once. */
  files: FoundFile[]
  /** Real paths of the folders below which files may be written. */
  roots: string[]
}

export interface DiscoveryOptions {
  cwd: string
  folders: Folders
  /** Asked with absolute paths; excluded files are left out even when named. */
  isExcluded?: ((file: string) => boolean) | undefined
}

/**
 * The Dockerfiles that paths stand for: a file is taken whatever its name, a directory is searched. `.gitignore` is
 * respected, links to directories are not followed, `.git` and `node_modules` are never entered. What cannot be read is
 * listed too, with its problem.
 */
export async function discoverDockerfiles(
  paths: readonly string[],
  { cwd, folders, isExcluded = () => false }: DiscoveryOptions
): Promise<Discovery> {
  const own: FoundFile[] = []
  const links: FoundFile[] = []
  const roots = new Set<string>()
  const add = ({ file, isLink = false, problem }: SearchHit, realFile: string) => {
    if (isExcluded(file)) return
    const found = { file, realFile, path: relativePath(cwd, file), ...(problem && { problem }) }
    if (isLink) links.push(found)
    else own.push(found)
  }
  for (const name of paths) {
    const file = path.resolve(cwd, name)
    if (isDirectory(file)) {
      const root = realPath(file)
      roots.add(root)
      folders.noteSearch(file)
      // The search follows no links to folders, so that what it finds lies in the real folder under the same name.
      for (const hit of await searchDirectory(file, folders))
        add(hit, hit.isLink ? realPath(hit.file) : path.join(root, path.relative(file, hit.file)))
    } else {
      roots.add(realPath(isInside(cwd, file) ? cwd : path.dirname(file)))
      add({ file, isLink: lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() ?? false }, realPath(file))
    }
  }
  return { files: withoutDuplicates([...own, ...links]), roots: [...roots] }
}

/** Links come last in the list, so that a file is reported under its own name when it is found under both. */
function withoutDuplicates(found: readonly FoundFile[]): FoundFile[] {
  const byRealFile = new Map<string, FoundFile>()
  for (const entry of found) if (!byRealFile.has(entry.realFile)) byRealFile.set(entry.realFile, entry)
  // By code unit, not by locale: the same input gives the same bytes everywhere.
  return [...byRealFile.values()].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
}

/** Every Dockerfile in a folder and below it. */
export async function searchDirectory(folder: string, folders: Folders): Promise<SearchHit[]> {
  const repository = folders.repositoryOf(folder)
  const listing = repository === undefined ? undefined : await listWithGit(folder)
  // No names may mean that git ignores the folder, which is searched nevertheless because it was named.
  if (repository === undefined || listing === undefined || listing.names.length + listing.problems.length === 0)
    return walkFolder(folder, repository, folders)
  const submodules = readSubmodules(repository)
  const hits: SearchHit[] = [...listing.problems]
  for (const name of listing.names) {
    const segments = name.split('/')
    if (segments.includes('node_modules') || segments.includes('.git')) continue
    const file = path.join(folder, name)
    if (name.endsWith('/') || submodules.has(file)) hits.push(...(await searchDirectory(file, folders)))
    else if (isDockerfileName(segments.at(-1) as string)) hits.push(...lookAt(file))
    else if (isYamlName(name)) folders.noteYaml(file)
  }
  // Git lists no empty folders; elsewhere than here, where a command is usually run, they are not looked for.
  for (const name of ['Dockerfile', 'Containerfile'])
    if (isDirectory(path.join(folder, name))) hits.push(...findEmptyFolder(path.join(folder, name)))
  return hits
}

/** Git lists what is in its index, although it may be deleted or replaced by a folder. */
function lookAt(file: string): SearchHit[] {
  const stats = lstatSync(file, { throwIfNoEntry: false })
  return stats === undefined || stats.isDirectory() ? [] : [{ file, isLink: stats.isSymbolicLink() }]
}

function isDirectory(file: string): boolean {
  try {
    return statSync(file).isDirectory()
  } catch {
    return false
  }
}
