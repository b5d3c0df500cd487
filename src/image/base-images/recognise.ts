/**
 * Known images behind names that are not wholly in the file, or that another registry gives them.
 */
import type { Distribution, ResolvedBaseImage } from '../base-image.ts'
import { familiarName } from '../reference.ts'
import { findBaseImage } from './index.ts'

/** A variable without a value, as it stands in an image name that is read here. */
export const unknownPart = (variable: string): string => `\0${variable}\0`

const anyUnknown = /\0(\w+)\0/g
const onlyUnknown = /^(?:\0\w+\0)+$/
const leadingUnknown = /^(?:\0\w+\0)+/

export interface RecognisedImage {
  image: ResolvedBaseImage
  /** Undefined: the tag decides and is not in the file. */
  distribution: Distribution | undefined
  /** What was taken for granted; undefined: nothing that matters. */
  assumption: string | undefined
}

/** Variables that by their name hold a registry, a mirror or an architecture, and not somebody's namespace. */
const namesRegistry = /regist|mirror|proxy|prefix|docker_?(?:io|hub)|hub_|_hub|^hub$|harbor|nexus|artifactory|arch/i
const namesOwner = /user|owner|org(?:_|$|ani)|name_?space|account|project|team|tenant|vendor|repo(?:sitory)?_?name/i
/** source: GitLab docs "Predefined CI/CD variables": the path of a group's proxy of Docker Hub. */
const namesHubProxy = /^CI_DEPENDENCY_PROXY_(?:DIRECT_)?GROUP_IMAGE_PREFIX$/

/**
 * Finds a known image for a name with `unknownPart`s: with an unknown registry in front, or an unknown tag behind.
 * `family` is what the Dockerfile's own commands tell.
 */
export function recogniseTemplate(template: string, family: Distribution | undefined): RecognisedImage | undefined {
  const at = template.indexOf('@')
  const rest = at === -1 ? template : template.slice(0, at)
  const colon = rest.lastIndexOf(':')
  const hasTag = colon > rest.lastIndexOf('/')
  const tag = hasTag ? rest.slice(colon + 1) : undefined
  const found = readName(hasTag ? rest.slice(0, colon) : rest)
  if (found === undefined) return undefined
  const assumptions: string[] = []
  if (found.registry !== undefined)
    assumptions.push(`the value of ${found.registry} is not in the file, the image is read as the public ${found.name}`)
  if (tag === undefined || !tag.includes('\0')) {
    const image = findBaseImage({ name: found.name, tag })
    return image && { image, distribution: image.distribution, assumption: assumptions[0] }
  }
  const merged = mergeTags(found.name, tag, family)
  if (merged === undefined) return undefined
  if (!merged.isAgreed) assumptions.push('the tag is not in the file, and what the image brings depends on it')
  else if (merged.image.kind === 'application' && onlyUnknown.test(tag))
    assumptions.push('the tag is not in the file, the image is read as one of its current releases')
  return {
    image: { ...merged.image, tag: tag.replace(anyUnknown, '${$1}') },
    distribution: merged.distribution,
    assumption: assumptions.length === 0 ? undefined : assumptions.join('; ')
  }
}

function readName(name: string): { name: string; registry: string | undefined } | undefined {
  if (!name.includes('\0')) return { name, registry: undefined }
  const parts = name.split('/')
  const variables: string[] = []
  const literal: string[] = []
  for (const [index, part] of parts.entries()) {
    if (!part.includes('\0')) {
      literal.push(part)
      continue
    }
    const isFirst = literal.length === 0
    const isLast = index === parts.length - 1
    // `${PREFIX}alpine`: the variable ends with a slash of its own.
    const glued = isFirst ? part.replace(leadingUnknown, '') : ''
    const unknown = glued === '' ? part : part.slice(0, -glued.length)
    if (!onlyUnknown.test(unknown) || (isLast && glued === '')) return undefined
    for (const [, variable = ''] of unknown.matchAll(anyUnknown)) variables.push(variable)
    if (glued !== '') literal.push(glued)
  }
  const isHubProxy = variables.every((variable) => namesHubProxy.test(variable))
  if (!isHubProxy && variables.some((variable) => !namesRegistry.test(variable) || namesOwner.test(variable)))
    return undefined
  return {
    name: familiarName(literal.join('/')),
    registry: isHubProxy ? undefined : variables.map((variable) => `\${${variable}}`).join(', ')
  }
}

