import { type Dirent, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { Ignore } from 'ignore'
import { isDockerfileName } from '../rewrite-files.ts'
import type { SearchHit } from './discover.ts'
import { type Folders, isYamlName } from './folders.ts'
import { foldersUpward, relativePath } from './paths.ts'
import { describeSystemError } from './read.ts'

/** One `.gitignore`. */
export interface IgnoreFile {
  folder: string
  rules: Ignore
}

/** The search without git: own reading of every `.gitignore`, from the repository's top (if there is one) downward. */
export async function walkFolder(top: string, repository: string | undefined, folders: Folders): Promise<SearchHit[]> {
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

  const walk = (folder: string, outer: readonly IgnoreFile[]): void => {
    let entries: Dirent[]
    try {
      entries = readdirSync(folder, { withFileTypes: true })
    } catch (error) {
      hits.push({ file: folder, problem: describeSystemError(error) })
      return
    }
    const names = entries.map((entry) => entry.name)
    folders.note(folder, names)
    const ignoreFiles = names.includes('.gitignore') ? [...outer, ...readIgnoreFile(folder)] : outer
    for (const entry of entries) {
      const file = path.join(folder, entry.name)
      if (entry.isDirectory()) enter(file, entry.name, ignoreFiles)
      else if (isDockerfileName(entry.name)) {
        if (!isIgnored(file, false, ignoreFiles)) hits.push({ file, isLink: entry.isSymbolicLink() })
      } else if (isYamlName(entry.name) && !isIgnored(file, false, ignoreFiles)) folders.noteYaml(file)
    }
  }

  const enter = (folder: string, name: string, ignoreFiles: readonly IgnoreFile[]): void => {
    if (name === '.git' || name === 'node_modules' || isIgnored(folder, true, ignoreFiles)) return
    const before = hits.length
    walk(folder, ignoreFiles)
    if (hits.length === before && isDockerfileName(name)) hits.push(...findEmptyFolder(folder))
  }

  const above = repository === undefined ? [] : foldersUpward(top, repository).slice(1).reverse()
  const outer = above.flatMap(readIgnoreFile)
  // Whoever names an ignored folder wants it searched.
  walk(top, isIgnored(top, true, outer) ? [] : outer)
  return hits
}

/**
 * An empty folder that is called like a Dockerfile is what Docker leaves behind when a bind mount names a file that does
 * not exist.
 */
export function findEmptyFolder(folder: string): SearchHit[] {
  try {
    return readdirSync(folder).length === 0 ? [{ file: folder, problem: 'it is a directory' }] : []
  } catch {
    return []
  }
}

/** The innermost file that says anything about a path decides, as in git. */
export function isIgnored(file: string, isFolder: boolean, ignoreFiles: readonly IgnoreFile[]): boolean {
  for (let index = ignoreFiles.length - 1; index >= 0; index--) {
    const { folder, rules } = ignoreFiles[index] as IgnoreFile
    const relative = relativePath(folder, file)
    if (relative === '') continue
    const { ignored, unignored } = rules.test(isFolder ? `${relative}/` : relative)
    if (ignored || unignored) return ignored
  }
  return false
}
