/** Which manifests of a tree run which Dockerfile's image. */
import { joinFolders } from '../compose/project.ts'
import { findYamlError, readYaml } from '../edit/yaml-editor.ts'
import { findValue, listItems, scalarText } from '../edit/yaml-nodes.ts'
import { isSameImage, namesImage, shortName } from '../image/names.ts'
import type { ManifestInput } from '../types.ts'
import { isPublicImage } from './images.ts'
import {
  type Container,
  findImageWords,
  isSameNamespace,
  isTemplate,
  looksLikeManifest,
  type ManifestFile,
  mayHoldWorkload,
  nearness,
  readManifests,
  selects,
  serviceSelector,
  type Workload
} from './manifests.ts'
import { isPolicyFor } from './policies.ts'

/** A YAML file of the tree. */
export interface TreeFile {
  /** Relative to the top of the tree, with `/`. */
  path: string
  text: string
}

export interface ManifestQuestion {
  /** Relative to the top of the tree. */
  dockerfile: string
  /** What somebody has said (`--image`): image names and Dockerfiles (or their folders), relative to the top. */
  images: readonly (readonly [name: string, dockerfile: string])[]
  /** What the compose files of the tree build, this Dockerfile or another. */
  built: readonly BuiltImage[]
  /** There is no other Dockerfile in the tree. */
  isOnly: boolean
}

/** A name that a file gives to what a Dockerfile builds; paths are relative to the top of the tree. */
export interface BuiltImage {
  image: string
  dockerfile: string
  target?: string | undefined
  /** The file that says so. */
  file: string
}

interface Claim {
  target?: string | undefined
}

/** An answer; the caller knows how to name the path. */
export type FoundManifest = Omit<ManifestInput, 'name' | 'isReadOnly'>

/** The manifests of a tree; nothing is parsed before a question needs it. */
export interface ManifestIndex {
  find(question: ManifestQuestion): FoundManifest[]
}

/** Whether a YAML file is worth keeping for the index. */
export const isOfInterest = (text: string): boolean =>
  looksLikeManifest(text) || isSkaffold(text) || isChartValues(text)

