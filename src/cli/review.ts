import { type Offer, type PathsOptions, rewritePaths } from '../node/rewrite-paths.ts'
import type { CompanionReport, FileReport, Finding } from '../types.ts'
import { createColours } from './colours.ts'
import { askAt, type Questions } from './questions.ts'
import { type Terminal, textWidth } from './terminal.ts'
import { createTerminalNotes, fileLines } from './terminal-notes.ts'

export interface ReviewOptions {
  terminal: Terminal
  colourDiff: (diff: string) => string
  isVerbose: boolean
  /** How the user starts unroot. */
  program: string
  /** Told of every file but those that were skipped. */
  report(report: FileReport): void
}

export interface ReviewOutcome {
  /** How many files were found. */
  total: number
  companions: CompanionReport[]
  /** Ctrl-C, or nobody is there any more to answer. */
  isStopped: boolean
}

type Answer = 'y' | 'n' | 'a' | 'q'

/**
 * Shows the changes that come with each Dockerfile and asks whether they shall be made. Each group of files is written
 * as soon as it is accepted, whole or not at all; whoever stops keeps what was accepted before.
 */
export async function reviewPaths(
  paths: readonly string[],
  pathsOptions: PathsOptions,
  options: ReviewOptions
): Promise<ReviewOutcome> {
  const { terminal, isVerbose, program, report: tell } = options
  const { output } = terminal
  const isWritten = pathsOptions.write === true
  const notes = createTerminalNotes({
    errors: output,
    errorColours: createColours(terminal.isColoured),
    isWritten,
    isQuiet: false,
    isVerbose,
    columns: output.columns ?? 80,
    run: { program, args: [], isDryRun: false }
  })
  const review = createReview(options)
  const release = stopOnSignal(review)
  try {
    const run = await rewritePaths(paths, { ...pathsOptions, accept: (offer) => review.ask(offer, run.total) })
    for await (const report of run.reports) {
      if (!review.hasSkipped(report.path)) {
        tell(report)
        notes.add(review.withoutSeen(report))
      }
      if (review.isOver()) break
      review.next()
    }
    const companions = run.companions()
    if (run.total > 0) {
      notes.print(companions)
      output.write(review.lastWords(isWritten))
    }
    return { total: run.total, companions, isStopped: review.isStopped() }
  } finally {
    release()
    review.close()
  }
}

function createReview({ terminal, colourDiff, isVerbose }: ReviewOptions) {
  const { output } = terminal
  const colours = createColours(terminal.isColoured)
  const skipped = new Set<string>()
  const seen = new Set<Finding>()
  let questions: Questions | undefined
  let state: 'asking' | 'all' | 'quit' | 'stopped' = 'asking'
  let number = 1

  const show = ({ report, companions }: Offer, total: number) => {
    const place = total > 1 ? `  ${colours.dim(`file ${number} of ${total}`)}` : ''
    const lines = fileLines(report, { colours, isQuiet: false, isVerbose, width: textWidth(output) })
    const [head = `${colours.bold(report.path)}  ${report.verdict}`, ...findings] = lines
    const diffs = [report.diff, ...companions.map(({ diff }) => diff)].filter((diff) => diff !== '').map(colourDiff)
    output.write(['', `${head}${place}`, ...findings, '', ...diffs].join('\n'))
    for (const finding of report.findings) seen.add(finding)
  }

  const answerFor = async ({ report, companions }: Offer): Promise<Answer> => {
    questions ??= askAt(terminal)
    const names = [...(report.diff === '' ? [] : [report.path]), ...companions.map(({ path }) => path)]
    const answer = await questions.key<Answer>(`Change ${listed(names)}?`, [
      { value: 'y', label: 'yes' },
      { value: 'n', label: 'no, skip' },
      { value: 'a', label: 'yes, and all the rest' },
      { value: 'q', label: 'no, and quit' }
    ])
    if (answer === undefined) state = 'stopped'
    return answer ?? 'q'
  }

  return {
    /** Whether the changes shall be made. */
    async ask(offer: Offer, total: number): Promise<boolean> {
      if (state === 'all') return true
      if (state === 'asking') {
        show(offer, total)
        const answer = await answerFor(offer)
        if (answer === 'a') state = 'all'
        if (answer === 'q' && state === 'asking') state = 'quit'
        if (answer === 'y' || answer === 'a') return true
      }
      skipped.add(offer.report.path)
      return false
    },
    hasSkipped: (path: string) => skipped.has(path),
    /** What was shown with the question needs not be said again. */
    withoutSeen: (report: FileReport): FileReport => ({
      ...report,
      findings: report.findings.filter((finding) => !seen.has(finding))
    }),
    isOver: () => state === 'quit' || state === 'stopped',
    isStopped: () => state === 'stopped',
    stop() {
      state = 'stopped'
      questions?.stop()
    },
    next: () => number++,
    lastWords(isWritten: boolean): string {
      const words = []
      if (skipped.size > 0) words.push(`${skipped.size} skipped`)
      if (state === 'quit' || state === 'stopped') words.push('the files after that were not looked at')
      if (!isWritten) words.push('nothing was written: DRY_RUN=true')
      return words.length === 0 ? '' : `  ${words.join('; ')}\n`
    },
    close: () => questions?.close()
  }
}

function listed(names: readonly string[]): string {
  const [first = '', ...rest] = names
  const last = rest.pop()
  return last === undefined ? first : `${[first, ...rest].join(', ')} and ${last}`
}

/** While a file is being written Ctrl-C is a signal, no key: the file is finished, and then it ends. */
function stopOnSignal(review: { stop(): void }): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  const stop = () => review.stop()
  for (const signal of signals) process.on(signal, stop)
  return () => {
    for (const signal of signals) process.off(signal, stop)
  }
}
