/**
 * What went wrong, for programs: stable, upper case.
 *
 * - `INVALID_OPTION`: an option has a wrong type or value, or a transform is badly made
 * - `UNKNOWN_TRANSFORM`: `only` or `skip` names one that does not run
 * - `OVERLAPPING_EDIT`: a transform changes the same characters in two ways
 * - `CONFIG_INVALID`, `CONFIG_NOT_FOUND`, `NO_ENGINE`: command line only
 * - `FILE_UNREADABLE`, `FILE_UNWRITABLE`: a folder cannot be read, a report cannot be written
 */
export type UnrootErrorCode =
  | 'INVALID_OPTION'
  | 'UNKNOWN_TRANSFORM'
  | 'OVERLAPPING_EDIT'
  | 'CONFIG_INVALID'
  | 'CONFIG_NOT_FOUND'
  | 'FILE_UNREADABLE'
  | 'FILE_UNWRITABLE'
  | 'NO_ENGINE'

/**
 * A mistake of the calling program or of its configuration. A Dockerfile never causes one:
 * whatever is wrong with user input becomes a verdict and findings.
 *
 * @example
 * ```ts
 * import { rewrite, UnrootError } from 'unroot'
 *
 * let code: string | undefined
 * try {
 *   rewrite('FROM alpine', { uid: -1 })
 * } catch (error) {
 *   if (error instanceof UnrootError) code = error.code
 * }
 * code // => 'INVALID_OPTION'
 * ```
 */
export class UnrootError extends Error {
  /** Always the same. */
  override readonly name = 'UnrootError'
  /** Made by unroot; programs only catch it. */
  constructor(
    /** For programs; the message is for people, and may change. */
    readonly code: UnrootErrorCode,
    message: string,
    options?: ErrorOptions
  ) {
    super(message, options)
  }
}
