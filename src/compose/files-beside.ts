/** Files that a compose file brings to its services: mounted configurations, environment files; and who calls whom. */

import { listItems, scalarText } from '../edit/yaml-nodes.ts'
import { noAccounts } from '../image/accounts.ts'
import { isInside } from '../plan/paths.ts'
import type { StagePlan } from '../plan/plan.ts'
import { findListenerPort, isListenerName, unprivilegedPort } from '../plan/ports.ts'
import type { ServerSetup } from '../plan/server.ts'
import { applyConfigEdits, type ConfigEdit, lineOf } from '../services/server-config.ts'
import type { ComposeInput, RewriteOptions } from '../types.ts'
import { type ComposeFile, type ComposeService, environmentItems, readVolume } from './compose-file.ts'
import { joinFolders } from './project.ts'
import { findHostPorts, namesOf } from './references.ts'
import type { ComposeProblem } from './service-edits.ts'

type Left = (at: number, message: string, help: string) => void

/** What needs other files than the compose file. */
export interface FilesBeside {
  /**
   * Edits the server configurations that a service mounts over those of the image.
   *
   * @returns ports that only they name, with what they become
   */
  editMounted(service: ComposeService, moved: ReadonlyMap<number, number>, left: Left): Map<number, number>
  /** Looks for the port in the files of `env_file`. */
  checkEnvironmentFiles(service: ComposeService, moved: ReadonlyMap<number, number>, left: Left): void
  /** Files of other services in which the old port is reached. */
  findCallers(file: ComposeFile, own: readonly ComposeService[], ports: ReadonlyMap<number, number>): ComposeProblem[]
}

export interface FilesQuestion {
  input: ComposeInput
  stagePlan: StagePlan
  /** As the image has it now. */
  setup: ServerSetup | undefined
  options: RewriteOptions
  isWritable: (path: string) => boolean
  changeFile: (path: string, text: string, message: string) => void
}

