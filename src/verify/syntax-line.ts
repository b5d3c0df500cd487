/** The `# syntax=` line, for which BuildKit asks a registry. Pure. */

const syntaxLine = /^(\ufeff?(?:[ \t]*#[^\r\n]*\r?\n)*?[ \t]*#[ \t]*)syntax[ \t]*=[ \t]*\S+[^\r\n]*/i

/** Whether a Dockerfile names a frontend. */
export function hasSyntaxLine(text: string): boolean {
  return syntaxLine.test(text)
}

/**
 * The Dockerfile with the frontend that is built into the engine; every line keeps its number.
 *
 * @example
 * withoutSyntaxLine('# syntax=docker/dockerfile:1\nFROM alpine\n') // '#\nFROM alpine\n'
 */
export function withoutSyntaxLine(text: string): string {
  return text.replace(syntaxLine, (_, before: string) => before.trimEnd())
}

/** Whether a build failed because the frontend could not be fetched. */
export function isMissingFrontend(log: string): boolean {
  return (
    /docker-image:\/\/\S*dockerfile|resolve image config for (?:docker-image:\/\/)?\S*dockerfile|frontend grpc server/i.test(
      log
    ) && /failed|error/i.test(log)
  )
}
