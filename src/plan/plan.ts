/**
 * Who the image should run as, what that user needs, what stands against it. A pure function of text and options,
 * in stable keys (path, port, uid, stage index): it is made once, on the original.
 */
import { createLocator, type Dockerfile, parseDockerfile, type Stage } from '../dockerfile/dockerfile.ts'
import type { Instruction } from '../dockerfile/instruction.ts'
import { createEditor } from '../edit/editor.ts'
import { resolvePrincipal } from '../image/accounts.ts'
import { findParent, isRoot, readImage, type StageImage, surround } from '../image/image.ts'
import { isSyncingStart, wantsHome } from '../services/home-programs.ts'
import type { Finding, PortMapping, RewriteOptions, Verdict } from '../types.ts'
import { readAcceptances, readMistakenComments } from './acceptances.ts'
import { findBaseChanges } from './base-user.ts'
import { readCopies } from './copies.ts'
import type { Hazard, HazardContext, RawFinding } from './hazard.ts'
import { stepDownTools } from './hazards/drops-privileges.ts'
import { otherStrategy } from './hazards/other-strategy.ts'
import { umaskWithoutEffect } from './hazards/umask-without-effect.ts'
import { findHomeMove, type HomeMove } from './home-move.ts'
import { planPorts } from './plan-ports.ts'
import { findPortMentions, type PortMention } from './ports.ts'
import { planKeys } from './private-keys.ts'
import { findClosedPrograms } from './program-modes.ts'
import { anyUserHazards, hazards } from './rules.ts'
import { readRunFacts } from './run-facts.ts'
import {
  findStartedServer,
  isOwnedByPackage,
  type PlannedServer,
  planServers,
  readServers,
  type ServerSetup
} from './server.ts'
import { findSourcePorts } from './source-ports.ts'
import { findStagesLeft } from './stages-left.ts'
import { readStartUp, type StartUp } from './startup.ts'
import { findStepDown, planStepDown, type StepDown, type StepDownPlan, stepDownUser } from './step-down.ts'
import { fromBuildArguments, type PlannedUser, planUser, toAnyUser } from './user.ts'
import { findApplicationDirectories, type PlannedPath, planPaths } from './writable-paths.ts'

/** What one shipped stage needs, in keys that no edit moves. */
export interface StagePlan {
  /** Counts from 0, over the whole file. */
  stageIndex: number
  /** As in `AS name`, lower case. */
  stageName: string | undefined
  /** The stage is non-root as it stands. */
  isNonRoot: boolean
  /** Whom it is to run as; `user.text` is what stands behind `USER`. */
  user: PlannedUser
  /** What the user must be able to write and cannot yet. */
  paths: readonly PlannedPath[]
  /** What the process writes, whoever owns it now; of a stage that is non-root only looked for with `--harden`. */
  written: readonly PlannedPath[]
  /** Directories that receive copied files of the application. */
  applicationDirectories: readonly string[]
  /** Ports that move. */
  ports: readonly PortMapping[]
  /** Those of `ports` that only the arguments of `CMD` and `ENTRYPOINT` name. */
  commandPorts: readonly number[]
  /** Programs that only root may execute, and that can be opened. */
  closedPrograms: readonly string[]
  /** Variables that the process needs because it is no longer root, such as `HOME=/tmp`. */
  environment: readonly string[]
  /** Set when something has to leave `/root`. */
  homeMove: HomeMove | undefined
  /** What stands against it, and what a person should know. */
  findings: readonly Finding[]
  /** What the container starts, scripts included. */
  startUp: StartUp
  /** The server whose configuration is edited with the image. */
  server: PlannedServer | undefined
  /** Strategy `entrypoint`: how the image starts as root and becomes the user. */
  stepDown: StepDownPlan | undefined
  /** The image starts as root and becomes the user by itself, as it stands. */
  isSteppingDown: boolean
}

/** What the original needs. Made once, before the first edit. */
export interface Plan {
  /** What a whole run of the preset would answer. */
  verdict: Verdict
  /** One for each shipped stage, in the order of the file. */
  stages: readonly StagePlan[]
  /** All findings, those of the stages included. */
  findings: readonly Finding[]
}