/** Undefined: only texts were given, so there are no such files. */
export function createFilesBeside(question: FilesQuestion): FilesBeside | undefined {
  const { input, stagePlan, setup, options } = question
  const { readBeside, listBeside } = options
  if (readBeside === undefined) return undefined
  const folder = input.path.includes('/') ? input.path.slice(0, input.path.lastIndexOf('/')) : ''
  const context = joinFolders('', input.services[0]?.context ?? '.')
  /** From the compose file's folder to the root of the build context. */
  const locate = (name: string): string => {
    const path = joinFolders('', name)
    if (context === '') return path
    return path === context ? '' : isInside(path, context) ? path.slice(context.length + 1) : joinFolders(folder, path)
  }
  const named = (path: string) => path.replace(/^(?:\.\.\/)+/, '')
  const isConfigPath = (path: string): boolean =>
    setup !== undefined &&
    (setup.files.some(({ file }) => file.path === path || isInside(file.path, path)) ||
      setup.layout.directories.some((each) => isInside(path, each)) ||
      (setup.layout.templates !== undefined && isInside(path, setup.layout.templates.from)))

  /** Variables of a service that hold one of the names, as templates and scripts write them. */
  const variablesFor = (service: ComposeService, names: readonly string[]): string[] => {
    const { build } = service
    const file = build === undefined ? undefined : joinFolders(build.context, build.dockerfile)
    const image = file === undefined ? '' : (readBeside?.(locate(file)) ?? '')
    const assigned = [
      ...environmentItems(service.get('environment')),
      ...[...image.matchAll(/(\w+)=["']?([\w.-]+)/g)].map(([, name = '', value = '']) => ({ name, value }))
    ]
    return assigned.filter(({ value }) => names.includes(value)).flatMap(({ name }) => [`\${${name}}`, `$${name}`])
  }

  return {
    editMounted(service, moved, left) {
      const extra = new Map<number, number>()
      if (setup === undefined) return extra
      for (const entry of listItems(service.get('volumes')))
        for (const { source, target } of readVolume(entry)) {
          if (!isConfigPath(target)) continue
          const byHand = (why: string) =>
            left(
              entry.range[0],
              `${target} is mounted over the image's configuration of ${setup.server.name}, and ${why}`,
              setup.server.byHand.replaceAll('UID:GID', stagePlan.user.text)
            )
          if (source === undefined || source.startsWith('/')) {
            byHand('it is not among the files')
            continue
          }
          const path = locate(source)
          const single = readBeside(path)
          const all = single === undefined ? (listBeside?.(path) ?? []) : [path]
          if (all.length === 0) byHand(`${named(path)} is not among the files`)
          for (const name of all) {
            const at = `${target}${name.slice(path.length)}`
            if (!isRead(setup, at)) continue
            const text = readBeside(name)
            const isRoot = at === setup.layout.root
            const facts = text === undefined ? undefined : setup.server.read(text, contextOf(setup, at))
            if (text === undefined || facts === undefined) {
              byHand(`${named(name)} could not be read`)
              continue
            }
            const edits: ConfigEdit[] = []
            for (const listen of facts.listens) {
              if (listen.port === undefined || listen.port >= 1024 || listen.port === 0) continue
              let to = moved.get(listen.port) ?? extra.get(listen.port)
              if (to === undefined) {
                to = unprivilegedPort(listen.port, new Set([...moved.values(), ...extra.values()]))
                extra.set(listen.port, to)
              }
              edits.push({ start: listen.start, end: listen.end, text: `${listen.before}${to}${listen.after}` })
            }
            if (isRoot)
              edits.push(
                ...setup.server.editSettings(text, question.isWritable, setup.given, {
                  ...stagePlan.user,
                  accounts: noAccounts
                })
              )
            if (edits.length === 0) continue
            if (options.companions === false)
              left(entry.range[0], `${named(name)}, mounted at ${at}, has to change too`, setup.server.byHand)
            else question.changeFile(name, applyConfigEdits(text, edits), `${named(name)}: mounted by ${service.name}`)
          }
        }
      return extra
    },

    checkEnvironmentFiles(service, moved, left) {
      for (const item of listItems(service.get('env_file'))) {
        const name = scalarText(item)
        const text = name === undefined || name.includes('$') ? undefined : readBeside(locate(name))
        for (const [index, line] of (text ?? '').split(/\r?\n/).entries()) {
          const match = /^\s*(?:export\s+)?(\w+)\s*=\s*["']?([^"'#\s]*)/.exec(line)
          const [, variable = '', value = ''] = match ?? []
          const port = isListenerName(variable) ? findListenerPort(value)?.port : undefined
          const to = moved.get(port ?? 0)
          if (to !== undefined)
            left(
              item.range[0],
              `${name} line ${index + 1} sets ${variable}=${value}, which overrides the image's ${to}`,
              `Write ${variable}=${value.replace(/\d+$/, String(to))} there, or remove the line.`
            )
        }
      }
    },

    findCallers(file, own, ports) {
      const names = [...new Set(own.flatMap((service) => namesOf(file, service)))]
      const problems: ComposeProblem[] = []
      const seen = new Set<string>()
      for (const service of file.services) {
        if (own.includes(service)) continue
        const mounted = listItems(service.get('volumes')).flatMap((entry) =>
          readVolume(entry).flatMap(({ source }) =>
            source === undefined || source.startsWith('/') ? [] : [locate(source)]
          )
        )
        const built = service.build === undefined ? [] : [locate(joinFolders('', service.build.context))]
        const candidates = [
          ...mounted.filter((path) => readBeside(path) !== undefined),
          ...[...mounted, ...built].flatMap((path) => listBeside?.(path) ?? [])
        ]
        const callers = [
          ...candidates.filter((path) => isProxyConfiguration(path)),
          ...candidates.filter((path) => isProgramText(path))
        ]
        const hosts = [...names, ...variablesFor(service, names)]
        for (const path of callers.slice(0, mostFiles)) {
          if (seen.has(path)) continue
          seen.add(path)
          const text = readBeside(path) ?? ''
          // nginx: `server api;` in an upstream means port 80.
          const bare = /\.(?:conf|template)$/.test(path)
            ? [...text.matchAll(/\bserver\s+([\w.-]+)\s*[;\s]/g)].filter(
                ([, host = '']) => names.includes(host) && ports.has(80)
              )
            : []
          const places = [
            ...findHostPorts(text, hosts, ports),
            ...bare.map(({ index }) => ({ start: index, port: 80 }))
          ]
          for (const { start, port } of places.slice(0, 3))
            problems.push({
              rule: 'old-port-elsewhere',
              severity: 'warning',
              at: service.node.range?.[0] ?? 0,
              message: `${named(path)} line ${lineOf(text, start)} reaches ${own.map(({ name }) => name).join(' or ')} on port ${port}, which becomes ${ports.get(port)}`,
              help: `Write port ${ports.get(port)} there.`
            })
        }
      }
      return problems
    }
  }
}

const mostFiles = 200

const programText = /\.(?:sh|[cm]?[jt]sx?|vue|svelte|py|rb|php|go|java|kt|cs|rs|exs?)$/

/** Programs that call by a name which is written down in them. */
const isProgramText = (path: string): boolean =>
  programText.test(path) && !/(?:^|\/)(?:vendor|dist|build|bower_components|__tests__)\/|\.min\.js$|\.d\.ts$/.test(path)

/** Files in which programs are told whom to call; not what other tools read. */
function isProxyConfiguration(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1)
  return (
    /\.(?:conf|cfg|template|tmpl|toml|ini|vcl|env|properties)$|^Caddyfile|^\.env|^(?:envoy|traefik|kong|prometheus|application|config|settings|appsettings)[\w.-]*\.(?:ya?ml|json)$/.test(
      name
    ) && !/\.example$|^(?:package|tsconfig|composer)/.test(name)
  )
}

/** Whether the server reads a file at this place. */
function isRead({ layout, files }: ServerSetup, path: string): boolean {
  const isPattern = (pattern: string) =>
    new RegExp(`^${pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&').replace(/\*/g, '[^/]*')}$`).test(path)
  if (path === layout.root || files.some(({ file }) => file.path === path)) return true
  if (layout.templates !== undefined && isInside(path, layout.templates.from))
    return path.endsWith(layout.templates.suffix)
  return files.some(({ facts }) =>
    facts.includes.some((include) =>
      isPattern(include.path.startsWith('/') ? include.path : `${layout.prefix}/${include.path}`)
    )
  )
}

function contextOf(setup: ServerSetup, path: string): string {
  if (path === setup.layout.root) return 'main'
  const folder = path.slice(0, path.lastIndexOf('/'))
  const includes = setup.files.flatMap(({ facts }) => facts.includes)
  return (
    includes.find((include) => include.path.includes(`${folder.split('/').at(-1)}/`))?.context ??
    includes.find(({ context }) => context !== 'main')?.context ??
    'main'
  )
}
