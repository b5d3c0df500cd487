/** What went wrong, for programs: stable, upper case. */
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
 * try { rewrite(text, { uid: -1 }) } catch (error) { if (error instanceof UnrootError) console.error(error.code) }
 */
export class UnrootError extends Error {
  override readonly name = 'UnrootError'
  constructor(
    readonly code: UnrootErrorCode,
    message: string,
    options?: ErrorOptions
  ) {
    super(message, options)
  }
}
