import { InvalidArgumentError } from 'commander'
import { splitNames } from '../config/file-options.ts'
import type { Strategy } from '../types.ts'

export const formats = ['diff', 'json', 'sarif', 'rdjson', 'github', 'gitlab', 'markdown', 'summary'] as const
export type Format = (typeof formats)[number]

/** The flags of `unroot [path ...]`, as commander hands them over. */
export interface Flags {
  write?: boolean
  check?: boolean
  listDifferent?: boolean
  format?: Format
  outputFile?: string
  summaryFile?: string
  prBodyFile?: string
  sarifFixes?: boolean
  strategy?: Strategy
  user?: string
  uid?: number
  gid?: number
  uidFrom?: 'build-args'
  target?: string[]
  context?: string
  port?: Record<number, number>
  umask?: string
  chown?: 'app' | 'all' | 'none'
  stepDown?: 'setpriv' | 'su-exec' | 'gosu'
  entrypointVariables?: string[]
  entrypointInline?: boolean
  only?: string[]
  skip?: string[]
  safeOnly?: boolean
  companions: boolean
  harden?: boolean
  image?: Record<string, string>
  interactive?: boolean
  failOnNoFiles?: boolean
  config: string | boolean
  concurrency?: number
  stdinFilename?: string
  color: boolean
  quiet?: boolean
  verbose?: boolean
}

export function parseCount(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new InvalidArgumentError('It must be a whole number from 1 to 9999.')
  return Number(text)
}

const highestId = 2 ** 32 - 2

export function parseUserId(text: string): number {
  if (/^\d{1,10}$/.test(text) && Number(text) >= 1 && Number(text) <= highestId) return Number(text)
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${highestId}; 0 is root.`)
}

/** Group 0 is allowed: it gives no rights by itself, and OpenShift runs containers in it. */
export function parseGroupId(text: string): number {
  if (/^\d{1,10}$/.test(text) && Number(text) <= highestId) return Number(text)
  throw new InvalidArgumentError(`It must be a whole number from 0 to ${highestId}.`)
}

export function parseAccountName(text: string): string {
  if (/^[a-z_][a-z0-9_-]{0,31}$/.test(text) && text !== 'root') return text
  throw new InvalidArgumentError('It must be an account name: lower-case letters, digits, - and _, and not root.')
}

export function parsePort(text: string, earlier: Record<number, number> = {}): Record<number, number> {
  const [, from, to] = /^(\d{1,5})=(\d{1,5})$/.exec(text) ?? []
  const isPort = (port: string | undefined) => port !== undefined && Number(port) >= 1 && Number(port) <= 65535
  if (!isPort(from) || !isPort(to)) throw new InvalidArgumentError('It must be two ports, such as 80=8080.')
  return { ...earlier, [Number(from)]: Number(to) }
}

/** `registry.example.com/team/api=services/api/Dockerfile` */
export function parseImage(text: string, earlier: Record<string, string> = {}): Record<string, string> {
  const [, name, file] = /^([^\s=]+)=(.+)$/.exec(text) ?? []
  if (name === undefined || file === undefined)
    throw new InvalidArgumentError(
      'It must be an image name and a Dockerfile, such as team/api=services/api/Dockerfile.'
    )
  return { ...earlier, [name]: file }
}

export function parseUmask(text: string): string {
  if (/^0?[0-7]{3}$/.test(text)) return text
  throw new InvalidArgumentError('It must be an octal mode, such as 027.')
}

export function parseNames(text: string, earlier: string[] = []): string[] {
  const names = splitNames(text)
  if (names.length === 0) throw new InvalidArgumentError('It must be a list of names, such as a,b.')
  return [...earlier, ...names]
}

export function parseVariables(text: string): string[] {
  const names = splitNames(text)
  const isRight = names.length > 0 && names.length <= 3 && names.every((name) => /^[A-Za-z_]\w*$/.test(name))
  if (isRight && new Set(names).size === names.length) return names
  throw new InvalidArgumentError('It must be one to three different names of variables, such as APP_UID,APP_GID.')
}

export function collect(text: string, earlier: string[] = []): string[] {
  return [...earlier, text]
}
