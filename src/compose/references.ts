/** Where other services of a compose file reach a service under its port. */
import type { Scalar } from 'yaml'
import { findPair } from '../edit/yaml-editor.ts'
import { listItems, mapValues, scalarText } from '../edit/yaml-nodes.ts'
import { type ComposeFile, type ComposeService, environmentItems } from './compose-file.ts'

export interface PortReference {
  /** Of the service in which it stands. */
  service: string
  scalar: Scalar.Parsed
  /** Offsets in the file. */
  start: number
  end: number
  text: string
}

/** The names under which other containers find a service. */
export function namesOf(file: ComposeFile, service: ComposeService): string[] {
  const scalars = [service.get('container_name'), service.get('hostname')]
  const aliases = mapValues(service.get('networks')).flatMap((network) =>
    listItems(findPair(network, 'aliases')?.value)
  )
  const links = file.services.flatMap((each) =>
    listItems(each.get('links')).flatMap((link) => {
      const [to, alias] = (scalarText(link) ?? '').split(':')
      return to === service.name && alias !== undefined ? [alias] : []
    })
  )
  return [
    service.name,
    ...links,
    ...[...scalars, ...aliases].flatMap((node) => {
      const text = scalarText(node)
      return text === undefined || text.includes('$') ? [] : [text]
    })
  ]
}

const escapePattern = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

const impliedPorts: ReadonlyMap<string, number> = new Map([
  ['http', 80],
  ['ws', 80],
  ['https', 443],
  ['wss', 443]
])

/** Ports of hosts in a text: `http://web`, `http://web:80/api`, `web:80`; offsets of what is to be replaced. */
export function findHostPorts(
  source: string,
  names: readonly string[],
  ports: ReadonlyMap<number, number>
): { start: number; end: number; text: string; port: number }[] {
  if (names.length === 0) return []
  const host = names.map(escapePattern).join('|')
  const found: { start: number; end: number; text: string; port: number }[] = []
  for (const match of source.matchAll(
    new RegExp(String.raw`(?<![\w.@/-])(?:(\w+):\/\/(?:[^\s/@"']*@)?)?(?:${host})(?::(\d+))?(?![\w.:-])`, 'g')
  )) {
    const [whole, scheme, digits] = match
    const end = match.index + whole.length
    const port = digits === undefined ? impliedPorts.get(scheme ?? '') : Number(digits)
    const to = port === undefined ? undefined : ports.get(port)
    if (port === undefined || to === undefined) continue
    if (digits === undefined) found.push({ start: end, end, text: `:${to}`, port })
    else found.push({ start: end - digits.length, end, text: String(to), port })
  }
  return found
}

/** Every place of the file in which a service's old port is meant by name. */
export function findReferences(
  file: ComposeFile,
  own: readonly ComposeService[],
  ports: ReadonlyMap<number, number>
): PortReference[] {
  const names = [...new Set(own.flatMap((service) => namesOf(file, service)))]
  const { text } = file.yaml
  const found: PortReference[] = []
  const add = (service: string, scalar: Scalar.Parsed, start: number, end: number, replacement: string) => {
    if (!found.some((other) => other.start === start)) found.push({ service, scalar, start, end, text: replacement })
  }
  for (const service of file.services) {
    const build = service.get('build')
    const nodes = [
      ...['environment', 'labels', 'command', 'entrypoint'].map((key) => service.get(key)),
      findPair(service.get('healthcheck'), 'test')?.value,
      findPair(build, 'args')?.value
    ]
    for (const scalar of nodes.flatMap((node) => scalarsOf(node))) {
      const [start, end] = scalar.range
      for (const each of findHostPorts(text.slice(start, end), names, ports))
        add(service.name, scalar, start + each.start, start + each.end, each.text)
    }
    // API_HOST=api beside API_PORT=80.
    const items = environmentItems(service.get('environment'))
    for (const { name, value } of items) {
      const prefix = /^(.*?)_?(?:HOST|HOSTNAME|SERVER|ADDRESS)$/.exec(name)?.[1]
      if (prefix === undefined || !names.includes(value)) continue
      const port = items.find((item) => item.name === `${prefix}_PORT`)
      const to = ports.get(Number(port?.value))
      if (port === undefined || to === undefined) continue
      const raw = text.slice(port.scalar.range[0], port.scalar.range[1])
      const at = port.scalar.range[0] + raw.lastIndexOf(port.value)
      add(service.name, port.scalar, at, at + port.value.length, String(to))
    }
  }
  return found
}

function scalarsOf(node: unknown): Scalar.Parsed[] {
  if (scalarText(node) !== undefined) return [node as Scalar.Parsed]
  const items = environmentItems(node)
  if (items.length > 0) return items.map(({ scalar }) => scalar)
  return listItems(node).filter((item) => scalarText(item) !== undefined) as Scalar.Parsed[]
}
