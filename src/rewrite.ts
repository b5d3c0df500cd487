import { transforms as builtIn } from '../transforms/index.ts'
import { createLocator, type Dockerfile, parseDockerfile } from './dockerfile/dockerfile.ts'
import { createEditor, type Editor } from './edit/editor.ts'
import { findServerEdits } from './edit/server-edits.ts'
import { UnrootError } from './errors.ts'
import { resolvePrincipal } from './image/accounts.ts'
import { afterConversion } from './image/built-base.ts'
import { hasBuiltBase, isRoot, readImage, type StageImage, surround } from './image/image.ts'
import { checkOptions, checkOptionsObject } from './options.ts'
import { readCopies } from './plan/copies.ts'
import { type Plan, planDockerfile, type StagePlan } from './plan/plan.ts'
import { readStartUp } from './plan/startup.ts'
import { findStepDown } from './plan/step-down.ts'
import { canRun } from './plan/user.ts'
import { unifiedDiff } from './report/diff.ts'
import type { Transform } from './transform.ts'
import type { Change, Finding, RewriteOptions, RewriteResult, Verdict } from './types.ts'

/**
 * Plain arrays of transforms; composition is concatenation.
 *
 * @example
 * ```ts
 * import { presets, rewrite } from 'unroot'
 *
 * const withoutPorts = presets.user.filter(({ name }) => name !== 'remap-ports')
 * const { text } = rewrite('FROM httpd:2.4\n', { transforms: withoutPorts })
 * text.includes('8080') // => false
 * ```
 */
export const presets: {
  /** Every built-in transform, for all strategies: options decide which of them have something to do. */
  readonly user: readonly Transform[]
} = { user: builtIn }

interface Run {
  dockerfile: Dockerfile
  text: string
  changes: Change[]
  findings: Finding[]
  files: Map<string, string>
}

/**
 * Rewrites one Dockerfile so that the image runs as a non-root user. Pure and synchronous.
 *
 * User input never throws: whatever is wrong with it becomes a verdict and findings.
 *
 * @param text the Dockerfile
 * @throws {UnrootError} `INVALID_OPTION`, `UNKNOWN_TRANSFORM` or `OVERLAPPING_EDIT` for mistakes of the calling program
 * @example
 * ```ts
 * import { rewrite } from 'unroot'
 *
 * const result = rewrite('FROM node:22\nWORKDIR /app\nCOPY . .\nCMD ["node", "server.js"]\n')
 * result.verdict // => 'converted'
 * result.user // => { uid: 1000, gid: 1000, name: 'node', source: 'base-image' }
 * ```
 */
