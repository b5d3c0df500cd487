/** `--format github`: workflow commands that GitHub Actions shows as annotations. */
import type { Position, Range } from '../types.ts'
import { readEdits } from './edits.ts'
import { isCompanionChange, lastLine, withHelp } from './pending.ts'
import type { StreamedReport } from './streamed.ts'

type Kind = 'error' | 'warning' | 'notice'

// source: docs.github.com, usage limits of annotations: 10 of each type a step
const shownOfAKind = 10

/** Refusals are errors, warnings are warnings, changes are notices; findings that are only good to know are left out. */
export function createGithub({ isWritten }: { isWritten: boolean }): StreamedReport {
  const counts: Record<Kind, number> = { error: 0, warning: 0, notice: 0 }
  const annotate = (kind: Kind, path: string, range: Range, title: string, message: string): string => {
    counts[kind]++
    if (counts[kind] > shownOfAKind) return ''
    const properties = { file: path, ...lines(range), title: `unroot: ${title}` }
    const list = Object.entries(properties).map(([name, value]) => `${name}=${escapeProperty(`${value}`)}`)
    return `::${kind} ${list.join(',')}::${escapeData(message)}\n`
  }
  const word = isWritten ? 'changed' : 'would change'
  return {
    add({ path, findings, changes }) {
      const open = findings.filter(({ accepted, severity }) => accepted === undefined && severity !== 'info')
      return [
        ...open.map(({ rule, severity, message, help, range }) =>
          annotate(severity as 'error' | 'warning', path, range, rule, withHelp(message, help))
        ),
        ...changes
          .filter((change) => !isCompanionChange(change))
          .map(({ transform, message, range }) => annotate('notice', path, range, transform, `${word}: ${message}`))
      ].join('')
    },
    end(companions) {
      const notices = companions
        .filter(({ diff }) => diff !== '')
        .map(({ path, diff, for: dockerfiles }) => {
          const start = { line: readEdits(diff)[0]?.start.line ?? 1, column: 1 }
          return annotate('notice', path, { start, end: start }, 'companion', `${word} with ${dockerfiles.join(', ')}`)
        })
      return notices.join('') + sumUp(counts)
    }
  }
}

function sumUp(counts: Record<Kind, number>): string {
  const left = (Object.keys(counts) as Kind[])
    .map((kind) => ({ kind, count: counts[kind] - shownOfAKind }))
    .filter(({ count }) => count > 0)
    .map(({ kind, count }) => `${count} more ${kind}${count === 1 ? '' : 's'}`)
  if (left.length === 0) return ''
  return `unroot: ${left.join(', ')} (GitHub shows ${shownOfAKind} annotations of a type; --format markdown shows all)\n`
}

/** Columns mean something on one line only. */
function lines(range: Range): Record<string, number> {
  const { start, end } = range
  const last = lastLine(range)
  return {
    line: start.line,
    endLine: last,
    col: start.column,
    ...(last === start.line && isBehind(end, start) && { endColumn: end.column })
  }
}

const isBehind = (end: Position, start: Position): boolean => end.line === start.line && end.column > start.column

// source: actions/toolkit packages/core/src/command.ts
const escapeData = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')

const escapeProperty = (text: string): string => escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
