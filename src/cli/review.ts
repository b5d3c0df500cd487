import { type Offer, type PathsOptions, rewritePaths } from '../node/rewrite-paths.ts'
import { printable } from '../report/summary.ts'
import type { CompanionReport, FileReport, Finding } from '../types.ts'
import { createColours } from './colours.ts'
import { askForKey, type KeyQuestion } from './key-question.ts'
import { createProgress } from './progress.ts'
import { type Terminal, textWidth } from './terminal.ts'
import { createTerminalNotes, fileHead, fileNotes } from './terminal-notes.ts'

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
  const review = createReview(options, isWritten)
  const notes = createTerminalNotes({
    errors: output,
    errorColours: createColours(terminal.isColoured),
    isWritten,
    isQuiet: false,
    isVerbose,
    columns: output.columns ?? 80,
    remarks: review.remarks,
    run: { program, args: [], isDryRun: false }
  })
  const release = stopOnSignal(review)
  try {
    const run = await rewritePaths(paths, { ...pathsOptions, accept: (offer) => review.ask(offer, run.total) })
    const progress = createProgress(output, run.total, true)
    for await (const report of run.reports) {
      if (review.asksNoMore()) progress.step(report.path)
      const unseen = review.withoutSeen(report)
      if (review.hasSkipped(report.path)) notes.skip(unseen)
      else {
        tell(report)
        notes.add(unseen)
      }
      if (review.isOver()) break
      review.next()
    }
    progress.clear()
    const companions = run.companions()
    if (run.total > 0) notes.print(companions)
    return { total: run.total, companions, isStopped: review.isStopped() }
  } finally {
    release()
  }
}

function createReview({ terminal, colourDiff, isVerbose }: ReviewOptions, isWritten: boolean) {
  const { output } = terminal
  const colours = createColours(terminal.isColoured)
  const skipped = new Set<string>()
  const seen = new Set<Finding>()
  let question: KeyQuestion<Answer> | undefined
  let state: 'asking' | 'all' | 'quit' | 'stopped' = 'asking'
  let number = 1
  let last = ''
  let total = 0

  const show = ({ report, companions }: Offer) => {
    const place = total > 1 ? `  ${colours.dim(`file ${number} of ${total}`)}` : ''
    const notes = fileNotes(report, { colours, isQuiet: false, isVerbose, width: textWidth(output) })
    const diffs = [report.diff, ...companions.map(({ diff }) => diff)].filter((diff) => diff !== '').map(colourDiff)
    const parts = [`${fileHead(report, colours)}${place}`, ...notes, '', diffs.join('')]
    output.write(`\n${parts.join('\n')}\n`)
    for (const finding of report.findings) seen.add(finding)
  }

  const answerFor = async ({ report, companions }: Offer): Promise<Answer> => {
    const names = [...(report.diff === '' ? [] : [report.path]), ...companions.map(({ path }) => path)]
    question = askForKey(terminal, `Change ${printable(listed(names))}?`, {
      y: 'yes',
      n: 'no, skip it',
      a: 'yes to all the rest',
      q: 'no, quit'
    })
    const answer = await question.answer
    if (answer === undefined) state = 'stopped'
    return answer ?? 'q'
  }

  return {
    /** Whether the changes shall be made. */
    async ask(offer: Offer, of: number): Promise<boolean> {
      if (state === 'all') return true
      if (state === 'asking') {
        total = of
        last = offer.report.path
        show(offer)
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
    asksNoMore: () => state === 'all',
    isOver: () => state === 'quit' || state === 'stopped',
    isStopped: () => state === 'stopped',
    stop() {
      state = 'stopped'
      question?.stop()
    },
    next: () => number++,
    remarks: (): string[] => [
      ...((state === 'quit' || state === 'stopped') && number < total
        ? [`The files after ${printable(last)} were not looked at.`]
        : []),
      ...(isWritten ? [] : ['DRY_RUN=true: nothing was written.'])
    ]
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
