import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { copyContext } from './context-copy.ts'

/** A temporary copy of a build context, and Dockerfiles beside it: the working tree is never written. */
export interface Workspace {
  context: string
  /** Writes a Dockerfile and answers with its path and that of the rules for the context. */
  addDockerfile(name: string, text: string): Promise<{ dockerfile: string; ignoreFile: string }>
  /** Changes files of the copy; the names are relative to the context. */
  change(files: ReadonlyMap<string, string>): Promise<void>
  remove(): Promise<void>
}

/** @param rules The text of the `.dockerignore` that is in force. */
export async function createWorkspace(context: string, rules: string | undefined): Promise<Workspace> {
  const folder = await realpath(await mkdtemp(path.join(tmpdir(), 'unroot-verify-')))
  const copy = path.join(folder, 'context')
  const remove = () => rm(folder, { recursive: true, force: true, maxRetries: 3 })
  try {
    await copyContext(context, copy, rules)
  } catch (error) {
    await remove()
    throw error
  }
  return {
    context: copy,
    async addDockerfile(name, text) {
      const dockerfile = path.join(folder, `${name}.Dockerfile`)
      const ignoreFile = `${dockerfile}.dockerignore`
      await writeFile(dockerfile, text)
      // The rules are in force under this name; those in the copy may be others, which they replace.
      await writeFile(ignoreFile, rules ?? '')
      return { dockerfile, ignoreFile }
    },
    async change(files) {
      for (const [name, text] of files) {
        const file = path.join(copy, path.posix.normalize(`/${name}`))
        await mkdir(path.dirname(file), { recursive: true })
        await writeFile(file, text)
      }
    },
    remove
  }
}
