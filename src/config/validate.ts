import * as v from 'valibot'
import { UnrootError } from '../errors.ts'
import { didYouMean } from './nearest.ts'
import { type Config, configSchema, verifySchema } from './schema.ts'

/**
 * Checks what a config file says.
 *
 * @param file How the file is called in messages.
 * @throws {UnrootError} `CONFIG_INVALID`; the message has a line for each mistake.
 */
export function validateConfig(content: unknown, file: string): Config {
  if (Array.isArray(content))
    throw new UnrootError('CONFIG_INVALID', `${file}: the config must be an object, but is a list`)
  const result = v.safeParse(configSchema, content)
  if (result.success) return result.output
  const mistakes = result.issues.map((issue) => `${file}: ${describeIssue(issue as v.BaseIssue<unknown>)}`)
  throw new UnrootError('CONFIG_INVALID', mistakes.join('\n'))
}

function describeIssue(issue: v.BaseIssue<unknown>): string {
  const path = issue.path ?? []
  const key = keyName(path)
  if (issue.type !== 'strict_object') return describeValue(key, issue)
  // Valibot reports the object's own failure, a missing key and an unknown one all as `strict_object`.
  if (issue.expected === 'Object') return describeValue(key, issue)
  const names = Object.keys(schemaAt(path.slice(0, -1)))
  const where = path.length > 1 ? ` in ${keyName(path.slice(0, -1))}` : ''
  const last = String(path.at(-1)?.key)
  if (issue.expected === 'never')
    return `unknown key "${last}"${where}.${didYouMean(last, names)} Allowed: ${listed(names)}`
  return `"${last}" is missing${where}`
}

function describeValue(key: string, issue: v.BaseIssue<unknown>): string {
  const allowed = issue.message.startsWith('must') ? issue.message : `must be ${issue.expected ?? 'something else'}`
  const words = allowed.replace(/^must be /, '').split(/, | or /)
  const near = typeof issue.input === 'string' ? didYouMean(issue.input, words) : ''
  const subject = key === '' ? 'the config' : `"${key}"`
  return `${subject} ${allowed}, but is ${shown(issue.input)}.${near}`.replace(/\.$/, '')
}

/** `overrides[0].uid` */
function keyName(path: readonly { key?: unknown }[]): string {
  return path.reduce((name, { key }) => {
    if (typeof key === 'number') return `${name}[${key}]`
    return name === '' ? String(key) : `${name}.${key}`
  }, '')
}

/** The keys that are allowed at a place of the config. */
function schemaAt(path: readonly { key?: unknown }[]): Record<string, unknown> {
  const [first] = path
  if (first === undefined) return configSchema.entries
  if (path.at(-1)?.key === 'verify') return verifySchema.entries
  const list = first.key === 'ignore' ? configSchema.entries.ignore : configSchema.entries.overrides
  return list.wrapped.pipe[0].item.entries
}

function listed(names: readonly string[]): string {
  return names.filter((name) => !name.startsWith('$')).join(', ')
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}
