import { createGithub } from '../report/github.ts'
import { createGitlab } from '../report/gitlab.ts'
import { countVerdicts, createReportText } from '../report/json.ts'
import { createMarkdown } from '../report/markdown.ts'
import { createRdjson } from '../report/rdjson.ts'
import { createSarif } from '../report/sarif.ts'
import type { StreamedReport } from '../report/streamed.ts'
import { formatCounts, formatFinding, formatSummary, printable } from '../report/summary.ts'
import type { CompanionReport, FileReport, Finding } from '../types.ts'
import type { Colours } from './colours.ts'
import type { Format } from './flags.ts'
import type { Output } from './output.ts'
import { allRules } from './rules.ts'

/** Shows reports as they come. */
export interface View {
  file(report: FileReport): void
  end(companions: CompanionReport[]): void
}

/** How findings are told. */
export interface NotesOptions {
  errors: { write(text: string): unknown }
  errorColours: Colours
  isWritten: boolean
  isQuiet: boolean
  isVerbose: boolean
}

/** Collects what is said on standard error when everything else has been printed. */
export interface Notes {
  add(report: FileReport): void
  print(companions: CompanionReport[]): void
}

export interface ViewOptions extends NotesOptions {
  output: Output
  /** Diffs as standard output gets them. */
  colourDiff: (diff: string) => string
  /** Default: lines that programs can read. */
  createNotes?: ((options: NotesOptions) => Notes) | undefined
  /** Of `sarif`. */
  hasFixes: boolean
}

/** The view of a format; `list` is that of `--list-different`. */
export function createView(kind: Format | 'list' | 'text', options: ViewOptions): View {
  const streamed = (create: (options: ViewOptions) => StreamedReport) => () => streamedView(create(options), options)
  const views = {
    diff: diffView,
    json: jsonView,
    summary: summaryView,
    list: listView,
    text: textView,
    sarif: streamed(({ isWritten, hasFixes }) => createSarif({ rules: allRules, isWritten, hasFixes })),
    rdjson: streamed(createRdjson),
    github: streamed(createGithub),
    gitlab: streamed(createGitlab),
    markdown: streamed(createMarkdown)
  }
  return views[kind](options)
}

/** Formats that write each file when it comes. */
function streamedView(report: StreamedReport, { output, ...options }: ViewOptions): View {
  return {
    file(file) {
      output.write(report.add(file))
      reportFailure(file, options)
    },
    end: (companions) => output.write(report.end(companions))
  }
}

/** Diffs at once; findings follow, so that they are not lost between them. */
function diffView(options: ViewOptions): View {
  const notes = (options.createNotes ?? createNotes)(options)
  return {
    file(report) {
      options.output.write(options.colourDiff(report.diff))
      notes.add(report)
    },
    end(companions) {
      for (const { diff } of companions) options.output.write(options.colourDiff(diff))
      options.output.flush()
      notes.print(companions)
    }
  }
}

/** Findings alone: the rewritten text itself is printed by whoever has it. */
function textView(options: ViewOptions): View {
  const notes = (options.createNotes ?? createNotes)(options)
  return {
    file: notes.add,
    end(companions) {
      options.output.flush()
      notes.print(companions)
    }
  }
}

function jsonView({ output, ...options }: ViewOptions): View {
  const text = createReportText()
  return {
    file(report) {
      text.add(report)
      reportFailure(report, options)
    },
    end(companions) {
      for (const piece of text.pieces(companions)) output.write(piece)
    }
  }
}

function summaryView({ output, isWritten, ...options }: ViewOptions): View {
  const files: Pick<FileReport, 'path' | 'verdict'>[] = []
  let count = 0
  return {
    file(report) {
      const { path, verdict } = report
      files.push({ path, verdict })
      if (hasDiff(report)) count++
      reportFailure(report, options)
    },
    end(companions) {
      count += companions.filter(hasDiff).length
      output.write(formatSummary(files, { count, isWritten }))
    }
  }
}

function listView({ output, ...options }: ViewOptions): View {
  const paths: string[] = []
  return {
    file(report) {
      if (hasDiff(report)) paths.push(report.path)
      reportFailure(report, options)
    },
    end(companions) {
      paths.push(...companions.filter(hasDiff).map(({ path }) => path))
      const sorted = [...new Set(paths)].sort()
      output.write(sorted.map((path) => `${path}\n`).join(''))
    }
  }
}

/** Not `changed`: that is also true of a Dockerfile of which only a companion changes. */
function hasDiff({ diff }: { diff: string }): boolean {
  return diff !== ''
}

type Errors = Pick<NotesOptions, 'errors' | 'errorColours'>

/** Whatever the format, a file that could not be read is named on standard error. */
function reportFailure({ path, verdict, findings }: FileReport, { errors, errorColours }: Errors): void {
  if (verdict !== 'failed') return
  for (const finding of findings) errors.write(`${colourFinding(path, finding, errorColours)}\n`)
}

function createNotes({ errors, errorColours, isQuiet, isVerbose, isWritten }: NotesOptions): Notes {
  const lines: string[] = []
  const files: Pick<FileReport, 'verdict'>[] = []
  let count = 0
  return {
    add(report) {
      const { path, verdict, changes, findings } = report
      files.push({ verdict })
      if (hasDiff(report)) count++
      if (isVerbose)
        for (const { transform, message, range } of changes)
          lines.push(errorColours.dim(printable(`${path}:${range.start.line}: ${transform}: ${message}`)))
      for (const finding of findings) {
        if (isQuiet && (finding.severity !== 'error' || finding.accepted)) continue
        lines.push(colourFinding(path, finding, errorColours))
        if (isVerbose && finding.help) lines.push(errorColours.dim(`  ${printable(finding.help)}`))
      }
    },
    print(companions) {
      if (!isQuiet) {
        count += companions.filter(hasDiff).length
        lines.push(errorColours.bold(formatCounts(countVerdicts(files), { count, isWritten })))
      }
      if (lines.length > 0) errors.write(`${lines.join('\n')}\n`)
    }
  }
}

function colourFinding(path: string, finding: Finding, colours: Colours): string {
  const line = formatFinding(path, finding)
  if (!colours.isColorSupported) return line
  const colour = { error: colours.red, warning: colours.yellow, info: colours.cyan }[finding.severity]
  const mark = ` ${finding.rule}: `
  const at = line.indexOf(mark)
  return `${line.slice(0, at + 1)}${colour(finding.rule)}${line.slice(at + mark.length - 2)}`
}
