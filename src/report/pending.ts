/** What scanners are told about a file that would change. */
import type { CompanionReport, FileReport, Position, Range } from '../types.ts'
import { readEdits } from './edits.ts'

/** A rule of reports alone: a conversion that nobody has made yet is no finding. */
export const pendingRule = {
  name: 'pending-conversion',
  severity: 'warning',
  summary: 'The file would be changed',
  description: `In reports for scanners and merge requests (\`sarif\`, \`rdjson\`, \`gitlab\`) a file that \`unroot\` would change has this
result, so that an image that runs as root is seen although nothing stands against its conversion. \`unroot --write\` makes
the changes, and the result is gone. The other formats show the changes themselves.`
} as const

/** A result in a file that would change. */
export interface PendingResult {
  message: string
  range: Range
}

/** One sentence about a Dockerfile that would change; undefined when its own text stays. */
export function pendingConversion({ path, verdict, user, changes, diff }: FileReport): PendingResult | undefined {
  if (diff === '') return undefined
  const count = `${changes.length} ${changes.length === 1 ? 'edit' : 'edits'}`
  const name = user === null ? undefined : describeUser(user)
  const message =
    verdict === 'already-non-root'
      ? `would change as it was asked for, with ${count}`
      : `runs as root; unroot would make it run as ${name ?? 'another user'}, with ${count}`
  const first = changes.find((change) => !isCompanionChange(change))
  return { message: `${path} ${message}`, range: first?.range ?? firstEdit(diff) }
}

/** One sentence about a file that would change with Dockerfiles. */
export function pendingCompanion({ path, for: dockerfiles, diff }: CompanionReport): PendingResult | undefined {
  if (diff === '') return undefined
  return { message: `${path} would change with ${dockerfiles.join(', ')}`, range: firstEdit(diff) }
}

/** Changes of other files have no place in the Dockerfile. */
export function isCompanionChange({ range: { start, end } }: { range: Range }): boolean {
  return isFirst(start) && isFirst(end)
}

const isFirst = ({ line, column }: Position): boolean => line === 1 && column === 1

function firstEdit(diff: string): Range {
  const line = readEdits(diff)[0]?.start.line ?? 1
  return { start: { line, column: 1 }, end: { line, column: 1 } }
}

/** `10001:10001 (app)`; undefined when neither a number nor a name is known. */
export function describeUser({ uid, gid, name }: NonNullable<FileReport['user']>): string | undefined {
  if (uid === null) return name ?? undefined
  const numbers = gid === null ? `${uid}` : `${uid}:${gid}`
  return name === null ? numbers : `${numbers} (${name})`
}

/** The last line that a range touches; its end is exclusive. */
export function lastLine({ start, end }: Range): number {
  return end.column === 1 && end.line > start.line ? end.line - 1 : end.line
}

/** The message and what to do, as sentences. */
export function withHelp(message: string, help: string): string {
  const sentence = /[.!?]$/.test(message) ? message : `${message}.`
  return help === '' ? sentence : `${sentence} ${help}`
}
