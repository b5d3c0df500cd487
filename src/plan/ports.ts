/**
 * Where ports are written in a Dockerfile, and which of them the process listens on.
 */
import type { Dockerfile } from '../dockerfile/dockerfile.ts'
import type { Instruction } from '../dockerfile/instruction.ts'
import { expand } from '../dockerfile/words.ts'
import { readImage, type StageImage, stateBefore } from '../image/image.ts'
import { shellSources } from '../image/shell-source.ts'
import { findImpliedPort } from '../services/implied-ports.ts'
import type { StartUp } from './startup.ts'

export interface PortMention {
  port: number
  /** The digits in the source; an empty range where `insert` adds what was implied. */
  start: number
  end: number
  /** Text in front of the new number (`:` after a host without a port). */
  insert: string
  /** Text behind it. */
  after?: string
  where: 'expose' | 'environment' | 'argument' | 'command' | 'healthcheck' | 'base-environment'
  /** The process takes its port from here. */
  isListener: boolean
  instruction: Instruction
  /** For `base-environment`: the variable and its value in the base image. */
  variable?: { name: string; value: string }
}

/** Ports below this need a capability outside Docker's own default. */
const firstUnprivilegedPort = 1024

const isPrivileged = (port: number): boolean => port > 0 && port < firstUnprivilegedPort

/** Variables by which programs are told where to listen, whatever else the image says. */
const listenerNames =
  /^(PORT|(HTTP|HTTPS|WEB|APP|SERVER|SERVICE|LISTEN|BIND|NGINX|GUNICORN|UVICORN|NODE|API|FLASK_RUN|STREAMLIT_SERVER|GRADIO_SERVER|NUXT|NITRO|VITE|NEXT)_PORT|LISTEN|LISTEN_ADDR(ESS)?|BIND|BIND_ADDR(ESS)?|ADDR|GUNICORN_BIND|ASPNETCORE_(URLS|HTTP_PORTS|HTTPS_PORTS)|DOTNET_URLS|ROCKET_PORT|SERVER_ADDR(ESS)?|VARNISH_HTTP_PORT|TRAEFIK_ENTRYPOINTS_\w+_ADDRESS)$/
/** Variables and flags that name somebody else's port. */
const remoteNames =
  /(^|[_-])(smtp|mail|email|db|database|mysql|mariadb|postgres|pg|redis|mongo|ldap|imap|pop3|ssh|sftp|ftp|proxy|upstream|backend|target|remote|dest|destination|amqp|rabbit|kafka|elastic|es|consul|vault|syslog|gelf|statsd|dns|ntp|snmp|external|public|forward|cookie|timeout|workers?|threads?)([_-]|$)/i
const listenerHost = /^(?:https?:\/\/|tcp:\/\/)?(?:0\.0\.0\.0|\[::\]|::|\*|\+|\[::0\])?:(\d+)\/?$/
const localHost = /^(?:https?:\/\/|tcp:\/\/)?(?:localhost|127\.0\.0\.1|\[::1\]):(\d+)\/?$/
const portFlag = /^--?[\w.-]*(?:port|http|https|web|listen)$/i
const addressFlag =
  /^(?:-b|-a|-l|-S|-H|-addr|--?[\w.-]*(?:bind|listen|addr|address|url|urls|host|http|https|web|entrypoint))$/i

interface Token {
  text: string
  /** Offset in the source of each character. */
  at: (index: number) => number
}

/** Digits at the end of `text` (a `/` may follow), as a mention. */
const trailingPort = (text: string): { port: number; from: number; to: number } | undefined => {
  const match = /(\d{1,5})\/?$/.exec(text)
  if (match === null) return undefined
  return { port: Number(match[1]), from: match.index, to: match.index + (match[1] as string).length }
}

/** Whether a variable of this name tells programs where to listen. */
export const isListenerName = (name: string): boolean => listenerNames.test(name)

/** Where the value of such a variable holds its port: `80`, `:80`, `http://0.0.0.0:80`. */
export function findListenerPort(value: string): { port: number; from: number; to: number } | undefined {
  return /^\d+$/.test(value) || listenerHost.test(value) ? trailingPort(value) : undefined
}

