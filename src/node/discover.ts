import { execFile } from 'node:child_process'
import { existsSync, lstatSync, readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import type { Ignore } from 'ignore'
import { isDockerfileName } from '../rewrite-files.ts'
import { foldersUpward, isInside, realPath, relativePath } from './paths.ts'
import { describeSystemError } from './read.ts'

/** One path that a run has to answer for. */
export interface FoundFile {
  /** Absolute, links not followed. */
  file: string
  /** Relative to the working directory, with `/`. */
  path: string
  /** Why it cannot be read, where that is known already. */
  problem?: string
}

export interface Discovery {
  /** Ordered by `path`, each real file once. */
  files: FoundFile[]
  /** Real paths of the folders below which files may be written. */
  roots: string[]
}

/**
 * The Dockerfiles that paths stand for: a file is taken whatever its name, a directory is searched. `.gitignore` is
 * respected, links to directories are not followed, `.git` and `node_modules` are never entered. What cannot be read is
 * listed too, with its problem.
 *
 * @param isExcluded Asked with absolute paths; excluded files are left out even when named.
 */
export async function discoverDockerfiles(
  paths: readonly string[],
  cwd: string,
  isExcluded: (file: string) => boolean = () => false
): Promise<Discovery> {
  const found: FoundFile[] = []
  const roots = new Set<string>()
  const add = (file: string, problem?: string) => {
    if (!isExcluded(file)) found.push({ file, path: relativePath(cwd, file), ...(problem && { problem }) })
  }
  for (const name of paths) {
    const file = path.resolve(cwd, name)
    if (!isDirectory(file)) {
      roots.add(realPath(isInside(cwd, file) ? cwd : path.dirname(file)))
      add(file)
      continue
    }
    roots.add(realPath(file))
    for (const { file: inner, problem } of await searchDirectory(file)) add(inner, problem)
  }
  return { files: withoutDuplicates(found), roots: [...roots] }
}

/** Links come last, so that a file is reported under its own name when it is found under both. */
function withoutDuplicates(found: FoundFile[]): FoundFile[] {
  const byRealPath = new Map<string, FoundFile>()
  const realFolders = new Map<string, string>()
  const links: FoundFile[] = []
  for (const entry of found) {
    if (isLink(entry.file)) links.push(entry)
    else {
      const folder = path.dirname(entry.file)
      let realFolder = realFolders.get(folder)
      if (realFolder === undefined) realFolders.set(folder, (realFolder = realPath(folder)))
      const key = path.join(realFolder, path.basename(entry.file))
      if (!byRealPath.has(key)) byRealPath.set(key, entry)
    }
  }
  for (const entry of links) {
    const key = realPath(entry.file)
    if (!byRealPath.has(key)) byRealPath.set(key, entry)
  }
  // By code unit, not by locale: the same input gives the same bytes everywhere.
  return [...byRealPath.values()].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
}

interface SearchHit {
  file: string
  problem?: string
}

async function searchDirectory(folder: string): Promise<SearchHit[]> {
  const repository = foldersUpward(folder).find((candidate) => existsSync(path.join(candidate, '.git')))
  const listed = repository === undefined ? undefined : await listWithGit(folder)
  if (listed === undefined || (listed.files.length === 0 && listed.problems.length === 0))
    // Nothing in a repository may mean that the folder is ignored; whoever names an ignored folder wants it searched.
    return walkDirectory(folder, repository)
  const hits = [...listed.problems]
  const folders = new Set<string>([folder])
  for (const relative of listed.files) {
    const segments = relative.split('/')
    if (segments.includes('node_modules') || segments.includes('.git')) continue
    if (relative.endsWith('/')) hits.push(...(await searchDirectory(path.join(folder, relative))))
    else {
      const file = path.join(folder, relative)
      folders.add(path.dirname(file))
      if (isDockerfileName(segments.at(-1) as string)) hits.push(...(await lookAt(file)))
      else if (isSubmodule(segments, file)) hits.push(...(await searchDirectory(file)))
    }
  }
  hits.push(...[...folders].flatMap(findFolderNamedDockerfile))
  return hits
}

/** Git lists what is in its index but deleted from the folder, and submodules without a trailing slash. */
async function lookAt(file: string): Promise<SearchHit[]> {
  const stats = lstatSync(file, { throwIfNoEntry: false })
  if (stats === undefined) return []
  return stats.isDirectory() ? searchDirectory(file) : [{ file }]
}

const submoduleCandidate = /^[^.]+$/

/** A submodule stands in git's list like a file; the look at the disk is spared where the name has an extension. */
function isSubmodule(segments: readonly string[], file: string): boolean {
  return submoduleCandidate.test(segments.at(-1) as string) && existsSync(path.join(file, '.git'))
}

/**
 * A folder that is called like a Dockerfile and holds none is what Docker leaves behind when a bind mount names a file
 * that does not exist. Git does not list empty folders.
 */
function findFolderNamedDockerfile(folder: string): SearchHit[] {
  return ['Dockerfile', 'Containerfile'].flatMap((name) => {
    const file = path.join(folder, name)
    const stats = lstatSync(file, { throwIfNoEntry: false })
    return stats?.isDirectory() && readdirSync(file).length === 0 ? [{ file, problem: 'it is a directory' }] : []
  })
}

interface GitListing {
  /** Relative to the folder, with `/`; nested repositories end with one. */
  files: string[]
  problems: SearchHit[]
}

/** Undefined when git is missing or refuses (somebody else's repository, a broken one). */
function listWithGit(folder: string): Promise<GitListing | undefined> {
  // A repository's own configuration may name a program to run as its file system monitor.
  const listing = ['-c', 'core.fsmonitor=false', 'ls-files', '--cached', '--others', '--exclude-standard', '-z']
  // Inside a git hook these point at one repository, whatever the folder.
  const { GIT_DIR: _, GIT_WORK_TREE: __, GIT_INDEX_FILE: ___, ...env } = process.env
  const options = { cwd: folder, env: { ...env, LC_ALL: 'C' }, maxBuffer: 1 << 30 }
  return new Promise((resolve) => {
    const child = execFile('git', listing, options, (error, stdout, stderr) => {
      if (error) return resolve(undefined)
      const problems = [...stderr.matchAll(/could not open directory '(.+?)\/?': (.+)/g)].map(
        ([, inner = '', reason = '']): SearchHit => ({
          file: path.resolve(folder, inner),
          problem: reason.toLowerCase()
        })
      )
      resolve({ files: [...new Set(stdout.split('\0'))].filter((name) => name !== ''), problems })
    })
    child.stdin?.end()
  })
}

interface IgnoreFile {
  folder: string
  rules: Ignore
}

/** The search without git: own reading of every `.gitignore` from the repository's top (if there is one) downward. */
async function walkDirectory(top: string, repository: string | undefined): Promise<SearchHit[]> {
  const { default: createIgnore } = await import('ignore')
  const hits: SearchHit[] = []
  const readIgnoreFile = (folder: string): IgnoreFile[] => {
    try {
      const text = readFileSync(path.join(folder, '.gitignore'), 'utf8')
      return [{ folder, rules: createIgnore({ ignorecase: false }).add(text) }]
    } catch {
      return []
    }
  }
  const walk = (folder: string, outer: readonly IgnoreFile[]) => {
    let entries: import('node:fs').Dirent[]
    try {
      entries = readdirSync(folder, { withFileTypes: true })
    } catch (error) {
      hits.push({ file: folder, problem: describeSystemError(error) })
      return
    }
    const ignoreFiles = [...outer, ...readIgnoreFile(folder)]
    for (const entry of entries) {
      const file = path.join(folder, entry.name)
      if (entry.isDirectory()) {
        if (entry.name === '.git' || entry.name === 'node_modules' || isIgnored(file, true, ignoreFiles)) continue
        const before = hits.length
        walk(file, ignoreFiles)
        if (hits.length === before && ['Dockerfile', 'Containerfile'].includes(entry.name))
          hits.push(...findFolderNamedDockerfile(folder).filter((hit) => hit.file === file))
      } else if (isDockerfileName(entry.name) && !isIgnored(file, false, ignoreFiles)) hits.push({ file })
    }
  }
  const above = repository === undefined ? [] : foldersUpward(top, repository).slice(1).reverse()
  const outer = above.flatMap(readIgnoreFile)
  walk(top, isIgnored(top, true, outer) ? [] : outer)
  return hits
}

/** The innermost file that says anything about a path decides, as in git. */
function isIgnored(file: string, isFolder: boolean, ignoreFiles: readonly IgnoreFile[]): boolean {
  for (let index = ignoreFiles.length - 1; index >= 0; index--) {
    const { folder, rules } = ignoreFiles[index] as IgnoreFile
    const relative = relativePath(folder, file)
    if (relative === '') continue
    const { ignored, unignored } = rules.test(isFolder ? `${relative}/` : relative)
    if (ignored || unignored) return ignored
  }
  return false
}

function isDirectory(file: string): boolean {
  try {
    return statSync(file).isDirectory()
  } catch {
    return false
  }
}

function isLink(file: string): boolean {
  return lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() ?? false
}
