/** What the readers of server configurations have in common. */

/** A piece of text to replace; an empty range inserts. */
export interface ConfigEdit {
  start: number
  end: number
  text: string
}

/** A place in which a port is written that the server binds. */
export interface Listen {
  /** Undefined where a variable holds it. */
  port: number | undefined
  /** `${NGINX_PORT}`. */
  variable: string | undefined
  start: number
  end: number
  /** What stands around the new number where the port was only implied. */
  before: string
  after: string
  /** The line says the same port for a second time (a virtual host): it moves, but binds nothing. */
  isEcho: boolean
  /** Where a later file may say another: one of `ConfigFacts.overrides`. */
  key?: string
}

/** A path that the server writes, reads as root, or gets more configuration from. */
export interface ConfigPath {
  path: string
  offset: number
  /** Where a later file may set the same again (`www listen`): one of `ConfigFacts.overrides`. */
  key?: string
}

/** What one configuration file says. */
export interface ConfigFacts {
  listens: readonly Listen[]
  includes: readonly (ConfigPath & { context: string })[]
  /** Files that are written: logs, pid files. */
  files: readonly ConfigPath[]
  /** Directories that are filled. */
  directories: readonly ConfigPath[]
  /** Private keys: until now root read them. */
  keys: readonly ConfigPath[]
  /** Names of the settings that were found in the main context, such as `pid`. */
  settings: ReadonlyMap<string, string>
  /** Where the server's own port is asked for (`$server_port`), in words for a message. */
  ownPort: readonly { offset: number; text: string }[]
  /** Sockets and files that are replaced: their directory must be writable. */
  made?: readonly ConfigPath[]
  /** Accounts to which it changes when it starts as root. */
  accounts?: readonly string[]
  /** What this file sets for good: what earlier files say of it does not count. */
  overrides?: ReadonlySet<string>
}

/** Facts of a configuration that says nothing. */
export const noFacts: ConfigFacts = {
  listens: [],
  includes: [],
  files: [],
  directories: [],
  keys: [],
  settings: new Map(),
  ownPort: []
}

/** Applies edits that do not overlap. */
export function applyConfigEdits(text: string, edits: readonly ConfigEdit[]): string {
  let result = ''
  let at = 0
  for (const edit of [...edits].sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (edit.start < at) continue
    result += text.slice(at, edit.start) + edit.text
    at = edit.end
  }
  return result + text.slice(at)
}

/** The range of a whole line when nothing else stands on it but a comment of its own, so that removing leaves no hole. */
export function wholeLine(text: string, start: number, end: number): readonly [number, number] {
  const lineStart = text.lastIndexOf('\n', start - 1) + 1
  const next = text.indexOf('\n', end)
  const lineEnd = next === -1 ? text.length : next
  const isAlone = text.slice(lineStart, start).trim() === '' && /^\s*(#.*)?$/.test(text.slice(end, lineEnd))
  return isAlone ? [lineStart, next === -1 ? lineEnd : next + 1] : [start, end]
}

export const lineOf = (text: string, offset: number): number => text.slice(0, offset).split('\n').length