/** The ports below 1024 on which the words of a command listen, with their offsets in the word. */
export function findArgumentPorts(
  words: readonly string[]
): { port: number; word: number; from: number; to: number }[] {
  const tokens = words.map((text, word) => ({ text, at: (index: number) => word * 1e6 + index }))
  return [...commandPorts(tokens, () => true)].map(({ port, start, end }) => {
    const word = Math.floor(start / 1e6)
    return { port, word, from: start - word * 1e6, to: end - word * 1e6 }
  })
}

/** `http=:80,HTTP` of `varnishd -a`. source: varnishd(1): `[name=][address][:port][,PROTO]` */
function withoutProtocol(token: Token): Token {
  const match = /^(?:\w+=)?(\S*:\d+)(?:,(?:HTTP|PROXY))+$/.exec(token.text)
  if (match === null) return token
  const from = token.text.indexOf(match[1] as string)
  return { text: match[1] as string, at: (index) => token.at(index + from) }
}

/** The listening ports in the words of a command. */
function* commandPorts(tokens: readonly Token[], isExposed: (port: number) => boolean) {
  for (let index = 0; index < tokens.length; index++) {
    const token = withoutProtocol(tokens[index] as Token)
    const { text } = token
    const previous = tokens[index - 1]?.text ?? ''
    // source: varnishd(1): -b names the backend
    if (previous === '-b' && tokens.some((each) => /(?:^|\/)varnishd$/.test(each.text))) continue
    const found = trailingPort(text)
    if (found === undefined || !isPrivileged(found.port)) continue
    const mention = { port: found.port, start: token.at(found.from), end: token.at(found.to - 1) + 1 }
    if (/^\d+$/.test(text)) {
      const isModule = tokens.slice(0, index).some((earlier) => /^(http\.server|SimpleHTTPServer)$/.test(earlier.text))
      const isFlagged =
        (portFlag.test(previous) && /port/i.test(previous) && !remoteNames.test(previous.replace(/^--?/, ''))) ||
        (/^-[pPl]$/.test(previous) && (isExposed(found.port) || found.port === 80 || found.port === 443)) ||
        (/^--?(http|https|web|listen)$/i.test(previous) && isExposed(found.port))
      if (isModule || isFlagged) yield mention
      continue
    }
    const short = /^-[pPl](\d+)$/.exec(text)
    if (short !== null) {
      if (isExposed(found.port) || found.port === 80) yield mention
      continue
    }
    const flag = /^(--?[\w.-]+)=(.*)$/.exec(text)
    const name = flag?.[1] ?? ''
    const value = flag?.[2] ?? text
    if (flag !== null && remoteNames.test(name.replace(/^--?/, ''))) continue
    if (flag !== null && /^\d+$/.test(value)) {
      if (/port/i.test(name)) yield mention
    } else if (listenerHost.test(value)) {
      if (flag === null || addressFlag.test(name) || /port/i.test(name)) yield mention
    } else if (localHost.test(value) && (addressFlag.test(name) || addressFlag.test(previous))) yield mention
    else if (flag === null && /^(bind|listen|tcp|http|https|address|port)[=:]/.test(text) && isExposed(found.port))
      yield mention
  }
}

/**
 * All places of the image's own stages in which a privileged port is written.
 *
 * @param serverVariables variables from which the configuration of a server takes its port
 */