/** Plans a Dockerfile. Never throws on user input. */
export function planDockerfile(dockerfile: Dockerfile, options: RewriteOptions): Plan {
  const locator = createLocator(dockerfile.text)
  const start = locator.range(0, 0)
  const finish = (verdict: Verdict, findings: readonly Finding[], stages: readonly StagePlan[] = []): Plan => ({
    verdict,
    stages,
    findings
  })
  const { error } = dockerfile
  if (dockerfile.stages.length === 0 && (error === undefined || error.message === 'file with no instructions'))
    return finish('not-applicable', [
      {
        rule: 'no-stage',
        severity: 'info',
        message: 'no FROM: there is no image to convert',
        help: 'Nothing to do.',
        range: start
      }
    ])
  if (error !== undefined) {
    const position = { line: error.line, column: 1 }
    return finish('failed', [
      {
        rule: 'invalid-dockerfile',
        severity: 'error',
        message: error.message,
        help: 'docker build refuses this file too. Render templates first; nothing was changed.',
        range: { start: position, end: position }
      }
    ])
  }

  const findings: Finding[] = []
  const accepted = readAcceptances(dockerfile.text, options)
  const toFinding = ({ at, ...finding }: RawFinding, stage: Stage, toOld = (offset: number) => offset): Finding => {
    const [from, to] = at === undefined ? placeOf(stage.from) : 'keyword' in at ? placeOf(at) : at
    const range = at === undefined ? locator.range(from, to) : locator.range(toOld(from), toOld(to))
    const acceptance = accepted.get(finding.rule)
    return { ...finding, range, ...(acceptance && { accepted: acceptance }) }
  }
  findings.push(...readMistakenComments(dockerfile.text, locator))
  const { targets, unknown } = findTargets(dockerfile, options)
  const last = targets.at(-1) as Stage
  for (const name of unknown)
    findings.push(
      toFinding(
        {
          rule: 'unknown-target',
          severity: 'warning',
          message: `no stage "${name}" here; the last stage is taken for the shipped one`,
          help: `Stages of this file: ${dockerfile.stages.map((stage) => stage.name ?? String(stage.index)).join(', ')}.`
        },
        last
      )
    )
  if (targets.some((stage) => readImage(dockerfile, stage).base.distribution === 'windows'))
    return finish('not-applicable', [
      ...findings,
      toFinding(
        {
          rule: 'windows',
          severity: 'info',
          message: 'a Windows container',
          help: 'unroot converts Linux images; nanoserver images can use `USER ContainerUser`.'
        },
        last
      )
    ])

  if ((options.targets ?? []).length === 0) {
    const tested = findTested(dockerfile, last)
    if (tested !== undefined)
      findings.push(
        toFinding(
          {
            rule: 'test-stage',
            severity: 'warning',
            message: `the last stage, ${last.name}, looks like a test of ${tested.name}, which is shipped as root`,
            help: `Name the stage that is shipped: --target ${tested.name} (or \`target\` in the config).`
          },
          last
        )
      )
  }

  if ((options.targets ?? []).length === 0) {
    const left = findStagesLeft(dockerfile, targets).map(({ name }) => name as string)
    if (left.length > 0)
      findings.push(
        toFinding(
          {
            rule: 'stages-left',
            severity: 'info',
            message: `${left.slice(0, 6).join(', ')}${left.length > 6 ? `, ... (${left.length})` : ''}: ${left.length === 1 ? 'an image of its own that stays' : 'images of their own that stay'} root; only the last stage is taken for shipped`,
            help: `Name every stage that is shipped: ${[...left.slice(0, 6), last.name ?? String(last.index)].map((name) => `--target ${name}`).join(' ')}.`
          },
          last
        )
      )
  }

  const stages = targets.map((stage) =>
    planStage(dockerfile, stage, options, (finding, toOld) => toFinding(finding, stage, toOld))
  )
  // Shipped stages that share a script share what is said of it.
  const said = new Set<string>()
  for (const finding of stages.flatMap((stage) => stage.findings)) {
    const key = JSON.stringify([finding.rule, finding.message, finding.range])
    if (!said.has(key)) findings.push(finding)
    said.add(key)
  }
  const open = findings.filter((finding) => finding.accepted === undefined)
  const isImpossible = findings.some(({ rule }) => rule === 'no-step-down')
  const verdict: Verdict =
    stages.every((stage) => stage.isNonRoot) && !isImpossible
      ? 'already-non-root'
      : findings.some((finding) => finding.severity === 'error')
        ? 'refused'
        : open.some((finding) => finding.severity === 'warning')
          ? 'needs-review'
          : 'converted'
  // A file that stays as it is gets no USER root.
  if (verdict === 'already-non-root' || verdict === 'refused')
    findings.push(...findBaseChanges(dockerfile, targets).map(({ stage, ...finding }) => toFinding(finding, stage)))
  return finish(verdict, findings, stages)
}

