import { type ConfigWord, type NginxDirective, readNginxConfig } from './nginx-config.ts'
import type { ConfigFacts, ConfigPath, Listen } from './server-config.ts'

/** Directives that hold other directives of the same kind, so that an included file knows where it stands. */
const transparent = new Set(['if', 'location', 'limit_except'])

const contextOf = (directive: NginxDirective, outer: string): string => directive.parent?.name ?? outer

/**
 * What a configuration, or a file that one includes, says about ports and paths.
 *
 * @param context the block in which the file is included; `main` for nginx.conf itself
 */
export function readNginxFacts(text: string, context: string): ConfigFacts | undefined {
  const directives = readNginxConfig(text)
  if (directives === undefined) return undefined
  const listens: Listen[] = []
  const includes: (ConfigPath & { context: string })[] = []
  const files: ConfigPath[] = []
  const directories: ConfigPath[] = []
  const keys: ConfigPath[] = []
  const settings = new Map<string, string>()
  const ownPort: { offset: number; text: string }[] = []
  const children = new Map<NginxDirective, NginxDirective[]>()
  for (const directive of directives)
    if (directive.parent !== undefined)
      children.set(directive.parent, [...(children.get(directive.parent) ?? []), directive])

  for (const directive of directives) {
    const { name, args, parent } = directive
    const [first] = args
    const within = contextOf(directive, context)
    if (within === 'main' && !directive.hasBlock) settings.set(name, first?.value ?? '')
    if (name === 'server' && directive.hasBlock && within === 'http') {
      const own = children.get(directive) ?? []
      const isOpen = own.some((child) => child.name === 'listen' || child.name === 'include')
      const listen = isOpen ? undefined : impliedListen(text, directive)
      if (listen !== undefined) listens.push(listen)
    }
    if (first === undefined) continue
    const path: ConfigPath = { path: first.value, offset: first.start }
    // Workers open a path that holds a variable, and they were no root before.
    const isFixed = !/\$/.test(first.value)
    if (name === 'listen' && within === 'server' && isInServer(directive, context)) {
      const listen = readListen(first)
      if (listen !== undefined) listens.push(listen)
    } else if (name === 'include' && isFixed) {
      let at: NginxDirective | undefined = parent
      while (at !== undefined && transparent.has(at.name)) at = at.parent
      includes.push({ ...path, context: at?.name ?? context })
    } else if ((name === 'access_log' || name === 'error_log') && isFixed) {
      // source: nginx.org ngx_core_module, error_log: it knows no `off`, that is a file
      const isNoFile = name === 'access_log' ? /^(?:off$|syslog:)/ : /^(?:(?:syslog|memory):|stderr$)/
      if (!isNoFile.test(first.value)) files.push(path)
    } else if (/_(?:temp|cache)_path$/.test(name) && isFixed) directories.push(path)
    else if (/^(?:ssl_certificate_key|(?:proxy|grpc|uwsgi)_ssl_certificate_key|ssl_password_file)$/.test(name)) {
      if (isFixed && !/^(?:engine|data|store):/.test(first.value)) keys.push(path)
    }
    for (const word of args)
      if (/\$\{?server_port\b/.test(word.value) && !/^(?:log_format|fastcgi_param|uwsgi_param|scgi_param)$/.test(name))
        ownPort.push({ offset: directive.start, text: 'uses $server_port' })
    if (name === 'proxy_pass' || (name === 'server' && !directive.hasBlock)) {
      const local = /^(?:https?:\/\/)?(?:localhost|127\.0\.0\.1|\[::1\])(?::(\d+))?(?:\/|$)/.exec(first.value)
      const port = local?.[1] ?? (first.value.startsWith('https') ? '443' : '80')
      if (local !== null) ownPort.push({ offset: directive.start, text: `asks its own port ${port}` })
    }
  }
  return { listens, includes, files, directories, keys, settings, ownPort }
}

const isInServer = (directive: NginxDirective, context: string): boolean => {
  const outer = directive.parent?.parent?.name ?? (directive.parent === undefined ? 'http' : context)
  return outer === 'http' || outer === 'stream' || outer === 'mail'
}

/**
 * The first argument of `listen`. source: nginx ngx_http_core_module, "listen": `address[:port]`, `port`, `unix:path`;
 * an address without a port means 80. Ranges (`80-85`) since 1.15.10.
 */
function readListen({ value, start, end }: ConfigWord): Listen | undefined {
  if (value.startsWith('unix:')) return undefined
  const plain: Omit<Listen, 'port' | 'start'> = { variable: undefined, end, before: '', after: '', isEcho: false }
  const match = /^(?:.*:)?(\d+)$/.exec(value)
  if (match !== null && !/^\[[^\]]*$/.test(value) && !/^\d+(?:\.\d+)+$/.test(value)) {
    const digits = match[1] as string
    return { ...plain, port: Number(digits), start: end - digits.length }
  }
  const range = /^(?:.*:)?(\d+)-(\d+)$/.exec(value)
  // A range moves as a whole or not at all: its first port says that it is a privileged one.
  if (range !== null) return { ...plain, port: undefined, variable: value, start }
  const variable = /\$\{?\w+\}?/.exec(value)
  if (variable !== null) return { ...plain, port: undefined, variable: variable[0], start }
  return { ...plain, port: 80, start: end, before: ':' }
}

/**
 * A `server` without `listen`. source: nginx ngx_http_core_module: "If the directive is not present then either *:80 is
 * used if nginx runs with the superuser privileges, or *:8000 otherwise."
 */
function impliedListen(text: string, { end, blockEnd }: NginxDirective): Listen | undefined {
  const next = /^[ \t]*(?:#[^\n]*)?(\r?\n)([ \t]*)/.exec(text.slice(end, blockEnd))
  if (next === null)
    return { port: 80, variable: undefined, start: end, end, before: ' listen ', after: ';', isEcho: false }
  const [whole, newline, indent] = next as unknown as [string, string, string]
  const at = end + whole.length - newline.length - indent.length
  return {
    port: 80,
    variable: undefined,
    start: at,
    end: at,
    before: `${newline}${indent}listen `,
    after: ';',
    isEcho: false
  }
}
