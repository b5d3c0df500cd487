/** Reads compose files: which service builds which Dockerfile, and what it says about the container. */
import type { Pair, ParsedNode, Scalar, YAMLMap } from 'yaml'
import { findPair, readYaml, type YamlFile } from '../edit/yaml-editor.ts'
import { listItems, mergedInto, mergedNodes, type ParsedDocument, resolveNode, scalarText } from '../edit/yaml-nodes.ts'
import type { RewriteOptions } from '../types.ts'
import { findYaml } from '../yaml.ts'

export interface ComposeFile {
  yaml: YamlFile
  /** In the order of the file. */
  services: readonly ComposeService[]
}

export interface ComposeService {
  name: string
  node: YAMLMap
  build: ComposeBuild | undefined
  image: string | undefined
  /** The value of a key, from the service itself, what it merges (`<<`) or what it extends in the same file. */
  get(key: string): ParsedNode | undefined
  /** The value of a key and, of a map, the maps that it merges, nearest first. */
  sources(key: string): ParsedNode[]
  /** Where `get` finds it: the pair itself. */
  pair(key: string): Pair<ParsedNode, ParsedNode | null> | undefined
}

interface ComposeBuild {
  /** Relative to the compose file's folder. */
  context: string
  /** Relative to the context. */
  dockerfile: string
  target: string | undefined
  /** `args`, as they stand there. */
  args: readonly (readonly [name: string, value: string])[]
}

/** Undefined: the text is no compose file that can be read. */
export function readCompose(text: string): ComposeFile | undefined {
  const yaml = readYaml(text)
  const library = findYaml()
  if (yaml === undefined || library === undefined) return undefined
  const services: ComposeService[] = []
  for (const document of yaml.documents) {
    const map = findPair(document.contents, 'services')?.value
    if (!library.isMap(map)) continue
    const all = (map.items as Pair<ParsedNode, ParsedNode | null>[]).flatMap(({ key, value }) => {
      if (!library.isScalar(key)) return []
      const node = resolveNode(value, document)
      return library.isMap(node) ? [{ name: String(key.value), node: node as YAMLMap }] : []
    })
    const byName = new Map(all.map((each) => [each.name, each.node]))
    for (const { name, node } of all) {
      const pair = (key: string) => findInService(node, key, document, byName, new Set())
      const get = (key: string) => resolveNode(pair(key)?.value, document)
      const sources = (key: string) => mergedNodes(get(key), document)
      services.push({ name, node, pair, get, sources, image: scalarText(get('image')), build: readBuild(get('build')) })
    }
  }
  return { yaml, services }
}

/** source: docs.docker.com/reference/compose-file/fragments (merge), services (`extends`: what the service says itself wins) */
function findInService(
  node: unknown,
  key: string,
  document: ParsedDocument,
  services: ReadonlyMap<string, YAMLMap>,
  seen: Set<unknown>
): Pair<ParsedNode, ParsedNode | null> | undefined {
  const library = findYaml()
  if (library?.isMap(node) !== true || seen.has(node)) return undefined
  seen.add(node)
  const own = findPair(node, key)
  if (own !== undefined) return own
  for (const source of mergedInto(node, document)) {
    const found = findInService(source, key, document, services, seen)
    if (found !== undefined) return found
  }
  const base = resolveNode(findPair(node, 'extends')?.value, document)
  const name = library.isMap(base)
    ? findPair(base, 'file') === undefined
      ? scalarText(findPair(base, 'service')?.value)
      : undefined
    : scalarText(base)
  return name === undefined ? undefined : findInService(services.get(name), key, document, services, seen)
}

export interface EnvironmentItem {
  name: string
  value: string
  scalar: Scalar.Parsed
  /** Where the value begins in the text of the scalar. */
  offset: number
}

/** `NAME: value` or `- NAME=value`, each with the scalar that holds the value. */
export function environmentItems(node: unknown): EnvironmentItem[] {
  const library = findYaml()
  if (library === undefined) return []
  if (library.isMap(node))
    return (node.items as Pair<ParsedNode, ParsedNode | null>[]).flatMap(({ key, value }) => {
      const text = scalarText(value)
      return text === undefined || !library.isScalar(key)
        ? []
        : [{ name: String(key.value), value: text, scalar: value as Scalar.Parsed, offset: 0 }]
    })
  return listItems(node).flatMap((item) => {
    const match = /^([^=]+)=(.*)$/s.exec(scalarText(item) ?? '')
    if (match === null) return []
    const [, name = '', value = ''] = match
    return [{ name, value, scalar: item as Scalar.Parsed, offset: name.length + 1 }]
  })
}