/** The stage that a last stage without a command of its own only tests. */
function findTested(dockerfile: Dockerfile, last: Stage): Stage | undefined {
  const isCommand = ({ keyword }: Instruction) => keyword === 'CMD' || keyword === 'ENTRYPOINT'
  if (!/^(?:tests?|testing|unit-?tests?|lint|ci|checks?|e2e|specs?)$/.test(last.name ?? '')) return undefined
  if (last.instructions.some(isCommand)) return undefined
  const parent = findParent(dockerfile, last)
  return parent?.name !== undefined && parent.instructions.some(isCommand) ? parent : undefined
}

/** The first line of an instruction: enough to point at. */
const placeOf = (instruction: Instruction): readonly [number, number] => {
  const first = instruction.raw.segments[0]
  return [instruction.start, first === undefined ? instruction.end : first.source + first.length]
}

function findTargets(dockerfile: Dockerfile, options: RewriteOptions): { targets: Stage[]; unknown: string[] } {
  const last = dockerfile.stages.at(-1) as Stage
  const asked = options.targets ?? []
  const found = new Set<Stage>()
  const unknown: string[] = []
  for (const name of asked) {
    const stage = dockerfile.stages.find((each) => each.name === name.toLowerCase() || String(each.index) === name)
    if (stage === undefined) unknown.push(name)
    else found.add(stage)
  }
  if (found.size === 0) found.add(last)
  return { targets: [...found].sort((a, b) => a.index - b.index), unknown }
}

