import { closeSync, openSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { UnrootError } from '../errors.ts'
import { describeSystemError } from '../node/read.ts'

/** Where a report goes. */
export interface Output {
  write(text: string): void
  /** Hands over what waits, before something else is said on standard error. */
  flush(): void
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
  const write = (text: string) => {
    if (!isClosed) process.stdout.write(text)
  }
  // A person sees each diff as soon as it is there.
  if (process.stdout.isTTY) return { write, flush: () => undefined, isClosed: () => isClosed, close: () => undefined }
  const buffer = createBuffer(write)
  return { write: buffer.add, flush: buffer.flush, isClosed: () => isClosed, close: buffer.flush }
}

/**
 * A file, emptied at once, so that a path that cannot be written fails before the work and not after it.
 *
 * @param name Relative to `cwd`, as it is called in messages.
 * @throws {UnrootError} `FILE_UNWRITABLE`
 */
export function fileOutput(name: string, cwd: string): Output {
  const descriptor = orUnwritable(name, () => openSync(path.resolve(cwd, name), 'w'))
  const buffer = createBuffer((text) => orUnwritable(name, () => writeFileSync(descriptor, text)))
  return {
    write: buffer.add,
    flush: buffer.flush,
    isClosed: () => false,
    close() {
      buffer.flush()
      closeSync(descriptor)
    }
  }
}

const bufferedLength = 64 * 1024

/** Thousands of small writes cost more than what they write. */
function createBuffer(write: (text: string) => void): { add(text: string): void; flush(): void } {
  let waiting = ''
  const flush = () => {
    if (waiting !== '') write(waiting)
    waiting = ''
  }
  return {
    add(text) {
      waiting += text
      if (waiting.length >= bufferedLength) flush()
    },
    flush
  }
}

function orUnwritable<T>(file: string, write: () => T): T {
  try {
    return write()
  } catch (error) {
    const remedy = (error as NodeJS.ErrnoException).code === 'ENOENT' ? '; make its folder first' : ''
    const message = `cannot write ${file}: ${describeSystemError(error)}${remedy}`
    throw new UnrootError('FILE_UNWRITABLE', message, { cause: error })
  }
}
