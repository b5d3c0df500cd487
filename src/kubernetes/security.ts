/** The security context of pods and containers: what it says, and what the "restricted" standard still asks for. */
import type { Pair, ParsedNode, YAMLMap } from 'yaml'
import type { YamlEditor, YamlValue } from '../edit/yaml-editor.ts'
import { findPair } from '../edit/yaml-editor.ts'
import { findMergedPair, findValue, listItems, resolveNode, scalarText } from '../edit/yaml-nodes.ts'
import { type Container, isMap, type Workload } from './manifests.ts'

/** The image, as far as a security context is about it. */
export interface ImageSecurity {
  uid: number | undefined
  gid: number | undefined
  /** How messages name the user. */
  user: string
  /** Why capabilities must stay; undefined: none is needed. */
  needsCapabilities: string | undefined
  /** Why privileges must stay obtainable. */
  needsPrivileges: string | undefined
  /** A directory that the program must own itself: membership in its group is not enough. */
  ownedData: { path: string; program: string; variable: string } | undefined
}

export interface SecurityProblem {
  rule: 'manifest-left' | 'manifest-security' | 'unknown-listener'
  severity: 'warning' | 'info'
  at: number
  message: string
  help: string
}

interface SecurityQuestion {
  workload: Workload
  /** The containers that run the image. */
  mine: readonly Container[]
  image: ImageSecurity
  editor: YamlEditor
  /** Whether a node belongs to these containers (or pods) alone: an anchor can be shared with others. */
  isOwn(node: ParsedNode): boolean
  label(container?: Container): string
}

/**
 * Volumes to whose files `fsGroup` gives the group, and those on which it has no effect.
 *
 * source: kubernetes/kubernetes pkg/volume/*: SetVolumeOwnership is called by the former only; kubernetes.io/docs/tasks/
 * configure-pod-container/security-context: hostPath, nfs and other shared file systems keep their owners
 */
const groupVolumes =
  /^(?:persistentVolumeClaim|ephemeral|emptyDir|csi|awsElasticBlockStore|gcePersistentDisk|azureDisk|cinder|fc|flexVolume|iscsi|portworxVolume|rbd|scaleIO|storageos|vsphereVolume)$/
const foreignVolumes = /^(?:hostPath|nfs|cephfs|glusterfs|azureFile|quobyte)$/
/** Read-only files that Kubernetes writes: readable for everybody, unless a mode says otherwise. */
const writtenVolumes = /^(?:secret|configMap|projected|downwardAPI)$/