function planStage(
  dockerfile: Dockerfile,
  stage: Stage,
  given: RewriteOptions,
  toFinding: (finding: RawFinding, toOld?: (offset: number) => number) => Finding
): StagePlan {
  const options = forStage(dockerfile, stage, given)
  const image = readImage(dockerfile, stage)
  const common = { stageIndex: stage.index, stageName: stage.name, stepDown: undefined, isSteppingDown: false }
  const copies = readCopies(dockerfile, image.lineage)
  const runFacts = readRunFacts(dockerfile, image.lineage)
  const startUp = readStartUp(dockerfile, image, copies, options)
  const stepDown = findExistingStepDown(image, startUp, options)
  if (!isRoot(image.final) || stepDown !== undefined) {
    // Nothing to find out about the needs of an image that somebody runs as non-root already.
    const current = stepDown === undefined ? currentUser(image) : stepDownUser(stepDown, image)
    const mentions = findPortMentions(dockerfile, image)
    const setups = readServers(dockerfile, image, startUp, options)
    // Asked for explicitly, another strategy reads what the image needs as if it were root still.
    const isAnyUser = options.strategy === 'arbitrary-user' && image.final.unresolvedUser.length === 0
    const isStepDownAsked = stepDown === undefined && options.strategy === 'entrypoint'
    const user = isAnyUser ? toAnyUser(current, image, options, setups.length > 0) : current
    const server = planServers(setups, image, startUp, user, runFacts, [], options)
    const isLookedAt = isAnyUser || isStepDownAsked || options.harden === true
    const own = isLookedAt ? findApplicationDirectories(dockerfile, image, copies, startUp) : []
    const written = isLookedAt
      ? planPaths(dockerfile, image, copies, runFacts, startUp, user, own, options.readContext, options.mounts)
      : []
    const { ports, findings } = planPorts(dockerfile, image, startUp, mentions, options, true, server)
    const context = {
      dockerfile,
      stage,
      image,
      copies,
      runFacts,
      startUp,
      user,
      homeMove: undefined,
      options
    }
    const weak = stepDown === undefined ? [...weaknesses(image, current)] : [describeStepDown(stepDown)]
    const raw: RawFinding[] = [
      ...weak,
      ...findHazards([umaskWithoutEffect, ...(isAnyUser ? anyUserHazards : [otherStrategy])], context),
      ...findings
    ]
    const isImpossible = raw.some(({ rule }) => rule === 'needs-group-write')
    let planned: StepDownPlan | undefined
    if (isStepDownAsked) {
      const paths = written.map(({ path }) => path)
      const answer = planStepDown({ ...context, paths, applicationDirectories: own, options })
      if ('plan' in answer) planned = answer.plan
      raw.push('plan' in answer ? startsAsRoot(answer.plan) : answer.problem)
    }
    return {
      ...common,
      stepDown: planned,
      isSteppingDown: stepDown !== undefined,
      isNonRoot: true,
      user,
      paths: isAnyUser && !isImpossible ? written : [],
      written,
      applicationDirectories: isAnyUser ? own : [],
      ports,
      commandPorts: findCommandPorts(ports, mentions, server),
      closedPrograms: [],
      environment: isAnyUser && !isImpossible ? findNeededVariables(user, image, startUp) : [],
      homeMove: undefined,
      findings: raw.map((finding) => toFinding(finding)),
      startUp,
      server
    }
  }
  const setups = readServers(dockerfile, image, startUp, options)
  const isAnyUser = options.strategy === 'arbitrary-user'
  // A number that is asked for is not that of another account: the names in the file mean the one it would have been.
  const { uid: _uid, gid: _gid, ...unnumbered } = options
  const account = planServerUser(setups, startUp, (name) =>
    planUser(dockerfile, image, isAnyUser ? unnumbered : options, name ?? findStepDownAccount(image, startUp), runFacts)
  )
  const fixed = isAnyUser ? toAnyUser(account, image, options, setups.length > 0) : account
  const user = options.uidFrom === 'build-args' ? fromBuildArguments(fixed, image) : fixed
  const homeMove = findHomeMove(dockerfile, image, copies, startUp, isAnyUser ? { ...user, ownHome: user.home } : user)
  // What stands under /root is looked at where it will be.
  const now = homeMove === undefined ? undefined : readMoved(dockerfile, stage, homeMove, options)
  const context = {
    ...(now ?? { dockerfile, stage, image, copies, runFacts, startUp }),
    user,
    homeMove,
    servers: setups,
    options
  }
  const applicationDirectories = findApplicationDirectories(
    context.dockerfile,
    context.image,
    context.copies,
    context.startUp
  )
  const paths = planPaths(
    context.dockerfile,
    context.image,
    context.copies,
    context.runFacts,
    context.startUp,
    user,
    applicationDirectories,
    options.readContext,
    options.mounts
  ).filter(
    ({ path, reason }) => /^made by/.test(reason) || !setups.some((setup) => isOwnedByPackage(setup, user, path))
  )
  const server = planServers(setups, image, startUp, user, runFacts, paths, options)
  for (const key of planKeys(context.dockerfile, context.image, context.runFacts))
    if (server?.paths.some(({ path }) => path === key.path) !== true) paths.push(key)
  const mentions = findPortMentions(dockerfile, image, server?.variables)
  const sourcePorts = findSourcePorts(startUp, image, copies, options.readContext)
  const { ports, findings } = planPorts(dockerfile, image, startUp, mentions, options, false, server, sourcePorts)
  // Ports and servers were looked up in the original.
  const ownFindings = new Set([...(server?.findings ?? []), ...findings])
  const raw = [...findHazards(isAnyUser ? [...hazards, ...anyUserHazards] : hazards, context), ...ownFindings]
  let planned: StepDownPlan | undefined
  if (options.strategy === 'entrypoint') {
    const writable = [...paths, ...(server?.paths ?? [])].map(({ path }) => path)
    const answer = planStepDown({ ...context, paths: writable, applicationDirectories, options })
    if ('plan' in answer) planned = answer.plan
    raw.push('plan' in answer ? startsAsRoot(answer.plan) : answer.problem)
  }
  if (isAnyUser && findStepDown(image, startUp)?.isAtRunTime === true)
    raw.push({
      rule: 'other-strategy',
      severity: 'error',
      message: 'the entrypoint starts as root and becomes the user that its environment names (strategy `entrypoint`)',
      help: 'Started as an arbitrary uid it changes nothing. For images without root, remove the script with its ENTRYPOINT, COPY and ENV, and convert again.'
    })
  if (options.uidFrom === 'build-args' && user.buildArguments === undefined)
    raw.push({
      rule: 'uid-is-fixed',
      severity: 'info',
      message: `the numbers ${user.text} do not come from build arguments: ${
        user.create === undefined
          ? 'no account is made here'
          : image.lineage.length > 1
            ? 'the shipped stage is built on another of this file, which has arguments of its own'
            : 'the file has an argument of that name with another meaning or further down'
      }`,
      help: 'Build with other numbers by an account of the Dockerfile’s own (useradd --uid ${UID}), or start with docker run --user.'
    })
  if (!/^[\d$]/.test(user.text))
    raw.push({
      rule: 'named-user',
      severity: 'info',
      message: `the image will run as \`${user.text}\`, whose number is not in the files: Kubernetes' runAsNonRoot rejects a name`,
      help: 'Give the account a fixed uid and gid (useradd --uid 10001), then run unroot again.'
    })
  const isRefused = raw.some((finding) => finding.severity === 'error')
  const told = isRefused ? raw.filter(({ rule, severity }) => severity === 'error' || saidOfRefused.has(rule)) : raw
  return {
    ...common,
    stepDown: planned,
    isNonRoot: false,
    user,
    paths,
    written: paths,
    applicationDirectories,
    ports,
    commandPorts: findCommandPorts(ports, mentions, server),
    closedPrograms: findClosedPrograms(
      context.dockerfile,
      context.image,
      context.copies,
      context.runFacts,
      context.startUp,
      options
    ).flatMap(({ path, edit }) => (edit === undefined ? [] : [path])),
    environment: findNeededVariables(user, context.image, context.startUp),
    homeMove,
    findings: summarize(deduplicate(told)).map((finding) =>
      toFinding(
        { ...finding, help: finding.help.replaceAll('UID:GID', user.text) },
        ownFindings.has(finding) ? undefined : now?.toOld
      )
    ),
    startUp: context.startUp,
    server
  }
}

