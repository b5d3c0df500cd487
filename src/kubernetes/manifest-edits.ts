/** What manifests have to say differently when the image of their containers changes. */
import type { Alias, ParsedNode, Scalar } from 'yaml'
import { createYamlEditor, type YamlEditor } from '../edit/yaml-editor.ts'
import { findValue, listItems, type ParsedDocument, resolveNode, scalarText } from '../edit/yaml-nodes.ts'
import { commandWords, createPortEdits, type MovedPorts } from '../edit/yaml-ports.ts'
import { findArgumentPorts, findListenerPort, findLocalPorts, isListenerName } from '../plan/ports.ts'
import type { ManifestInput } from '../types.ts'
import { findYaml } from '../yaml.ts'
import {
  type Container,
  isMap,
  isSameNamespace,
  type KubernetesObject,
  type ManifestFile,
  nearness,
  readPairs,
  selects,
  serviceSelector,
  type Workload
} from './manifests.ts'
import { policyPorts } from './policies.ts'
import { isPatchOf } from './project.ts'
import { type ImageSecurity, type SecurityProblem, secureWorkload } from './security.ts'

export interface ManifestSource {
  input: ManifestInput
  file: ManifestFile
  /** Images of `input` that are the stage in question. */
  images: ReadonlySet<string>
}

/** How the image changes, as far as manifests can see it. */
export interface ManifestChange {
  ports: MovedPorts
  /** Those that only the arguments of `CMD` or `ENTRYPOINT` name: a container with its own arguments has its own port. */
  commandPorts: ReadonlySet<number>
  /** Undefined: security contexts stay as they are. */
  security: ImageSecurity | undefined
  /** Whether something has been said about a port that does not move. */
  isKnownPort(port: number): boolean
  /** Whether the server of the image reads its configuration at a path. */
  isServerConfig(path: string): boolean
}

export interface ManifestEdits {
  source: ManifestSource
  editor: YamlEditor
  problems: readonly SecurityProblem[]
  /** Workloads and Services that are changed. */
  names: readonly string[]
}

/**
 * Annotations in which tools are told the container's port.
 *
 * source: prometheus/prometheus documentation/examples/prometheus-kubernetes.yml; istio.io/docs/reference/config/annotations;
 * linkerd.io/2/reference/proxy-configuration; docs.dapr.io/reference/arguments-annotations-overview
 */
const portAnnotations =
  /^(?:prometheus\.io\/port|traffic\.sidecar\.istio\.io\/(?:in|ex)cludeInboundPorts|config\.linkerd\.io\/(?:skip-inbound|opaque)-ports|dapr\.io\/app-port)$/

/** A workload that runs the image. */
interface Pod {
  source: ManifestSource
  workload: Workload
  mine: readonly Container[]
  /** The ports that move in it. */
  moved: MovedPorts
}

