/** Looks into a running container from outside, so that the image needs no tools. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import type { RunCommand } from './command.ts'
import { findOnPath } from './command.ts'
import type { ContainerState, Engine } from './engine.ts'
import { parseListeners, parseStatus, uidInside } from './proc.ts'
import type { Listener, SeenProcess } from './types.ts'

/** Each question answers undefined when it cannot be looked at from here. */
export interface Probe {
  processes(container: ContainerState): Promise<SeenProcess[] | undefined>
  listeners(container: ContainerState): Promise<Listener[] | undefined>
  /** The status of a GET request; 0 when no HTTP comes back. */
  http(container: ContainerState, port: number, path: string): Promise<number | undefined>
}

/**
 * @param helperImage Asked where the engine runs on another machine; only when it is there already.
 * @param isLocalAllowed `false` keeps /proc of this machine out, for tests.
 */
export function createProbe(engine: Engine, run: RunCommand, helperImage: string, isLocalAllowed = true): Probe {
  const local = createLocalProbe(run)
  const remote = createRemoteProbe(engine, helperImage)
  const isLocal = (container: ContainerState) => isLocalAllowed && container.pid > 0 && runsHere(container)
  const first = async <T>(
    container: ContainerState,
    here: () => Promise<T | undefined>,
    there: () => Promise<T | undefined>
  ) => (isLocal(container) ? ((await here()) ?? (await there())) : there())
  return {
    processes: (container) =>
      first(
        container,
        () => local.processes(container),
        () => remote.processes(container)
      ),
    listeners: (container) =>
      first(
        container,
        () => local.listeners(container),
        () => remote.listeners(container)
      ),
    http: (container, port, path) =>
      first(
        container,
        () => local.http(container, port, path),
        () => remote.http(container, port, path)
      )
  }
}

/** The engine may be another machine (DOCKER_HOST, Docker Desktop), on which the pid means another process. */
function runsHere({ id, pid }: ContainerState): boolean {
  return [`/proc/${pid}/cgroup`, `/proc/${pid}/mountinfo`].some((file) => read(file)?.includes(id) === true)
}

function createLocalProbe(run: RunCommand): Probe {
  return {
    async processes({ pid }) {
      const pids = processesOf(pid)
      return pids?.flatMap((each) => {
        const status = parseStatus(read(`/proc/${each}/status`) ?? '')
        if (status === undefined || isRuntime(status.name)) return []
        const map = read(`/proc/${each}/uid_map`) ?? ''
        // A program that can become root again by its saved uid is root.
        const inside = status.uids.map((uid) => uidInside(uid, map))
        return { uid: inside.includes(0) ? 0 : (inside[1] as number), name: status.name }
      })
    },
    async listeners({ pid }) {
      const tables = ['tcp', 'tcp6'].map((name) => read(`/proc/${pid}/net/${name}`))
      return tables[0] === undefined ? undefined : parseListeners(tables.join('\n'))
    },
    async http({ pid }, port, path) {
      const nsenter = findOnPath('nsenter')
      if (nsenter === undefined) return undefined
      const request = ['--eval', httpProgram, String(port), path]
      const result = await run(nsenter, ['--target', String(pid), '--net', '--', process.execPath, ...request], {
        timeout: 15,
        env: { NODE_OPTIONS: '' }
      })
      const status = Number.parseInt(result.stdout, 10)
      return result.isOk && Number.isInteger(status) ? status : undefined
    }
  }
}

/** Prints the status of a GET request, 0 when there is none. IPv6 is tried where IPv4 refuses. */
const httpProgram = `
const [port, path] = process.argv.slice(1)
const finish = (status) => process.stdout.write(String(status), () => process.exit())
const ask = (hosts) => {
  if (hosts.length === 0) return finish(0)
  const options = { host: hosts[0], port, path, timeout: 5000, headers: { host: 'localhost:' + port } }
  const request = require('node:http').get(options, (response) => finish(response.statusCode))
  request.on('timeout', () => request.destroy()).on('error', () => ask(hosts.slice(1)))
}
ask(['127.0.0.1', '::1'])`

/** The engine itself for the blink in which it starts a process in the container: it is root until then. */
const isRuntime = (name: string): boolean => /^(?:runc(?::\[.*)?|crun|youki|exe)$/.test(name)

/** Every process in the pid namespace of a container, health checks included. */
function processesOf(pid: number): number[] | undefined {
  const namespace = readNamespace(pid)
  if (namespace === undefined || namespace === readNamespace('self')) return undefined
  return readdirSync('/proc').flatMap((name) =>
    /^\d+$/.test(name) && readNamespace(name) === namespace ? Number(name) : []
  )
}

function readNamespace(pid: number | string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`)
  } catch {
    return undefined
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

const tables = ['/proc/net/tcp', '/proc/net/tcp6']

function createRemoteProbe(engine: Engine, helperImage: string): Probe {
  const inOrBeside = async (container: ContainerState, command: readonly string[], isAnswer: RegExp) => {
    const inside = await engine.exec(container.id, command)
    const answer = inside.stdout + inside.stderr
    if (isAnswer.test(answer)) return answer
    const beside = await engine.beside(container.id, helperImage, command)
    return isAnswer.test(beside.stdout + beside.stderr) ? beside.stdout + beside.stderr : undefined
  }
  return {
    processes: ({ id }) => engine.top(id),
    async listeners(container) {
      const text = await inOrBeside(container, ['cat', ...tables], /local_address/)
      return text === undefined ? undefined : parseListeners(text)
    },
    async http(container, port, path) {
      const url = `http://127.0.0.1:${port}${path}`
      const curl = await engine.exec(container.id, [
        'curl',
        '-s',
        '-o',
        '/dev/null',
        '-m',
        '5',
        '-w',
        'HTTP %{http_code}',
        url
      ])
      const seen = /HTTP (\d{3})/.exec(curl.stdout)
      if (seen !== null) return Number(seen[1])
      const wget = ['wget', '-S', '-T', '5', '-O', '/dev/null', url]
      const text = await inOrBeside(container, wget, /HTTP\/1\.\d \d{3}|refused|timed out|reset/i)
      return text === undefined ? undefined : Number(/HTTP\/1\.\d (\d{3})/.exec(text)?.[1] ?? 0)
    }
  }
}
