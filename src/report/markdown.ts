/** `--format markdown`: a page for people, such as the summary of a CI job. */
import type { CompanionReport, FileReport, Finding } from '../types.ts'
import { countVerdicts } from './json.ts'
import { cell, code, codeBlock, plain, ruleLink } from './markup.ts'
import { describeUser, withHelp } from './pending.ts'
import { createEntries, type Entry, layOut, type Section } from './sections.ts'
import type { StreamedReport } from './streamed.ts'
import { formatCounts } from './summary.ts'

// source: docs.github.com, job summaries: 1 MiB a step; a UTF-16 code unit takes at most three bytes of UTF-8
const pageLimit = 300_000

/** Writes at the end: the page begins with what matters. */
export function createMarkdown({ isWritten }: { isWritten: boolean }): StreamedReport {
  const counted: Pick<FileReport, 'verdict'>[] = []
  const rows = createEntries(pageLimit)
  const points = { error: createEntries(pageLimit), warning: createEntries(pageLimit), info: createEntries(pageLimit) }
  const diffs = createEntries(pageLimit)
  let changes = 0
  const addDiff = ({ path, diff }: Pick<CompanionReport, 'path' | 'diff'>) => {
    if (diff === '') return
    changes++
    diffs.add(path, `<details><summary>${escapeHtml(path)}</summary>\n\n${codeBlock('diff', diff)}\n\n</details>`)
  }
  return {
    add(file) {
      const { path, findings } = file
      counted.push({ verdict: file.verdict })
      rows.add(path, row(file))
      for (const finding of findings) points[finding.severity].add(path, point(path, finding))
      addDiff(file)
      return ''
    },
    end(companions) {
      for (const companion of companions) addDiff(companion)
      const counts = formatCounts(countVerdicts(counted), { count: changes, isWritten })
      const list = (heading: string, entries: Entry[]): Section => ({
        head: entries.length === 0 ? '' : `## ${heading}`,
        entries,
        separator: '\n'
      })
      const head = '| Dockerfile | Verdict | Runs as | Edits |\n| --- | --- | --- | --- |'
      const sections: Section[] = [
        { head: '# Containers that run as root', entries: [], tail: `${counts}.` },
        // A table ends at an empty line: its head is the first of its rows.
        { head: '', entries: withHead(head, rows.list), separator: '\n' },
        list('Refused or failed', points.error.list),
        list('To review', points.warning.list),
        list('Good to know', points.info.list),
        { head: diffs.list.length === 0 ? '' : isWritten ? '## Changed' : '## Would change', entries: diffs.list }
      ]
      return `${layOut(sections, pageLimit)}\n`
    }
  }
}

function withHead(head: string, [first, ...rest]: readonly Entry[]): Entry[] {
  return first === undefined ? [] : [{ path: first.path, text: `${head}\n${first.text}` }, ...rest]
}

function row({ path, verdict, user, changes }: FileReport): string {
  const runsAs = verdict === 'refused' || user === null ? '' : code(describeUser(user) ?? '')
  return `| ${[code(path), verdict, runsAs, changes.length === 0 ? '' : `${changes.length}`].map(cell).join(' | ')} |`
}

function point(path: string, { rule, message, help, range, accepted }: Finding): string {
  const text = accepted ? `${withHelp(message, '')} Accepted: ${accepted.reason}` : withHelp(message, help)
  return `- ${code(path)} line ${range.start.line}, ${ruleLink(rule)}: ${plain(text)}`
}

const escapeHtml = (text: string): string =>
  text.replace(/\s/g, ' ').replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
