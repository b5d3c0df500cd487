/** An image name as it stands behind `FROM`. */
export interface ImageReference {
  /** As written, variables put in. */
  text: string
  /** Familiar form: without `docker.io/library/`, `docker.io/`, tag and digest. */
  name: string
  tag: string | undefined
  digest: string | undefined
}

const dockerHub = /^(?:docker\.io|index\.docker\.io|registry-1\.docker\.io|registry\.hub\.docker\.com)\//
const mirrorsOfOfficial = /^(?:public\.ecr\.aws\/docker\/library|mirror\.gcr\.io\/library|library)\//

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
  const name = (hasTag ? rest.slice(0, colon) : rest)
    .toLowerCase()
    .replace(dockerHub, '')
    .replace(mirrorsOfOfficial, '')
  return { text, name, tag: hasTag ? rest.slice(colon + 1) : undefined, digest }
}
