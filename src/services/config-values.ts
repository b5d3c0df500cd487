/** What values of configurations mean, in whatever form the configuration is written. */
import { resolvePrincipal } from '../image/accounts.ts'
import type { ServerUser } from './server.ts'
import type { ConfigEdit, Listen } from './server-config.ts'
import { wholeLine } from './server-config.ts'

/** `80`, `:80`, `*:80`, `0.0.0.0:80`, `[::]:80`, `$(PORT)`: the port in an address; undefined for sockets. */
export function readAddress(value: string, start: number): Listen | undefined {
  const common = { before: '', after: '', isEcho: false }
  const match =
    /^(\d{1,5})(?=$|,)/.exec(value) ??
    /^(?:(?:tcp|https?|ssl):\/\/)?(?:\[[\w:.]*\]|[\w.*+-]*):(\d{1,5})(?=$|[/?,])/.exec(value)
  if (match !== null) {
    const digits = match[1] as string
    const end = start + match[0].length
    return { ...common, port: Number(digits), variable: undefined, start: end - digits.length, end }
  }
  const variable = /\$[({]?(\w+)[)}]?$/.exec(value)
  return variable === null
    ? undefined
    : { ...common, port: undefined, variable: `\${${variable[1]}}`, start, end: start + value.length }
}

/** A file that is kept in the image: no stream, no template. */
export const isFilePath = (value: string): boolean =>
  /^(?:\.{0,2}\/)?[\w@+-][\w./@+-]*$/.test(value) && !/^\/(?:dev|proc)(?:\/|$)/.test(value)

/** Whether the process runs as that account already, so that changing to it does nothing. */
export function isSameUser(value: string, user: ServerUser): boolean {
  const { uid, name } = resolvePrincipal(value, user.accounts)
  return (uid !== undefined && uid === user.uid) || (name !== undefined && name === user.name) || value === user.name
}

/** Removes a line, and leaves no hole. */
export const removeLine = (text: string, start: number, end: number): ConfigEdit => {
  const [from, to] = wholeLine(text, start, end)
  return { start: from, end: to, text: '' }
}
