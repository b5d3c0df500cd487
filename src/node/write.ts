import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { access, open, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { UnrootError } from '../errors.ts'
import { isInside, realPath } from './paths.ts'
import { describeSystemError } from './read.ts'

export interface PendingText {
  /** Absolute path; a link is written through to what it names. */
  file: string
  /** How it is called in messages. */
  name: string
  text: string
}

interface StagedText {
  name: string
  target: string
  temporary: string
}

/**
 * Writes texts that belong together: each goes to a temporary file beside its target, and only when all of them are
 * complete do they take the targets' places, in the order given. Mode and owner are kept.
 *
 * @param roots Real paths of folders; nothing is written outside them, links followed.
 * @throws {UnrootError} `FILE_UNWRITABLE`; no file is half written then, and no temporary file stays.
 */
export async function writeTexts(texts: readonly PendingText[], roots: readonly string[]): Promise<void> {
  const staged: StagedText[] = []
  let current = ''
  try {
    for (const pending of texts) {
      current = pending.name
      staged.push(await stageText(pending, roots))
    }
    for (const { temporary, target, name } of staged) {
      current = name
      await rename(temporary, target)
    }
  } catch (error) {
    await Promise.all(staged.map(({ temporary }) => rm(temporary, { force: true })))
    if (error instanceof UnrootError) throw error
    throw new UnrootError('FILE_UNWRITABLE', `cannot write ${current}: ${describeSystemError(error)}`, { cause: error })
  }
}

async function stageText({ file, name, text }: PendingText, roots: readonly string[]): Promise<StagedText> {
  const target = realPath(file)
  if (!roots.some((root) => isInside(root, target)))
    throw new UnrootError('FILE_UNWRITABLE', `cannot write ${name}: it is, or leads to, a file outside the given paths`)
  const stats = await stat(target).catch(() => undefined)
  // The rename below would replace a read-only file without asking.
  if (stats) await access(target, constants.W_OK)
  const temporary = path.join(path.dirname(target), `.${path.basename(target)}.${randomBytes(6).toString('hex')}.tmp`)
  const handle = await open(temporary, 'wx', 0o666)
  try {
    await handle.writeFile(text)
    if (stats) {
      // Owner first: changing it clears the set-id bits of the mode.
      if (stats.uid !== process.getuid?.() || stats.gid !== process.getgid?.())
        await handle.chown(stats.uid, stats.gid).catch(() => undefined)
      await handle.chmod(stats.mode & 0o7777)
    }
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  } finally {
    await handle.close()
  }
  return { name, target, temporary }
}
