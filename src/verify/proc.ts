/** Reads what Linux says about processes and sockets under /proc. Pure. */
import type { Listener } from './types.ts'

const listening = '0A'

/**
 * The listening sockets of `/proc/net/tcp` and `/proc/net/tcp6`, whose texts may stand one after the other.
 *
 * @example
 * parseListeners('  0: 0100007F:1F90 00000000:0000 0A ...') // => [{ port: 8080, isLoopback: true }]
 */
export function parseListeners(text: string): Listener[] {
  const byPort = new Map<number, Listener>()
  for (const line of text.split('\n')) {
    const [, address, port, state] =
      /^\s*\d+: ([0-9A-F]{8}(?:[0-9A-F]{24})?):([0-9A-F]{4}) \S+ ([0-9A-F]{2}) /.exec(line) ?? []
    if (address === undefined || port === undefined || state !== listening || address === dockerNameServer) continue
    const number = Number.parseInt(port, 16)
    const isLoopback = isLoopbackAddress(address) && byPort.get(number)?.isLoopback !== false
    byPort.set(number, { port: number, isLoopback })
  }
  return [...byPort.values()].sort((a, b) => a.port - b.port)
}

/** 127.0.0.11, where Docker answers DNS in networks of the user's own; no program of the image. */
const dockerNameServer = '0B00007F'

/** The bytes of each 32-bit group stand in the machine's order, so 127.0.0.1 reads 0100007F. */
function isLoopbackAddress(address: string): boolean {
  if (address.length === 8) return address.endsWith('7F')
  if (address.startsWith('0000000000000000FFFF0000')) return address.endsWith('7F')
  return address === '00000000000000000000000001000000'
}

export interface ProcessStatus {
  name: string
  /** Real, effective, saved and file system uid. */
  uids: number[]
}

/** What `/proc/PID/status` says; undefined when the process is gone. */
export function parseStatus(text: string): ProcessStatus | undefined {
  const name = /^Name:\t(.*)$/m.exec(text)?.[1]
  const uids = /^Uid:\t([\d\t]+)$/m.exec(text)?.[1]?.split('\t').map(Number)
  return name === undefined || uids === undefined ? undefined : { name, uids }
}

/**
 * The uid inside a user namespace (rootless engines, `userns-remap`) for one outside, by `/proc/PID/uid_map`.
 *
 * @example
 * uidInside(101000, '0 100000 65536') // => 1000
 */
export function uidInside(uid: number, uidMap: string): number {
  for (const line of uidMap.trim().split('\n')) {
    const [inside = 0, outside = 0, length = 0] = line.trim().split(/\s+/).map(Number)
    if (uid >= outside && uid < outside + length) return inside + uid - outside
  }
  return uid
}

/** Processes as the `top` of an engine prints them: `UID PID COMMAND`. */
export function parseTop(text: string): { uid: number; name: string }[] {
  return text.split('\n').flatMap((line) => {
    const [, user, name] = /^\s*(\S+)\s+\d+\s+(\S.*?)\s*$/.exec(line) ?? []
    if (user === undefined || name === undefined) return []
    if (user === 'root') return [{ uid: 0, name }]
    return /^\d+$/.test(user) ? [{ uid: Number(user), name }] : []
  })
}
