/** An image name as it stands behind `FROM`. */
export interface ImageReference {
  /** As written, variables put in. */
  text: string
  /** Familiar form: without `docker.io/library/`, `docker.io/`, tag and digest. */
  name: string
  tag: string | undefined
  digest: string | undefined
}

/**
 * Registries that serve Docker Hub's images: its own names, Google's cache, the copies of the official images at
 * Amazon and Microsoft, the proxies of DaoCloud, ArvanCloud and Hamravesh, pull-through rules of Amazon ECR under their
 * default prefix, and GitLab's dependency proxy.
 *
 * source: ECR user guide "Pulling an image with a pull through cache rule", GitLab docs "Dependency proxy",
 * DaoCloud/public-image-mirror README.md, arvancloud.ir/fa/dev/docker, hamravesh.com/blog/container-registry-mirroring-and-caching
 */
const hub =
  /^(?:(?:(?:docker\.io|index\.docker\.io|registry-1\.docker\.io|registry\.hub\.docker\.com|mirror\.gcr\.io|docker\.m\.daocloud\.io|docker\.arvancloud\.ir|hub\.hamdocker\.ir)|\d+\.dkr\.ecr\.[\w-]+\.amazonaws\.com(?:\.cn)?\/docker-hub|[^/]*gitlab[^/]*\/(?:[^/]+\/)+dependency_proxy\/containers)\/|public\.ecr\.aws\/docker\/(?=library\/)|mcr\.microsoft\.com\/mirror\/docker\/(?=library\/))/

/** Proxies that are followed by the name of the registry that they stand for. */
const proxy = /^m\.daocloud\.io\/(?=[^/]+\.[^/]+\/)/

/** The `library` namespace and the per-architecture namespaces of the official images. */
const namespaces = /^(?:library\/)?(?:(?:amd64|arm32v[567]|arm64v8|i386|mips64le|ppc64le|riscv64|s390x|winamd64)\/)?/

/** `docker.io/library/node`, `mirror.gcr.io/library/node` and `arm64v8/node` are all `node`. */
export const familiarName = (name: string): string =>
  name.toLowerCase().replace(proxy, '').replace(hub, '').replace(namespaces, '')

/**
 * Splits an image reference.
 *
 * @example
 * readReference('docker.io/library/node:22-alpine').name // => 'node'
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
