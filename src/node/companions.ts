import { existsSync, lstatSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { unifiedDiff } from '../report/diff.ts'
import type { CompanionReport } from '../types.ts'
import type { BuildContext } from './context.ts'
import { isInside, realPath, relativePath } from './paths.ts'
import type { PendingText } from './write.ts'

interface Companion {
  before: string | undefined
  after: string
  dockerfiles: string[]
}

/** A file beside a Dockerfile that has to change with it. */
export interface CompanionEdit extends PendingText {
  /** The text before any Dockerfile changed it; undefined: the file does not exist yet. */
  before: string | undefined
}

/** What became of the files beside the Dockerfiles so far; one file can serve several Dockerfiles. */
export interface Companions {
  /** The edits with real paths, and what stands there now. */
  locate(edits: ReadonlyMap<string, string>, context: BuildContext): CompanionEdit[]
  /** Whether an earlier Dockerfile needs another text in one of the files. */
  hasConflict(edits: readonly CompanionEdit[]): boolean
  /** Reads the context as it was at the beginning of the run (`original`), or as earlier Dockerfiles left it. */
  reader(context: BuildContext, state: 'original' | 'edited'): (name: string) => string | undefined
  /** A file that an earlier Dockerfile has changed; undefined: none has. */
  read(file: string, state: 'original' | 'edited'): string | undefined
  /** The diffs that edits add to what earlier Dockerfiles have changed. */
  preview(edits: readonly CompanionEdit[]): { path: string; diff: string }[]
  add(edits: readonly CompanionEdit[], dockerfile: string): void
  /** Ordered by path. */
  reports(): CompanionReport[]
}

function isLink(file: string): boolean {
  try {
    return lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() === true
  } catch {
    // What lies on the way to it is no folder.
    return false
  }
}

/** Starts the account of one run. */
export function createCompanions(cwd: string): Companions {
  const byFile = new Map<string, Companion>()
  const realFolders = new Map<string, string>()
  /** Asked for every file that is read: the real path of its folder is looked up once, its own only for a link. */
  const find = (file: string): Companion | undefined => {
    if (byFile.size === 0) return undefined
    const folder = path.dirname(file)
    let real = realFolders.get(folder)
    if (real === undefined) realFolders.set(folder, (real = realPath(folder)))
    const direct = byFile.get(path.join(real, path.basename(file)))
    if (direct !== undefined) return direct
    return isLink(file) ? byFile.get(realPath(file)) : undefined
  }
  return {
    locate: (edits, context) =>
      [...edits].map(([name, text]) => {
        const file = realPath(context.file(name))
        const known = byFile.get(file)
        const before = known ? known.before : existsSync(file) ? readFileSync(file, 'utf8') : undefined
        return { file, name: relativePath(cwd, file), text, before }
      }),
    hasConflict: (edits) => edits.some(({ file, text }) => (byFile.get(file)?.after ?? text) !== text),
    reader: (context, state) => (name) => {
      const companion = find(context.file(name))
      if (companion === undefined) return context.read(name)
      return state === 'edited' ? companion.after : companion.before
    },
    read(file, state) {
      const companion = find(file)
      return state === 'edited' ? companion?.after : companion?.before
    },
    preview: (edits) =>
      edits.flatMap(({ file, name, text, before }) => {
        const current = byFile.get(file)?.after ?? before
        const diff = unifiedDiff(name, current ?? '', text, { created: current === undefined })
        return diff === '' ? [] : [{ path: name, diff }]
      }),
    add(edits, dockerfile) {
      for (const { file, text, before } of edits) {
        const dockerfiles = byFile.get(file)?.dockerfiles ?? []
        byFile.set(file, { before, after: text, dockerfiles: [...dockerfiles, dockerfile] })
      }
    },
    reports() {
      const realCwd = realPath(cwd)
      const reports = [...byFile].map(([file, { before, after, dockerfiles }]): CompanionReport => {
        const name = relativePath(realCwd, file)
        const created = before === undefined
        const diff = unifiedDiff(name, before ?? '', after, { created })
        return { path: name, for: dockerfiles, changed: before !== after, created, diff }
      })
      return reports.sort((a, b) => (a.path < b.path ? -1 : 1))
    }
  }
}

/** Whether every file may be written. */
export function areInside(edits: readonly CompanionEdit[], roots: readonly string[]): boolean {
  return edits.every(({ file }) => roots.some((root) => isInside(root, file)))
}