/** Plans the edits of every manifest that has to do with one image. */
export function findManifestEdits(sources: readonly ManifestSource[], change: ManifestChange): ManifestEdits[] {
  const all = sources.map((source) => {
    const editor = createYamlEditor(source.file.yaml)
    const problems: SecurityProblem[] = []
    const left: Left = (at, message, help) =>
      problems.push({ rule: 'manifest-left', severity: 'warning', at, message, help })
    const names = new Set<string>()
    return { source, editor, problems, left, ports: createPortEdits(source.file.yaml.text, editor, left), names }
  })
  type Work = (typeof all)[number]
  const pods: Pod[] = []

  for (const work of all) {
    const { source } = work
    for (const workload of source.file.workloads) {
      const mine = workload.containers.filter(({ image }) => image !== undefined && source.images.has(image))
      if (mine.length === 0) continue
      const isOwn = ownership(workload.document, ownNodes(source, workload, mine))
      const moved = new Map<number, number>()
      for (const container of mine) {
        const own = editContainer(work, workload, container, isOwn)
        if (!container.isInit) for (const [from, to] of own) moved.set(from, to)
      }
      const pod = { source, workload, mine, moved }
      pods.push(pod)
      if (moved.size > 0) editPod(work, pod)
      if (change.security !== undefined)
        work.problems.push(
          ...secureWorkload({
            workload,
            mine,
            image: change.security,
            editor: work.editor,
            isOwn,
            label: (container) => labelOf(workload, container)
          })
        )
    }
  }
  for (const work of all) for (const patch of work.source.file.workloads) editPatch(work, patch)
  for (const work of all)
    for (const object of work.source.file.objects) {
      if (object.kind === 'Service') editService(work, object)
      if (object.kind === 'NetworkPolicy') editPolicy(work, object)
    }
  return all.map(({ source, editor, problems, names }) => ({ source, editor, problems, names: [...names] }))

  /** Nodes that belong to the image alone: its containers, or the whole workload where it has no others. */
  function ownNodes(source: ManifestSource, workload: Workload, mine: readonly Container[]): ParsedNode[] {
    const others = source.file.workloads.filter(({ document }) => document === workload.document)
    return others.flatMap((each) => {
      const own = each.containers.filter(({ image }) => image !== undefined && source.images.has(image))
      if (own.length > 0 && own.length === each.containers.length) return [each.node as ParsedNode]
      return each === workload ? mine.map(({ node }) => node as ParsedNode) : own.map(({ node }) => node as ParsedNode)
    })
  }

  function editContainer(
    work: Work,
    workload: Workload,
    container: Container,
    isOwn: (node: ParsedNode) => boolean
  ): MovedPorts {
    const { document } = workload
    const { ports, left } = work
    const label = labelOf(workload, container)
    const get = (node: unknown, ...keys: string[]): ParsedNode | undefined =>
      keys.reduce<unknown>((found, key) => findValue(found, key, document), node) as ParsedNode | undefined
    const moved = findMoved(work, workload, container)
    for (const item of listItems(get(container.node, 'ports'))) {
      const port = Number(scalarText(get(item, 'containerPort')))
      if (!(port > 0 && port < 1024) || change.ports.has(port) || change.isKnownPort(port)) continue
      work.problems.push({
        rule: 'unknown-listener',
        severity: 'warning',
        at: item.range[0],
        message: `${label} names port ${port}, and nothing in the Dockerfile says where the program takes it from, so it is kept`,
        help: `containerd 2.0 and later lets it bind ${port}; elsewhere make the program listen on a port above 1023, or allow it with the pod's sysctl net.ipv4.ip_unprivileged_port_start.`
      })
    }
    if (moved.size === 0) return moved
    /** Runs `work` on the value of a key, unless a container of another image shares it. */
    const inKey = (key: string, edit: (node: ParsedNode) => void) => {
      const node = get(container.node, key)
      if (node === undefined) return
      if (isOwn(node)) edit(node)
      else if (mentions(work, node, moved))
        left(
          node.range[0],
          `\`${key}\` of ${label} is shared by an anchor with a container of another image, and names a port that moves`,
          `Give the container its own \`${key}\` with the new port.`
        )
    }
    for (const key of ['command', 'args']) inKey(key, (node) => ports.editWords(commandWords(node), moved))
    inKey('env', (node) => editEnvironment(work, label, document, node, moved))
    const isHost = scalarText(get(workload.pod, 'hostNetwork')) === 'true'
    inKey('ports', (node) => {
      for (const item of listItems(node)) {
        const port = get(item, 'containerPort')
        const to = moved.get(Number(scalarText(port)))
        if (port === undefined || to === undefined) continue
        const host = scalarText(get(item, 'hostPort'))
        // source: kubernetes pkg/apis/core/validation: under hostNetwork both must be the same
        if (isHost && host !== undefined)
          left(
            port.range[0],
            `${label} runs in the host's network with hostPort ${host}: it is reached on ${to} instead`,
            `Write containerPort and hostPort ${to}, and change who calls it; or publish the port without hostNetwork.`
          )
        else ports.replaceWhole(port, moved)
      }
    })
    if (isHost && listItems(get(container.node, 'ports')).every((item) => get(item, 'hostPort') === undefined))
      left(
        container.node.range?.[0] ?? 0,
        `${label} runs in the host's network: it is reached on ${describe(moved)}`,
        'Change who calls it, or publish the port without hostNetwork.'
      )
    for (const key of ['livenessProbe', 'readinessProbe', 'startupProbe'])
      inKey(key, (node) => editProbe(work, document, node, moved))
    inKey('lifecycle', (node) => {
      for (const key of ['postStart', 'preStop']) editProbe(work, document, get(node, key), moved)
    })
    checkConfiguration(work, workload, container, moved)
    return moved
  }

  /** The ports that move for a container: what its own arguments say about the port is its own matter. */
  function findMoved(work: Work, { document, ...workload }: Workload, container: Container): MovedPorts {
    const moved = new Map(change.ports)
    const values = ['command', 'args'].map((key) => findValue(container.node, key, document))
    const words = values.flatMap((node) => commandWords(node).map(({ text }) => text))
    if (words.length === 0) return moved
    const named = new Set(findArgumentPorts(words).map(({ port }) => port))
    const declared = listItems(findValue(container.node, 'ports', document)).map((item) =>
      Number(scalarText(findValue(item, 'containerPort', document)))
    )
    for (const port of change.commandPorts) {
      if (named.has(port)) continue
      const to = moved.get(port)
      moved.delete(port)
      if (declared.includes(port))
        work.left(
          container.node.range?.[0] ?? 0,
          `${labelOf({ document, ...workload }, container)} starts a command of its own and names port ${port}, which a non-root process cannot bind on every platform`,
          `Let it listen on ${to}, and write that as containerPort, in probes and as the Service's targetPort.`
        )
    }
    return moved
  }

  function editEnvironment(
    { ports, left, source }: Work,
    label: string,
    document: ParsedDocument,
    node: ParsedNode,
    moved: MovedPorts
  ) {
    for (const item of listItems(node)) {
      const name = scalarText(findValue(item, 'name', document)) ?? ''
      const scalar = findValue(item, 'value', document)
      const value = scalarText(scalar)
      const found = isListenerName(name) && value !== undefined ? findListenerPort(value) : undefined
      const to = moved.get(found?.port ?? 0)
      const own =
        value === undefined || browserNames.test(name)
          ? []
          : findLocalPorts(value).flatMap(({ port }) => moved.get(port) ?? [])
      if (found !== undefined && to !== undefined)
        ports.replaceInValue(scalar as Scalar.Parsed, found.from, found.to, '', to)
      // A browser's own host may be meant as well.
      else if (own.length > 0)
        left(
          (scalar as ParsedNode).range[0],
          `${name} of ${label} is ${value}: if that is the container itself, it listens on ${own.join(', ')} now`,
          `Write ${own.join(', ')} there if the container calls itself.`
        )
      else if (isListenerName(name) && value !== undefined && /\$/.test(value))
        left(
          (scalar as ParsedNode).range[0],
          `${name} of ${label} is ${value}: the image says ${[...moved.values()].join(', ')} now, and this overrides it`,
          `Set ${name} to the new port where the variable is set, or remove it.`
        )
      const key = findValue(findValue(item, 'valueFrom', document), 'configMapKeyRef', document)
      if (key !== undefined && isListenerName(name))
        checkSetting(source, left, key, document, name, scalarText(findValue(key, 'key', document)), moved, label)
    }
  }

  /** A ConfigMap from which a container gets variables. */
  function checkSetting(
    source: ManifestSource,
    left: Left,
    reference: ParsedNode,
    document: ParsedDocument,
    variable: string | undefined,
    key: string | undefined,
    moved: MovedPorts,
    label: string
  ) {
    const name = scalarText(findValue(reference, 'name', document))
    for (const map of findObjects(source, 'ConfigMap', name)) {
      const data = readPairs(findValue(map.node, 'data', map.document), map.document)
      for (const [entry, value] of data) {
        if (key === undefined ? !isListenerName(entry) : entry !== key) continue
        const to = moved.get(findListenerPort(value)?.port ?? 0)
        if (to !== undefined)
          left(
            reference.range[0],
            `ConfigMap ${name} sets ${variable ?? entry} of ${label} to ${value}, which overrides the image's ${to}`,
            `Write ${entry}: "${value.replace(/\d+(\/?)$/, `${to}$1`)}" there, or remove it.`
          )
      }
    }
  }

  /** Files and variables that a container gets from elsewhere. */
  function checkConfiguration(work: Work, workload: Workload, container: Container, moved: MovedPorts) {
    const { document } = workload
    const label = labelOf(workload, container)
    const get = (node: unknown, key: string) => findValue(node, key, document)
    for (const item of listItems(get(container.node, 'envFrom'))) {
      const reference = get(item, 'configMapRef')
      if (reference !== undefined)
        checkSetting(work.source, work.left, reference, document, undefined, undefined, moved, label)
    }
    const volumes = listItems(get(workload.pod, 'volumes'))
    for (const mount of listItems(get(container.node, 'volumeMounts'))) {
      const path = scalarText(get(mount, 'mountPath'))
      if (path === undefined || !change.isServerConfig(path)) continue
      const volume = volumes.find((each) => scalarText(get(each, 'name')) === scalarText(get(mount, 'name')))
      const configMap = scalarText(get(get(volume, 'configMap'), 'name'))
      const what = configMap === undefined ? `the volume ${scalarText(get(mount, 'name'))}` : `ConfigMap ${configMap}`
      work.left(
        mount.range[0],
        `${what} is mounted at ${path} of ${label}, over the configuration of the image, and may name port ${[...moved.keys()].join(', ')}`,
        `Let it listen on ${[...moved.values()].join(', ')} there as well, with everything that it writes below /tmp.`
      )
    }
  }

  function editProbe(work: Work, document: ParsedDocument, probe: unknown, moved: MovedPorts) {
    const get = (node: unknown, key: string) => findValue(node, key, document)
    for (const kind of ['httpGet', 'tcpSocket', 'grpc']) {
      const action = get(probe, kind)
      const host = scalarText(get(action, 'host'))
      if (host === undefined || /^(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\$\(.*\))$/.test(host))
        work.ports.replaceWhole(get(action, 'port'), moved)
    }
    work.ports.editCheck(get(get(probe, 'exec'), 'command'), moved)
  }

  /** What belongs to the pod as a whole: annotations, and neighbours that reach the port in the same network. */
  function editPod(work: Work, { workload, mine, moved }: Pod) {
    const { document } = workload
    work.names.add(labelOf(workload))
    editAnnotations(work, workload.metadata, document, moved)
    const { text } = work.source.file.yaml
    for (const container of workload.containers) {
      if (mine.includes(container)) continue
      const values = listItems(findValue(container.node, 'env', document)).map((item) =>
        findValue(item, 'value', document)
      )
      const words = ['command', 'args'].flatMap((key) => listItems(findValue(container.node, key, document)))
      for (const scalar of [...values, ...words]) {
        if (scalar === undefined || scalarText(scalar) === undefined) continue
        for (const found of findLocalPorts(text.slice(scalar.range[0], scalar.range[1]))) {
          const to = moved.get(found.port)
          const start = scalar.range[0] + found.start
          if (to !== undefined)
            work.editor.replaceInside(
              scalar as Scalar.Parsed,
              start,
              scalar.range[0] + found.end,
              `${found.insert}${to}`,
              `${labelOf(workload, container)} reaches the new port`
            )
        }
      }
    }
  }

  function editAnnotations(work: Work, metadata: unknown, document: ParsedDocument, moved: MovedPorts) {
    const annotations = findValue(metadata, 'annotations', document)
    if (!isMap(annotations)) return
    for (const { key, value } of annotations.items) {
      const text = scalarText(value)
      if (text === undefined || !portAnnotations.test(scalarText(key) ?? '')) continue
      for (const match of text.matchAll(/\d+/g)) {
        const to = moved.get(Number(match[0]))
        if (to !== undefined)
          work.ports.replaceInValue(value as Scalar.Parsed, match.index, match.index + match[0].length, '', to)
      }
    }
  }

  /** Strategic merge patches name a container without its image. */
  function editPatch(work: Work, patch: Workload) {
    const pod = pods.find(
      ({ workload }) => workload !== patch && isPatchOf(patch, workload) && isSameNamespace(patch, workload)
    )
    if (pod === undefined) return
    for (const container of patch.containers) {
      if (!pod.mine.some(({ name }) => name === container.name)) continue
      editContainer(work, patch, container, () => true)
      if (pod.moved.size > 0) work.names.add(labelOf(patch))
    }
    if (pod.moved.size > 0) editAnnotations(work, patch.metadata, patch.document, pod.moved)
  }

  /** The pods that a selector takes in: of the same labels elsewhere in the tree the nearest ones are meant. */
  function selectedBy(
    { source }: Work,
    object: KubernetesObject,
    isSelected: (labels: ReadonlyMap<string, string>) => boolean
  ): { own: Pod[]; others: Workload[] } {
    const found = all.flatMap((each) =>
      each.source.file.workloads
        .filter((workload) => isSelected(workload.labels) && isSameNamespace(object, workload))
        .map((workload) => ({ workload, near: nearness(source.input.name, each.source.input.name) }))
    )
    const nearest = Math.max(...found.map(({ near }) => near))
    const meant = found.filter(({ near }) => near === nearest).map(({ workload }) => workload)
    const own = pods.filter(({ workload }) => meant.includes(workload))
    return {
      own,
      others: meant.filter(
        (workload) => workload.containers.length > 0 && !own.some((pod) => pod.workload === workload)
      )
    }
  }

  function editService(work: Work, service: KubernetesObject) {
    const { document } = service
    const get = (node: unknown, key: string) => findValue(node, key, document)
    const selector = serviceSelector(service)
    const { own, others } = selectedBy(work, service, (labels) => selects(selector, labels))
    const moved = new Map(own.flatMap((pod) => [...pod.moved]))
    if (moved.size === 0) return
    const spec = get(service.node, 'spec')
    const items = listItems(get(spec, 'ports'))
    const portOf = (item: unknown) => get(item, 'targetPort') ?? get(item, 'port')
    const concerned = items.filter((item) => moved.has(Number(scalarText(portOf(item)))))
    const isMixed = others.length > 0 || own.some((pod) => [...moved.keys()].some((port) => !pod.moved.has(port)))
    if (concerned.length > 0 && isMixed) {
      work.left(
        concerned[0]?.range?.[0] ?? 0,
        `Service ${service.name} selects pods that listen on different ports: ${describe(moved)} for ${own.map(({ workload }) => labelOf(workload)).join(', ')} only`,
        "Name the port in every container (`name: http`), and write that name as the Service's targetPort."
      )
      return
    }
    for (const item of concerned) {
      const target = get(item, 'targetPort')
      work.names.add(`Service ${service.name}`)
      if (target !== undefined) work.ports.replaceWhole(target, moved)
      else if (isMap(item)) {
        const port = Number(scalarText(get(item, 'port')))
        const to = moved.get(port) as number
        work.editor.addPair(item, 'targetPort', to, `Service ${service.name}: port ${port} leads to ${to}`, {
          after: 'port'
        })
      }
    }
    editAnnotations(work, get(service.node, 'metadata'), document, moved)
    if (
      scalarText(get(spec, 'clusterIP')) === 'None' &&
      items.some((item) => moved.has(Number(scalarText(get(item, 'port')))))
    )
      work.left(
        service.node.range?.[0] ?? 0,
        `Service ${service.name} is headless: whoever calls it reaches the pods themselves, on ${describe(moved)}`,
        'Change the port where they are called, or give the Service a clusterIP.'
      )
  }

  function editPolicy(work: Work, policy: KubernetesObject) {
    for (const rule of policyPorts(policy)) {
      const { own, others } = selectedBy(work, policy, (labels) => rule.means(labels) !== 'no')
      const moved = new Map(own.flatMap((pod) => [...pod.moved]))
      if (moved.size === 0) continue
      for (const item of rule.ports) {
        const port = findValue(item, 'port', policy.document)
        const from = Number(scalarText(port))
        const end = Number(scalarText(findValue(item, 'endPort', policy.document)) ?? from)
        const covered = [...moved].filter(([old, to]) => old >= from && old <= end && !(to >= from && to <= end))
        if (port === undefined || covered.length === 0) continue
        const isAlone = others.length === 0 && own.every((pod) => rule.means(pod.workload.labels) === 'only')
        if (isAlone && end === from) {
          work.names.add(`NetworkPolicy ${policy.name}`)
          work.ports.replaceWhole(port, moved)
        } else
          work.left(
            port.range[0],
            `NetworkPolicy ${policy.name} names port ${end === from ? from : `${from} to ${end}`} of more pods than these: ${describe(new Map(covered))} for ${own.map(({ workload }) => labelOf(workload)).join(', ')}`,
            `Allow ${covered.map(([, to]) => to).join(', ')} as well.`
          )
      }
    }
  }

  /** Objects of a kind and name, in the nearest file that has one. */
  function findObjects(source: ManifestSource, kind: string, name: string | undefined): KubernetesObject[] {
    const found = sources.flatMap(({ input, file }) =>
      file.objects
        .filter((object) => object.kind === kind && object.name === name)
        .map((object) => ({ object, near: nearness(source.input.name, input.name) }))
    )
    const nearest = Math.max(...found.map(({ near }) => near))
    return found.filter(({ near }) => near === nearest).map(({ object }) => object)
  }

  function mentions({ source }: Work, node: ParsedNode, moved: MovedPorts): boolean {
    const text = source.file.yaml.text.slice(node.range[0], node.range[1])
    return [...moved.keys()].some((port) => new RegExp(String.raw`(?<![\d.])${port}(?![\d.])`).test(text))
  }
}

