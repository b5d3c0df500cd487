/** Edits of server configurations: in the build context, in the Dockerfile, and by `sed` in the image. */
import { type Dockerfile, positionOf, type Stage } from '../dockerfile/dockerfile.ts'
import type { Instruction } from '../dockerfile/instruction.ts'
import { isRootUser } from '../image/accounts.ts'
import { resolvePath, stateBefore } from '../image/image.ts'
import { shellSources } from '../image/shell-source.ts'
import { isInside, isPublicDirectory } from '../plan/paths.ts'
import type { StagePlan } from '../plan/plan.ts'
import { applySed } from '../plan/sed.ts'
import { isInContext, keepsSettings, type PlannedServer, readServers, type ServerSetup } from '../plan/server.ts'
import type { BaseConfigFile, ServerUser } from '../services/server.ts'
import { applyConfigEdits, type ConfigEdit } from '../services/server-config.ts'
import type { TransformContext } from '../transform.ts'
import type { Editor } from './editor.ts'

/** What a transform may change: the ports, or everything else. */
export interface ServerParts {
  ports: boolean
  settings: boolean
}

export interface ServerEdits {
  setup: ServerSetup
  /** Name in the build context to new text. */
  context: ReadonlyMap<string, string>
  dockerfile: readonly (ConfigEdit & { message: string })[]
  /** For a `RUN` behind the last step that can bring a configuration. */
  commands: readonly string[]
  movesPort: number | undefined
}

/** Whether the user of the result may write a path, as a configuration writes it. */
export function createIsWritable({ layout }: ServerSetup, { paths, server }: StagePlan): (written: string) => boolean {
  return (written) => {
    const path = resolvePath(layout.workPrefix ?? layout.prefix, written)
    return (
      isPublicDirectory(path) ||
      [...(server?.paths ?? []), ...paths].some((each) => each.kind === 'directory' && isInside(path, each.path))
    )
  }
}

/** What is left to change in the configurations of a stage's servers. */
export function findServerEdits(
  given: Pick<TransformContext, 'dockerfile' | 'image' | 'stagePlan' | 'options'>,
  parts: ServerParts
): ServerEdits[] {
  const { stagePlan, options, dockerfile, image } = given
  const { server: planned } = stagePlan
  if (planned === undefined) return []
  return readServers(dockerfile, image, stagePlan.startUp, options).map((setup) =>
    findEdits(given, setup, planned, parts)
  )
}

function findEdits(
  { dockerfile, image, stagePlan }: Pick<TransformContext, 'dockerfile' | 'image' | 'stagePlan'>,
  setup: ServerSetup,
  planned: PlannedServer,
  parts: ServerParts
): ServerEdits {
  const user: ServerUser = { ...stagePlan.user, accounts: image.final.accounts }
  const isKept = keepsSettings(setup, planned.editsContext)
  const mapping = new Map(
    stagePlan.ports.filter(({ from }) => !planned.fixed.has(from)).map(({ from, to }) => [from, to])
  )
  const isWritable = createIsWritable(setup, stagePlan)
  const inContext = new Map<string, { text: string; edits: ConfigEdit[] }>()
  const inDockerfile: (ConfigEdit & { message: string })[] = []
  const commands: string[] = []
  let movesPort: number | undefined
  for (const each of setup.files) {
    if (isInContext(each) && !planned.editsContext) continue
    const { file, base } = each
    const text = file.text as string
    const ports = !parts.ports
      ? []
      : each.facts.listens.flatMap((listen) => {
          const to = listen.port === undefined ? undefined : mapping.get(listen.port)
          return to === undefined
            ? []
            : [
                {
                  start: listen.start,
                  end: listen.end,
                  text: `${listen.before}${to}${listen.after}`,
                  from: listen.port
                }
              ]
        })
    const settings =
      parts.settings && (each.isRoot ? !isKept : setup.server.editsEveryFile === true)
        ? setup.server.editSettings(text, isWritable, setup.given, user)
        : []
    if (ports.length === 0 && settings.length === 0) continue
    const { origin } = file
    if (origin.kind === 'context') {
      const known = inContext.get(origin.name) ?? { text, edits: [] }
      for (const edit of [...ports, ...settings])
        if (!known.edits.some((other) => other.start === edit.start && other.end === edit.end)) known.edits.push(edit)
      inContext.set(origin.name, known)
      continue
    }
    if (base !== undefined) {
      const moved = [...new Set(ports.map((edit) => edit.from as number))]
      if (moved.length > 0 && base.port !== undefined) {
        movesPort ??= moved[0]
        const expressions = moved.map((from) => base.port?.(from, mapping.get(from) as number) as string)
        // One `sed` does both for a file that holds both.
        if (settings.length > 0 && base.settings !== undefined)
          commands.push(sed([...expressions, ...base.settings], file.path))
        else commands.push(sed(expressions, file.path))
      }
      if (settings.length > 0 && base.settings !== undefined && !(moved.length > 0 && base.port !== undefined))
        commands.push(sed(base.settings, file.path))
      continue
    }
    if (origin.kind === 'dockerfile') {
      const placed = placeInDockerfile(dockerfile, text, [...ports, ...settings], origin)
      if (placed !== undefined) {
        inDockerfile.push(...placed.map((edit) => ({ ...edit, message: `${file.path}: ${describe(parts)}` })))
        continue
      }
    }
    movesPort ??= ports[0]?.from
    // What a RUN made of the base's file may still be the base's own in what we change.
    const own = setup.layout.files.find((known) => known.path === file.path)
    const known =
      own === undefined ? undefined : baseExpressions(own, text, ports, settings, mapping, setup, isWritable, user)
    if (known !== undefined) {
      commands.push(sed(known, file.path))
      continue
    }
    const expressions = sedLines(text, [...ports, ...settings])
    if (expressions.length > 0) commands.push(sed(expressions, file.path))
  }
  const context = new Map<string, string>()
  for (const [name, { text, edits }] of inContext) context.set(name, applyConfigEdits(text, edits))
  return { setup, context, dockerfile: inDockerfile, commands, movesPort }
}

