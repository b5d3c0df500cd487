/** Reads settings out of configuration that is code (Python, TOML, Ruby): top-level assignments and calls on one line. */
import { isFilePath, isSameUser, readAddress, removeLine } from './config-values.ts'
import type { ServerUser } from './server.ts'
import type { ConfigEdit, ConfigFacts, ConfigPath, Listen } from './server-config.ts'

export interface CodeForm {
  /** A line that sets something: its name, and the rest of the line behind it. */
  line: RegExp
  /** Names that say where it listens. */
  listens: readonly string[]
  files: readonly string[]
  /** Files that are renamed into place. */
  made: readonly string[]
  directories: readonly string[]
  pid: readonly string[]
  /** The account, then the group. */
  users: readonly string[]
}

interface Setting {
  name: string
  /** What follows it. */
  rest: string
  at: number
  lineStart: number
  lineEnd: number
}

function* readSettings(text: string, { line }: CodeForm): Generator<Setting> {
  const lines = /[^\n]*\n?/g
  let depth = 0
  for (let match = lines.exec(text); match !== null && match[0] !== ''; match = lines.exec(text)) {
    const raw = match[0].replace(/\r?\n$/, '')
    const found = depth === 0 ? line.exec(raw) : null
    if (found !== null) {
      const rest = found[2] as string
      yield {
        name: found[1] as string,
        rest,
        at: match.index + raw.length - rest.length,
        lineStart: match.index,
        lineEnd: match.index + raw.length
      }
    }
    // Lists and calls over several lines: what stands in them is no setting of its own.
    const code = raw.replace(/(["'])(?:\\.|(?!\1).)*\1/g, '').replace(/#.*$/, '')
    depth = Math.max(depth + (code.match(/[[({]/g) ?? []).length - (code.match(/[\])}]/g) ?? []).length, 0)
  }
}

const literals = /(["'])((?:\\.|(?!\1)[^\n])*)\1/g
/** What stands in for a variable that nobody sets: the second argument, or what is behind `or`, `||`, `{`. */
const fallback =
  /(?:\b(?:environ\.get|getenv|fetch)\(\s*["']\w+["']\s*,\s*["']?|\b(?:environ|ENV)[^#]*?(?:\bor\b|\|\||\{)\s*["']?)(\d{1,5})\b/
const variableName = /\b(?:environ(?:\.get)?|getenv|ENV(?:\.fetch)?)\s*[[(]\s*["'](\w+)["']/

const stripComment = (text: string): string => {
  const plain = text.replace(literals, (whole) => '_'.repeat(whole.length))
  const hash = plain.indexOf('#')
  return hash === -1 ? text : text.slice(0, hash)
}

export function readCodeFacts(text: string, form: CodeForm): ConfigFacts | undefined {
  if (/\{\{|\{%|<%/.test(text)) return undefined
  const listens: Listen[] = []
  const files: ConfigPath[] = []
  const directories: ConfigPath[] = []
  const made: ConfigPath[] = []
  const accounts: string[] = []
  const settings = new Map<string, string>()
  for (const { name, rest: whole, at } of readSettings(text, form)) {
    const rest = stripComment(whole)
    const strings = [...rest.matchAll(literals)].map((each) => ({
      value: each[2] as string,
      start: at + each.index + 1
    }))
    const paths = strings
      .filter(({ value }) => isFilePath(value))
      .map(({ value, start }) => ({ path: value, offset: start }))
    if (form.listens.includes(name)) {
      const plain = /^\s*\(?\s*(\d{1,5})\b/.exec(rest)
      const spare = fallback.exec(rest)
      const digits = plain ?? spare
      const common = { before: '', after: '', isEcho: false }
      if (digits !== null) {
        const start = at + digits.index + digits[0].length - (digits[1] as string).length
        listens.push({
          ...common,
          port: Number(digits[1]),
          variable: undefined,
          start,
          end: start + (digits[1] as string).length
        })
      }
      const variable = variableName.exec(rest)?.[1]
      if (variable !== undefined)
        listens.push({ ...common, port: undefined, variable: `\${${variable}}`, start: at, end: at })
      if (digits === null)
        for (const { value, start } of strings) {
          const socket = /^(?:unix:\/{0,2}(?=\/))(\/[^?]+)/.exec(value)?.[1]
          const listen = /[:\d]/.test(value) ? readAddress(value, start) : undefined
          if (socket !== undefined) made.push({ path: socket, offset: start })
          else if (listen?.port !== undefined) listens.push(listen)
        }
    } else if (form.files.includes(name)) files.push(...paths)
    else if (form.made.includes(name)) made.push(...paths)
    else if (form.directories.includes(name)) directories.push(...paths)
    else if (name === form.users[0]) accounts.push(...strings.map(({ value }) => value))
    if (form.pid.includes(name) && paths[0] !== undefined) settings.set('pid', paths[0].path)
  }
  return {
    listens,
    includes: [],
    files,
    directories,
    keys: [],
    settings,
    ownPort: [],
    made,
    accounts
  }
}

/** The pid file to where the user can write; no change of user. */
export function editCodeSettings(
  text: string,
  form: CodeForm,
  pidFile: string,
  isWritable: (path: string) => boolean,
  user: ServerUser
): ConfigEdit[] {
  const edits: ConfigEdit[] = []
  for (const { name, rest, at, lineStart, lineEnd } of readSettings(text, form)) {
    const value = stripComment(rest)
    const strings = [...value.matchAll(literals)]
    const [first] = strings
    if (form.pid.includes(name) && first !== undefined) {
      const path = strings.at(-1) as RegExpMatchArray & { index: number }
      const written = path[2] as string
      if (written.startsWith('/') && isFilePath(written) && !isWritable(written)) {
        const start = at + path.index + 1
        edits.push({ start, end: start + written.length, text: pidFile })
      }
    }
    if (form.users.includes(name)) {
      const account = first?.[2] ?? /^\s*(\d+)\s*$/.exec(value)?.[1]
      if (account !== undefined && !isSameUser(account, user)) edits.push(removeLine(text, lineStart, lineEnd))
    }
  }
  return edits
}
