/** Verifies what a run over paths has converted. */
import { version } from '../../package.json'
import { parseDockerfile } from '../dockerfile/dockerfile.ts'
import { type PathsOptions, type RewrittenFile, rewritePaths } from '../node/rewrite-paths.ts'
import type { CompanionReport, FileReport, Verdict } from '../types.ts'
import { InterruptedError } from './command.ts'
import type { EngineReference } from './engine.ts'
import { missesNetwork } from './log-errors.ts'
import type { Session } from './session.ts'
import type { Check, FileVerification, Verification, VerifySettings } from './types.ts'
import { type Candidate, type ImageJob, type ImageResult, verifyImage } from './verify-image.ts'

export interface VerifyFilesOptions extends Pick<PathsOptions, 'cwd' | 'isExcluded' | 'optionsFor' | 'concurrency'> {
  /** How images are built and started; asked with absolute paths. */
  settingsFor: (file: string) => VerifySettings
  /** Asked once, when there is something to build. */
  openSession: () => Promise<Session>
  onStep: (path: string, step: string) => void
  onFile: (file: FileVerification) => void
}

export interface VerifyFilesResult {
  verification: Verification
  /** The reports of the rewrite, for a pull request text. */
  reports: FileReport[]
  companions: CompanionReport[]
}

/** Why a verdict leaves nothing to build. */
const unchangedReasons: Record<Verdict, string> = {
  converted: 'nothing changes',
  'needs-review': 'nothing changes',
  refused: 'refused',
  'already-non-root': 'already non-root, nothing changes',
  'not-applicable': 'not applicable',
  failed: 'the file could not be read or parsed'
}

/** Rewrites each Dockerfile in memory and compares it with the original; the files stay as they are. */
export async function verifyPaths(paths: readonly string[], options: VerifyFilesOptions): Promise<VerifyFilesResult> {
  const rewritten = new Map<string, RewrittenFile>()
  const { cwd, isExcluded, optionsFor, concurrency } = options
  const run = await rewritePaths(paths, {
    cwd,
    ...(isExcluded && { isExcluded }),
    ...(optionsFor && { optionsFor }),
    ...(concurrency !== undefined && { concurrency }),
    onRewrite: (file) => rewritten.set(file.path, file)
  })
  const reports: FileReport[] = []
  const files: FileVerification[] = []
  let engine: EngineReference | undefined
  for await (const report of run.reports) {
    reports.push(report)
    const file = rewritten.get(report.path)
    rewritten.delete(report.path)
    const isChanged = file !== undefined && report.changed
    const results = isChanged
      ? await verifyFile(file, report, options, async () => {
          const session = await options.openSession()
          engine = session.engine
          return session
        })
      : [unchanged(report)]
    for (const result of results) options.onFile(result)
    files.push(...results)
  }
  return { verification: buildVerification(files, engine), reports, companions: run.companions() }
}

/** The report of a run. */
export function buildVerification(files: FileVerification[], engine: EngineReference | undefined): Verification {
  const count = (status: FileVerification['status']) => files.filter((file) => file.status === status).length
  return {
    version: 1,
    tool: { name: 'unroot', version },
    engine: engine === undefined ? null : { name: engine.kind, version: engine.version },
    summary: {
      files: files.length,
      verified: count('verified'),
      failed: count('failed'),
      'not-verified': count('not-verified')
    },
    files
  }
}

function unchanged({ path, verdict, findings }: FileReport): FileVerification {
  const error = findings.find(({ severity }) => severity === 'error')
  const detail = error === undefined || verdict === 'already-non-root' ? '' : ` (${error.rule}: ${error.message})`
  return notVerified(path, null, verdict, `${unchangedReasons[verdict]}${detail}`)
}

function notVerified(path: string, target: string | null, verdict: Verdict, reason: string): FileVerification {
  return { path, target, verdict, status: 'not-verified', reason, checks: [], notVerified: [], notes: [], log: [] }
}

async function verifyFile(
  file: RewrittenFile,
  report: FileReport,
  options: VerifyFilesOptions,
  openSession: () => Promise<Session>
): Promise<FileVerification[]> {
  const settings = options.settingsFor(file.file)
  const results: FileVerification[] = []
  for (const target of file.targets?.length ? file.targets : [undefined])
    results.push(await verifyTarget(file, report, target, settings, options, await openSession()))
  return results
}

