import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { UnrootError } from '../errors.ts'
import { describeSystemError } from '../node/read.ts'

/** Where a report goes. */
export interface Output {
  write(text: string): void
  /** Nobody reads any more (`unroot | head`). */
  isClosed(): boolean
  close(): void
}

/** Standard output; a reader that leaves early is no error. */
export function standardOutput(): Output {
  let isClosed = false
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    isClosed = true
  })
  return {
    write(text) {
      if (!isClosed && text !== '') process.stdout.write(text)
    },
    isClosed: () => isClosed,
    close: () => undefined
  }
}

/**
 * A file, emptied at once, so that a path that cannot be written fails before the work and not after it.
 *
 * @throws {UnrootError} `FILE_UNWRITABLE`
 */
export function fileOutput(file: string): Output {
  const descriptor = orUnwritable(file, () => openSync(file, 'w'))
  return {
    write(text) {
      orUnwritable(file, () => {
        const bytes = Buffer.from(text)
        for (let written = 0; written < bytes.length; ) written += writeSync(descriptor, bytes, written)
      })
    },
    isClosed: () => false,
    close: () => closeSync(descriptor)
  }
}

/**
 * Writes a text beside the normal output.
 *
 * @throws {UnrootError} `FILE_UNWRITABLE`
 */
export function writeSideFile(file: string, text: string): void {
  orUnwritable(file, () => writeFileSync(file, text))
}

function orUnwritable<T>(file: string, write: () => T): T {
  try {
    return write()
  } catch (error) {
    throw new UnrootError('FILE_UNWRITABLE', `cannot write ${file}: ${describeSystemError(error)}`, { cause: error })
  }
}
