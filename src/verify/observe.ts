/** Builds and starts one version of an image, and writes down what is seen. */
import { pause } from './command.ts'
import type { ContainerState, Engine, ImageFacts } from './engine.ts'
import type { Probe } from './probe.ts'
import type { HttpAnswer, Listener, RunOutcome, SeenProcess, VerifySettings } from './types.ts'

/** What the tries of one run share. */
export interface Workbench {
  engine: Engine
  probe: Probe
  signal: AbortSignal
  /** Label of everything that this run makes. */
  label: string
  /** A name that nothing else has; it is removed with the rest. */
  newContainer(): string
}

/** What a container has to come to before it has been looked at long enough. */
export interface Expectation {
  /** Ports that must listen; undefined: the first start, of which nothing is known. */
  ports: readonly number[] | undefined
  /** HTTP answers that must come; undefined: whatever listens is asked. */
  http: readonly HttpAnswer[] | undefined
  /** Its entrypoint is root until it becomes the user: what was seen before does not count. */
  startsAsRoot: boolean
  isHealthy: boolean
  isExit: boolean
  /** At least so long is waited for it. */
  milliseconds: number
}

export const firstStart: Expectation = {
  ports: undefined,
  http: undefined,
  startsAsRoot: false,
  isHealthy: false,
  isExit: false,
  milliseconds: 0
}

const lookEvery = 150
/** A server listens before it answers, and answers before it is ready. */
const silentMilliseconds = 10_000
const differentMilliseconds = 3_000

/** Starts an image with these arguments of `run`, looks at it until it has settled, and removes it. */
export async function observeRun(
  image: string,
  facts: ImageFacts,
  args: readonly string[],
  settings: VerifySettings,
  expectation: Expectation,
  { engine, probe, signal, label, newContainer }: Workbench
): Promise<RunOutcome> {
  const name = newContainer()
  const health = facts.hasHealthcheck && engine.kind === 'docker' ? ['--health-interval', '1s'] : []
  const started = await engine.start({
    name,
    label,
    image,
    args: [...args, ...health, ...settings.env.flatMap((pair) => ['--env', pair]), ...settings.runArgs],
    command: settings.command,
    timeout: settings.timeout
  })
  const container: Watched = { name, facts, settings, expectation, engine, probe, signal }
  try {
    if (!started.isOk) return notStarted(started.stderr || started.stdout)
    return await watch(container)
  } finally {
    await engine.removeContainers([name])
  }
}

interface Watched extends Pick<Workbench, 'engine' | 'probe' | 'signal'> {
  name: string
  facts: ImageFacts
  settings: VerifySettings
  expectation: Expectation
}

function notStarted(message: string): RunOutcome {
  const log = message.split('\n').filter((line) => line.trim() !== '' && !/^[0-9a-f]{64}$/.test(line))
  const nothing = { processes: null, listeners: null, http: null, health: null }
  return { state: 'not-started', exitCode: null, ...nothing, log, milliseconds: 0 }
}

async function watch(container: Watched): Promise<RunOutcome> {
  const { name, engine, probe, signal, settings, expectation } = container
  const started = Date.now()
  const seen = new Map<string, SeenProcess>()
  let wasSeen = false
  let isStarting = expectation.startsAsRoot
  let listeners: Listener[] | null = null
  let state: ContainerState | undefined
  const look = async () => {
    state = await engine.state(name)
    if (state?.isRunning !== true) return
    const processes = await probe.processes(state)
    wasSeen ||= processes !== undefined && processes.length > 0
    if (isStarting && processes !== undefined && processes.length > 0) {
      isStarting = processes.some(({ uid }) => uid === 0)
      seen.clear()
    }
    for (const process of processes ?? []) seen.set(`${process.uid} ${process.name}`, process)
    listeners = (await probe.listeners(state)) ?? listeners
  }
  for (;;) {
    await look()
    const elapsed = Date.now() - started
    if (state?.isRunning !== true || hasSettled(container, state, listeners, elapsed)) break
    await pause(lookEvery, signal)
  }
  const milliseconds = Date.now() - started
  const http = state?.isRunning ? await askHttp(container, state, listeners ?? []) : null
  // Requests start workers and fill the log.
  if (http !== null) await look()
  const health = state?.isRunning ? await readHealth(container, state) : (state?.health ?? null)
  return {
    state: state?.isRunning ? 'running' : 'exited',
    exitCode: state?.isRunning ? null : (state?.exitCode ?? null),
    processes: wasSeen ? [...seen.values()].sort((a, b) => a.uid - b.uid || (a.name < b.name ? -1 : 1)) : null,
    listeners: expectation.isExit ? null : listeners,
    http: settings.http === undefined ? null : http,
    health,
    log: await engine.log(name),
    milliseconds
  }
}

function hasSettled(
  { settings, expectation, facts, engine }: Watched,
  state: ContainerState,
  listeners: readonly Listener[] | null,
  elapsed: number
): boolean {
  const patience = Math.min(settings.timeout * 1000, Math.max(settings.wait * 1000, expectation.milliseconds))
  if (elapsed >= patience + settings.stay * 1000) return true
  if (elapsed < settings.stay * 1000 || expectation.isExit) return false
  const open = new Set(listeners?.map(({ port }) => port))
  const { ports } = expectation
  const arePortsOpen =
    listeners === null ||
    (ports === undefined ? facts.ports.length === 0 || open.size > 0 : ports.every((port) => open.has(port)))
  return arePortsOpen && isHealthSettled(state, facts, engine, expectation, elapsed - settings.stay * 1000)
}

/** Unhealthy is no last word at once: a program that starts slowly fails its first checks. */
const unhealthyMilliseconds = 6_000

function isHealthSettled(
  { health }: ContainerState,
  facts: ImageFacts,
  engine: Engine,
  expectation: Expectation,
  beyondStay: number
): boolean {
  if (!facts.hasHealthcheck || engine.kind === 'podman' || health === null || health === 'healthy') return true
  return health === 'unhealthy' && !expectation.isHealthy && beyondStay >= unhealthyMilliseconds
}

/** Podman checks by timers of systemd, which may not be there; asked directly it answers at once. */
async function readHealth({ engine, facts, name }: Watched, state: ContainerState): Promise<RunOutcome['health']> {
  if (!facts.hasHealthcheck) return null
  if (engine.kind === 'docker') return state.health
  return (await engine.healthcheck(name)) ? 'healthy' : 'unhealthy'
}

async function askHttp(
  { name, settings, expectation, engine, probe, signal }: Watched,
  state: ContainerState,
  listeners: readonly Listener[]
): Promise<HttpAnswer[] | null> {
  if (settings.http === undefined) return null
  const wanted = expectation.http
  const started = Date.now()
  for (;;) {
    const answers: HttpAnswer[] = []
    for (const port of wanted?.map((each) => each.port) ?? listeners.map((each) => each.port)) {
      const status = await probe.http(state, port, settings.http)
      if (status === undefined) return null
      answers.push({ port, status })
    }
    const isDone =
      wanted === undefined
        ? answers.length === 0 || answers.some(({ status }) => status > 0 && status < 500)
        : answers.every(({ status }, index) => status === wanted[index]?.status)
    const patience = answers.some(({ status }) => status === 0) ? silentMilliseconds : differentMilliseconds
    if (isDone || Date.now() - started > Math.min(patience, settings.wait * 1000)) return answers
    // A request can be the end of it.
    if ((await engine.state(name))?.isRunning !== true) return answers
    await pause(lookEvery, signal)
  }
}
