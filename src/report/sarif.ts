/** `--format sarif`: SARIF 2.1.0, as GitHub's code scanning and other viewers read it. */
import { version } from '../../package.json'
import type { Rule } from '../plan/hazard.ts'
import type { CompanionReport, FileReport, Finding, Range, Severity } from '../types.ts'
import { type EditPosition, readEdits } from './edits.ts'
import { createFingerprints } from './fingerprints.ts'
import { homePage, rulePage } from './links.ts'
import { type PendingResult, pendingCompanion, pendingConversion, pendingRule, withHelp } from './pending.ts'
import { createJsonList, type StreamedReport } from './streamed.ts'

export interface SarifOptions {
  /** The catalogue: rules that occur are described. */
  rules: readonly Rule[]
  /** What would change has been changed already. */
  isWritten: boolean
  /** Also `fixes`, for viewers that apply them; GitHub ignores them. */
  hasFixes: boolean
}

const levels: Record<Severity, string> = { error: 'error', warning: 'warning', info: 'note' }

// source: docs.github.com, SARIF support for code scanning: above 9.0 is critical, 7.0 to 8.9 high, 4.0 to 6.9 medium,
// 0.1 to 3.9 low
const securitySeverities: Record<Severity, string> = { error: '7.0', warning: '5.0', info: '2.0' }

type Pending = Pick<FileReport, 'path' | 'diff'> & { result: PendingResult }

/** Writes a SARIF log. Columns are UTF-16 code units, as in our own ranges; ends are exclusive in both. */
export function createSarif({ rules, isWritten, hasFixes }: SarifOptions): StreamedReport {
  const described = new Map<string, object>()
  const fingerprints = createFingerprints()
  const list = createJsonList(8)
  const waiting: Pending[] = []
  let opening =
    '{\n  "$schema": "https://json.schemastore.org/sarif-2.1.0.json",\n  "version": "2.1.0",\n  "runs": [\n    {\n      "results": '

  const add = (rule: string, path: string, text: string, severity: Severity, range: Range, more: object) => {
    if (!described.has(rule)) described.set(rule, describeRule(rule, rules, severity))
    return list.add({
      ruleId: rule,
      ruleIndex: [...described.keys()].indexOf(rule),
      level: levels[severity],
      message: { text },
      locations: [{ physicalLocation: { artifactLocation: artifact(path), region: region(range) } }],
      ...more
    })
  }
  const addFinding = (path: string, { rule, severity, message, help, range, accepted }: Finding) =>
    add(rule, path, withHelp(message, help), severity, range, {
      partialFingerprints: { 'unrootResult/v1': fingerprints.next(rule, path, message) },
      suppressions: accepted
        ? [
            {
              kind: accepted.by === 'comment' ? 'inSource' : 'external',
              status: 'accepted',
              justification: accepted.reason
            }
          ]
        : []
    })
  const addPending = ({ path, result }: Pending, fixes: object[] = []) => {
    const help = 'See the changes with `unroot`, make them with `unroot --write`.'
    return add(pendingRule.name, path, withHelp(result.message, help), pendingRule.severity, result.range, {
      // What would change may differ from one version to the next: it is the same result.
      partialFingerprints: { 'unrootResult/v1': fingerprints.next(pendingRule.name, path, '') },
      suppressions: [],
      ...(fixes.length > 0 && { fixes })
    })
  }
  const begin = (text: string) => {
    const whole = text === '' ? '' : opening + text
    if (text !== '') opening = ''
    return whole
  }

  return {
    add(file) {
      const findings = file.findings.map((finding) => addFinding(file.path, finding)).join('')
      const result = isWritten ? undefined : pendingConversion(file)
      if (result === undefined) return begin(findings)
      const pending = { path: file.path, diff: file.diff, result }
      if (!hasFixes) return begin(findings + addPending(pending))
      // A fix holds the files that change with the Dockerfile too, and those are known at the end.
      waiting.push(pending)
      return begin(findings)
    },
    end(companions) {
      const texts = waiting.map((pending) => {
        const own = companions.filter(({ for: dockerfiles }) => dockerfiles.includes(pending.path))
        return addPending(pending, [fix([pending, ...own])])
      })
      for (const companion of isWritten ? [] : companions) {
        const result = pendingCompanion(companion)
        if (result) texts.push(addPending({ ...companion, result }))
      }
      const rest = {
        columnKind: 'utf16CodeUnits',
        automationDetails: { id: 'unroot/' },
        originalUriBaseIds: { '%SRCROOT%': { description: { text: 'The working directory.' } } },
        tool: {
          driver: {
            name: 'unroot',
            semanticVersion: version,
            informationUri: homePage,
            rules: [...described.values()]
          }
        }
      }
      const closing = JSON.stringify(rest, null, 2).slice(1).replaceAll('\n', '\n    ')
      return `${opening}${texts.join('')}${list.end()},${closing}\n  ]\n}\n`
    }
  }
}

function describeRule(name: string, rules: readonly Rule[], severity: Severity): object {
  // Transforms of one's own report rules that no catalogue holds.
  const rule = rules.find((candidate) => candidate.name === name)
  const { summary, description, severity: usual } = rule ?? { summary: name, description: name, severity }
  const text = description.trim()
  return {
    id: name,
    shortDescription: { text: sentence(summary) },
    fullDescription: { text: shorten(sentence(text.split(/\n\s*\n/)[0]?.replace(/\s+/g, ' ') ?? summary)) },
    ...(rule && { helpUri: rulePage(name) }),
    help: { text, markdown: text },
    defaultConfiguration: { level: levels[usual] },
    properties: {
      tags: ['security', 'container'],
      precision: 'high',
      'security-severity': securitySeverities[usual]
    }
  }
}

const sentence = (text: string): string => (/[.!?:]$/.test(text) ? text : `${text}.`)

// source: docs.github.com, SARIF support for code scanning: fullDescription is limited to 1024 characters
const shorten = (text: string): string => (text.length <= 1000 ? text : `${text.slice(0, 999)}…`)

const artifact = (path: string) => ({ uri: encodePath(path), uriBaseId: '%SRCROOT%' })

/** Colons are encoded too: in front of the first slash one would end a scheme. */
function encodePath(path: string): string {
  return path
    .replace(/\p{Surrogate}/gu, '\ufffd')
    .split('/')
    .map(encodeURIComponent)
    .join('/')
}

function region({ start, end }: Range): object {
  return { startLine: start.line, startColumn: start.column, endLine: end.line, endColumn: end.column }
}

/** One step that converts a Dockerfile, with the files beside it. */
function fix(files: readonly Pick<CompanionReport, 'path' | 'diff'>[]): object {
  return {
    description: { text: 'Run the image as a non-root user.' },
    artifactChanges: files
      .filter(({ diff }) => diff !== '')
      .map(({ path, diff }) => ({
        artifactLocation: artifact(path),
        replacements: readEdits(diff).map(({ start, end, text }) => ({
          deletedRegion: region({ start: position(start), end: position(end) }),
          insertedContent: { text }
        }))
      }))
  }
}

const position = ({ line, before }: EditPosition) => ({ line, column: before.length + 1 })
