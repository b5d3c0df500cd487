import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { RewriteOptions } from '../types.ts'
import type { Folders } from './folders.ts'
import { foldersUpward } from './paths.ts'

/** How compose files build one Dockerfile. */
export interface ComposeBuild {
  /** Absolute path of the build context that the nearest compose file names. */
  context: string | undefined
  /** Every `build.target`, in the order of the files, each once. */
  targets: string[]
  /** Ports of the container that compose files publish or expose, with the file. */
  ports: Port[]
  /** Writable mounts, with the file. */
  mounts: Mount[]
  /** `privileged`, added capabilities and devices, with the file. */
  grants: Grant[]
}

type Grant = NonNullable<RewriteOptions['grants']>[number]

type Port = NonNullable<RewriteOptions['publishedPorts']>[number]

type Mount = NonNullable<RewriteOptions['mounts']>[number]

interface ServiceBuild {
  dockerfile: string
  context: string
  target: string | undefined
  ports: Port[]
  mounts: Mount[]
  grants: Grant[]
}

/**
 * Answers what the compose files in a Dockerfile's folder and the folders above it say about it. Files are read once;
 * the YAML parser is only loaded when a compose file builds anything.
 */
export function createComposeReader(folders: Folders): (dockerfile: string, top: string) => Promise<ComposeBuild> {
  const byFolder = new Map<string, Promise<ServiceBuild[]>>()
  const buildsIn = (folder: string): Promise<ServiceBuild[]> => {
    let builds = byFolder.get(folder)
    if (builds === undefined) byFolder.set(folder, (builds = readBuilds(folder, folders.composeFilesIn(folder))))
    return builds
  }
  return async (dockerfile, top) => {
    const found: ComposeBuild = { context: undefined, targets: [], ports: [], mounts: [], grants: [] }
    for (const folder of foldersUpward(path.dirname(dockerfile), top))
      for (const build of await buildsIn(folder)) {
        if (build.dockerfile !== dockerfile) continue
        found.context ??= build.context
        const { target } = build
        const of = target === undefined ? {} : { target }
        found.ports.push(...build.ports.map((each) => ({ ...each, ...of })))
        found.mounts.push(...build.mounts.map((each) => ({ ...each, ...of })))
        found.grants.push(...build.grants.map((each) => ({ ...each, ...of })))
        if (build.target !== undefined && !found.targets.includes(build.target)) found.targets.push(build.target)
      }
    return found
  }
}

async function readBuilds(folder: string, names: readonly string[]): Promise<ServiceBuild[]> {
  const builds: ServiceBuild[] = []
  for (const name of names) {
    const text = readText(path.join(folder, name))
    if (text === undefined || !/\bbuild\b/.test(text)) continue
    const { parse } = await import('yaml')
    try {
      builds.push(...findServiceBuilds(parse(text, { merge: true, logLevel: 'silent' }), folder, name))
    } catch {
      // What compose itself cannot read tells us nothing; it is not the file that we were asked about.
    }
  }
  return builds
}

function findServiceBuilds(compose: unknown, folder: string, file: string): ServiceBuild[] {
  const services = isRecord(compose) && isRecord(compose.services) ? Object.values(compose.services) : []
  return services.flatMap((service): ServiceBuild[] => {
    const build = isRecord(service) ? service.build : undefined
    const ports = isRecord(service) ? containerPorts(service.ports).map((port) => ({ port, file })) : []
    const mounts = isRecord(service) ? containerMounts(service.volumes, file) : []
    const grants = isRecord(service) ? serviceGrants(service, file) : []
    const said = { ports, mounts, grants }
    if (typeof build === 'string') return serviceBuild(folder, said, build)
    if (!isRecord(build) || build.dockerfile_inline !== undefined) return []
    return serviceBuild(folder, said, build.context ?? '.', build.dockerfile, build.target)
  })
}

/** The container's side of `ports`: `80`, `"8000:80"`, `"127.0.0.1:8000:80/tcp"`, `{ target: 80 }`. */
function containerPorts(ports: unknown): number[] {
  if (!Array.isArray(ports)) return []
  return ports.flatMap((entry: unknown): number[] => {
    const value = isRecord(entry) ? entry.target : entry
    const match = /(?:^|:)(\d+)(?:\/\w+)?$/.exec(String(withDefaults(String(value)) ?? ''))
    return match === null ? [] : [Number(match[1])]
  })
}

function serviceGrants(service: Record<string, unknown>, file: string): Grant[] {
  const list = (value: unknown) => (Array.isArray(value) ? value.map((each) => String(each)) : [])
  const added = list(service.cap_add).filter((name) => !/^(?:CAP_)?NET_BIND_SERVICE$/i.test(name))
  return [
    ...(service.privileged === true ? [{ grant: 'privileged', file }] : []),
    ...(added.length > 0 ? [{ grant: `cap_add: ${added.join(', ')}`, file }] : []),
    ...list(service.devices).map((device) => ({ grant: `the device ${device.split(':')[0]}`, file }))
  ]
}

/**
 * The mounts of `volumes`: `data:/var/lib/app`, `./data:/data:z`, `{ type: volume, source, target }`. Anonymous
 * volumes are made anew from the image, and `tmpfs` is everybody's.
 */
function containerMounts(volumes: unknown, file: string): Mount[] {
  if (!Array.isArray(volumes)) return []
  return volumes.flatMap((entry: unknown): Mount[] => {
    if (isRecord(entry)) {
      const target = withDefaults(entry.target)
      if (target === undefined || entry.source === undefined) return []
      if (entry.type !== 'bind' && entry.type !== 'volume') return []
      return [{ path: target, kind: entry.read_only === true ? 'read-only' : entry.type, file }]
    }
    const text = withDefaults(String(entry))?.replace(/^[A-Za-z]:(?=[\\/])/, '')
    const [source, target, mode = ''] = text?.split(':') ?? []
    if (source === undefined || target === undefined || !target.startsWith('/')) return []
    const kind = /\bro\b/.test(mode) ? 'read-only' : /^[./~\\]/.test(source) ? 'bind' : 'volume'
    return [{ path: target, kind, file }]
  })
}

function serviceBuild(
  folder: string,
  said: Pick<ServiceBuild, 'ports' | 'mounts' | 'grants'>,
  context: unknown,
  dockerfile: unknown = 'Dockerfile',
  target?: unknown
): ServiceBuild[] {
  const contextName = withDefaults(context)
  const dockerfileName = withDefaults(dockerfile)
  // A context that is no folder (a repository's address) or hangs on the environment cannot be looked into.
  if (contextName === undefined || dockerfileName === undefined || /^[a-z][a-z+.-]+:|^git@/.test(contextName)) return []
  const contextFolder = path.resolve(folder, contextName)
  const stage = withDefaults(target)
  return [
    {
      context: contextFolder,
      dockerfile: path.resolve(contextFolder, dockerfileName),
      target: stage || undefined,
      ...said
    }
  ]
}

/** The value with `${NAME:-default}` replaced by its default; undefined when a variable has none. */
function withDefaults(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined
  const text = value.replace(/\$\{\w+:?-([^${}]*)\}/g, '$1')
  return text.includes('$') ? undefined : text
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