/** The expressions of the layout, when they do on the text as it is all that the edits would do. */
function baseExpressions(
  base: BaseConfigFile,
  text: string,
  ports: readonly { from: number | undefined }[],
  settings: readonly ConfigEdit[],
  mapping: ReadonlyMap<number, number>,
  setup: ServerSetup,
  isWritable: (path: string) => boolean,
  user: ServerUser
): string[] | undefined {
  const moved = [...new Set(ports.map((edit) => edit.from as number))]
  if (moved.length > 0 && base.port === undefined) return undefined
  if (settings.length > 0 && base.settings === undefined) return undefined
  const expressions = [
    ...moved.map((from) => base.port?.(from, mapping.get(from) as number) as string),
    ...(settings.length > 0 ? (base.settings ?? []) : [])
  ]
  let after: string | undefined = text
  for (const expression of expressions)
    after = after === undefined ? undefined : applySed(after, [expression], base.path)
  if (after === undefined) return undefined
  const left = setup.server.read(after, settings.length > 0 ? 'main' : 'http')
  const hasPort = left?.listens.some(({ port }) => port !== undefined && moved.includes(port)) ?? true
  const hasSettings = settings.length > 0 && setup.server.editSettings(after, isWritable, setup.given, user).length > 0
  return hasPort || hasSettings ? undefined : expressions
}

const describe = ({ ports }: ServerParts): string => (ports ? 'high port' : 'pid file and user')

/** Edits as places of the Dockerfile, when its text is the file's, letter by letter. */
function placeInDockerfile(
  dockerfile: Dockerfile,
  text: string,
  edits: readonly ConfigEdit[],
  { toSource, isOneLine }: { toSource: (offset: number) => number; isOneLine: boolean }
): ConfigEdit[] | undefined {
  const placed: ConfigEdit[] = []
  for (const edit of edits) {
    const start = toSource(edit.start)
    const end = edit.end === edit.start ? start : toSource(edit.end - 1) + 1
    if (dockerfile.text.slice(start, end) !== text.slice(edit.start, edit.end)) return undefined
    // Inside the word of an `echo` a line feed would end the instruction.
    placed.push({ start, end, text: isOneLine ? edit.text.replaceAll(/\s*\r?\n\s*/g, ' ') : edit.text })
  }
  return placed
}

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

const sed = (expressions: readonly string[], path: string): string =>
  expressions.length === 1
    ? `sed -i ${quote(expressions[0] as string)} ${path}`
    : `sed -i ${expressions.map((each) => `-e ${quote(each)}`).join(' ')} ${path}`

