/** An image name as it stands behind `FROM`. */
export interface ImageReference {
  /** As written, variables put in. */
  text: string
  /** Familiar form: without `docker.io/library/`, `docker.io/`, tag and digest. */
  name: string
  tag: string | undefined
  digest: string | undefined
}

/** Registries that serve Docker Hub's images, the `library` namespace and its per-architecture namespaces. */
const mirrorPrefix =
  /^(?:(?:docker\.io|index\.docker\.io|registry-1\.docker\.io|registry\.hub\.docker\.com|mirror\.gcr\.io)\/|public\.ecr\.aws\/docker\/(?=library\/)|mcr\.microsoft\.com\/mirror\/docker\/(?=library\/))?(?:library\/)?(?:(?:amd64|arm32v[567]|arm64v8|i386|mips64le|ppc64le|riscv64|s390x|winamd64)\/)?/

/** `docker.io/library/node`, `mirror.gcr.io/library/node` and `arm64v8/node` are all `node`. */
export const familiarName = (name: string): string => name.toLowerCase().replace(mirrorPrefix, '')

/**
 * Splits an image reference.
 *
 * @example
 * readReference('docker.io/library/node:22-alpine').name // 'node'
 */
export function readReference(text: string): ImageReference {
  const at = text.indexOf('@')
  const digest = at === -1 ? undefined : text.slice(at + 1)
  const rest = at === -1 ? text : text.slice(0, at)
  const colon = rest.lastIndexOf(':')
  const hasTag = colon > rest.lastIndexOf('/')
  const name = familiarName(hasTag ? rest.slice(0, colon) : rest)
  return { text, name, tag: hasTag ? rest.slice(colon + 1) : undefined, digest }
}
