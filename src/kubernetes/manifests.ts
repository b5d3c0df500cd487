/** Reads Kubernetes manifests: workloads with their containers, and what selects them. */
import type { ParsedNode, YAMLMap } from 'yaml'
import { readYaml, type YamlFile } from '../edit/yaml-editor.ts'
import { findValue, listItems, type ParsedDocument, resolveNode, scalarText } from '../edit/yaml-nodes.ts'
import { findYaml } from '../yaml.ts'

export interface ManifestFile {
  yaml: YamlFile
  objects: readonly KubernetesObject[]
  workloads: readonly Workload[]
}

export interface KubernetesObject {
  kind: string
  name: string
  /** Undefined: whoever applies it decides. */
  namespace: string | undefined
  node: YAMLMap
  document: ParsedDocument
}

/** Something that starts pods. */
export interface Workload extends KubernetesObject {
  /** The pod's `metadata`; undefined: it has none. */
  metadata: ParsedNode | undefined
  labels: ReadonlyMap<string, string>
  pod: YAMLMap
  containers: readonly Container[]
  /** Names of the volumes that `volumeClaimTemplates` make. */
  claims: readonly string[]
}

export interface Container {
  name: string
  /** Undefined: a patch that says something more about a container. */
  image: string | undefined
  node: YAMLMap
  isInit: boolean
}

/**
 * Where the pod stands in an object of each kind.
 *
 * source: kubernetes.io/docs/reference/kubernetes-api/workload-resources; argoproj/argo-rollouts docs/features/specification.md;
 * docs.openshift.com DeploymentConfig [apps.openshift.io/v1]
 */
