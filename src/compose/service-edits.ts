/** What a compose file has to say differently when the image of a service changes. */
import type { ParsedNode, Scalar, YAMLMap, YAMLSeq } from 'yaml'
import { createYamlEditor, findPair, type YamlEditor } from '../edit/yaml-editor.ts'
import { listItems, scalarText } from '../edit/yaml-nodes.ts'
import { commandWords, createPortEdits } from '../edit/yaml-ports.ts'
import { findArgumentPorts, findListenerPort, isListenerName } from '../plan/ports.ts'
import { findYaml } from '../yaml.ts'
import { type ComposeFile, type ComposeService, environmentItems, readFacts } from './compose-file.ts'
import type { FilesBeside } from './files-beside.ts'
import { addHardening, type Hardening } from './hardening.ts'
import { findPortInLabel } from './port-labels.ts'
import { findReferences } from './references.ts'

/** How the image changes, as far as a compose file can see it. */
export interface ImageChange {
  /** Old port of the container to new one. */
  ports: ReadonlyMap<number, number>
  /** Those that only the arguments of `CMD` or `ENTRYPOINT` name: a service with its own command has its own port. */
  commandPorts: ReadonlySet<number>
  /** Build arguments whose default has changed with a port. */
  portArguments: ReadonlySet<string>
  /** `uid:gid` of the image's user, for messages. */
  user: string
  harden: Hardening | undefined
  /** Variables that the service hands on, each with the image's own value. */
  environment: ReadonlyMap<string, string>
  files: FilesBeside | undefined
}

/** Something that a person has to look at. */
export interface ComposeProblem {
  rule: 'compose-left' | 'compose-user' | 'read-only-left' | 'old-port-elsewhere'
  severity: 'warning' | 'info'
  /** Offset in the compose file. */
  at: number
  message: string
  help: string
}

export interface ComposeEdits {
  editor: YamlEditor
  problems: readonly ComposeProblem[]
}