/**
 * An image that becomes another user by itself. With strategy `entrypoint` each of them is what was asked for; else only
 * the form that the strategy writes, which a `USER` line would take its use.
 */
function findExistingStepDown(image: StageImage, startUp: StartUp, options: RewriteOptions): StepDown | undefined {
  if (!isRoot(image.final) || options.strategy === 'arbitrary-user') return undefined
  const found = findStepDown(image, startUp)
  return options.strategy === 'entrypoint' || found?.isAtRunTime === true ? found : undefined
}

const onKubernetes =
  'On Kubernetes `runAsNonRoot: true` needs a `runAsUser` beside it; started as that user the entrypoint changes nothing.'

const describeStepDown = ({ evidence, user, at }: StepDown): RawFinding => ({
  rule: 'steps-down-at-start',
  severity: 'info',
  message: `starts as root and becomes ${user ?? 'another user'} by itself: ${evidence}`,
  help: `Leave it, and drop all capabilities but CHOWN, DAC_OVERRIDE, SETGID and SETUID. ${onKubernetes}`,
  ...(at === undefined ? {} : { at })
})

const startsAsRoot = ({ uid, gid, variables, tool }: StepDownPlan): RawFinding => ({
  rule: 'steps-down-at-start',
  severity: 'info',
  message: `the image starts as root, and its entrypoint becomes ${uid}:${gid} (${variables.uid}, ${variables.gid}) with ${tool}`,
  help: onKubernetes
})

function findCommandPorts(
  ports: readonly PortMapping[],
  mentions: readonly PortMention[],
  server: PlannedServer | undefined
): number[] {
  return ports.flatMap(({ from }) => {
    const listeners = mentions.filter(({ port, isListener }) => port === from && isListener)
    const isOnlyArgument = listeners.length > 0 && listeners.every(({ where }) => where === 'command')
    return isOnlyArgument && server?.listened.includes(from) !== true ? [from] : []
  })
}