/** What a variable in a tag can hold: versions, and the names of flavours. */
const versions = [
  ...Array.from({ length: 30 }, (_, major) => `${major}`),
  ...['1.2', '2.3.4', '3.11', '3.12.1', '5.6', '7.4', '8.0', '8.0.36', '8.3', '8.11.1', '9.0', '10.11', '12.3.4'],
  ...['14.04', '16.04', '18.04', '20.04', '22.04', '23.10', '24.04', 'v1.2.3', 'v2.0', '2024.1', 'lts', 'latest']
]
const flavours = [
  ...['alpine', 'slim', 'stretch', 'buster', 'bullseye', 'bookworm', 'trixie', 'xenial', 'bionic', 'focal', 'jammy'],
  ...['noble', 'ubi8', 'ubi9', 'ubi9-minimal', 'ubi9-micro', 'centos7', 'fedora', 'distroless', 'chiseled', 'debug'],
  ...['nonroot', 'unprivileged', 'rootless', 'fpm', 'fpm-alpine', 'apache', 'cli', 'cli-alpine', 'dind', 'onbuild'],
  ...['ubuntu', 'debian', 'amazonlinux', 'scratch', 'management-alpine', '3.12-alpine', '20-bookworm', '1.2-alpine']
]

/** Facts that must be the same for every tag: without them nothing is known of how the image starts. */
const essential = ['user', 'entrypoint', 'cmd', 'kind', 'service', 'stepsDown', 'needsRoot', 'runsAsAnyUser'] as const
const optional = ['account', 'workdir', 'env', 'owned', 'ports', 'volumes'] as const

const families: Partial<Record<Distribution, readonly Distribution[]>> = {
  debian: ['debian', 'ubuntu'],
  rhel: ['rhel', 'fedora', 'amazonlinux'],
  alpine: ['alpine', 'wolfi']
}

interface Merged {
  image: ResolvedBaseImage
  distribution: Distribution | undefined
  isAgreed: boolean
}

/** The facts that hold whatever the unknown part of the tag is. */
function mergeTags(name: string, tag: string, family: Distribution | undefined): Merged | undefined {
  // `${VERSION}-alpine`: what follows the version says the flavour.
  const isVersion = /^v?(?:\0\w+\0)+[-.]/.test(tag)
  const samples = isVersion ? versions : [...versions, ...flavours]
  const all: ResolvedBaseImage[] = []
  for (const sample of samples) {
    const image = findBaseImage({ name, tag: tag.replace(anyUnknown, sample) })
    if (image === undefined) return undefined
    if (image.distribution !== 'windows') all.push(image)
  }
  const wanted = family === undefined ? [] : (families[family] ?? [family])
  const ofFamily = all.filter((image) => wanted.includes(image.distribution))
  const images = ofFamily.length > 0 ? ofFamily : all
  const [first] = images
  if (first === undefined) return undefined
  if (essential.some((key) => images.some((image) => !isSame(image[key], first[key])))) return undefined
  const image = { ...first }
  let isAgreed = true
  for (const key of optional) {
    if (images.every((each) => isSame(each[key], first[key]))) continue
    delete image[key]
    // An account that is not reused only takes a uid, and a new one gets another.
    if (key !== 'account' || images.some((each) => each.account !== undefined && each.reuseAccount !== false))
      isAgreed = false
  }
  if (image.account === undefined) delete image.reuseAccount
  const distributions = new Set(images.map((each) => each.distribution))
  if (distributions.size === 1) return { image, distribution: first.distribution, isAgreed }
  // Debian and Ubuntu have the same tools.
  const isOneFamily = Object.values(families).some((kin) => [...distributions].every((each) => kin.includes(each)))
  return { image, distribution: isOneFamily ? first.distribution : undefined, isAgreed: isAgreed && isOneFamily }
}

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other)

/** Registries whose names stand as a part of the path in a proxy: `harbor.example.com/quay.io/keycloak/keycloak`. */
const proxied =
  /\/((?:docker\.elastic\.co|gcr\.io|ghcr\.io|k8s\.gcr\.io|mcr\.microsoft\.com|public\.ecr\.aws|quay\.io|registry\.access\.redhat\.com|registry\.k8s\.io)\/.+)$/
/** `docker.io`, `dockerhub`, `docker-hub-remote` as a part of the path. */
const proxiedHub = /\/(?:[\w-]+\.)?(?:docker\.io|docker-?hub[\w-]*|hub\.docker\.com)\/(.+)$/
const officialNamespace = /\/library\/([^/]+)$/

/**
 * Finds a known image in a registry that holds copies of it: `harbor.example.com/proxy/library/node`. Somebody could
 * have put another image there, so it is an assumption.
 */
export function recogniseMirror(name: string, tag: string | undefined): RecognisedImage | undefined {
  const lower = name.toLowerCase()
  if (!/^[^/]*[.:][^/]*\/|^localhost\//.test(lower)) return undefined
  const original = proxied.exec(lower)?.[1] ?? proxiedHub.exec(lower)?.[1] ?? officialNamespace.exec(lower)?.[1]
  const image = original === undefined ? undefined : findBaseImage({ name: original, tag })
  return (
    image && {
      image,
      distribution: image.distribution,
      assumption: `it is read as a mirror of the public ${image.name}`
    }
  )
}
