import { constants, existsSync } from 'node:fs'
import { chmod, copyFile, lstat, mkdir, readdir, readlink, symlink, utimes } from 'node:fs/promises'
import path from 'node:path'
import { createIgnore } from '../node/dockerignore.ts'

/**
 * Copies a build context without what its `.dockerignore` names: modes, times and links as they are, sockets and pipes
 * left out (BuildKit does too). What is copied too much does no harm, because the engine reads the rules again.
 *
 * @param rules The text of the `.dockerignore` that is in force.
 */
export async function copyContext(from: string, to: string, rules: string | undefined): Promise<void> {
  const ignores = createIgnore(rules)
  // Below an ignored folder there may be exceptions only when there are any at all.
  const hasExceptions = /^\s*!/m.test(rules ?? '')
  await mkdir(to, { recursive: true })
  await copyFolder('')

  async function copyFolder(name: string): Promise<void> {
    const source = path.join(from, name)
    const target = path.join(to, name)
    for (const entry of await readdir(source, { withFileTypes: true })) {
      const child = name === '' ? entry.name : `${name}/${entry.name}`
      const isIgnored = ignores(child)
      if (!isIgnored) await mkdir(entry.isDirectory() ? path.join(to, child) : target, { recursive: true })
      if (entry.isDirectory() && (!isIgnored || hasExceptions)) await copyFolder(child)
      else if (!isIgnored) await copyEntry(path.join(from, child), path.join(to, child), entry)
    }
    if (existsSync(target)) await copyTimesAndMode(source, target)
  }
}

async function copyEntry(
  source: string,
  target: string,
  entry: { isSymbolicLink(): boolean; isFile(): boolean }
): Promise<void> {
  if (entry.isSymbolicLink()) await symlink(await readlink(source), target)
  else if (entry.isFile()) {
    await copyFile(source, target, constants.COPYFILE_FICLONE)
    await copyTimesAndMode(source, target)
  }
}

async function copyTimesAndMode(source: string, target: string): Promise<void> {
  const { mode, atime, mtime } = await lstat(source)
  await chmod(target, mode & 0o7777)
  await utimes(target, atime, mtime)
}