/** Variables that are for pages: their `localhost` is the visitor's. */
const browserNames = /^(?:VITE|(?:NEXT_|NUXT_)?PUBLIC|REACT_APP|VUE_APP|GATSBY|EXPO_PUBLIC)_/

type Left = (at: number, message: string, help: string) => void

const describe = (moved: MovedPorts): string => [...moved].map(([from, to]) => `${to} instead of ${from}`).join(', ')

/** `Deployment web`, with the container where there are several. */
function labelOf(workload: Workload, container?: Container): string {
  const name = `${workload.kind} ${workload.name}`
  return container === undefined || workload.containers.length === 1 ? name : `${name}, container ${container.name}`
}

/**
 * Whether a node is used by the given ones only. What an anchor shares with others must stay as it is.
 *
 * @param own the nodes that may change
 */
function ownership(document: ParsedDocument, own: readonly ParsedNode[]): (node: ParsedNode) => boolean {
  const aliases: Alias.Parsed[] = []
  const library = findYaml()
  const visit = (node: unknown): void => {
    if (library === undefined || node === null || node === undefined) return
    if (library.isAlias(node)) aliases.push(node as Alias.Parsed)
    else if (library.isMap(node)) for (const { value } of node.items) visit(value)
    else if (library.isSeq(node)) for (const item of node.items) visit(item)
  }
  visit(document.contents)
  const holds = (outer: ParsedNode, inner: ParsedNode) =>
    outer.range !== undefined && outer.range[0] <= inner.range[0] && outer.range[1] >= inner.range[1]
  const isInside = (node: ParsedNode) => own.some((each) => holds(each, node))
  const resolved = aliases.map((alias) => ({ alias, target: resolveNode(alias, document) }))
  return (node) =>
    isInside(node) &&
    resolved.every(
      ({ alias, target }) => target === undefined || !holds(target, node) || isInside(alias as unknown as ParsedNode)
    )
}