function readBuild(node: unknown): ComposeBuild | undefined {
  const library = findYaml()
  const short = scalarText(node)
  const text = (key: string) => {
    const value = scalarText(findPair(node, key)?.value)
    return value === undefined ? undefined : interpolate(value)
  }
  if (short === undefined && library?.isMap(node) !== true) return undefined
  if (findPair(node, 'dockerfile_inline') !== undefined) return undefined
  const hasOther = (key: string) => findPair(node, key) !== undefined && text(key) === undefined
  // A context that is no folder (a repository's address) or hangs on the environment cannot be looked into.
  const context =
    short === undefined ? (hasOther('context') ? undefined : (text('context') ?? '.')) : interpolate(short)
  if (context === undefined || hasOther('dockerfile') || /^[a-z][a-z+.-]+:|^git@/.test(context)) return undefined
  const args = environmentItems(findPair(node, 'args')?.value).map(({ name, value }) => [name, value] as const)
  return { context, dockerfile: text('dockerfile') ?? 'Dockerfile', target: text('target') || undefined, args }
}

/**
 * The value with its variables put in: `$NAME`, `${NAME}`, `${NAME:-default}`; undefined when one has no value.
 *
 * source: docs.docker.com/compose/how-tos/environment-variables/variable-interpolation
 */
export function interpolate(value: string, variables: ReadonlyMap<string, string> = new Map()): string | undefined {
  const text = putIn(value, variables)
  return text.includes('$') ? undefined : text
}

/** What has no value stays as it is. */
const putIn = (value: string, variables: ReadonlyMap<string, string> = new Map()): string =>
  value.replace(
    /\$(?:\{(\w+)(?:(:?)-([^${}]*)|:?\?[^{}]*)?\}|(\w+))/g,
    (all, braced?: string, colon?: string, fallback?: string, plain?: string) => {
      const found = variables.get(braced ?? plain ?? '')
      return (found === '' && colon === ':' ? undefined : found) ?? fallback ?? all
    }
  )

/** What a service says about its container, for the plan. */
export interface ComposeFacts {
  ports: NonNullable<RewriteOptions['publishedPorts']>[number][]
  mounts: NonNullable<RewriteOptions['mounts']>[number][]
  grants: NonNullable<RewriteOptions['grants']>[number][]
}

/** @param file the compose file's name in messages */
export function readFacts(service: ComposeService, file: string): ComposeFacts {
  return {
    ports: listItems(service.get('ports')).flatMap((entry) => {
      const text = interpolate(scalarText(entry) ?? scalarText(findPair(entry, 'target')?.value) ?? '') ?? ''
      const match = /(?:^|:)(\d+)(?:\/\w+)?$/.exec(text)
      return match === null ? [] : [{ port: Number(match[1]), file }]
    }),
    mounts: listItems(service.get('volumes')).flatMap((entry) => readMount(entry, file)),
    grants: readGrants(service, file)
  }
}

function readGrants(service: ComposeService, file: string): ComposeFacts['grants'] {
  const list = (key: string) => listItems(service.get(key)).flatMap((item) => scalarText(item) ?? [])
  const added = list('cap_add').filter((name) => !/^(?:CAP_)?NET_BIND_SERVICE$/i.test(name))
  return [
    ...(scalarText(service.get('privileged')) === 'true' ? [{ grant: 'privileged', file }] : []),
    ...(added.length > 0 ? [{ grant: `cap_add: ${added.join(', ')}`, file }] : []),
    ...list('devices').map((device) => ({ grant: `the device ${device.split(':')[0]}`, file }))
  ]
}

/**
 * A mount of `volumes`: `data:/var/lib/app`, `./data:/data:z`, `{ type: volume, source, target }`. Anonymous volumes
 * are made anew from the image, and `tmpfs` is everybody's.
 */
function readMount(entry: unknown, file: string): ComposeFacts['mounts'] {
  return readVolume(entry).map(({ target, kind }) => ({ path: target, kind, file }))
}

/** One entry of `volumes` with a source; `source` is undefined for what is no folder of the host. */
export function readVolume(
  entry: unknown
): { source: string | undefined; target: string; kind: ComposeFacts['mounts'][number]['kind'] }[] {
  const short = scalarText(entry)
  if (short === undefined) {
    const read = (key: string) => interpolate(scalarText(findPair(entry, key)?.value) ?? '') || undefined
    const target = read('target')
    const type = read('type')
    if (target === undefined || findPair(entry, 'source') === undefined) return []
    if (type !== 'bind' && type !== 'volume') return []
    const source = type === 'bind' ? read('source') : undefined
    return [{ source, target, kind: read('read_only') === 'true' ? 'read-only' : type }]
  }
  // `${LOGS}:/var/log/nginx`: a folder of the host, whichever.
  const text = putIn(short)
    .replace(/\$\{[^{}]*\}|\$\w+/g, '\0')
    .replace(/^[A-Za-z]:(?=[\\/])/, '')
  const [source, target, mode = ''] = text.split(':')
  if (source === undefined || !target?.startsWith('/') || target.includes('\0')) return []
  const isFolder = /^[./~\\\0]/.test(source)
  const kind = /\bro\b/.test(mode) ? 'read-only' : isFolder ? 'bind' : 'volume'
  return [{ source: isFolder && !source.includes('\0') ? source : undefined, target, kind }]
}
