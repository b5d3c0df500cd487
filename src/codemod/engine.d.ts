/** What codemod's JavaScript engine (LLRT on QuickJS) brings, as far as it is used here. source: docs/jssg of codemod/codemod */
declare module 'codemod:ast-grep' {
  export interface Root {
    /** Absolute. */
    filename(): string
  }

  export interface RunOptions {
    params?: Record<string, unknown>
    dryRun?: boolean
    /** Absolute: what `-t` names. */
    targetDir?: string
  }

  /** Changes another file; what comes back is written with the file that the script was called for. */
  export function jssgTransform(
    transform: (root: Root) => string | null | Promise<string | null>,
    file: string,
    language: string
  ): Promise<string | null>
}