export function rewrite(text: string, options: RewriteOptions = {}): RewriteResult {
  if (typeof text !== 'string') throw new UnrootError('INVALID_OPTION', 'the Dockerfile must be a string')
  checkOptionsObject(options)
  const all = options.transforms ?? presets.user
  checkOptions(options, all)
  const dockerfile = parseDockerfile(text)
  const { findBase, buildArgs, strategy } = options
  surround(dockerfile, { buildArgs, ...(strategy !== 'entrypoint' && { findBase }) })
  const plan = planDockerfile(dockerfile, options)
  if (plan.verdict === 'refused' && options.findBase !== undefined && hasBuiltBase(dockerfile)) {
    // What stands against it may be gone with its base as it will be; a second run would see that one.
    const later = afterConversion(options.findBase)
    const result = later && rewrite(text, { ...options, findBase: later })
    if (result?.changed === true) return result
  }
  const active = selectTransforms(all, plan, options)
  if (active.length === 0 && (plan.verdict === 'converted' || plan.verdict === 'needs-review'))
    return createResult(text, { ...plan, findings: [...plan.findings, partialRun(text)] }, 'needs-review', options)
  const isPlain = active.length === 0 || plan.verdict === 'refused' || plan.stages.length === 0
  if (isPlain || (options.safeOnly === true && plan.verdict === 'needs-review'))
    return createResult(text, plan, plan.verdict, options)

  const run = applyTransforms(dockerfile, plan, active, options)
  let findings = [...plan.findings, ...run.findings]
  let { verdict } = plan
  if (
    verdict === 'converted' &&
    run.findings.some((finding) => finding.severity === 'warning' && finding.accepted === undefined)
  ) {
    verdict = 'needs-review'
    if (options.safeOnly === true) return createResult(text, { ...plan, findings }, verdict, options)
  }
  if (run.text !== text || run.files.size > 0) {
    const check = checkResult(run, plan, active, options)
    if (check === 'failed') return createResult(text, { ...plan, findings: [selfCheck(text)] }, 'failed', options)
    if (check === 'root' && (plan.verdict === 'converted' || plan.verdict === 'needs-review')) {
      if (isPartial(options, all)) verdict = 'needs-review'
      else return createResult(text, { ...plan, findings: [selfCheck(text)] }, 'failed', options)
      findings = [...findings, partialRun(text)]
    }
  } else if (plan.verdict !== 'already-non-root') {
    // Nothing was edited, and the image is root still.
    verdict = 'needs-review'
    findings = [...findings, partialRun(text)]
  }
  if (isPartial(options, all) && verdict === 'converted' && plan.verdict === 'converted') {
    const missing = findMissingEdits(dockerfile, plan, all, active, options)
    if (missing.length > 0) {
      verdict = 'needs-review'
      findings = [...findings, partialRun(text, missing)]
    }
  }
  // A name that this very run turned into numbers is no weakness any more.
  if (run.changes.some(({ transform }) => transform === 'pin-numeric-user' || transform === 'allow-arbitrary-user'))
    findings = findings.filter((finding) => finding.rule !== 'named-user')
  return createResult(text, { ...plan, findings }, verdict, options, run)
}

/** Whether manifests are worth a look after a first run without them: something changes, or is asked for. */
export const concernsManifests = ({ verdict }: RewriteResult, options: RewriteOptions): boolean =>
  verdict === 'converted' ||
  verdict === 'needs-review' ||
  (verdict === 'already-non-root' &&
    (options.harden === true ||
      options.only?.includes('update-kubernetes') === true ||
      Object.keys(options.ports ?? {}).length > 0))

/** Options under which files that a transform has changed read as they are now. */
function withFiles(options: RewriteOptions, files: ReadonlyMap<string, string>): RewriteOptions {
  const { readContext, readBeside, composeFiles, manifests } = options
  return {
    ...options,
    ...(readContext && { readContext: (path) => files.get(path) ?? readContext(path) }),
    ...(readBeside && { readBeside: (path) => files.get(path) ?? readBeside(path) }),
    get composeFiles() {
      return (composeFiles ?? []).map((file) => ({ ...file, text: files.get(file.path) ?? file.text }))
    },
    get manifests() {
      return (manifests ?? []).map((file) => ({ ...file, text: files.get(file.path) ?? file.text }))
    }
  }
}

/** Names of the transforms that were left out and would have edited something. */
function findMissingEdits(
  dockerfile: Dockerfile,
  plan: Plan,
  all: readonly Transform[],
  active: readonly Transform[],
  options: RewriteOptions
): string[] {
  const own = all.filter(({ name }) => !isBuiltIn.has(name))
  const complete = [...builtIn.map((each) => all.find(({ name }) => name === each.name) ?? each), ...own]
  const whole = complete.filter(({ onRequest }) => onRequest === undefined || onRequest(options))
  const names = new Set(applyTransforms(dockerfile, plan, whole, options).changes.map((change) => change.transform))
  return [...names].filter((name) => !active.some((transform) => transform.name === name))
}

const isBuiltIn: ReadonlySet<string> = new Set(builtIn.map(({ name }) => name))

