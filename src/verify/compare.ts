/** Compares what was seen of the two versions of an image. Pure. */
import type { PortMapping } from '../types.ts'
import { findNewErrors } from './log-errors.ts'
import type { Check, CheckName, Observation, RunOutcome, VerifySettings } from './types.ts'

export interface Comparison {
  /** The uid that the plan names; null: only that it is not root. */
  uid: number | null
  ports: readonly PortMapping[]
  /** It starts as root and becomes the user at once. */
  startsAsRoot?: boolean
  settings: Pick<VerifySettings, 'http' | 'maxGrowth' | 'stay'>
}

/** The port of the rewritten image for one of the original's. */
export function mappedPort(port: number, ports: readonly PortMapping[]): number {
  return ports.find(({ from }) => from === port)?.to ?? port
}

/** Ports from here on are given out by the system; a program that takes one does not take it again. */
const firstEphemeralPort = 32768

/** The ports of the original that the rewritten image must serve, each as the original served it. */
export function comparableListeners(run: RunOutcome | null) {
  return (run?.listeners ?? []).filter(({ port }) => port < firstEphemeralPort)
}

/** What the original answered on those ports. */
export function comparableAnswers(run: RunOutcome) {
  return (run.http ?? []).filter(({ port, status }) => status > 0 && port < firstEphemeralPort)
}

/** One check for each thing that can be compared, in the order in which they are shown. */
export function compareObservations(before: Observation, after: Observation, comparison: Comparison): Check[] {
  const checks: Check[] = [compareBuilds(before, after)]
  if (before.run === null || after.run === null) return checks
  checks.push(compareStarts(before.run, after.run, comparison))
  if (after.run.state === 'not-started') return checks
  checks.push(
    compareUser(before, after, comparison),
    compareLogs(before.run, after.run),
    comparePorts(before.run, after.run, comparison),
    compareHttp(before.run, after.run, comparison),
    compareHealth(before.run, after.run),
    compareSize(before, after, comparison)
  )
  return checks
}

type Sides = [before: string, after: string]
const passed = (name: CheckName, [before, after]: Sides): Check => ({
  name,
  status: 'passed',
  before,
  after,
  message: ''
})
const failed = (name: CheckName, [before, after]: Sides, message: string): Check => ({
  name,
  status: 'failed',
  before,
  after,
  message
})
const skipped = (name: CheckName, message: string, [before, after]: Sides = ['-', '-']): Check => ({
  name,
  status: 'skipped',
  before,
  after,
  message
})

function compareBuilds(before: Observation, after: Observation): Check {
  const sides: Sides = [before.build.isBuilt ? 'yes' : 'no', after.build.isBuilt ? 'yes' : 'no']
  if (!before.build.isBuilt) return skipped('builds', 'the original does not build', sides)
  return after.build.isBuilt ? passed('builds', sides) : failed('builds', sides, 'the rewritten image does not build')
}

function compareStarts(before: RunOutcome, after: RunOutcome, { settings }: Comparison): Check {
  const sides: Sides = [describeState(before), describeState(after)]
  if (before.state === 'not-started') return skipped('starts', 'the original does not start', sides)
  if (after.state === 'not-started') return failed('starts', sides, `does not start: ${after.log.at(-1) ?? ''}`)
  const isSame = before.state === after.state && before.exitCode === after.exitCode
  // What failed before and works now is no loss.
  if (isSame || (before.state === 'exited' && before.exitCode !== 0)) return passed('starts', sides)
  if (after.state === 'running')
    return failed('starts', sides, `still runs where the original exits with code ${before.exitCode}`)
  return failed(
    'starts',
    sides,
    `exits with code ${after.exitCode}; the original ${before.state === 'running' ? `stays up for ${settings.stay} s` : describeState(before)}`
  )
}

function describeState({ state, exitCode }: RunOutcome): string {
  if (state === 'running') return 'stays up'
  return state === 'exited' ? `exits ${exitCode}` : 'no'
}

function compareUser(before: Observation, after: Observation, { uid, startsAsRoot = false }: Comparison): Check {
  const sides: Sides = [describeUids(before), describeUids(after)]
  const processes = after.run?.processes
  if (!processes && startsAsRoot)
    return skipped('user', 'no process lived long enough to be looked at; the entrypoint starts as root', sides)
  if (!processes) return compareConfiguredUser(after.build.user, uid, sides)
  const root = processes.filter((process) => process.uid === 0)
  if (root.length > 0) return failed('user', sides, `${listed(root.map(({ name }) => name))} runs as root`)
  const others = uid === null ? [] : processes.filter((process) => process.uid !== uid)
  if (others.length === 0) return passed('user', sides)
  return failed(
    'user',
    sides,
    `${listed(others.map(({ name, uid: other }) => `${name} (${other})`))} does not run as ${uid}`
  )
}