const isSkaffold = (text: string): boolean => /^apiVersion:[ \t]*["']?skaffold\//m.test(text)

/** A chart's values: `image:` with a `repository:` below it. */
const isChartValues = (text: string): boolean => /^[ \t]*repository:[ \t]*\S/m.test(text)

export function createManifestIndex(files: readonly TreeFile[]): ManifestIndex {
  const parsed = new Map<TreeFile, ManifestFile | undefined>()
  const parse = (file: TreeFile): ManifestFile | undefined => {
    if (!parsed.has(file)) parsed.set(file, readManifests(file.text))
    return parsed.get(file)
  }
  const manifests = files.filter(({ text }) => looksLikeManifest(text) && !isSkaffold(text) && !isTemplate(text))
  const templates = files.filter(({ text }) => isTemplate(text) && mayHoldWorkload(text))
  const runners = manifests.filter(({ text }) => mayHoldWorkload(text) && findImageWords(text).length > 0)
  /** Per short name, so that a question looks at few of many files. */
  let byShortName: Map<string, Set<TreeFile>> | undefined
  const findMentioning = (names: ReadonlySet<string>): Set<TreeFile> => {
    if (byShortName === undefined) {
      byShortName = new Map()
      for (const file of [...runners, ...templates, ...files.filter(({ text }) => isChartValues(text))])
        for (const word of [...findImageWords(file.text), ...repositoriesOf(file)]) {
          const name = shortName(word)
          byShortName.set(name, (byShortName.get(name) ?? new Set()).add(file))
        }
    }
    return new Set([...names].flatMap((name) => [...(byShortName?.get(name) ?? [])]))
  }
  let skaffold: BuiltImage[] | undefined
  const readSkaffold = () => (skaffold ??= files.filter(({ text }) => isSkaffold(text)).flatMap(readArtifacts))

  return {
    find(question) {
      const { dockerfile, images, isOnly } = question
      const isMine = (path: string) => path === dockerfile || joinFolders(path, 'Dockerfile') === dockerfile
      const builtHere = [...question.built, ...readSkaffold()].filter((each) => each.dockerfile === dockerfile)
      const names = new Set(
        [...images.flatMap(([name, path]) => (isMine(path) ? [name] : [])), ...builtHere.map(({ image }) => image)].map(
          shortName
        )
      )
      const mentioning = findMentioning(names)
      const isNamed = ({ image }: BuiltImage) => names.has(shortName(image))
      const built = [
        ...question.built.filter((each) => isNamed(each) && !isPublicImage(each.image)),
        ...readSkaffold().filter(isNamed)
      ]
      /** The longest name that somebody has given decides, then what is built under the name nearby. */
      const claim = (image: string, path: string): Claim | undefined => {
        const said = images.filter(([name]) => namesImage(name, image)).sort(([a], [b]) => b.length - a.length)[0]
        if (said !== undefined) return isMine(said[1]) ? {} : undefined
        return findBuilder(built, image, path, dockerfile)
      }
      const found: FoundManifest[] = []
      const own: { file: TreeFile; workload: Workload }[] = []
      const add = (file: TreeFile, answer: Partial<FoundManifest>) =>
        found.push({ path: file.path, text: file.text, images: [], ...answer })
      const take = (file: TreeFile, isClaimed: (image: string) => Claim | undefined, isAssumed: boolean) => {
        const read = parse(file)
        if (read === undefined) {
          add(file, { problem: `it is no valid YAML (${findYamlError(file.text) ?? 'it cannot be read'})` })
          return
        }
        const byImage = new Map<string, { target: string | undefined; ports: number[]; takenPorts: number[] }>()
        for (const workload of read.workloads) {
          const mine = workload.containers.filter(({ image }) => image !== undefined && isClaimed(image) !== undefined)
          if (mine.length > 0) own.push({ file, workload })
          for (const { image = '' } of mine) {
            const known = byImage.get(image) ?? { target: isClaimed(image)?.target, ports: [], takenPorts: [] }
            byImage.set(image, known)
            for (const container of workload.containers.filter(({ isInit }) => !isInit))
              (container.image === image ? known.ports : known.takenPorts).push(...portsOf(container, workload))
          }
        }
        if (byImage.size > 0)
          add(file, {
            images: [...byImage].map(([image, each]) => ({ image, ...each })),
            ...(isAssumed && { isAssumed })
          })
      }

      for (const file of runners)
        if (mentioning.has(file) && findImageWords(file.text).some((image) => claim(image, file.path) !== undefined))
          take(file, (image) => claim(image, file.path), false)
      const isSaid = names.size > 0
      if (found.length === 0 && isOnly && !isSaid) {
        const only = findOnly(runners, parse, templates.length > 0)
        // A name that somebody gave to another Dockerfile is no longer free.
        if (only !== undefined && !images.some(([name]) => namesImage(name, only.image)))
          take(only.file, (image) => (image === only.image ? {} : undefined), true)
      }
      const charts = new Set<TreeFile>()
      for (const file of templates) {
        const find = (names: readonly string[]) => names.find((each) => claim(each, file.path) !== undefined)
        const image = mentioning.has(file) ? find(findImageWords(file.text)) : undefined
        const values = image === undefined && mentioning.size > 0 ? findChartValues(file, files) : undefined
        if (image !== undefined) add(file, { problem: `it is a template that runs ${image}` })
        else if (values !== undefined && !charts.has(values)) {
          charts.add(values)
          const named = find(repositoriesOf(values))
          if (named !== undefined)
            add(values, { problem: `it gives ${named} to templates of its chart, which are no YAML` })
        }
      }
      found.push(...findSelecting(own, found, manifests, parse))
      return found
    }
  }
}

/** Of several Dockerfiles that are built under a name: the same tag, the file nearby, the plain `Dockerfile`. */
function findBuilder(
  built: readonly BuiltImage[],
  image: string,
  path: string,
  dockerfile: string
): BuiltImage | undefined {
  const candidates = built.filter((each) => isSameImage(each.image, image))
  const best = (score: (each: BuiltImage) => number) => {
    const highest = Math.max(...candidates.map(score))
    for (let index = candidates.length - 1; index >= 0; index--)
      if (score(candidates[index] as BuiltImage) < highest) candidates.splice(index, 1)
  }
  best((each) => (tagOf(each.image) === tagOf(image) ? 1 : 0))
  best((each) => nearness(each.file, path))
  best((each) => (/(?:^|\/)(?:Docker|Container)file$/.test(each.dockerfile) ? 1 : 0))
  return candidates.find((each) => each.dockerfile === dockerfile)
}

const tagOf = (image: string): string => /:([^/:]+)$/.exec(image.replace(/@.*$/, ''))?.[1] ?? ''

/** The only image that is no public one, where the only workload of the tree runs it. */
function findOnly(
  runners: readonly TreeFile[],
  parse: (file: TreeFile) => ManifestFile | undefined,
  hasTemplates: boolean
): { file: TreeFile; image: string } | undefined {
  if (hasTemplates || runners.length !== 1) return undefined
  const [file] = runners as [TreeFile]
  const workloads = parse(file)?.workloads.filter(({ containers }) =>
    containers.some(({ image }) => image !== undefined)
  )
  if (workloads?.length !== 1) return undefined
  const images = new Set(workloads[0]?.containers.flatMap(({ image }) => image ?? []))
  const own = [...images].filter((image) => !isPublicImage(image))
  return own.length === 1 ? { file, image: own[0] as string } : undefined
}

/** Files without such an image that belong to its pods: Services, policies, configuration, patches. */
function findSelecting(
  own: readonly { file: TreeFile; workload: Workload }[],
  found: readonly FoundManifest[],
  manifests: readonly TreeFile[],
  parse: (file: TreeFile) => ManifestFile | undefined
): FoundManifest[] {
  if (own.length === 0) return []
  const known = new Set(found.map(({ path }) => path))
  const configMaps = new Set(own.flatMap(({ workload }) => configMapsOf(workload)))
  const words = new Set(
    [...own.flatMap(({ workload }) => [workload.name, ...workload.labels.values()]), ...configMaps].filter(Boolean)
  )
  const rest: FoundManifest[] = []
  const selecting: ManifestFile[] = own.flatMap(({ file }) => parse(file) ?? [])
  const candidates = manifests.filter(
    ({ path, text }) => !known.has(path) && [...words].some((word) => text.includes(word))
  )
  const take = ({ path, text }: TreeFile, more: Partial<FoundManifest> = {}) => {
    known.add(path)
    rest.push({ path, text, images: [], ...more })
  }
  for (const file of candidates) {
    const read = parse(file)
    if (read === undefined) {
      const isBeside = own.some((each) => nearness(each.file.path, file.path) % 1 === 0.5)
      if (isBeside && /\bkind:[ \t]*Service\b/.test(file.text) && /\bselector:/.test(file.text))
        take(file, { problem: `it is no valid YAML (${findYamlError(file.text) ?? 'it cannot be read'})` })
      continue
    }
    const isSelecting = own.some(({ workload }) =>
      read.objects.some(
        (object) =>
          isSameNamespace(object, workload) &&
          ((object.kind === 'Service' && selects(serviceSelector(object), workload.labels)) ||
            isPolicyFor(object, workload.labels))
      )
    )
    const isPatch = own.some(({ workload }) => read.workloads.some((each) => isPatchOf(each, workload)))
    if (isSelecting) selecting.push(read)
    const isConfiguring = read.objects.some(({ kind, name }) => kind === 'ConfigMap' && configMaps.has(name))
    if (isSelecting || isPatch || isConfiguring) take(file)
  }
  // Pods of other images that the same Services select: the nearest ones count.
  const services = selecting.flatMap(({ objects }) => objects.filter(({ kind }) => kind === 'Service'))
  const mine = services.filter((service) =>
    own.some(({ workload }) => selects(serviceSelector(service), workload.labels))
  )
  for (const file of candidates) {
    if (known.has(file.path) || !mayHoldWorkload(file.text)) continue
    const workloads = parse(file)?.workloads ?? []
    if (workloads.some(({ labels }) => mine.some((service) => selects(serviceSelector(service), labels)))) take(file)
  }
  return rest
}

/** Whether an object says more about a workload, as strategic merge patches of kustomize do. */
export const isPatchOf = (patch: Workload, workload: Workload): boolean =>
  patch.kind === workload.kind &&
  patch.name === workload.name &&
  patch.containers.length > 0 &&
  patch.containers.every(({ image }) => image === undefined)

/** Names of the ConfigMaps from which containers get variables. */
function configMapsOf({ containers, document }: Workload): string[] {
  const get = (node: unknown, key: string) => findValue(node, key, document)
  return containers.flatMap(({ node }) => [
    ...listItems(get(node, 'envFrom')).flatMap((item) => scalarText(get(get(item, 'configMapRef'), 'name')) ?? []),
    ...listItems(get(node, 'env')).flatMap(
      (item) => scalarText(get(get(get(item, 'valueFrom'), 'configMapKeyRef'), 'name')) ?? []
    )
  ])
}

/** The ports that a container names. */
function portsOf(container: Container, { document }: Workload): number[] {
  return listItems(findValue(container.node, 'ports', document)).flatMap((item) => {
    const port = Number(scalarText(findValue(item, 'containerPort', document)))
    return Number.isInteger(port) && port > 0 ? [port] : []
  })
}

/** source: skaffold.dev/docs/references/yaml, `build.artifacts` */
function readArtifacts({ path, text }: TreeFile): BuiltImage[] {
  const folder = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : ''
  return (readYaml(text)?.documents ?? []).flatMap((document) => {
    const get = (node: unknown, key: string) => findValue(node, key, document)
    const builds = [document.contents, ...listItems(get(document.contents, 'profiles'))].map((each) =>
      get(each, 'build')
    )
    return builds
      .flatMap((build) => listItems(get(build, 'artifacts')))
      .flatMap((artifact) => {
        const image = scalarText(get(artifact, 'image'))
        // Other builders than these two read no Dockerfile.
        const isOther = ['jib', 'ko', 'bazel', 'buildpacks', 'custom'].some((key) => get(artifact, key) !== undefined)
        if (image === undefined || isOther) return []
        const builder = get(artifact, 'docker') ?? get(artifact, 'kaniko')
        const context = joinFolders(folder, scalarText(get(artifact, 'context')) ?? '.')
        const dockerfile = joinFolders(context, scalarText(get(builder, 'dockerfile')) ?? 'Dockerfile')
        return [{ image, dockerfile, target: scalarText(get(builder, 'target')), file: path }]
      })
  })
}

/** The values of the chart that a template belongs to. */
function findChartValues({ path }: TreeFile, files: readonly TreeFile[]): TreeFile | undefined {
  const chart = /^(.*?)(?:^|\/)templates\//.exec(path)?.[1]
  return chart === undefined ? undefined : files.find((file) => joinFolders(chart, 'values.yaml') === file.path)
}

const repositoriesOf = ({ text }: TreeFile): string[] =>
  [...text.matchAll(/^[ \t]*(?:repository|image):[ \t]*["']?([^\s"'#{}]+)/gm)].map((match) => match[1] as string)
