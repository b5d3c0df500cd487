import { UnrootError } from './errors.ts'
import type { Transform } from './transform.ts'
import type { RewriteOptions } from './types.ts'

const fail = (message: string): never => {
  throw new UnrootError('INVALID_OPTION', message)
}

const highestId = 2 ** 32 - 2

/** @throws {UnrootError} `INVALID_OPTION` when the options are no object */
export function checkOptionsObject(options: unknown): void {
  if (typeof options !== 'object' || options === null) fail('options must be an object')
}

/**
 * Checks the options that a program hands over; what it does not know it leaves alone.
 *
 * @throws {UnrootError} `INVALID_OPTION`, `UNKNOWN_TRANSFORM`
 */
export function checkOptions(options: RewriteOptions, available: readonly Transform[]): void {
  const { strategy, user, uid, gid, umask, chown, ports } = options
  if (strategy !== undefined && strategy !== 'user' && strategy !== 'entrypoint') {
    if (strategy === 'arbitrary-user') fail(`strategy "${strategy}" is not yet available`)
    fail(`strategy must be "user" or "entrypoint", not ${JSON.stringify(strategy)}`)
  }
  checkEntrypointOptions(options)
  if (user !== undefined && (typeof user !== 'string' || !/^[a-z_][a-z0-9_-]{0,31}$/.test(user)))
    fail(
      `user must be an account name (lower case letters, digits, "_" and "-"; at most 32), not ${JSON.stringify(user)}`
    )
  if (user === 'root') fail('user must not be root')
  for (const [name, id] of [
    ['uid', uid],
    ['gid', gid]
  ] as const)
    if (id !== undefined && (!Number.isInteger(id) || id < (name === 'uid' ? 1 : 0) || id > highestId))
      fail(`${name} must be a whole number from ${name === 'uid' ? 1 : 0} to ${highestId}, not ${JSON.stringify(id)}`)
  if (umask !== undefined && (typeof umask !== 'string' || !/^0?[0-7]{3}$/.test(umask)))
    fail(`umask must be an octal mode such as "027", not ${JSON.stringify(umask)}`)
  if (chown !== undefined && !['app', 'all', 'none'].includes(chown))
    fail(`chown must be "app", "all" or "none", not ${JSON.stringify(chown)}`)
  for (const [from, to] of Object.entries(ports ?? {}))
    for (const port of [Number(from), to])
      if (!Number.isInteger(port) || port < 1 || port > 65535) fail(`ports must be from 1 to 65535, not ${from}=${to}`)
  for (const key of ['only', 'skip'] as const)
    for (const name of options[key] ?? [])
      if (!available.some((transform) => transform.name === name))
        throw new UnrootError(
          'UNKNOWN_TRANSFORM',
          `${key}: there is no transform "${name}"; known are ${available.map((transform) => transform.name).join(', ')}`
        )
  for (const key of ['readContext', 'listContext'] as const)
    if (options[key] !== undefined && typeof options[key] !== 'function') fail(`${key} must be a function`)
}

function checkEntrypointOptions({ stepDown, entrypointVariables: names }: RewriteOptions): void {
  if (stepDown !== undefined && !['setpriv', 'su-exec', 'gosu'].includes(stepDown))
    fail(`stepDown must be "setpriv", "su-exec" or "gosu", not ${JSON.stringify(stepDown)}`)
  if (names === undefined) return
  const isNames = Array.isArray(names) && names.every((name) => variableName.test(name)) && names.length <= 3
  if (!isNames || new Set(names).size < names.length)
    fail(`entrypointVariables must be up to three different names of variables, not ${JSON.stringify(names)}`)
}

const variableName = /^[A-Za-z_]\w*$/
