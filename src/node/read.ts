import { close, closeSync, constants, fstatSync, open, openSync, read, readFileSync } from 'node:fs'
import type { Finding, Position } from '../types.ts'
import type { FileRuleName } from './rules.ts'

/** BuildKit refuses nothing by size, but what is larger than this is no Dockerfile, and reading it would stall the run. */
const maxBytes = 5 * 1024 * 1024

/** The text of a file, or why there is none. */
export type ReadResult = { text: string; problem?: undefined } | { text?: undefined; problem: Finding }

/**
 * Reads one Dockerfile as strict UTF-8; a byte order mark stays in the text. Never throws.
 *
 * @param file Absolute path.
 * @param name How the file is called in messages.
 */
export function readDockerfile(file: string, name: string): ReadResult {
  try {
    const bytes = readRegularFile(file)
    return typeof bytes === 'string'
      ? { problem: unreadable(`${name} ${bytes}`, remedy) }
      : decodeDockerfile(bytes, name)
  } catch (error) {
    return { problem: unreadable(`cannot read ${name}: ${describeSystemError(error)}`, remedy) }
  }
}

const remedy = 'Check the path and its permissions; to read a pipe, use `-`.'

/** The content, or what keeps the file from being read. */
function readRegularFile(file: string): Uint8Array | string {
  const descriptor = openSync(file, openFlags)
  try {
    const stats = fstatSync(descriptor)
    if (stats.isDirectory()) return 'is a directory'
    if (!stats.isFile()) return 'is not a regular file'
    return stats.size > maxBytes ? 'is larger than 5 MiB' : readFileSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

// Without the second flag, opening a pipe that nobody writes to never returns.
const openFlags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)

/** Lets the operating system fetch a file, so that reading it a moment later does not wait for the network. Never fails. */
export function prefetch(file: string): Promise<void> {
  return new Promise((resolve) => {
    open(file, openFlags, (failure, descriptor) => {
      if (failure) return resolve()
      read(descriptor, Buffer.allocUnsafe(prefetchedBytes), 0, prefetchedBytes, 0, () =>
        close(descriptor, () => resolve())
      )
    })
  })
}

const prefetchedBytes = 16 * 1024

/** Decodes the bytes of a Dockerfile; `name` is used in messages. */
export function decodeDockerfile(bytes: Uint8Array, name: string): ReadResult {
  if (bytes.length > maxBytes) return { problem: tooLarge(name) }
  const nul = bytes.indexOf(0)
  if (nul !== -1) {
    const isUtf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)
    const what = isUtf16 ? 'is UTF-16' : 'contains a NUL byte'
    return {
      problem: notText(`${name} ${what}; a Dockerfile is UTF-8 text`, isUtf16 ? undefined : bytes.subarray(0, nul))
    }
  }
  try {
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) }
  } catch {
    return { problem: notText(`${name} is not valid UTF-8`, bytes.subarray(0, validUtf8Length(bytes))) }
  }
}

function unreadable(message: string, help: string): Finding {
  return fileFinding('unreadable-file', message, help)
}

function tooLarge(name: string): Finding {
  return unreadable(`${name} is larger than 5 MiB`, 'Leave it out with `exclude` in the config if it is no Dockerfile.')
}

function notText(message: string, before?: Uint8Array): Finding {
  const help = 'Convert it to UTF-8, or leave it out with `exclude` in the config.'
  return fileFinding('not-text', message, help, before && positionAfter(before))
}

/** A finding about a whole file, or about one place in it. */
export function fileFinding(rule: FileRuleName, message: string, help: string, at?: Position): Finding {
  const start = at ?? { line: 1, column: 1 }
  const severity = rule === 'companion-outside-paths' ? 'info' : 'error'
  return { rule, severity, message, help, range: { start, end: start } }
}

function positionAfter(bytes: Uint8Array): Position {
  // As a stream: the first bytes of a character that breaks off are no column.
  const lines = new TextDecoder('utf-8').decode(bytes, { stream: true }).split('\n')
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 }
}

/** How many bytes at the beginning are whole, valid characters. */
function validUtf8Length(bytes: Uint8Array): number {
  let good = 0
  let bad = bytes.length
  while (bad - good > 1) {
    const middle = (good + bad) >> 1
    if (isUtf8Beginning(bytes.subarray(0, middle))) good = middle
    else bad = middle
  }
  return good
}

function isUtf8Beginning(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true })
    return true
  } catch {
    return false
  }
}

const systemErrors: Record<string, string> = {
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  ENOENT: 'no such file or directory',
  ENOTDIR: 'a part of the path is not a directory',
  EISDIR: 'it is a directory',
  ELOOP: 'the symbolic link leads in a circle',
  ENAMETOOLONG: 'the name is too long',
  ENOSPC: 'no space left on the device',
  EROFS: 'the file system is read-only',
  EMFILE: 'too many open files'
}

/** The reason of a failed system call in words; they are stable over Node's versions and platforms. */
export function describeSystemError(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | undefined)?.code
  return (code && systemErrors[code]) ?? (error instanceof Error ? error.message : String(error))
}