export function findPortMentions(
  dockerfile: Dockerfile,
  image: StageImage,
  serverVariables?: ReadonlySet<string>
): PortMention[] {
  const mentions: PortMention[] = []
  const text = dockerfile.text
  const exposed = new Set<number>()
  for (const value of image.final.exposed.keys()) {
    const match = /^(\d+)(?:\/\w+)?$/.exec(value)
    if (match !== null) exposed.add(Number(match[1]))
  }
  const isExposed = (port: number) => exposed.has(port)
  const exposedVariables = new Set<string>()
  const shippedCommands = new Set([image.final.entrypoint?.instruction, image.final.command?.instruction])
  const lastHealthcheck = image.lineage
    .flatMap((stage) => stage.instructions)
    .findLast((instruction) => instruction.keyword === 'HEALTHCHECK')
  const names: Instruction[] = []

  const visit = (instruction: Instruction) => {
    switch (instruction.keyword) {
      case 'EXPOSE':
        for (const word of instruction.words) {
          for (const variable of word.text.matchAll(/\$\{?(\w+)/g)) exposedVariables.add(variable[1] as string)
          const match = /^["']?(\d+)(\/\w+)?["']?$/.exec(word.text)
          if (match === null || !isPrivileged(Number(match[1]))) continue
          const start = word.start + word.text.indexOf(match[1] as string)
          mentions.push({
            port: Number(match[1]),
            start,
            end: start + (match[1] as string).length,
            insert: '',
            where: 'expose',
            isListener: false,
            instruction
          })
        }
        break
      case 'ENV':
      case 'ARG':
        names.push(instruction)
        break
      case 'CMD':
      case 'ENTRYPOINT':
        if (shippedCommands.has(instruction))
          for (const tokens of commandTokens(instruction)) {
            for (const found of commandPorts(tokens, isExposed))
              mentions.push({ ...found, insert: '', where: 'command', isListener: true, instruction })
            const implied = impliedMention(tokens, instruction, shippedCommands)
            if (implied !== undefined) mentions.push(implied)
          }
        break
      case 'HEALTHCHECK':
        if (instruction === lastHealthcheck) mentions.push(...healthcheckPorts(instruction, text))
        break
    }
  }
  for (const instruction of dockerfile.globalArguments) visit(instruction)
  for (const stage of image.lineage) for (const instruction of stage.instructions) visit(instruction)

  const overridden = new Set<string>()
  for (const instruction of names)
    for (const [index, { name, value }] of (instruction.properties ?? []).entries()) {
      if (instruction.keyword === 'ENV') overridden.add(name.text)
      if (value === undefined) continue
      const plain = value.text.replace(/^(["'])(.*)\1$/s, '$2')
      const offset = value.text === plain ? 0 : 1
      const found = /^\d+$/.test(plain)
        ? { from: 0, to: plain.length }
        : listenerHost.test(plain) || (/;/.test(plain) && /^[^;]*(:\d+;?[^;]*)+$/.test(plain))
          ? trailingPort(plain)
          : undefined
      const isNamed = listenerNames.test(name.text)
      const all: { from: number; to: number }[] = []
      if (/^[^;]+(;[^;]+)+$/.test(plain) && /URLS$/.test(name.text))
        for (const match of plain.matchAll(/:(\d+)(?=;|$)/g))
          all.push({ from: match.index + 1, to: match.index + match[0].length })
      else if (found !== undefined) all.push(found)
      for (const { from, to } of all) {
        const port = Number(plain.slice(from, to))
        if (!isPrivileged(port)) continue
        const isListener =
          isNamed ||
          exposedVariables.has(name.text) ||
          serverVariables?.has(name.text) === true ||
          (isExposed(port) && /PORT|LISTEN|ADDR|BIND/.test(name.text) && !remoteNames.test(name.text))
        if (!isListener) continue
        const start = value.start + offset + from
        // The value spans a continuation, or dockerfile-ast reads it otherwise: nothing to edit safely.
        if (text.slice(start, start + to - from) !== plain.slice(from, to)) continue
        if (instruction.fineProperties[index] === undefined) continue
        mentions.push({
          port,
          start,
          end: start + to - from,
          insert: '',
          where: instruction.keyword === 'ENV' ? 'environment' : 'argument',
          isListener: true,
          instruction
        })
      }
    }

  // What the base image's own ENV says, unless the Dockerfile says it anew or the ports come from arguments.
  const base = image.base.image?.env ?? {}
  const anchor = image.final.entrypoint?.instruction ?? image.final.command?.instruction ?? image.stage.from
  const hasPortArgument = [...shippedCommands].some(
    (instruction) =>
      instruction !== undefined &&
      commandTokens(instruction).some((tokens) => tokens.some((token) => /(?:^|[:=])\d{2,5}\/?$/.test(token.text)))
  )
  for (const [name, value] of Object.entries(base)) {
    if (overridden.has(name) || !listenerNames.test(name)) continue
    const found = /^\d+$/.test(value) || listenerHost.test(value) ? trailingPort(value) : undefined
    if (found === undefined || !isPrivileged(found.port)) continue
    // The program was told otherwise, or exposes other ports than the base image's own.
    if (mentions.some((mention) => mention.isListener) || hasPortArgument) continue
    if ([...overridden].some((known) => listenerNames.test(known))) continue
    if (!image.final.exposed.isEmpty ? !isExposed(found.port) : image.base.image?.ports?.includes(found.port) !== true)
      continue
    mentions.push({
      port: found.port,
      start: -1,
      end: -1,
      insert: '',
      where: 'base-environment',
      isListener: true,
      instruction: anchor,
      variable: { name, value }
    })
  }
  return mentions
}

/** The port that a command listens on without saying so, and the argument that says another. */
function impliedMention(
  tokens: readonly Token[],
  instruction: Instruction,
  shipped: ReadonlySet<Instruction | undefined>
): PortMention | undefined {
  const others = [...shipped].flatMap((other) =>
    other === undefined || other === instruction
      ? []
      : commandTokens(other).flatMap((each) => each.map(({ text }) => text))
  )
  const found = findImpliedPort(
    tokens.map(({ text }) => text),
    others
  )
  const token = found && tokens[found.at]
  if (found === undefined || token === undefined) return undefined
  const [flag, prefix] = found.add
  const isExec = instruction.json !== undefined && shellSources(instruction).length === 0
  const end = token.at(token.text.length - 1) + (isExec ? 2 : 1)
  return {
    port: found.port,
    start: end,
    end,
    insert: isExec ? `, "${flag}", "${prefix}` : ` ${flag} ${prefix}`,
    after: isExec ? '"' : '',
    where: 'command',
    isListener: true,
    instruction
  }
}

/** The words of `CMD` and `ENTRYPOINT`, each command's by itself. */
function commandTokens(instruction: Instruction): Token[][] {
  return readCommandTokens(instruction).map((tokens) => tokens.map(withDefaultPort))
}

/** `${PORT:-80}` counts as 80: that is what is used where nobody sets the variable. */
function withDefaultPort(token: Token): Token {
  const match = /\$\{\w+:?-(\d{1,5})\}$/.exec(token.text)
  if (match === null) return token
  const digits = match[1] as string
  const from = match.index
  const digitsAt = token.text.length - 1 - digits.length
  return {
    text: token.text.slice(0, from) + digits,
    at: (index) => token.at(index < from ? index : digitsAt + index - from)
  }
}

function readCommandTokens(instruction: Instruction): Token[][] {
  const sources = shellSources(instruction)
  const { json } = instruction
  if (json !== undefined && sources.length === 0)
    return [
      json.map((string) => {
        const isPlain = string.text.slice(1, -1) === string.value
        return { text: string.value, at: (index) => (isPlain ? string.start + 1 + index : -1) }
      })
    ]
  return sources.flatMap((source) =>
    source.script.commands.map((command) =>
      [...(command.nameWord === undefined ? [] : [command.nameWord]), ...command.args].map((word) => {
        const shift = word.text.indexOf(word.value)
        return {
          text: word.value,
          at: (index: number) => source.toSource(word.start + Math.max(shift, 0) + index)
        }
      })
    )
  )
}

const localName = String.raw`(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1?\]|\$\{?HOSTNAME\}?|\$\(hostname[^)]*\)|\`hostname[^\`]*\`)`
const localUrl = new RegExp(String.raw`(https?:\/\/)?${localName}(?::(\d+)\b)?`, 'g')
const localPair = new RegExp(String.raw`(?:\bnc|\bncat|\bnetcat)\b[^|&;]*?${localName}\s+(\d+)\b`, 'g')

/** Privileged ports on which the commands of start scripts and of package.json listen. */
export function scriptPorts(
  startUp: StartUp,
  exposed: ReadonlySet<number>
): { port: number; place: string; instruction: Instruction | undefined }[] {
  const found: { port: number; place: string; instruction: Instruction | undefined }[] = []
  for (const { command, place, instruction } of startUp.commands) {
    if (command.guard === 'root' || /^(?:ENTRYPOINT|CMD)$/.test(place)) continue
    const tokens = [command.name, ...command.args.map((word) => word.value)].map((text) => ({ text, at: () => 0 }))
    if (!/^(?:curl|wget|nc|ncat|ssh|nmap|echo|printf|sed|grep|wait-for-it(?:\.sh)?|dockerize)$/.test(command.name))
      for (const { port } of commandPorts(tokens, (each) => exposed.has(each))) found.push({ port, place, instruction })
    for (const { name, value } of command.assignments)
      if (
        listenerNames.test(name) &&
        value !== undefined &&
        /^\d+$/.test(value.value) &&
        isPrivileged(Number(value.value))
      )
        found.push({ port: Number(value.value), place, instruction })
  }
  return found
}

/**
 * Ports below 1024 under which a command asks its own host: `curl http://localhost/`, `nc -z localhost 80`.
 *
 * @returns offsets of the digits; where the port was implied, an empty range and the text to put in front of it
 */
export function findLocalPorts(source: string): { port: number; start: number; end: number; insert: string }[] {
  const found: { port: number; start: number; end: number; insert: string }[] = []
  const add = (port: number, start: number, end: number, insert: string) => {
    if (isPrivileged(port)) found.push({ port, start, end, insert })
  }
  for (const match of source.matchAll(localUrl)) {
    const end = match.index + match[0].length
    if (match[2] !== undefined) add(Number(match[2]), end - match[2].length, end, '')
    else if (match[1] !== undefined && source[end] !== ':') add(match[1] === 'https://' ? 443 : 80, end, end, ':')
  }
  for (const match of source.matchAll(localPair)) {
    const end = match.index + match[0].length
    add(Number(match[1]), end - (match[1] as string).length, end, '')
  }
  // `curl localhost` without a scheme.
  for (const match of source.matchAll(
    new RegExp(String.raw`(?:curl|wget)\b[^|&;"']*?\s(${localName})(?=[/\s"']|$)`, 'g')
  )) {
    const end = match.index + match[0].length
    if (!found.some((each) => each.start === end)) add(80, end, end, ':')
  }
  return found
}

function healthcheckPorts(instruction: Instruction, text: string): PortMention[] {
  const mentions: PortMention[] = []
  const source = text.slice(instruction.start, instruction.end)
  for (const tokens of commandTokens(instruction))
    for (const { port, start, end } of commandPorts(tokens, () => true))
      mentions.push({ port, start, end, insert: '', where: 'healthcheck', isListener: false, instruction })
  const add = (found: { port: number; start: number; end: number; insert: string }) => {
    const start = instruction.start + found.start
    if (!mentions.some((mention) => mention.start === start))
      mentions.push({
        ...found,
        start,
        end: instruction.start + found.end,
        where: 'healthcheck',
        isListener: false,
        instruction
      })
  }
  for (const found of findLocalPorts(source)) add(found)
  return mentions
}

const customary = new Map([
  [80, 8080],
  [443, 8443],
  [22, 2222],
  [53, 5353],
  [25, 2525]
])

/**
 * The port that replaces a privileged one: by custom, else 8000 higher; the next free one where that is taken.
 *
 * @param taken ports that the image uses already
 */
export function unprivilegedPort(port: number, taken: ReadonlySet<number>): number {
  let to = customary.get(port) ?? port + 8000
  while (taken.has(to)) to++
  return to
}

/** Every port that the image's own stages expose, ranges spread. */
export function exposedPorts(dockerfile: Dockerfile, image: StageImage): Set<number> {
  const ports = new Set<number>()
  for (const stage of image.lineage) {
    const own = readImage(dockerfile, stage)
    for (const instruction of stage.instructions) {
      if (instruction.keyword !== 'EXPOSE') continue
      const { variables } = stateBefore(own, instruction)
      for (const word of instruction.words)
        for (const part of expand(word.text, variables, dockerfile.escape).value.split(/\s+/)) {
          const match = /^(\d+)(?:-(\d+))?(?:\/\w+)?$/.exec(part)
          if (match === null) continue
          const to = Math.min(Number(match[2] ?? match[1]), Number(match[1]) + 1000)
          for (let port = Number(match[1]); port <= to; port++) ports.add(port)
        }
    }
  }
  return ports
}
