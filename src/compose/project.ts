/** Which services of a folder's compose files run which Dockerfile. */

import { parseDockerfile } from '../dockerfile/dockerfile.ts'
import { findYamlError } from '../edit/yaml-editor.ts'
import type { ComposeInput } from '../types.ts'
import { type ComposeFacts, type ComposeService, interpolate, readCompose, readFacts } from './compose-file.ts'

/** A service that runs the image of one Dockerfile. */
export interface ServiceUse extends ComposeFacts {
  /** Name of the compose file in its folder. */
  file: string
  service: string
  /** Paths relative to the compose file's folder, which may begin with `../`. */
  context: string
  dockerfile: string
  target: string | undefined
  /** The image's name, where the service gives it one. */
  image: string | undefined
  /** `build.args`, as they stand there. */
  args: readonly (readonly [name: string, value: string])[]
}

/** What the compose files of one folder say. */
export interface FolderUses {
  uses: ServiceUse[]
  /** Files that may build something and are no YAML. */
  broken: { name: string; problem: string }[]
}

const composeName = /^(?:docker-)?compose(?:[.-].+)?\.ya?ml$/

/** Whether compose, or somebody who names it with `-f`, reads a file of this name. */
export const isComposeName = (name: string): boolean => composeName.test(name)

/** The files of one folder that belong together; those that compose reads by itself come first. */
export const orderComposeNames = (names: readonly string[]): string[] =>
  [...names].sort((a, b) => a.split('.').length - b.split('.').length || (a < b ? -1 : 1))

/**
 * The services that build something, and those of other files in the folder that say more about one of them.
 *
 * source: docs.docker.com/compose/how-tos/multiple-compose-files/merge: services of the same name are one service
 *
 * @param files names and texts of the compose files of one folder
 */
export function findServiceUses(files: readonly { name: string; text: string }[]): FolderUses {
  const broken: FolderUses['broken'] = []
  const read = files.flatMap(({ name, text }) => {
    const compose = readCompose(text)
    if (compose !== undefined) return [{ name, services: compose.services }]
    const problem = /\bbuild\b/.test(text) ? findYamlError(text) : undefined
    if (problem !== undefined) broken.push({ name, problem })
    return []
  })
  const uses: ServiceUse[] = []
  const use = (
    service: ComposeService,
    file: string,
    from: Pick<ServiceUse, 'context' | 'dockerfile' | 'target' | 'args'>
  ) => {
    const { context, dockerfile, target, args } = from
    uses.push({
      file,
      service: service.name,
      context,
      dockerfile,
      target,
      image: service.image,
      args,
      ...readFacts(service, file)
    })
  }
  for (const { name, services } of read)
    for (const service of services) {
      if (service.build === undefined) continue
      const context = joinFolders('', service.build.context)
      const { target, args } = service.build
      use(service, name, { context, dockerfile: joinFolders(context, service.build.dockerfile), target, args })
    }
  const builders = [...uses]
  for (const { name, services } of read)
    for (const service of services) {
      if (service.get('build') !== undefined) continue
      const same = builders.filter((each) => each.service === service.name)
      // A file for production names the image that another one builds.
      const base = same.find(
        ({ file, image }) => file !== name && (service.image === undefined || service.image === image)
      )
      if (base !== undefined) use(service, name, base)
    }
  return { uses, broken }
}

/** What compose names is shipped besides the last stage, not instead of it. */
export function withLastStage(targets: readonly string[], dockerfile: string): readonly string[] | undefined {
  if (targets.length === 0) return undefined
  const last = parseDockerfile(dockerfile).stages.at(-1)
  if (last === undefined) return undefined
  const name = last.name ?? String(last.index)
  return [name, ...targets.filter((target) => target.toLowerCase() !== name && target !== String(last.index))]
}

/** Joins two paths with `/`; what leads out of the first keeps its `../`. An absolute second one stands alone. */
export function joinFolders(folder: string, name: string): string {
  if (name.startsWith('/')) return name
  const parts: string[] = []
  for (const part of `${folder}/${name}`.split('/')) {
    if (part === '' || part === '.') continue
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop()
    else parts.push(part)
  }
  return parts.join('/')
}

/** The path of one file relative to a folder, both relative to the same place. */
export function relativeFrom(folder: string, file: string): string {
  const from = folder === '' ? [] : folder.split('/')
  const to = file.split('/')
  while (from.length > 0 && to.length > 1 && from[0] === to[0]) {
    from.shift()
    to.shift()
  }
  return [...from.map(() => '..'), ...to].join('/')
}

/** What one Dockerfile is told of the compose files that run it. */
export interface ComposeAnswer {
  targets: string[]
  ports: ComposeFacts['ports']
  mounts: ComposeFacts['mounts']
  grants: ComposeFacts['grants']
  files: ComposeInput[]
  /** On which every service that builds it agrees. */
  buildArgs: Record<string, string>
}

/**
 * Puts together what several compose files say.
 *
 * @param uses with the compose file's text, its path relative to the build context, and the text of the `.env` beside it
 */
export function combineUses(
  uses: readonly { use: ServiceUse; path: string; text: string; env: string | undefined }[]
): ComposeAnswer {
  const answer: ComposeAnswer = { targets: [], ports: [], mounts: [], grants: [], files: [], buildArgs: {} }
  const args = new Map<string, string | undefined>()
  for (const { use, path, text, env } of uses) {
    const variables = readEnv(env ?? '')
    for (const [name, raw] of use.args) {
      const value = interpolate(raw, variables)
      args.set(name, args.has(name) && args.get(name) !== value ? undefined : value)
    }
    const { target } = use
    const of = target === undefined ? {} : { target }
    answer.ports.push(...use.ports.map((each) => ({ ...each, ...of })))
    answer.mounts.push(...use.mounts.map((each) => ({ ...each, ...of })))
    answer.grants.push(...use.grants.map((each) => ({ ...each, ...of })))
    if (target !== undefined && !answer.targets.includes(target)) answer.targets.push(target)
    const known = answer.files.find((file) => file.path === path)
    const service = { name: use.service, context: use.context, ...of }
    if (known === undefined) answer.files.push({ path, name: use.file, text, services: [service] })
    else answer.files[answer.files.indexOf(known)] = { ...known, services: [...known.services, service] }
  }
  for (const [name, value] of args) if (value !== undefined) answer.buildArgs[name] = value
  return answer
}

/** source: docs.docker.com/compose/how-tos/environment-variables/variable-interpolation, "`.env` file syntax" */
function readEnv(text: string): Map<string, string> {
  const variables = new Map<string, string>()
  for (const line of text.split(/\r?\n/)) {
    const match = /^\s*(?:export\s+)?(\w+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^#]*?)(?:\s+#.*)?)\s*$/.exec(line)
    if (match !== null) variables.set(match[1] as string, match[2] ?? match[3] ?? match[4] ?? '')
  }
  return variables
}