/** A program that ends faster than anybody can look. */
function compareConfiguredUser(user: string, uid: number | null, sides: Sides): Check {
  const name = user.split(':')[0] ?? ''
  if (name === '' || name === '0' || name === 'root') return failed('user', sides, 'the image runs as root')
  if (uid !== null && name !== String(uid) && /^\d+$/.test(name))
    return failed('user', sides, `the image runs as ${name}, not as ${uid}`)
  return skipped('user', 'no process lived long enough to be looked at; the uid is what the image says', sides)
}

function describeUids({ run, build }: Observation): string {
  const uids = [...new Set(run?.processes?.map(({ uid }) => uid))]
  return uids.length > 0 ? uids.join(', ') : build.user === '' ? '(root)' : `(${build.user})`
}

function compareLogs(before: RunOutcome, after: RunOutcome): Check {
  const errors = findNewErrors(before.log, after.log)
  if (errors.length === 0) return passed('log', ['', 'no new errors'])
  return failed('log', ['', `${errors.length} new ${errors.length === 1 ? 'error' : 'errors'}`], errors[0] as string)
}

function comparePorts(before: RunOutcome, after: RunOutcome, { ports }: Comparison): Check {
  if (before.state !== 'running') return skipped('ports', 'the original does not stay up')
  if (before.listeners === null || (after.listeners === null && after.state === 'running'))
    return skipped('ports', 'sockets cannot be seen from here')
  const wanted = comparableListeners(before)
  if (wanted.length === 0) return skipped('ports', 'the original listens on no port')
  const open = after.listeners ?? []
  const sides: Sides = [listed(wanted.map(({ port }) => port)), listed(open.map(({ port }) => port)) || 'none']
  const problems = wanted.flatMap(({ port, isLoopback }) => {
    const to = mappedPort(port, ports)
    const found = open.find((listener) => listener.port === to)
    if (found === undefined) return [`nothing listens on ${to}${to === port ? '' : ` (${port} before)`}`]
    return found.isLoopback && !isLoopback ? [`${to} is open to the container itself only`] : []
  })
  return problems.length === 0 ? passed('ports', sides) : failed('ports', sides, problems.join('; '))
}

function compareHttp(before: RunOutcome, after: RunOutcome, { settings, ports }: Comparison): Check {
  if (settings.http === undefined) return skipped('http', 'no request was made (--http)')
  if (before.state !== 'running') return skipped('http', 'the original does not stay up')
  if (before.http === null) return skipped('http', 'no request could be made from here')
  const answers = comparableAnswers(before)
  if (answers.length === 0) return skipped('http', 'the original does not answer HTTP')
  const wanted = answers.map(({ port, status }) => ({ port: mappedPort(port, ports), status }))
  const statusOf = (port: number) => after.http?.find((answer) => answer.port === port)?.status ?? 0
  const sides: Sides = [
    listed(wanted.map(({ status }) => status)),
    listed(wanted.map(({ port }) => statusOf(port) || 'none'))
  ]
  const problem = wanted.find(({ port, status }) => statusOf(port) !== status)
  if (problem === undefined) return passed('http', sides)
  return failed(
    'http',
    sides,
    `port ${problem.port} answers GET ${settings.http} with ${statusOf(problem.port) || 'nothing'}, the original with ${problem.status}`
  )
}

function compareHealth(before: RunOutcome, after: RunOutcome): Check {
  if (before.health === null) return skipped('health', 'the image has no health check')
  if (before.state !== 'running') return skipped('health', 'the original does not stay up')
  const sides: Sides = [before.health, after.health ?? 'none']
  if (before.health !== 'healthy')
    return after.health === 'healthy' || after.health === before.health
      ? skipped('health', `the original does not become healthy (${before.health})`, sides)
      : failed('health', sides, `the health check is ${after.health ?? 'gone'}`)
  return after.health === 'healthy'
    ? passed('health', sides)
    : failed('health', sides, `the health check is ${after.health ?? 'gone'}, that of the original is healthy`)
}

/** An account and a directory are a few kilobytes, which is much of an image that has none. */
const freeBytes = 512 * 1024

function compareSize(before: Observation, after: Observation, { settings }: Comparison): Check {
  const [old, now] = [before.build.size, after.build.size]
  if (old === null || now === null || old === 0) return skipped('size', 'the engine does not tell the size')
  const growth = ((now - old) / old) * 100
  const sides: Sides = [formatBytes(old), `${formatBytes(now)} (${formatGrowth(growth)})`]
  if (growth <= settings.maxGrowth || now - old <= freeBytes) return passed('size', sides)
  return failed('size', sides, `grows by ${formatGrowth(growth)}; allowed are ${settings.maxGrowth}%`)
}

/** `214.3 MB`, in the units that engines print. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  for (; value >= 1000 && unit < units.length - 1; unit++) value /= 1000
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`
}

/** `+0.2%`; what rounds to nothing has no sign. */
export function formatGrowth(percent: number): string {
  const rounded = percent.toFixed(1)
  if (rounded === '0.0' || rounded === '-0.0') return '0.0%'
  return `${percent > 0 ? '+' : ''}${rounded}%`
}

function listed(values: readonly (string | number)[]): string {
  return [...new Set(values)].join(', ')
}
