/** The command lines of Docker and Podman. */
import path from 'node:path'
import { UnrootError } from '../errors.ts'
import { type CommandResult, findOnPath, type RunCommand } from './command.ts'
import { mergeLog } from './log-errors.ts'
import { parseTop } from './proc.ts'
import type { HealthState, SeenProcess } from './types.ts'

export type EngineKind = 'docker' | 'podman'

/** A container engine that answers. */
export interface EngineReference {
  kind: EngineKind
  /** Absolute path of its program. */
  file: string
  version: string
}

export interface BuildRequest {
  tag: string
  label: string
  dockerfile: string
  /** Rules of the context; Podman does not look for them beside the Dockerfile. */
  ignoreFile: string
  context: string
  target: string | undefined
  network: string
  buildArgs: readonly string[]
  timeout: number
}

export interface RunRequest {
  name: string
  label: string
  image: string
  args: readonly string[]
  command: readonly string[]
  timeout: number
}

export interface ContainerState {
  id: string
  isRunning: boolean
  exitCode: number
  /** 0 when there is none. */
  pid: number
  health: HealthState | null
}

export interface ImageFacts {
  size: number
  user: string
  ports: number[]
  hasHealthcheck: boolean
}

/** What `verify` asks of an engine. */
export interface Engine extends EngineReference {
  build(request: BuildRequest): Promise<CommandResult>
  image(tag: string): Promise<ImageFacts | undefined>
  start(request: RunRequest): Promise<CommandResult>
  state(container: string): Promise<ContainerState | undefined>
  log(container: string): Promise<string[]>
  top(container: string): Promise<SeenProcess[] | undefined>
  /** Runs the health check now; only Podman can. */
  healthcheck(container: string): Promise<boolean>
  /** Runs a command in the container, as far as the image has it. */
  exec(container: string, command: readonly string[]): Promise<CommandResult>
  /** Runs a command of another image in the network of a container; that image is never fetched. */
  beside(container: string, image: string, command: readonly string[]): Promise<CommandResult>
  removeContainers(names: readonly string[]): Promise<void>
  removeImages(tags: readonly string[]): Promise<void>
  /** Whatever carries the label: what an interrupted command may have left. */
  removeLabelled(label: string): Promise<void>
}

const advice = `Install Docker with its buildx plugin (https://docs.docker.com/engine/install/) or Podman
(https://podman.io/docs/installation), start it, and check with \`docker version\` or \`podman info\` that it answers.
Another machine's engine: DOCKER_HOST. One that is not on the PATH: --engine /path/to/docker.`

/**
 * The engine that was named, else Docker, else Podman.
 *
 * @throws {UnrootError} `NO_ENGINE`, with how to get one
 */
export async function findEngine(asked: string | undefined, run: RunCommand): Promise<EngineReference> {
  const problems: string[] = []
  for (const name of asked === undefined ? ['docker', 'podman'] : [asked]) {
    const file = findOnPath(name)
    const found = file === undefined ? `${name}: not found on the PATH` : await askEngine(file, run)
    if (typeof found !== 'string') return found
    problems.push(found)
  }
  throw new UnrootError('NO_ENGINE', `no container engine answers\n  ${problems.join('\n  ')}\n${advice}`)
}

/** The engine behind a program, or why it cannot be used. */
async function askEngine(file: string, run: RunCommand): Promise<EngineReference | string> {
  const name = path.basename(file)
  const words = await run(file, ['--version'], { timeout: 15 })
  // The package podman-docker calls Podman `docker`.
  const kind: EngineKind = /podman/i.test(words.stdout + words.stderr + name) ? 'podman' : 'docker'
  const format = kind === 'docker' ? '{{.Server.Version}}' : '{{.Client.Version}}'
  const answer = await run(file, ['version', '--format', format], { timeout: 15 })
  if (!answer.isOk) return `${name}: ${answer.isTimedOut ? 'no answer within 15 seconds' : firstLine(answer)}`
  if (kind === 'docker' && !(await run(file, ['buildx', 'version'], { timeout: 15 })).isOk)
    return `${name}: BuildKit's plugin is missing (Debian: docker-buildx, others: docker-buildx-plugin)`
  return { kind, file, version: answer.stdout.trim() }
}

function firstLine({ stderr, stdout, code }: CommandResult): string {
  return (
    `${stderr}\n${stdout}`
      .split('\n')
      .find((line) => line.trim() !== '')
      ?.trim() ?? `exit code ${code}`
  )
}