function findNeededVariables(user: PlannedUser, image: StageImage, { programs }: StartUp): string[] {
  const { environment } = image.final
  const needed: string[] = []
  if (user.replaces !== undefined && user.home !== undefined) {
    if (environment.get('HOME') !== user.home) needed.push(`HOME=${user.home}`)
  }
  // A user without an account has / for his home.
  else if (
    (user.source === 'numeric' || user.replaces !== undefined) &&
    user.ownHome === undefined &&
    !environment.has('HOME') &&
    programs.some(({ name }) => wantsHome(name))
  )
    needed.push('HOME=/tmp')
  const syncs = programs.some(({ name, args }) => isSyncingStart([name, ...args].join(' ')))
  const isSynced = image.lineage.some((stage) =>
    stage.instructions.some(({ keyword, raw }) => keyword === 'RUN' && /\buv\s+sync\b/.test(raw.logical))
  )
  if (syncs && isSynced && !environment.has('UV_NO_SYNC')) needed.push('UV_NO_SYNC=1')
  return needed
}

/** Whether a service with this `build.target` runs a stage; without one it runs the last. */
export const isServiceOf = (
  { target }: { target?: string | undefined },
  dockerfile: Dockerfile,
  stage: Stage
): boolean =>
  target === undefined
    ? stage.index === dockerfile.stages.length - 1
    : target.toLowerCase() === stage.name || target === String(stage.index)

/** Ports and mounts of the services that start this stage; those without a `target` start the last one. */
function forStage(dockerfile: Dockerfile, stage: Stage, options: RewriteOptions): RewriteOptions {
  const { publishedPorts, mounts, grants } = options
  const isOf = (each: { target?: string | undefined }) => isServiceOf(each, dockerfile, stage)
  return {
    ...options,
    ...(publishedPorts === undefined ? {} : { publishedPorts: publishedPorts.filter(isOf) }),
    ...(mounts === undefined ? {} : { mounts: mounts.filter(isOf) }),
    ...(grants === undefined ? {} : { grants: grants.filter(isOf) })
  }
}

/** The file with `/root` moved away, and the way back to the original's offsets. */
function readMoved(original: Dockerfile, planned: Stage, homeMove: HomeMove, options: RewriteOptions) {
  const edit = createEditor(original)
  homeMove.apply(edit, original, readImage(original, planned))
  const { text, toOld } = edit.finish()
  const dockerfile = parseDockerfile(text)
  surround(dockerfile, original)
  const stage = dockerfile.stages[planned.index]
  if (stage === undefined) return undefined
  const image = readImage(dockerfile, stage)
  const copies = readCopies(dockerfile, image.lineage)
  const runFacts = readRunFacts(dockerfile, image.lineage)
  const startUp = readStartUp(dockerfile, image, copies, options)
  return { dockerfile, stage, image, copies, runFacts, startUp, toOld }
}

/** What a start script runs in front of its program. */
const shortPrograms = new Set(
  'source . : set export echo printf mkdir rm cp mv ln cat sed envsubst touch chmod test [ [[ true exec sleep date ls grep cd'.split(
    ' '
  )
)

/** A server runs as the account under which it ran already, unless the image runs more than it. */
function planServerUser(
  setups: readonly ServerSetup[],
  startUp: StartUp,
  plan: (account: string | undefined) => PlannedUser
): PlannedUser {
  const user = plan(undefined)
  if (user.source !== 'created') return user
  // What supervisord is told counts for all that it starts.
  const told = setups.find(({ server, account }) => server.name === 'supervisord' && account !== undefined)
  const accounts = new Set(setups.flatMap(({ account }) => account ?? []))
  const account = told?.account ?? (accounts.size === 1 ? [...accounts][0] : undefined)
  if (account === undefined) return user
  const isAlone = startUp.programs.every((program) => {
    const started = findStartedServer(program)?.server
    return setups.some(({ server }) => server === started) || shortPrograms.has(program.name)
  })
  return isAlone || told !== undefined ? plan(account) : user
}

/** What a reader of a refusal wants to know beside the errors; the rest is advice for a conversion. */
const saidOfRefused = new Set([
  'unknown-base',
  'unread-entrypoint',
  'uses-sudo',
  'docker-socket',
  'umask-without-effect'
])

function* findHazards(rules: readonly Hazard[], context: HazardContext): Generator<RawFinding> {
  for (const { name, severity: usual, guide, find } of rules)
    for (const finding of find(context)) {
      const severity = finding.severity ?? usual
      const more = guide !== undefined && severity === 'error' ? ` Commands: \`unroot explain ${guide}\`.` : ''
      yield { ...finding, rule: name, severity, help: `${finding.help}${more}` }
    }
}