const podPaths: Readonly<Record<string, readonly string[]>> = {
  Pod: [],
  Deployment: ['spec', 'template'],
  StatefulSet: ['spec', 'template'],
  DaemonSet: ['spec', 'template'],
  ReplicaSet: ['spec', 'template'],
  ReplicationController: ['spec', 'template'],
  Job: ['spec', 'template'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template'],
  Rollout: ['spec', 'template'],
  DeploymentConfig: ['spec', 'template']
}

const workloadKinds = Object.keys(podPaths).join('|')
const hasWorkload = new RegExp(String.raw`\bkind["']?:[ \t]*["']?(?:${workloadKinds})\b`)
const hasObject = /\bkind["']?:[ \t]*["']?[A-Z]\w+/

/** Whether a text can be a manifest at all; costs next to nothing. */
export const looksLikeManifest = (text: string): boolean => text.includes('apiVersion') && hasObject.test(text)

/** Whether a manifest may start pods. */
export const mayHoldWorkload = (text: string): boolean => hasWorkload.test(text)

/** A template of Helm or another tool, which is no YAML before it is rendered. */
export const isTemplate = (text: string): boolean => text.includes('{{')

/** What stands behind every `image:`, without reading the YAML. */
export function findImageWords(text: string): string[] {
  const words = [...text.matchAll(/\bimage["']?:[ \t]*["']?([^\s"'#,}][^\s"'#,]*)/g)].map((match) => match[1] as string)
  // The end of a flow mapping, not that of a template's braces.
  return words.map((word) => (word.includes('{') ? word : word.replace(/[}\]]+$/, '')))
}

/** Undefined: the text is no YAML. */
export function readManifests(text: string): ManifestFile | undefined {
  const yaml = readYaml(text)
  if (yaml === undefined) return undefined
  const objects = yaml.documents.flatMap((document) => readObjects(document.contents, document))
  return { yaml, objects, workloads: objects.flatMap((object) => readWorkload(object) ?? []) }
}

function readObjects(node: unknown, document: ParsedDocument, depth = 0): KubernetesObject[] {
  const found = resolveNode(node, document)
  // An alias can lead back to the list that it stands in.
  if (!isMap(found) || depth > 3) return []
  const text = (key: string) => scalarText(findValue(found, key, document))
  const kind = text('kind')
  if (kind === undefined || text('apiVersion') === undefined) return []
  if (kind.endsWith('List'))
    return listItems(findValue(found, 'items', document)).flatMap((item) => readObjects(item, document, depth + 1))
  // Knative's Service starts pods, and refuses most of a pod's security context.
  if (kind === 'Service' && text('apiVersion') !== 'v1') return []
  const metadata = findValue(found, 'metadata', document)
  return [
    {
      kind,
      name:
        scalarText(findValue(metadata, 'name', document)) ??
        scalarText(findValue(metadata, 'generateName', document)) ??
        '',
      namespace: scalarText(findValue(metadata, 'namespace', document)),
      node: found,
      document
    }
  ]
}

function readWorkload(object: KubernetesObject): Workload | undefined {
  const { document } = object
  const path = Object.hasOwn(podPaths, object.kind) ? podPaths[object.kind] : undefined
  if (path === undefined) return undefined
  let template: ParsedNode | undefined = object.node as ParsedNode
  for (const key of path) template = findValue(template, key, document)
  const pod = findValue(template, 'spec', document)
  if (!isMap(pod)) return undefined
  const metadata = findValue(template, 'metadata', document)
  const read = (key: string, isInit: boolean) =>
    listItems(findValue(pod, key, document)).flatMap((item): Container[] => {
      const node = resolveNode(item, document)
      if (!isMap(node)) return []
      const name = scalarText(findValue(node, 'name', document)) ?? ''
      return [{ name, image: scalarText(findValue(node, 'image', document)), node, isInit }]
    })
  const claims = listItems(findValue(findValue(object.node, 'spec', document), 'volumeClaimTemplates', document))
  return {
    ...object,
    metadata,
    labels: readPairs(findValue(metadata, 'labels', document), document),
    pod,
    containers: [...read('containers', false), ...read('initContainers', true)],
    claims: claims.flatMap(
      (claim) => scalarText(findValue(findValue(claim, 'metadata', document), 'name', document)) ?? []
    )
  }
}

/** A map of texts, such as labels. */
export function readPairs(node: unknown, document: ParsedDocument): Map<string, string> {
  const pairs = new Map<string, string>()
  const library = findYaml()
  const found = resolveNode(node, document)
  if (!isMap(found) || library === undefined) return pairs
  for (const { key, value } of found.items) {
    const text = scalarText(resolveNode(value, document))
    if (library.isScalar(key) && text !== undefined) pairs.set(String(key.value), text)
  }
  return pairs
}

export const isMap = (node: unknown): node is YAMLMap<ParsedNode, ParsedNode | null> => findYaml()?.isMap(node) === true

/** Whether a selector takes in these labels; one that names nothing selects nothing here. */
export const selects = (selector: ReadonlyMap<string, string>, labels: ReadonlyMap<string, string>): boolean =>
  selector.size > 0 && [...selector].every(([key, value]) => labels.get(key) === value)

/** Whether two objects can meet: a namespace that is not written may be any. */
export const isSameNamespace = (a: KubernetesObject, b: KubernetesObject): boolean =>
  a.namespace === undefined || b.namespace === undefined || a.namespace === b.namespace

/** The selector of a Service. */
export const serviceSelector = (service: KubernetesObject): Map<string, string> =>
  readPairs(
    findValue(findValue(service.node, 'spec', service.document), 'selector', service.document),
    service.document
  )

/** How near two files are to each other: the folders that they have in common. */
export function nearness(a: string, b: string): number {
  if (a === b) return Number.POSITIVE_INFINITY
  const [from, to] = [a.split('/').slice(0, -1), b.split('/').slice(0, -1)]
  const isApart = from.findIndex((part, index) => part !== to[index])
  const common = isApart === -1 ? from.length : isApart
  // The same folder is nearer than one below it.
  return common + (from.length === common && to.length === common ? 0.5 : 0)
}