async function verifyTarget(
  file: RewrittenFile,
  { path, verdict }: FileReport,
  target: string | undefined,
  settings: VerifySettings,
  options: VerifyFilesOptions,
  session: Session
): Promise<FileVerification> {
  const stage = knownTarget(file.text, target)
  try {
    const job = { ...toImageJob(file, target, settings), onStep: (step: string) => options.onStep(path, step) }
    const result = await verifyImage(job, [toCandidate(file, target)], session)
    return describeResult(path, stage ?? null, verdict, result, settings)
  } catch (error) {
    if (error instanceof InterruptedError) throw error
    // A file of the context that cannot be read, a full disk: the other files go on.
    const message = error instanceof Error ? error.message : String(error)
    return notVerified(path, stage ?? null, verdict, `could not be tried: ${message}`)
  }
}

/** What has to be built of a converted file. */
export function toImageJob(file: RewrittenFile, target: string | undefined, settings: VerifySettings): ImageJob {
  return {
    original: file.text,
    context: file.context.folder(),
    ignoreRules: file.context.ignoreRules(),
    target: knownTarget(file.text, target),
    settings
  }
}

/** An unknown stage has its own finding; the last one is converted then, and built here. */
function knownTarget(text: string, target: string | undefined): string | undefined {
  if (target === undefined) return undefined
  const stages = parseDockerfile(text).stages
  const isKnown = stages.some(({ name, index }) => name === target.toLowerCase() || String(index) === target)
  return isKnown ? target : undefined
}

/** Some uid that no image has an account for; one that rootless engines have too, which give out 65536 of them. */
const anyUid = 54321

/** The converted file as a version of the image. */
export function toCandidate({ result, text, targets, strategy }: RewrittenFile, target: string | undefined): Candidate {
  const { text: rewritten, companions, ports, writablePaths, user, stage, startsAsRoot } = result
  // The report names the user of one stage; of another shipped stage only that it must not be root.
  const isReported =
    (targets?.length ?? 0) < 2 || target === undefined || target === stage?.name || target === String(stage?.index)
  const uid = isReported && rewritten !== text ? (user?.uid ?? null) : null
  const common = { text: rewritten, files: companions, ports, writablePaths, startsAsRoot }
  return strategy === 'arbitrary-user' && rewritten !== text
    ? { ...common, uid: anyUid, runAs: `${anyUid}:0` }
    : { ...common, uid }
}

/** Puts the comparison into words. */
export function describeResult(
  path: string,
  target: string | null,
  verdict: Verdict,
  { original, candidates, notes }: ImageResult,
  settings: VerifySettings
): FileVerification {
  const [candidate] = candidates
  if (candidate === undefined) {
    const { build, run } = original
    const reason = build.isBuilt
      ? 'the original does not start'
      : settings.buildNetwork === 'none' && missesNetwork(build.log)
        ? 'the original does not build without a network; `--network default` gives builds one'
        : 'the original does not build'
    return { ...notVerified(path, target, verdict, reason), notes, log: (run?.log ?? build.log).slice(-20) }
  }
  const { checks, log } = candidate
  const failures = checks.filter(({ status }) => status === 'failed')
  const common = { path, target, verdict, checks, notes, log }
  const left = listNotVerified(checks, settings, original.run?.exitCode ?? 0)
  if (failures.length === 0) return { ...common, status: 'verified', reason: '', notVerified: left }
  const reason = failures.map(({ name, message }) => `${name}: ${message}`).join('; ')
  return { ...common, status: 'failed', reason, notVerified: left }
}

function listNotVerified(checks: readonly Check[], settings: VerifySettings, exitCode: number): string[] {
  const skipped = checks.filter(({ status }) => status === 'skipped').map(({ name, message }) => `${name}: ${message}`)
  if (exitCode === 0) return skipped
  const network = settings.runNetwork === 'none' ? ' (it ran without a network)' : ''
  return [`the original itself exits with code ${exitCode}${network}: what comes after that was not seen`, ...skipped]
}