/** Binds an engine to the way in which programs are started. */
export function createEngine({ kind, file, version }: EngineReference, run: RunCommand): Engine {
  const ask = (...args: string[]) => run(file, args)
  const clean = (args: string[]) => run(file, args, { isUninterrupted: true, timeout: 60 })
  return {
    kind,
    file,
    version,
    build: (request) =>
      run(file, kind === 'docker' ? dockerBuild(request) : podmanBuild(request), {
        timeout: request.timeout,
        // Long after it became the default, somebody may have turned it off.
        env: { DOCKER_BUILDKIT: '1', BUILDKIT_PROGRESS: 'plain' }
      }),
    async image(tag) {
      const facts = await ask('image', 'inspect', tag)
      return facts.isOk ? readImageFacts(facts.stdout) : undefined
    },
    start: ({ name, label, image, args, command, timeout }) =>
      run(file, ['run', '--detach', '--pull', 'never', '--name', name, '--label', label, ...args, image, ...command], {
        timeout
      }),
    async state(container) {
      const state = await ask('container', 'inspect', container)
      return state.isOk ? readState(state.stdout) : undefined
    },
    async log(container) {
      const { stdout, stderr } = await ask('logs', '--timestamps', '--tail', '5000', container)
      return mergeLog(stdout, stderr)
    },
    async top(container) {
      const columns = kind === 'docker' ? ['-eo', 'uid,pid,comm'] : ['user', 'pid', 'comm']
      const processes = await ask('top', container, ...columns)
      return processes.isOk ? parseTop(processes.stdout) : undefined
    },
    healthcheck: async (container) => (await ask('healthcheck', 'run', container)).isOk,
    exec: (container, command) => ask('exec', container, ...command),
    beside: (container, image, command) =>
      ask('run', '--rm', '--pull', 'never', '--network', `container:${container}`, image, ...command),
    async removeContainers(names) {
      if (names.length > 0) await clean(['rm', '--force', '--volumes', ...names])
    },
    async removeImages(tags) {
      // By name: an image that adds nothing to its base is the base, and by id that would go.
      if (tags.length > 0) await clean(['image', 'rm', '--force', ...tags])
    },
    async removeLabelled(label) {
      const containers = await clean(['ps', '--all', '--quiet', '--filter', `label=${label}`])
      const ids = containers.stdout.split('\n').filter((id) => id !== '')
      if (ids.length > 0) await clean(['rm', '--force', '--volumes', ...ids])
    }
  }
}

function dockerBuild(request: BuildRequest): string[] {
  // Without --pull=false BuildKit asks the registry even for an image that is here.
  return ['build', '--pull=false', '--progress', 'plain', '--load', ...commonBuild(request), request.context]
}

function podmanBuild(request: BuildRequest): string[] {
  // Images in Podman's own format know no HEALTHCHECK.
  const own = ['--format', 'docker', '--pull=missing', '--ignorefile', request.ignoreFile]
  return ['build', ...own, ...commonBuild(request), request.context]
}

function commonBuild({ tag, label, dockerfile, target, network, buildArgs }: BuildRequest): string[] {
  return [
    ...['--tag', tag, '--label', label, '--file', dockerfile, '--network', network],
    ...(target === undefined ? [] : ['--target', target]),
    ...buildArgs.flatMap((argument) => ['--build-arg', argument])
  ]
}

interface Healthcheck {
  Test?: string[]
}

interface InspectedImage {
  Size?: number
  /** Podman's place. */
  Healthcheck?: Healthcheck | null
  Config?: {
    User?: string
    ExposedPorts?: Record<string, unknown> | null
    Healthcheck?: Healthcheck | null
  } | null
}

function readImageFacts(json: string): ImageFacts | undefined {
  const image = readFirst<InspectedImage>(json)
  if (image === undefined) return undefined
  const { User = '', ExposedPorts, Healthcheck } = image.Config ?? {}
  const test = (Healthcheck ?? image.Healthcheck)?.Test ?? []
  return {
    size: image.Size ?? 0,
    user: User,
    ports: Object.keys(ExposedPorts ?? {})
      .filter((port) => !port.endsWith('/udp'))
      .map((port) => Number.parseInt(port, 10)),
    hasHealthcheck: test.length > 0 && test[0] !== 'NONE'
  }
}

interface InspectedContainer {
  Id: string
  State: {
    Running?: boolean
    ExitCode?: number
    Pid?: number
    Health?: { Status?: string } | null
    Healthcheck?: { Status?: string } | null
  }
}

function readState(json: string): ContainerState | undefined {
  const container = readFirst<InspectedContainer>(json)
  if (container === undefined) return undefined
  const { Running = false, ExitCode = 0, Pid = 0, Health, Healthcheck } = container.State
  const health = (Health ?? Healthcheck)?.Status
  const isHealth = health === 'healthy' || health === 'unhealthy' || health === 'starting'
  return { id: container.Id, isRunning: Running, exitCode: ExitCode, pid: Pid, health: isHealth ? health : null }
}

function readFirst<T>(json: string): T | undefined {
  try {
    return (JSON.parse(json) as T[])[0]
  } catch {
    return undefined
  }
}
