/**
 * Which Dockerfile of a tree builds a base image: what somebody said, what compose files build, or where a path fits a
 * name whose namespace is the tree's own.
 */
import { findBaseImage } from './base-images/index.ts'
import { namesImage } from './names.ts'
import { readReference } from './reference.ts'

/** A tree, in which paths are relative to its top, with `/`. */
export interface BaseTree {
  /** Every Dockerfile. */
  dockerfiles: readonly string[]
  /** Names that can be those of the owner or the repository. */
  owners: readonly string[]
  /** The images that the tree's Dockerfiles name in `FROM`. */
  readFroms(): readonly string[]
}

/** A name that somebody has given to a Dockerfile. */
export interface NamedBase {
  image: string
  dockerfile: string
  target?: string | undefined
  /** How it is known. */
  evidence: string
}

export interface FoundBase {
  dockerfile: string
  target: string | undefined
  /** In one clause. */
  evidence: string
}

interface Name {
  /** Everything before the last part; undefined: nothing. */
  namespace: string | undefined
  /** The last part. */
  short: string
  tag: string | undefined
}

/** A variable in front of the last part stands for a registry or a namespace. */
function readName(image: string): Name | undefined {
  const plain = image.trim().replace(/@.*$/, '')
  const slash = plain.lastIndexOf('/')
  const colon = plain.indexOf(':', slash)
  const short = plain.slice(slash + 1, colon === -1 ? undefined : colon).toLowerCase()
  if (!/^[\w.-]+$/.test(short)) return undefined
  return {
    namespace: slash === -1 ? undefined : plain.slice(0, slash),
    short,
    tag: colon === -1 ? undefined : plain.slice(colon + 1)
  }
}

/** Last parts of image names that a path fits: its folder, `Dockerfile.NAME`, or both with a tag: `NAME/TAG/Dockerfile`. */
function namesOf(path: string): { short: string; tag: string | undefined }[] {
  const parts = path.toLowerCase().split('/')
  const file = parts.pop() as string
  const [folder, above] = [parts.at(-1), parts.at(-2)]
  const suffix = /^(?:docker|container)file\.(.+)$/.exec(file)?.[1] ?? /^(.+)\.dockerfile$/.exec(file)?.[1]
  if (suffix !== undefined) return [{ short: suffix, tag: undefined }]
  return [
    ...(folder === undefined ? [] : [{ short: folder, tag: undefined }]),
    ...(folder === undefined || above === undefined ? [] : [{ short: above, tag: folder }])
  ]
}

/**
 * Answers for one tree. A name that many Dockerfiles fit is nobody's.
 *
 * @example
 * const find = createBaseFinder({ dockerfiles: ['python-base/Dockerfile'], owners: ['acme'], readFroms: () => [] })
 * find('acme/python-base:3', 'api/Dockerfile', [])?.dockerfile // => 'python-base/Dockerfile'
 */
export function createBaseFinder(
  tree: BaseTree
): (image: string, from: string, named: readonly NamedBase[]) => FoundBase | undefined {
  let byShort: Map<string, { path: string; tag: string | undefined }[]> | undefined
  const pathsOf = (short: string) => {
    if (byShort === undefined) {
      byShort = new Map()
      for (const path of tree.dockerfiles)
        for (const { short: each, tag } of namesOf(path)) {
          const known = byShort.get(each)
          if (known === undefined) byShort.set(each, [{ path, tag }])
          else known.push({ path, tag })
        }
    }
    return byShort.get(short) ?? []
  }
  const findByPath = ({ short, tag }: Name, from: string): { path: string; isTagged: boolean } | undefined => {
    const fitting = pathsOf(short).filter(({ path }) => path !== from)
    const tagged = fitting.filter((each) => each.tag !== undefined && each.tag === tag?.toLowerCase())
    const plain = fitting.filter((each) => each.tag === undefined)
    const [only, ...others] = tagged.length > 0 ? tagged : plain
    return only === undefined || others.length > 0 ? undefined : { path: only.path, isTagged: tagged.length > 0 }
  }
  let own: ReadonlySet<string> | undefined
  /** Namespaces under which the tree names several images that it has Dockerfiles for. */
  const ownNamespaces = () => {
    if (own !== undefined) return own
    const shorts = new Map<string, Set<string>>()
    for (const image of tree.readFroms()) {
      const name = readName(image)
      if (name?.namespace === undefined || findBaseImage(readReference(image)) !== undefined) continue
      if (findByPath(name, '') === undefined) continue
      shorts.set(name.namespace, (shorts.get(name.namespace) ?? new Set()).add(name.short))
    }
    own = new Set([...shorts].filter(([, each]) => each.size > 1).map(([namespace]) => namespace))
    return own
  }
  return (image, from, named) => {
    const name = readName(image)
    if (name === undefined) return undefined
    const said = named.filter(({ image: each }) => namesImage(each, image) || namesImage(image, each))
    const first = said.find(({ dockerfile }) => dockerfile !== from)
    if (first !== undefined) return { dockerfile: first.dockerfile, target: first.target, evidence: first.evidence }
    const found = findByPath(name, from)
    if (found === undefined) return undefined
    const { namespace } = name
    const last = namespace?.replace(/^.*\//, '').toLowerCase()
    const isOwn =
      namespace === undefined ||
      found.isTagged ||
      tree.owners.some((owner) => owner.toLowerCase() === last) ||
      ownNamespaces().has(namespace)
    return isOwn ? { dockerfile: found.path, target: undefined, evidence: 'its path fits the name' } : undefined
  }
}

/** The images that a Dockerfile names in `FROM`, as they stand there. */
export const fromsOf = (text: string): string[] =>
  [...text.matchAll(/^\uFEFF?[ \t]*FROM[ \t]+(?:--\S+[ \t]+)*(\S+)/gim)].map((match) => match[1] as string)
