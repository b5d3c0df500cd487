import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'

/** What git says is in a folder of a repository: tracked or not, but not ignored. */
export interface GitListing {
  /** Relative to the folder, with `/`; repositories inside the repository end with one. */
  names: string[]
  /** Folders that git could not look into, absolute, and why. */
  problems: { file: string; problem: string }[]
}

/** Undefined when git is missing or refuses (somebody else's repository, a broken one). */
export function listWithGit(folder: string): Promise<GitListing | undefined> {
  // A repository's own configuration may name a program to run as its file system monitor.
  const listing = ['-c', 'core.fsmonitor=false', 'ls-files', '--cached', '--others', '--exclude-standard', '-z']
  // Inside a git hook these point at one repository, whatever the folder.
  const { GIT_DIR: _, GIT_WORK_TREE: __, GIT_INDEX_FILE: ___, ...env } = process.env
  const options = { cwd: folder, env: { ...env, LC_ALL: 'C' }, maxBuffer: 1 << 30 }
  return new Promise((resolve) => {
    const child = execFile('git', listing, options, (error, stdout, stderr) => {
      if (error) return resolve(undefined)
      const problems = [...stderr.matchAll(/could not open directory '(.+?)\/?': (.+)/g)].map(
        ([, name = '', reason = '']) => ({ file: path.resolve(folder, name), problem: reason.toLowerCase() })
      )
      resolve({ names: [...new Set(stdout.split('\0'))].filter((name) => name !== ''), problems })
    })
    child.stdin?.end()
  })
}

/** Absolute paths of a repository's submodules, which git lists like files. */
export function readSubmodules(repository: string): ReadonlySet<string> {
  try {
    const text = readFileSync(path.join(repository, '.gitmodules'), 'utf8')
    const names = [...text.matchAll(/^\s*path\s*=\s*(.+?)\s*$/gm)].map(([, name = '']) => name)
    return new Set(names.map((name) => path.join(repository, name)))
  } catch {
    return new Set()
  }
}
