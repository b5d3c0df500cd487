/** Builds and starts both versions of one image. */
import type { PortMapping, WritablePath } from '../types.ts'
import { comparableAnswers, comparableListeners, compareObservations, mappedPort } from './compare.ts'
import type { BuildRequest, ImageFacts } from './engine.ts'
import { type Expectation, firstStart, observeRun } from './observe.ts'
import type { Session } from './session.ts'
import { strictArguments } from './strict.ts'
import { hasSyntaxLine, isMissingFrontend, withoutSyntaxLine } from './syntax-line.ts'
import type { BuildOutcome, Check, Observation, RunOutcome, VerifySettings } from './types.ts'
import { createWorkspace, type Workspace } from './workspace.ts'

/** One version of an image that is compared with the original. */
export interface Candidate {
  text: string
  /** Files of the context that change with it. */
  files: ReadonlyMap<string, string>
  /** What the plan says: null where it only says that it is not root. */
  uid: number | null
  /** `uid:gid` that a platform gives to the container, whatever the image says. */
  runAs?: string
  ports: readonly PortMapping[]
  writablePaths: readonly WritablePath[]
  /** Strategy `entrypoint`: it starts as root, and becomes the user at once. */
  startsAsRoot?: boolean
}

export interface ImageJob {
  original: string
  /** Absolute path of the build context. */
  context: string
  /** The `.dockerignore` that is in force. */
  ignoreRules: string | undefined
  target: string | undefined
  settings: VerifySettings
  /** Told what is being done. */
  onStep?: (step: string) => void
}

export interface CandidateResult {
  observation: Observation
  checks: Check[]
  /** The last lines of what failed. */
  log: string[]
}

export interface ImageResult {
  original: Observation
  candidates: CandidateResult[]
  notes: string[]
}

const shownLines = 20

/**
 * Builds and starts the original once and each candidate once, and compares. When the original does not build or start,
 * there is nothing to compare with, and no candidate is tried.
 */
export async function verifyImage(
  job: ImageJob,
  candidates: readonly Candidate[],
  session: Session
): Promise<ImageResult> {
  const workspace = await createWorkspace(job.context, job.ignoreRules)
  const builder = createBuilder(job, workspace, session)
  try {
    job.onStep?.('building the original')
    const built = await builder.build('original', job.original)
    job.onStep?.('starting the original')
    const run =
      built.facts &&
      (await observeRun(
        built.tag,
        built.facts,
        ['--network', job.settings.runNetwork],
        job.settings,
        firstStart,
        session
      ))
    const original: Observation = { build: built.outcome, run: run ?? null }
    const results: CandidateResult[] = []
    const isComparable = run !== undefined && run.state !== 'not-started'
    for (const candidate of isComparable ? candidates : []) {
      await workspace.change(candidate.files)
      results.push(await tryCandidate(candidate, results.length, original, job, builder, session))
    }
    return { original, candidates: results, notes: builder.notes() }
  } finally {
    await builder.close()
    await workspace.remove()
  }
}

async function tryCandidate(
  candidate: Candidate,
  index: number,
  original: Observation,
  job: ImageJob,
  builder: Builder,
  session: Session
): Promise<CandidateResult> {
  const { settings } = job
  job.onStep?.('building the rewritten version')
  const built = await builder.build(`rewritten-${index}`, candidate.text)
  job.onStep?.('starting the rewritten version')
  const args = strictArguments(settings, session.engine.kind, candidate)
  const run =
    built.facts &&
    (await observeRun(built.tag, built.facts, args, settings, expect(original.run as RunOutcome, candidate), session))
  const observation: Observation = { build: built.outcome, run: run ?? null }
  const checks = compareObservations(original, observation, {
    uid: candidate.uid,
    ports: candidate.ports,
    startsAsRoot: candidate.startsAsRoot ?? false,
    settings
  })
  const hasFailed = checks.some(({ status }) => status === 'failed')
  return { observation, checks, log: hasFailed ? (run?.log ?? built.outcome.log).slice(-shownLines) : [] }
}

/** What the original came to, the rewritten version must come to. */
function expect(original: RunOutcome, { ports, startsAsRoot = false }: Candidate): Expectation {
  return {
    ports: comparableListeners(original).map(({ port }) => mappedPort(port, ports)),
    http:
      original.http === null
        ? undefined
        : comparableAnswers(original).map(({ port, status }) => ({ port: mappedPort(port, ports), status })),
    startsAsRoot,
    isHealthy: original.health === 'healthy',
    isExit: original.state === 'exited',
    milliseconds: original.milliseconds * 3
  }
}

interface Built {
  tag: string
  outcome: BuildOutcome
  /** undefined: it was not built. */
  facts: ImageFacts | undefined
}

interface Builder {
  build(name: string, text: string): Promise<Built>
  notes(): string[]
  close(): Promise<void>
}

function createBuilder({ target, settings }: ImageJob, workspace: Workspace, session: Session): Builder {
  const tags: string[] = []
  let isPlain = settings.withoutSyntaxLine
  let hasLeftOut = false
  const attempt = async (name: string, text: string): Promise<Built> => {
    const isLeftOut = isPlain && hasSyntaxLine(text)
    hasLeftOut ||= isLeftOut
    const files = await workspace.addDockerfile(name, isLeftOut ? withoutSyntaxLine(text) : text)
    const tag = session.newImage()
    tags.push(tag)
    const { buildArgs, buildNetwork: network, timeout } = settings
    const common = { ...files, tag, label: session.label, context: workspace.context, target }
    return runBuild({ ...common, buildArgs, network, timeout }, session)
  }
  return {
    async build(name, text) {
      const built = await attempt(name, text)
      if (built.facts || isPlain || !hasSyntaxLine(text) || !isMissingFrontend(built.outcome.log, text)) return built
      isPlain = true
      return attempt(name, text)
    },
    notes: () => (hasLeftOut ? ['built without the `# syntax=` line, by the frontend of the engine itself'] : []),
    close: () => session.removeImages(tags)
  }
}

async function runBuild(request: BuildRequest, { engine }: Session): Promise<Built> {
  const { tag, timeout } = request
  const result = await engine.build(request)
  const facts = result.isOk ? await engine.image(tag) : undefined
  if (facts) return { tag, facts, outcome: { isBuilt: true, size: facts.size, user: facts.user, log: [] } }
  const lines = `${result.stdout}\n${result.stderr}`.split('\n').filter((line) => line.trim() !== '')
  const log = result.isTimedOut ? [...lines, `the build takes longer than ${timeout} s (--timeout)`] : lines
  return { tag, facts: undefined, outcome: { isBuilt: false, size: null, user: '', log } }
}