const deduplicate = (findings: readonly RawFinding[]): RawFinding[] => {
  const seen = new Set<string>()
  return findings.filter(({ rule, message }) => {
    const key = `${rule} ${message}`
    return !seen.has(key) && seen.add(key)
  })
}

/** More of the same teach nothing. */
const mostPerRule = 5

const summarize = (findings: readonly RawFinding[]): RawFinding[] => {
  const counts = new Map<string, number>()
  for (const { rule } of findings) counts.set(rule, (counts.get(rule) ?? 0) + 1)
  const shown = new Map<string, number>()
  return findings.flatMap((finding) => {
    const { rule } = finding
    const total = counts.get(rule) as number
    const number = (shown.get(rule) ?? 0) + 1
    shown.set(rule, number)
    if (number > mostPerRule) return []
    const more = total - mostPerRule
    return number === mostPerRule && more > 0
      ? [{ ...finding, message: `${finding.message} (and ${more} more like it)` }]
      : [finding]
  })
}

/** The account that a guarded entrypoint changes to. */
function findStepDownAccount(image: StageImage, startUp: StartUp): string | undefined {
  const { accounts } = image.final
  for (const program of startUp.programs) {
    if (!stepDownTools.has(program.name) || program.guard !== 'root') continue
    const name = program.args.find((word, index) => {
      if (word.startsWith('-')) return false
      const option = program.args[index - 1] ?? ''
      return !option.startsWith('-') || /^(--reuid|-u|--user|-)$/.test(option)
    })
    const account = name?.split(':')[0]
    const option = program.args.find((word) => /^--(?:reuid|user)=/.test(word))?.replace(/^[^=]*=/, '')
    for (const candidate of [option, account])
      if (candidate !== undefined && candidate !== 'root' && accounts.users.has(candidate)) return candidate
  }
  const base = image.base.image
  if (base?.stepsDown?.guarded && base.account?.name !== undefined) return base.account.name
  return undefined
}

function currentUser(image: StageImage): PlannedUser {
  const { user = '', accounts, userInstruction } = image.final
  const { uid, gid, name, home, hasHome, isKnown } = resolvePrincipal(user, accounts)
  const source =
    userInstruction === undefined
      ? 'base-image'
      : accounts.users.get(name ?? '')?.origin === 'dockerfile'
        ? 'dockerfile'
        : /^\d/.test(user)
          ? 'numeric'
          : 'dockerfile'
  return {
    uid,
    gid,
    name,
    home,
    ownHome: hasHome ? home : undefined,
    source,
    create: undefined,
    text: isKnown && uid !== undefined && gid !== undefined ? `${uid}:${gid}` : user
  }
}

/** What is weak in an image that is non-root already. */
function* weaknesses(image: StageImage, user: PlannedUser): Generator<RawFinding> {
  const { final } = image
  const at = final.userInstruction
  const place = at === undefined ? {} : { at }
  if (final.unresolvedUser.length > 0 && at !== undefined) {
    yield {
      rule: 'unresolved-user',
      severity: 'warning',
      message: `USER ${at.argumentText}: ${final.unresolvedUser.map((name) => `\${${name}}`).join(', ')} has no value in the file; without one the image runs as root`,
      help: 'Give the ARG a default value, or write uid:gid.',
      at
    }
    return
  }
  if (!/^\d/.test(final.user ?? '')) {
    if (
      at !== undefined &&
      user.uid === undefined &&
      image.base.image !== undefined &&
      !final.accounts.users.has(user.name ?? '') &&
      image.base.distribution !== 'none'
    )
      yield {
        rule: 'unresolved-user',
        severity: 'warning',
        message: `USER ${final.user}: neither the Dockerfile nor ${image.base.reference.text} is known to have that account`,
        help: 'If it is there, write its uid:gid; if not, the container does not start: create it.',
        ...place
      }
    yield {
      rule: 'named-user',
      severity: 'info',
      message: `USER ${final.user} is a name: Kubernetes' runAsNonRoot rejects it`,
      help:
        user.uid !== undefined && user.gid !== undefined
          ? `Write USER ${user.uid}:${user.gid}, or run unroot --only pin-numeric-user.`
          : 'Write uid:gid in numbers.',
      ...place
    }
  }
}