/** Edits what is missing; what is there stays, and is named where it contradicts. */
export function secureWorkload(question: SecurityQuestion): SecurityProblem[] {
  const { workload, mine, image, editor, isOwn, label } = question
  const { pod, document } = workload
  const problems: SecurityProblem[] = []
  const get = (node: unknown, ...keys: string[]): ParsedNode | undefined =>
    keys.reduce<unknown>((found, key) => findValue(found, key, document), node) as ParsedNode | undefined
  const text = (node: unknown, ...keys: string[]) => scalarText(get(node, ...keys))
  const at = (node: ParsedNode | undefined, fallback: YAMLMap) => node?.range?.[0] ?? fallback.range?.[0] ?? 0
  const podContext = get(pod, 'securityContext')

  const read = mine.map((container) => {
    const context = get(container.node, 'securityContext')
    const effective = (...keys: string[]) => text(context, ...keys) ?? text(podContext, ...keys)
    const added = listItems(get(context, 'capabilities', 'add'))
      .flatMap((item) => scalarText(item) ?? [])
      .filter((name) => !/^(?:CAP_)?NET_BIND_SERVICE$/i.test(name))
    const isPrivileged = text(context, 'privileged') === 'true'
    const isRoot = /^0+$/.test(effective('runAsUser') ?? '')
    const mayBeRoot = effective('runAsNonRoot') === 'false'
    const contradictions = [
      ...(isRoot ? ['runAsUser: 0'] : []),
      ...(mayBeRoot ? ['runAsNonRoot: false'] : []),
      ...(isPrivileged ? ['privileged: true'] : []),
      ...(text(context, 'allowPrivilegeEscalation') === 'true' ? ['allowPrivilegeEscalation: true'] : []),
      ...(added.length > 0 ? [`capabilities.add: ${added.join(', ')}`] : []),
      ...(effective('seccompProfile', 'type') === 'Unconfined' ? ['seccompProfile: Unconfined'] : []),
      ...(text(context, 'procMount') === 'Unmasked' ? ['procMount: Unmasked'] : [])
    ]
    return {
      container,
      context,
      effective,
      contradictions,
      /** It has more than a plain container, and may need it: nothing is taken away from it. */
      isLeft: isPrivileged || added.length > 0 || isRoot,
      isUserSettled: isRoot || mayBeRoot
    }
  })

  for (const { container, context, contradictions, isUserSettled } of read) {
    if (contradictions.length === 0) continue
    problems.push({
      rule: 'manifest-security',
      severity: 'warning',
      at: at(context ?? podContext, container.node),
      message: `${label(container)} says ${contradictions.map((each) => `\`${each}\``).join(', ')}: it stays, and the pod does not meet the "restricted" standard`,
      help: isUserSettled
        ? `Remove it: the image runs as ${image.user} by itself. Try what it was there for.`
        : 'Remove it if the program works without; a process that is not root has no use of most privileges.'
    })
  }
  const flags = ['hostNetwork', 'hostPID', 'hostIPC'].filter((key) => text(pod, key) === 'true')
  if (flags.length > 0)
    problems.push({
      rule: 'manifest-security',
      severity: 'info',
      at: at(get(pod, flags[0] as string), pod),
      message: `${label()} says \`${flags.join('`, `')}\`: the pod does not meet the "restricted" standard`,
      help: 'Remove it if the program works without.'
    })

  // A number is what runAsNonRoot can check.
  const { uid, gid } = image
  if (uid === undefined) {
    const isSaid = read.every(({ effective }) => /^[1-9]\d*$/.test(effective('runAsUser') ?? ''))
    if (!isSaid)
      problems.push({
        rule: 'manifest-security',
        severity: 'warning',
        at: at(podContext, pod),
        message: `${label()} is left without runAsNonRoot: the image's user ${image.user} is a name whose number is not in the files`,
        help: 'Give the account a fixed uid and gid in the Dockerfile, then run unroot again.'
      })
  }
  const volumes = readVolumes()
  for (const { container, name, kind, path } of volumes.filter((each) => foreignVolumes.test(each.kind)))
    problems.push({
      rule: 'manifest-security',
      severity: 'warning',
      at: at(undefined, container.node),
      message: `${label(container)} mounts ${kind} ${name} at ${path}: it keeps the owner that it has there, fsGroup has no effect on it`,
      help: `Let ${image.user} read and write it where it lies, or use a persistentVolumeClaim; the "restricted" standard allows no ${kind} volume in a pod.`
    })

  for (const { container, effective, isUserSettled } of read) {
    const other = effective('runAsUser')
    if (uid === undefined || other === undefined || other === String(uid) || isUserSettled) continue
    problems.push({
      rule: 'manifest-security',
      severity: 'info',
      at: at(get(container.node, 'securityContext') ?? podContext, container.node),
      message: `${label(container)} says \`runAsUser: ${other}\`, the image gives its files to ${uid}`,
      help: `Remove the line, or run unroot with --uid ${other}, so that both say the same.`
    })
  }
  for (const { container, kind, path } of volumes) {
    if (/^\/root(?:\/|$)/.test(path))
      problems.push({
        rule: 'manifest-security',
        severity: 'warning',
        at: at(undefined, container.node),
        message: `${label(container)} mounts a volume at ${path}: the image's user ${image.user} has another home directory, and cannot enter root's in most images`,
        help: "Mount it in the user's home directory, or tell the program the place."
      })
    if (path !== image.ownedData?.path || !groupVolumes.test(kind)) continue
    const said = listItems(get(container.node, 'env')).find((item) => text(item, 'name') === image.ownedData?.variable)
    const value = text(said, 'value')
    if (value === undefined ? said === undefined : value.replace(/\/$/, '') === path)
      problems.push({
        rule: 'manifest-security',
        severity: 'warning',
        at: at(undefined, container.node),
        message: `${label(container)} mounts a volume at ${path}: ${image.ownedData.program} wants to own that directory itself, and a new volume belongs to root`,
        help: `Set ${image.ownedData.variable} to a folder below it, such as ${path}/pgdata, before there is data; data that ${image.user} wrote already can stay.`
      })
  }

  const isWhole = workload.containers.length === mine.length && !read.some((each) => each.isUserSettled || each.isLeft)
  const canEditPod = podContext === undefined || isOwn(podContext)
  const runAs = (effective: (...keys: string[]) => string | undefined): Record<string, YamlValue> => {
    const user = effective('runAsUser')
    const isOurs = uid !== undefined && (user === undefined || user === String(uid))
    return {
      ...((isOurs || /^[1-9]\d*$/.test(user ?? '')) && effective('runAsNonRoot') === undefined
        ? { runAsNonRoot: true }
        : {}),
      ...(isOurs && user === undefined ? { runAsUser: uid } : {}),
      // Group 0 is what the image says already, and what scanners take for root.
      ...(isOurs && gid !== undefined && gid !== 0 && effective('runAsGroup') === undefined ? { runAsGroup: gid } : {})
    }
  }
  const seccomp = (effective: (...keys: string[]) => string | undefined): Record<string, YamlValue> =>
    effective('seccompProfile', 'type') === undefined ? { seccompProfile: { type: 'RuntimeDefault' } } : {}
  /** What a container still lacks of the pod's part; a container's own words win over the pod's. */
  const shared = read.map((each) => ({
    ...(each.isUserSettled || each.isLeft ? {} : runAs(each.effective)),
    ...(each.isLeft ? {} : seccomp(each.effective))
  }))
  const podPart: Record<string, YamlValue> = isWhole && canEditPod ? Object.assign({}, ...shared) : {}
  const inPod = (key: string) => Object.hasOwn(podPart, key) && text(podContext, key) === undefined

  for (const [index, { container, context, isLeft }] of read.entries()) {
    if (isLeft) continue
    if (context !== undefined && (!isOwn(context) || !isMap(context))) {
      if (isMap(context))
        problems.push({
          rule: 'manifest-left',
          severity: 'warning',
          at: at(context, container.node),
          message: `securityContext of ${label(container)} is shared by an anchor with a container of another image`,
          help: 'Give the container a securityContext of its own.'
        })
      continue
    }
    const own = (key: string) => findMergedPair(context, key, document) !== undefined
    const order: Record<string, YamlValue> = Object.fromEntries(
      Object.entries(shared[index] ?? {}).filter(([key]) => !inPod(key) && key !== 'seccompProfile')
    )
    if (image.needsPrivileges === undefined && !own('allowPrivilegeEscalation')) order.allowPrivilegeEscalation = false
    if (image.needsCapabilities === undefined) {
      if (own('capabilities')) dropAll(container, context)
      else order.capabilities = { drop: ['ALL'] }
    }
    const profile = shared[index]?.seccompProfile
    if (profile !== undefined && !inPod('seccompProfile')) order.seccompProfile = profile
    addTo(container.node, context, order, label(container))
  }
  for (const why of [image.needsPrivileges, image.needsCapabilities])
    if (why !== undefined)
      problems.push({
        rule: 'manifest-security',
        severity: 'warning',
        at: at(undefined, mine[0]?.node ?? pod),
        message: `${label(mine[0])} is left without ${why === image.needsPrivileges ? '`allowPrivilegeEscalation: false`' : '`capabilities.drop: [ALL]`'}: ${why}`,
        help: 'Remove what needs it from the image first.'
      })

  // The group's number is added to the process beside its own: any will do, 0 would open more than needed.
  const group = gid || uid
  const needsGroup = volumes.some(
    ({ kind, isClosed }) => groupVolumes.test(kind) || (writtenVolumes.test(kind) && isClosed)
  )
  const isRunAsRoot = read.every(({ isUserSettled }) => isUserSettled)
  if (group !== undefined && needsGroup && !isRunAsRoot && text(podContext, 'fsGroup') === undefined && canEditPod)
    podPart.fsGroup = group
  const ordered = ['runAsNonRoot', 'runAsUser', 'runAsGroup', 'fsGroup', 'seccompProfile']
    .filter((key) => Object.hasOwn(podPart, key) && findMergedPair(podContext, key, document) === undefined)
    .map((key) => [key, podPart[key] as YamlValue] as const)
  const first = pod.items
    .map(({ key }) => scalarText(key))
    .find((key) => key === 'containers' || key === 'initContainers')
  addTo(
    pod,
    podContext,
    Object.fromEntries(ordered),
    workload.kind === 'Pod' ? label() : `the pod of ${label()}`,
    first
  )
  return problems

  function addTo(
    owner: YAMLMap,
    context: ParsedNode | undefined,
    pairs: Record<string, YamlValue>,
    name: string,
    before?: string
  ) {
    if (Object.keys(pairs).length === 0) return
    const message = `${name}: ${Object.entries(pairs).map(describe).join(', ')}`
    const pair = findPair(owner, 'securityContext')
    if (isMap(context)) editor.addPairs(context, pairs, message)
    else if (pair === undefined)
      editor.addPair(owner, 'securityContext', pairs, message, before === undefined ? {} : { before })
    else if (context === undefined || scalarText(context) === undefined) editor.fillPair(pair as Pair, pairs, message)
  }

  /** Completes a list of dropped capabilities. */
  function dropAll(container: Container, context: ParsedNode | undefined) {
    const capabilities = get(context, 'capabilities')
    const message = `${label(container)}: capabilities.drop [ALL]`
    if (!isMap(capabilities)) {
      const pair = findPair(context, 'capabilities')
      if (capabilities === undefined && pair !== undefined) editor.fillPair(pair as Pair, { drop: ['ALL'] }, message)
      return
    }
    const drop = get(capabilities, 'drop')
    const names = listItems(drop).map((item) => scalarText(resolveNode(item, document)) ?? '')
    if (names.some((name) => name.toUpperCase() === 'ALL')) return
    if (drop === undefined && findPair(capabilities, 'drop') === undefined)
      editor.addPair(capabilities, 'drop', ['ALL'], message)
    else if (drop !== undefined && 'items' in drop && isOwn(drop)) editor.addItem(drop as never, 'ALL', message)
  }

  function readVolumes() {
    const claims = workload.claims.map((name) => ({ name, kind: 'persistentVolumeClaim', isClosed: false }))
    const declared = listItems(get(pod, 'volumes')).flatMap((item) => {
      const volume = resolveNode(item, document)
      if (!isMap(volume)) return []
      const pair = volume.items.find(({ key }) => scalarText(key) !== 'name')
      const source = resolveNode(pair?.value, document)
      const modes = [text(source, 'defaultMode'), ...listItems(get(source, 'items')).map((each) => text(each, 'mode'))]
      return [
        {
          name: text(volume, 'name') ?? '',
          kind: scalarText(pair?.key) ?? 'emptyDir',
          isClosed: modes.some((mode) => mode !== undefined && (readMode(mode) & 4) === 0)
        }
      ]
    })
    return mine.flatMap((container) =>
      listItems(get(container.node, 'volumeMounts')).flatMap((mount) => {
        const name = text(mount, 'name')
        const volume = [...declared, ...claims].find((each) => each.name === name)
        return volume === undefined ? [] : [{ ...volume, container, path: text(mount, 'mountPath') ?? '' }]
      })
    )
  }
}

/** `0400` is octal in Kubernetes, `256` is the same. */
const readMode = (text: string): number => Number.parseInt(text.replace(/^0o/, '0'), /^0/.test(text) ? 8 : 10)

function describe([key, value]: [string, YamlValue]): string {
  if (key === 'capabilities') return 'capabilities.drop [ALL]'
  if (key === 'seccompProfile') return 'seccompProfile RuntimeDefault'
  return `${key}: ${value}`
}
