/** `--format rdjson`: for reviewdog, with a suggestion for every edit. */
// source: reviewdog/reviewdog proto/rdf/reviewdog.proto: lines and columns from 1, columns in bytes of UTF-8, exclusive
// ends; without columns the range is that of whole lines
import type { FileReport, Finding, Severity } from '../types.ts'
import { type DiffEdit, type EditPosition, matchChanges, readEdits, utf8Length } from './edits.ts'
import { homePage, rulePage } from './links.ts'
import { lastLine, pendingRule, withHelp } from './pending.ts'
import { createJsonList, type StreamedReport } from './streamed.ts'

const severities: Record<Severity, string> = { error: 'ERROR', warning: 'WARNING', info: 'INFO' }

/** @param isWritten What would change has been changed already: there is nothing to suggest. */
export function createRdjson({ isWritten }: { isWritten: boolean }): StreamedReport {
  const list = createJsonList(4)
  const source = JSON.stringify({ name: 'unroot', url: homePage }, null, 2).replaceAll('\n', '\n  ')
  let opening = `{\n  "source": ${source},\n  "diagnostics": `
  const begin = (texts: readonly string[]) => {
    if (texts.length === 0) return ''
    const whole = opening + texts.join('')
    opening = ''
    return whole
  }
  return {
    add(file) {
      const open = file.findings.filter(({ accepted }) => accepted === undefined)
      const edits = isWritten ? [] : suggestEdits(file)
      return begin([...open.map((finding) => describeFinding(file.path, finding)), ...edits].map(list.add))
    },
    end(companions) {
      const edits = isWritten
        ? []
        : companions.flatMap(({ path, for: dockerfiles, diff }) =>
            readEdits(diff).map((edit) => suggest(path, edit, [`changes with ${dockerfiles.join(', ')}`]))
          )
      return `${opening}${edits.map(list.add).join('')}${list.end()}\n}\n`
    }
  }
}

/** Findings have columns in another unit, and nobody has the text any more: they are about whole lines. */
function describeFinding(path: string, { rule, severity, message, help, range }: Finding): object {
  return {
    message: withHelp(message, help),
    location: { path, range: { start: { line: range.start.line }, end: { line: lastLine(range) } } },
    severity: severities[severity],
    code: { value: rule, url: rulePage(rule) }
  }
}

function suggestEdits({ path, diff, changes }: FileReport): object[] {
  return matchChanges(readEdits(diff), changes).map(({ edit, changes: own }) =>
    suggest(
      path,
      edit,
      own.map(({ message }) => message)
    )
  )
}

function suggest(path: string, { start, end, text }: DiffEdit, messages: readonly string[]): object {
  const range = { start: position(start), end: position(end) }
  const what = messages.length === 0 ? 'part of the change to a non-root user' : [...new Set(messages)].join('; ')
  return {
    message: `${what}. Take all suggestions of a file, or none.`,
    location: { path, range },
    severity: severities.info,
    code: { value: pendingRule.name, url: rulePage(pendingRule.name) },
    suggestions: [{ range, text }]
  }
}

const position = ({ line, before }: EditPosition) => ({ line, column: utf8Length(before) + 1 })