/** A list of the caller's own counts as a part where it lacks a built-in transform. */
const isPartial = (options: RewriteOptions, all: readonly Transform[]): boolean =>
  options.only !== undefined ||
  options.skip !== undefined ||
  !builtIn.every(({ name }) => all.some((transform) => transform.name === name))

function selectTransforms(all: readonly Transform[], plan: Plan, options: RewriteOptions): Transform[] {
  const chosen = all.filter(
    ({ name, onRequest }) =>
      (options.only === undefined || options.only.includes(name)) &&
      options.skip?.includes(name) !== true &&
      (onRequest === undefined || onRequest(options))
  )
  if (plan.verdict !== 'already-non-root') return chosen
  // No edit by default: only what is asked for.
  return chosen.filter(
    ({ name, onRequest, isAskedFor }) =>
      options.only?.includes(name) === true ||
      isAskedFor?.(options) === true ||
      onRequest?.(options) === true ||
      !builtIn.some((known) => known.name === name)
  )
}

function applyTransforms(original: Dockerfile, plan: Plan, active: readonly Transform[], options: RewriteOptions): Run {
  const locator = createLocator(original.text)
  const changes: Change[] = []
  const findings: Finding[] = []
  const files = new Map<string, string>()
  const current = withFiles(options, files)
  let dockerfile = original
  let toOriginal = (offset: number) => offset
  for (const transform of active) {
    let edit: Editor | undefined
    let edited = new Set<number>()
    /** Ends a round of edits: the text is read again. */
    const finishRound = () => {
      edited = new Set()
      if (edit === undefined || edit.edits.length === 0) return
      const back = toOriginal
      for (const { message, start, end } of edit.edits)
        changes.push({ transform: transform.name, message, range: locator.range(back(start), back(end)) })
      const { text, toOld } = edit.finish()
      dockerfile = parseDockerfile(text)
      surround(dockerfile, original)
      toOriginal = (offset) => back(toOld(offset))
      edit = undefined
    }
    for (const stagePlan of plan.stages) {
      if (stagePlan.isNonRoot && plan.verdict !== 'already-non-root') continue
      // A stage that is built on one just edited must see what it has become.
      if (edited.size > 0) {
        const planned = dockerfile.stages[stagePlan.stageIndex]
        if (planned !== undefined && readImage(dockerfile, planned).lineage.some(({ index }) => edited.has(index)))
          finishRound()
      }
      const stage = dockerfile.stages[stagePlan.stageIndex]
      if (stage === undefined) continue
      const back = toOriginal
      const now = dockerfile
      transform.apply({
        dockerfile,
        stage,
        get image() {
          return readImage(now, stage)
        },
        plan,
        stagePlan,
        options: current,
        get edit() {
          edit ??= createEditor(now)
          return edit
        },
        changeFile(path, text, message) {
          files.set(path, text)
          changes.push({ transform: transform.name, message, range: locator.range(0, 0) })
        },
        report({ range, ...finding }) {
          const [from, to] = range ?? [stage.from.start, stage.from.raw.headEnd]
          findings.push({ ...finding, range: locator.range(back(from), back(to)) })
        }
      })
      edited.add(stagePlan.stageIndex)
    }
    finishRound()
  }
  return { dockerfile, text: dockerfile.text, changes, findings, files }
}

/**
 * Looks at the result as it was read back: it must parse, every shipped stage must run as the planned user, and the
 * configuration of its server must be what was planned.
 */