/** Plans the edits for the services of one file that run the image. */
export function findComposeEdits(file: ComposeFile, names: ReadonlySet<string>, change: ImageChange): ComposeEdits {
  const { text } = file.yaml
  const editor = createYamlEditor(file.yaml)
  const problems: ComposeProblem[] = []
  const own = file.services.filter((service) => names.has(service.name))
  const others = file.services.filter((service) => !names.has(service.name))
  const rangeOf = (node: ParsedNode): [number, number] => [node.range[0], node.range[1]]
  const left = (at: number, message: string, help: string) =>
    problems.push({ rule: 'compose-left', severity: 'warning', at, message, help })

  const { replaceInValue, editCheck, editWords } = createPortEdits(text, editor, left)
  /**
   * Runs `work` on the value of a key and on what it merges. What a service of another image uses too must stay as it
   * is: there a finding takes the place of the edits.
   */
  const inKey = (service: ComposeService, key: string, work: (node: ParsedNode) => void) => {
    for (const node of service.sources(key)) {
      const sharer = others.find((other) => other.sources(key).includes(node))
      if (sharer === undefined) work(node)
      else if (mentionsMovedPort(text.slice(...rangeOf(node))))
        left(
          node.range[0],
          `\`${key}\` of ${service.name} is shared with ${sharer.name}, which is another image, and names a port that moves`,
          `Give ${service.name} its own \`${key}\` with the new port.`
        )
    }
  }
  const mentionsMovedPort = (source: string): boolean =>
    [...change.ports.keys()].some((port) => new RegExp(String.raw`(?<![\d.])${port}(?![\d.])`).test(source))

  for (const service of own) {
    const moved = portsOf(service)
    if (change.files !== undefined)
      for (const [from, to] of change.files.editMounted(service, moved, left)) moved.set(from, to)
    if (moved.size > 0) {
      change.files?.checkEnvironmentFiles(service, moved, left)
      inKey(service, 'ports', (node) => editPorts(service, node, moved))
      inKey(service, 'expose', (node) => {
        for (const item of listItems(node)) editExpose(item, moved)
      })
      inKey(service, 'healthcheck', (node) => editCheck(findPair(node, 'test')?.value, moved))
      inKey(service, 'environment', (node) => editEnvironment(service, node, moved))
      inKey(service, 'labels', (node) => editLabels(node, moved))
      for (const key of ['command', 'entrypoint']) inKey(service, key, (node) => editWords(commandWords(node), moved))
      inKey(service, 'build', (node) => editArguments(findPair(node, 'args')?.value, moved))
      checkNetwork(service, moved)
    }
    checkUser(service)
    if (change.environment.size > 0 && service.get('user') === undefined) addEnvironment(service)
    if (change.harden !== undefined) problems.push(...addHardening(editor, service, change.harden))
  }
  if (change.ports.size > 0) {
    if (change.files !== undefined) problems.push(...change.files.findCallers(file, own, change.ports))
    for (const found of findReferences(file, own, change.ports)) {
      const already = editor.edits.some(({ start }) => start === found.start)
      if (!already)
        editor.replaceInside(found.scalar, found.start, found.end, found.text, `${found.service} reaches the new port`)
    }
  }
  return { editor, problems }

  /** The ports that move for a service: what its own command says about the port is its own matter. */
  function portsOf(service: ComposeService): Map<number, number> {
    const moved = new Map(change.ports)
    const command = ['entrypoint', 'command'].flatMap((key) =>
      commandWords(service.get(key)).map(({ text: word }) => word)
    )
    if (command.length === 0) return moved
    const named = new Set(findArgumentPorts(command).map(({ port }) => port))
    for (const port of change.commandPorts) {
      if (named.has(port)) continue
      moved.delete(port)
      const published = readFacts(service, '').ports.some((each) => each.port === port)
      const key = service.get('command') ?? service.get('entrypoint')
      if (published && key !== undefined)
        left(
          key.range[0],
          `${service.name} starts a command of its own and publishes port ${port}, which a non-root process cannot bind on every platform`,
          `Let it listen on ${change.ports.get(port)}, and write that as the container's side in \`ports\`.`
        )
    }
    return moved
  }

  function editPorts(service: ComposeService, node: ParsedNode, moved: ReadonlyMap<number, number>) {
    for (const item of listItems(node)) {
      const short = scalarText(item)
      if (short !== undefined) {
        editShortPort(item as Scalar.Parsed, short, moved)
        continue
      }
      const target = findPair(item, 'target')?.value as Scalar.Parsed | undefined
      const to = moved.get(Number(scalarText(target)))
      if (target !== undefined && to !== undefined)
        replaceInValue(target, 0, (scalarText(target) as string).length, '', to)
      else if (target !== undefined && /\$/.test(scalarText(target) ?? ''))
        left(
          target.range[0],
          `the target port of ${service.name} is ${scalarText(target)}: whether it is one that moves is not known`,
          `Write the container's new port (${[...moved.values()].join(', ')}).`
        )
    }
  }

  /** source: docs.docker.com/reference/compose-file/services, `ports`, short syntax: [HOST:]CONTAINER[/PROTOCOL] */
  function editShortPort(item: Scalar.Parsed, short: string, moved: ReadonlyMap<number, number>) {
    const from = containerSide(short)
    const match = /^(\d+)(?:-(\d+))?(\/\w+)?$/.exec(short.slice(from))
    if (match === null) {
      const fallback = /:?-(\d+)\}/.exec(short.slice(from))
      const isMine = fallback === null ? /\$/.test(short.slice(from)) : moved.has(Number(fallback[1]))
      if (isMine)
        left(
          item.range[0],
          `"${short}": the container's side hangs on a variable, and the container listens on ${[...moved.values()].join(', ')} now`,
          `Write the container's port there: "${short.slice(0, from)}${[...moved.values()][0]}".`
        )
      return
    }
    const low = Number(match[1])
    const high = Number(match[2] ?? match[1])
    const to = moved.get(low)
    const isWhole = to !== undefined && range(low, high).every((port) => moved.get(port) === to + port - low)
    if (!isWhole) {
      const some = range(low, Math.min(high, low + 100)).filter((port) => moved.has(port))
      if (some.length > 0)
        left(
          item.range[0],
          `"${short}": of this range ${some.map((port) => `${port} becomes ${moved.get(port)}`).join(', ')}`,
          'Publish it by a line of its own.'
        )
      return
    }
    const container = `${to}${match[2] === undefined ? '' : `-${to + high - low}`}${match[3] ?? ''}`
    const message = `"${short}" becomes "${short.slice(0, from)}${container}"`
    const raw = text.slice(...rangeOf(item))
    const shift = raw.indexOf(short)
    const end = short.length - (match[3]?.length ?? 0)
    // source: yaml.org/type/int.html: without quotes 22:22 is a number with base 60
    if (/^["']/.test(raw) && shift !== -1)
      editor.replaceInside(
        item,
        item.range[0] + shift + from,
        item.range[0] + shift + end,
        container.slice(0, container.length - (match[3]?.length ?? 0)),
        message
      )
    else editor.replaceScalar(item, `${quote()}${short.slice(0, from)}${container}${quote()}`, message)
  }

  /** The quotes that the file writes around its ports. */
  function quote(): string {
    const all = file.services.flatMap((service) => listItems(service.get('ports')))
    const styles = all.map((item) => text[item.range[0]])
    return styles.includes("'") && !styles.includes('"') ? "'" : '"'
  }

  function editExpose(item: ParsedNode, moved: ReadonlyMap<number, number>) {
    const match = /^(\d+)(?:\/\w+)?$/.exec(scalarText(item) ?? '')
    const to = moved.get(Number(match?.[1]))
    if (match === null || to === undefined) return
    replaceInValue(item as Scalar.Parsed, 0, (match[1] as string).length, '', to)
  }

  function editEnvironment(service: ComposeService, node: ParsedNode, moved: ReadonlyMap<number, number>) {
    for (const { name, value, scalar, offset } of environmentItems(node)) {
      const label = findPortInLabel(name, value)
      const found = label ?? (isListenerName(name) ? findListenerPort(value) : undefined)
      const to = moved.get(found?.port ?? 0)
      if (found !== undefined && to !== undefined)
        replaceInValue(scalar, offset + found.from, offset + found.to, label?.insert ?? '', to)
      else if (isListenerName(name)) {
        const fallback = /\$\{\w+:?-:?(\d+)\}/.exec(value)
        if (fallback === null ? /\$/.test(value) : moved.has(Number(fallback[1])))
          left(
            scalar.range[0],
            `${name} of ${service.name} is ${value}: the image says ${[...moved.values()].join(', ')} now, and this overrides it`,
            `Set ${name} to the new port where the variable is set, or remove the line.`
          )
      }
    }
  }

  function editLabels(node: ParsedNode, moved: ReadonlyMap<number, number>) {
    for (const { name, value, scalar, offset } of environmentItems(node)) {
      const found = findPortInLabel(name, value)
      const to = moved.get(found?.port ?? 0)
      if (found !== undefined && to !== undefined)
        replaceInValue(scalar, offset + found.from, offset + found.to, found.insert, to)
    }
  }

  function editArguments(node: unknown, moved: ReadonlyMap<number, number>) {
    for (const { name, value, scalar, offset } of environmentItems(node)) {
      if (!change.portArguments.has(name)) continue
      const to = moved.get(Number(value))
      if (to !== undefined) replaceInValue(scalar, offset, offset + value.length, '', to)
    }
  }

  function checkNetwork(service: ComposeService, moved: ReadonlyMap<number, number>) {
    const mode = service.get('network_mode')
    if (scalarText(mode) !== 'host') return
    left(
      (mode as ParsedNode).range[0],
      `${service.name} runs in the host's network: it is reached on ${[...moved].map(([from, to]) => `${to} instead of ${from}`).join(', ')}`,
      'Publish the port instead (`ports`), or change who calls it.'
    )
  }

  /** `UID: ${UID:-10001}`: whoever starts the service can choose. What is there stays. */
  function addEnvironment(service: ComposeService) {
    const known = service.sources('environment').flatMap((node) => environmentItems(node).map(({ name }) => name))
    const missing = [...change.environment].filter(([name]) => !known.includes(name))
    if (missing.length === 0) return
    const own = findPair(service.node, 'environment')
    const values = missing.map(([name, value]) => [name, `\${${name}:-${value}}`] as const)
    const message = `${service.name} can choose ${missing.map(([name]) => name).join(' and ')}`
    const node = service.get('environment')
    if (node === undefined) {
      if (own === undefined) editor.addPair(service.node, 'environment', Object.fromEntries(values), message)
      else editor.fillPair(own, Object.fromEntries(values), message)
    } else if (own?.value !== node || !('items' in node))
      left(
        node.range[0],
        `\`environment\` of ${service.name} is shared with other services: ${missing.map(([name]) => name).join(' and ')} cannot be handed on there`,
        `Give ${service.name} ${values.map(([name, value]) => `${name}: ${value}`).join(', ')} if the ids are to be chosen at the start.`
      )
    else
      for (const [name, value] of values)
        if (isMapNode(node)) editor.addPair(node, name, value, message)
        else editor.addItem(node as YAMLSeq, `${name}=${value}`, message)
  }

  function checkUser(service: ComposeService) {
    const node = service.get('user')
    const user = scalarText(node)
    if (node === undefined || user === undefined) return
    const isRoot = /^(?:root|0+)(?::|$)/.test(user)
    problems.push({
      rule: 'compose-user',
      severity: isRoot ? 'warning' : 'info',
      at: node.range[0],
      message: isRoot
        ? `\`user: ${user}\` makes ${service.name} run as root, whatever the image says`
        : `\`user: ${user}\` makes ${service.name} run as another user than the image's ${change.user}`,
      help: isRoot
        ? 'Remove the line, and try what it was there for.'
        : `Remove the line where it only kept the service from running as root: what the image gives its user belongs to ${change.user}.`
    })
  }
}

const isMapNode = (node: unknown): node is YAMLMap => findYaml()?.isMap(node) === true

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index)

/** Where the container's side of a short port begins: behind the last colon that is not in a variable. */
function containerSide(short: string): number {
  let depth = 0
  let found = 0
  for (let index = 0; index < short.length; index++)
    if (short.startsWith('${', index)) depth++
    else if (short[index] === '}') depth--
    else if (short[index] === ':' && depth === 0) found = index + 1
  return found
}
