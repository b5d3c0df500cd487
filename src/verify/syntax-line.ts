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
 * withoutSyntaxLine('# syntax=docker/dockerfile:1\nFROM alpine\n') // => '#\nFROM alpine\n'
 */
export function withoutSyntaxLine(text: string): string {
  return text.replace(syntaxLine, (_, before: string) => before.trimEnd())
}

/** Whether a build of `text` failed because its frontend could not be fetched. */
export function isMissingFrontend(log: readonly string[], text: string): boolean {
  const [, reference = ''] = /syntax[ \t]*=[ \t]*(\S+)/i.exec(syntaxLine.exec(text)?.[0] ?? '') ?? []
  const name = reference.replace(/[:@][^/]*$/, '')
  return name !== '' && log.some((line) => line.includes(name) && /\berror\b|\bfailed\b/i.test(line))
}