function checkResult(
  { dockerfile, files }: Run,
  plan: Plan,
  active: readonly Transform[],
  options: RewriteOptions
): 'passed' | 'root' | 'failed' {
  if (dockerfile.error !== undefined) return 'failed'
  const names = new Set(active.map(({ name }) => name))
  for (const stagePlan of plan.stages) {
    const { stageIndex, isNonRoot, user } = stagePlan
    const stage = dockerfile.stages[stageIndex]
    if (stage === undefined) return 'failed'
    const image = readImage(dockerfile, stage)
    const { final } = image
    const becomes = isRoot(final) ? findRunTimeUser(dockerfile, image, withFiles(options, files)) : final.user
    if (becomes === undefined) return 'root'
    const after = resolvePrincipal(becomes, final.accounts)
    const isAnyUser = user.replaces !== undefined && names.has('allow-arbitrary-user')
    const isImpossible = stagePlan.findings.some(({ rule }) => rule === 'needs-group-write')
    if (isAnyUser && !isImpossible && after.gid !== 0) return 'failed'
    if (!isNonRoot && user.uid !== undefined && after.uid !== undefined && after.uid !== user.uid) return 'failed'
    const left = findServerEdits(
      { dockerfile, image, stagePlan, options: withFiles(options, files) },
      { ports: names.has('remap-ports'), settings: names.has('prepare-server') && canRun(image) }
    )
    if (left.some((each) => each.dockerfile.length > 0 || each.context.size > 0)) return 'failed'
    if (left.some(({ commands }) => commands.length > 0) && canRun(image)) return 'failed'
  }
  return 'passed'
}

/** Whom an entrypoint of strategy `entrypoint` becomes. */
function findRunTimeUser(dockerfile: Dockerfile, image: StageImage, options: RewriteOptions): string | undefined {
  const copies = readCopies(dockerfile, image.lineage)
  const found = findStepDown(image, readStartUp(dockerfile, image, copies, options))
  return found !== undefined && (found.isAtRunTime || options.strategy === 'entrypoint') ? found.user : undefined
}

const atStart = (text: string) => createLocator(text).range(0, 0)

const selfCheck = (text: string): Finding => ({
  rule: 'self-check',
  severity: 'error',
  message: 'the rewritten file did not pass its check, so the original is kept',
  help: 'This is a bug of unroot: please report the Dockerfile.',
  range: atStart(text)
})

const partialRun = (text: string, missing: readonly string[] = []): Finding => ({
  rule: 'partial-run',
  severity: 'warning',
  message:
    missing.length === 0
      ? 'the transforms that ran do not make the image run as a non-root user'
      : `left out, though the user needs it: ${missing.join(', ')}`,
  help: 'Run without --only and --skip, or make those edits yourself.',
  range: atStart(text)
})

function createResult(text: string, plan: Plan, verdict: Verdict, options: RewriteOptions, run?: Run): RewriteResult {
  const stage: StagePlan | undefined = plan.stages.at(-1)
  const result = run?.text ?? text
  const path = options.path ?? 'Dockerfile'
  const user = stage?.user
  return {
    text: result,
    verdict,
    stage: stage === undefined ? null : { index: stage.stageIndex, name: stage.stageName ?? null },
    user:
      user === undefined || verdict === 'failed'
        ? null
        : { uid: user.uid ?? null, gid: user.gid ?? null, name: user.name ?? null, source: user.source },
    changed: result !== text || (run?.files.size ?? 0) > 0,
    ports: run === undefined ? [] : plan.stages.flatMap((each) => each.ports),
    writablePaths: plan.stages.flatMap((each) => [
      ...each.paths.map(({ path: name, reason }) => ({ path: name, reason })),
      ...(each.server?.paths ?? []).map(({ path: name }) => ({
        path: name,
        reason: `${each.server?.name} writes there`
      }))
    ]),
    changes: (run?.changes ?? []).toSorted(
      (a, b) => a.range.start.line - b.range.start.line || a.range.start.column - b.range.start.column
    ),
    findings: [...plan.findings],
    companions: run?.files ?? new Map(),
    startsAsRoot: stage !== undefined && (stage.isSteppingDown || (stage.stepDown !== undefined && run !== undefined)),
    serverFiles: [...new Set(plan.stages.flatMap((each) => each.server?.contextFiles ?? []))],
    diff: () => (result === text ? '' : unifiedDiff(path, text, result))
  }
}