/** The edits as `sed` expressions that name the whole old line. */
function sedLines(text: string, edits: readonly ConfigEdit[]): string[] {
  const expressions = new Set<string>()
  for (const edit of [...edits].sort((a, b) => a.start - b.start)) {
    const from = text.lastIndexOf('\n', edit.start - 1) + 1
    const next = text.indexOf('\n', Math.max(edit.end - 1, edit.start))
    const to = next === -1 ? text.length : next
    const line = text.slice(from, to)
    const isRemoval = edit.text === '' && edit.start <= from && edit.end >= to
    if (isRemoval) {
      expressions.add(`/^${escapePattern(line.trim())}/d`)
      continue
    }
    const inserted = /^(.*)\r?\n$/.exec(edit.text)?.[1]
    if (edit.start === edit.end && inserted !== undefined) {
      expressions.add(`1i ${inserted}`)
      continue
    }
    if (edit.text.includes('\n') && edit.start === edit.end) {
      const added = edit.text.replaceAll(/\r?\n/g, '\\n')
      expressions.add(`s,${escapePattern(line.trim())},&${added.replaceAll(',', '\\,')},`)
      continue
    }
    const changed = line.slice(0, edit.start - from) + edit.text + line.slice(edit.end - from)
    expressions.add(`s,${escapePattern(line.trim())},${changed.trim().replaceAll(/[\\&,]/g, '\\$&')},`)
  }
  return [...expressions]
}

const escapePattern = (text: string): string => text.replaceAll(/[\\.*[\]^$,]/g, '\\$&')

/** The `RUN` that this run has put behind the last step. */
function findOwnRun(stage: Stage, setups: readonly ServerSetup[]): Instruction | undefined {
  const last = stage.instructions.findLast(({ keyword }) => isStep(keyword))
  if (last?.keyword !== 'RUN' || last.json !== undefined || last.heredocs.length > 0) return undefined
  const commands = shellSources(last).flatMap((source) => source.script.commands)
  const isOurs =
    commands.length > 0 &&
    commands.every(
      ({ name, args }) =>
        name === 'sed' &&
        args[0]?.value === '-i' &&
        setups.some(({ files }) => files.some(({ file }) => file.path === args.at(-1)?.value))
    )
  return isOurs ? last : undefined
}

const isStep = (keyword: string): boolean => keyword === 'RUN' || keyword === 'COPY' || keyword === 'ADD'

/** Adds a `RUN` behind the last step of a stage, or joins the one that `remap-ports` has put there. */
export function addServerRun(
  { edit, image, stage }: { edit: Editor; image: TransformContext['image']; stage: Stage },
  setups: readonly ServerSetup[],
  commands: readonly string[],
  comment: string | undefined,
  message: string
): void {
  const own = findOwnRun(stage, setups)
  if (own !== undefined) {
    edit.appendCommands(own, commands, message)
    return
  }
  const last = stage.instructions.findLastIndex(({ keyword }) => isStep(keyword))
  const before = stage.instructions[last + 1]
  const state = before === undefined ? image.final : stateBefore(image, before)
  const run = `${comment === undefined ? '' : `# ${comment}\n`}${edit.formatRun(commands)}`
  const isRoot = state.user === undefined || state.user === '' || isRootUser(state.user)
  const text = isRoot
    ? run
    : `${edit.keyword('USER')} root\n${run}\n${edit.keyword('USER')} ${state.userInstruction?.argumentText ?? state.user}`
  const previous = stage.instructions[last]
  if (previous !== undefined) edit.insertAfter(previous, text, message)
  else if (before !== undefined) edit.insertBefore(before, text, message)
  else edit.insertAfter(stage.from, text, message)
}

/** The comment that `remap-ports` has put above the `RUN` of its own. */
export function findOwnComment(
  dockerfile: Dockerfile,
  stage: Stage,
  setups: readonly ServerSetup[],
  comment: string
): { start: number; end: number } | undefined {
  const own = findOwnRun(stage, setups)
  if (own === undefined || positionOf(stage, own) === -1) return undefined
  const end = dockerfile.text.lastIndexOf('\n', own.start - 1)
  const line = dockerfile.text.slice(dockerfile.text.lastIndexOf('\n', end - 1) + 1, end)
  const start = end - line.length
  return line.trim() === `# ${comment}` ? { start, end: start + line.trimEnd().length } : undefined
}

/** Text behind `uid` in comments: the number, or the account's name. */
export const userLabel = (plan: StagePlan): string => String(plan.user.uid ?? plan.user.name ?? plan.user.text)
