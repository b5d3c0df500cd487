/** Whether two names mean the same image. */

interface ImageName {
  /** The registry; undefined: none is named, or a variable holds it. */
  host: string | undefined
  /** Without tag and digest. */
  path: string
}

/** source: distribution/reference, reference.go: the first part is a registry when it holds a dot or a colon */
function readName(text: string): ImageName {
  const plain = text
    .trim()
    .replace(/\$\{\w+:?-([^${}]*)\}/g, '$1')
    .replace(/@.*$/, '')
    .replace(/:[^/]*$/, '')
  const parts = plain.split('/')
  // `${REGISTRY}/team/api`, `<registry>/api`: what cannot be known stands for any registry.
  const variable = parts.findLastIndex((part) => /[$<>%{}]/.test(part))
  if (variable !== -1) return { host: undefined, path: parts.slice(variable + 1).join('/') }
  const [first = ''] = parts
  const hasHost = parts.length > 1 && (/[.:]/.test(first) || first === 'localhost')
  const isHub = /^(?:index\.)?docker\.io$/.test(first)
  const path = parts.slice(hasHost ? 1 : 0).join('/')
  return { host: hasHost && !isHub ? first : undefined, path: path.replace(/^library\//, '') }
}

/**
 * Whether somebody who names an image means the one of a manifest: tag and digest do not count, a registry only where
 * both name one. A name without registry also stands for the end of a longer one.
 *
 * @example
 * namesImage('api', 'registry.example.com/team/api:1.2') // => true
 */
export function namesImage(name: string, image: string): boolean {
  const asked = readName(name)
  const found = readName(image)
  if (asked.path === '' || found.path === '') return false
  if (asked.host !== undefined && found.host !== undefined && asked.host !== found.host) return false
  return asked.path === found.path || (asked.host === undefined && found.path.endsWith(`/${asked.path}`))
}

/** The same for names that a tool compares as a whole: `api` is not `team/api`. */
export function isSameImage(name: string, image: string): boolean {
  return readName(name).path === readName(image).path && namesImage(name, image)
}

/** The last part of a name: names of which it differs never mean the same image. */
export function shortName(image: string): string {
  const { path } = readName(image)
  return path.slice(path.lastIndexOf('/') + 1)
}
