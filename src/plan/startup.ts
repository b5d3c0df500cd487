/**
 * What the container starts: the programs behind `ENTRYPOINT` and `CMD`, through wrappers, shell text and scripts
 * of the build context.
 */
import { createLocator, type Dockerfile } from '../dockerfile/dockerfile.ts'
import type { Instruction } from '../dockerfile/instruction.ts'
import { type CommandLine, createSubstitute, resolvePath, type StageImage } from '../image/image.ts'
import { shellSources } from '../image/shell-source.ts'
import { findOptionsProgram } from '../services/readable-servers.ts'
import { findRootProgram } from '../services/root-programs.ts'
import { findServerByProgram } from '../services/servers.ts'
import { type Guard, readShell, type ShellCommand, type ShellScript } from '../shell/commands.ts'
import type { RewriteOptions } from '../types.ts'
import { type Copy, findOrigin, type Origin } from './copies.ts'
import { stepDownTools } from './hazards/drops-privileges.ts'
import { baseName } from './paths.ts'
import { findMadeByRun } from './run-scripts.ts'
import { readFlow } from './script-flow.ts'
import { readSupervised } from './supervised.ts'

export interface StartedProgram {
  /** Last part of the path. */
  name: string
  /** As written. */
  word: string
  args: readonly string[]
  guard: Guard
  isConditional: boolean
  /** `ENTRYPOINT`, `CMD` or `entrypoint.sh line 12`. */
  place: string
  instruction: Instruction | undefined
}

export interface StartScript {
  /** In the image. */
  path: string
  /** In the build context; undefined for heredocs. */
  contextPath: string | undefined
  /** The heredoc or file text; undefined when it could not be read. */
  text: string | undefined
  commands: readonly ShellCommand[]
  /** Why it could not be read. */
  unread: string | undefined
  copy: Copy | undefined
}

export interface StartCommand {
  command: ShellCommand
  /** `CMD` or `entrypoint.sh line 12`. */
  place: string
  instruction: Instruction | undefined
  /** Where it runs; undefined when the files do not tell. */
  directory: string | undefined
}

export interface StartUp {
  programs: readonly StartedProgram[]
  scripts: readonly StartScript[]
  /** Every command that runs at the start, with where it stands; those of scripts included. */
  commands: readonly StartCommand[]
  /** Where supervisord starts its programs. */
  directories: readonly string[]
  /** What the scripts assign, as far as the files tell. */
  variables: ReadonlyMap<string, string>
  entrypoint: CommandLine | undefined
  command: CommandLine | undefined
  /** Neither the Dockerfile nor what is known of its base says what runs. */
  isUnknown: boolean
}

// Programs that run another one: how many of their own arguments come first is told by `skipsValue`.
const wrappers = new Map<string, { valueFlags: ReadonlySet<string>; positional?: number }>(
  Object.entries({
    tini: { valueFlags: new Set(['-p', '-e']) },
    'tini-static': { valueFlags: new Set(['-p', '-e']) },
    'dumb-init': { valueFlags: new Set(['-r', '--rewrite']) },
    catatonit: { valueFlags: new Set([]) },
    env: { valueFlags: new Set(['-u', '-C', '-S']) },
    // source: kentcdodds/cross-env README
    'cross-env': { valueFlags: new Set([]) },
    'cross-env-shell': { valueFlags: new Set([]) },
    exec: { valueFlags: new Set(['-a']) },
    nohup: { valueFlags: new Set([]) },
    command: { valueFlags: new Set([]) },
    nice: { valueFlags: new Set(['-n']) },
    ionice: { valueFlags: new Set(['-c', '-n']) },
    setsid: { valueFlags: new Set([]) },
    stdbuf: { valueFlags: new Set(['-o', '-i', '-e']) },
    timeout: { valueFlags: new Set(['-s', '-k']), positional: 1 },
    time: { valueFlags: new Set([]) },
    'xvfb-run': { valueFlags: new Set(['-s', '-n', '-e']) },
    'wait-for-it': { valueFlags: new Set(['-h', '-p', '-t']), positional: 1 },
    'wait-for-it.sh': { valueFlags: new Set(['-h', '-p', '-t']), positional: 1 },
    'dbus-run-session': { valueFlags: new Set([]) },
    dockerize: {
      valueFlags: new Set(
        [
          'template',
          'stdout',
          'stderr',
          'wait',
          'timeout',
          'wait-retry-interval',
          'wait-http-header',
          'poll',
          'delims',
          'env'
        ].flatMap((name) => [`-${name}`, `--${name}`])
      )
    },
    catchsegv: { valueFlags: new Set([]) }
  })
)

const shellName = /^(ba|da|a|z|k|mk)?sh$/

/** By its name a script: `*.sh`, `*.bash` or `*entrypoint*`. */
const isScriptName = (word: string): boolean =>
  /\.(sh|bash|ash|ksh)$/.test(word) ||
  (/entrypoint/i.test(baseName(word)) && !/\.(js|mjs|cjs|ts|py|rb|php|pl|dll|jar)$/.test(word))

/** Words behind wrappers such as `tini --`. */
export function unwrap(words: readonly string[]): readonly string[] {
  let rest = words
  for (let depth = 0; depth < 6; depth++) {
    const wrapper = wrappers.get(baseName(rest[0] ?? ''))
    if (wrapper === undefined) return rest
    let index = 1
    let positional = wrapper.positional ?? 0
    for (; index < rest.length; index++) {
      const word = rest[index] as string
      if (word === '--') {
        index++
        positional = 0
        break
      }
      if (/^[A-Za-z_]\w*=/.test(word) && /^(?:env|cross-env(?:-shell)?)$/.test(baseName(rest[0] as string))) continue
      if (word.startsWith('-')) {
        if (wrapper.valueFlags.has(word)) index++
        continue
      }
      if (positional-- > 0) continue
      break
    }
    if (index >= rest.length) return rest.slice(index)
    rest = rest.slice(index)
  }
  return rest
}

/** The place of what `npm run` starts. */
const packageScript = (path: string, script: string): string => `${path} script "${script}"`

export function readPackageScript(text: string, name: string): string | undefined {
  try {
    const { scripts } = JSON.parse(text) as { scripts?: Record<string, unknown> }
    const script = scripts?.[name]
    return typeof script === 'string' ? script : undefined
  } catch {
    return undefined
  }
}

/** Options before a path by which npm, yarn and pnpm work elsewhere. source: docs.npmjs.com workspaces, pnpm.io pnpm-cli */
const elsewhere: Record<string, RegExp> = {
  npm: /^(?:-w|--workspace|--prefix)$/,
  yarn: /^--cwd$/,
  pnpm: /^(?:-C|--dir)$/,
  bun: /^--cwd$/
}

/** The script of package.json that `npm run build -w apps/web` runs, and in which directory. */
export function readPackageCall(
  tool: string,
  args: readonly string[],
  directory: string
): { script: string; directory: string } | undefined {
  const flag = elsewhere[tool]
  if (flag === undefined) return undefined
  let at = directory
  const words: string[] = []
  for (let index = 0; index < args.length && args[index] !== '--'; index++) {
    const word = args[index] as string
    const [name, value] = word.split('=', 2) as [string, string | undefined]
    if (flag.test(name)) at = resolvePath(directory, value ?? args[++index] ?? '')
    else if (!word.startsWith('-')) words.push(word)
  }
  const script = words[0] === 'run' || words[0] === 'run-script' ? words[1] : words[0]
  return script === undefined ? undefined : { script, directory: at }
}

const searchPath = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin']

/** Reads how the image starts. `readContext` of the options brings scripts of the build context. */
export function readStartUp(
  dockerfile: Dockerfile,
  image: StageImage,
  copies: readonly Copy[],
  options: RewriteOptions
): StartUp {
  const { readContext } = options
  const { final, base } = image
  const programs: StartedProgram[] = []
  const scripts: StartScript[] = []
  const commands: StartCommand[] = []
  const directories: string[] = []
  /** Words of the scripts read so far: what a library's functions are called by. */
  const callers = new Map<string, Guard>()
  const functions = new Set<string>()
  const variables = new Map<string, string>()
  const substitute = createSubstitute(final, variables)
  const { entrypoint, command } = final
  const seen = new Set<string>()

  /** A file of the context, or one that a `RUN` renamed, linked or wrote. */
  const findScript = (path: string): Origin | { kind: 'run'; text: string } | undefined => {
    const origin = findOrigin(copies, path, readContext)
    if (origin !== undefined && origin.kind !== 'unread') return origin
    const made = findMadeByRun(dockerfile, image, path)
    if (made === undefined) return origin
    if (made.text !== undefined) return { kind: 'run', text: made.text }
    return findOrigin(copies, made.from, readContext) ?? origin
  }

  /** `directory`: where it is started. `argumentsOf`: what is handed to it. */
  const addScript = (
    word: string,
    instruction: Instruction | undefined,
    guard: Guard,
    directory: string | undefined,
    argumentsOf: readonly string[] = [],
    stopsOnError = false
  ): boolean => {
    const here = directory ?? final.workdir
    const paths = word.includes('/')
      ? [resolvePath(here, word)]
      : [...searchPath.map((each) => `${each}/${word}`), resolvePath(here, word)]
    const key = paths[0] as string
    if (seen.has(key)) return true
    let unread: StartScript | undefined
    for (const path of paths) {
      const origin = findScript(path)
      if (origin === undefined) continue
      if (origin.kind === 'context' || origin.kind === 'heredoc' || origin.kind === 'run') {
        seen.add(key)
        const isShell = !/^#!(?!.*\b(ba|da|a|k)?sh\b)/.test(origin.text)
        const script = isShell ? readShell(origin.text) : undefined
        const name = origin.kind === 'context' ? origin.path : baseName(path)
        scripts.push({
          path,
          contextPath: origin.kind === 'context' ? origin.path : undefined,
          text: origin.text,
          commands: script?.commands ?? [],
          unread: isShell ? undefined : 'it is no shell script',
          copy: origin.kind === 'run' ? undefined : origin.copy
        })
        if (script !== undefined) {
          const locator = createLocator(origin.text)
          readAssignments(script.commands)
          for (const { inFunction } of script.commands) if (inFunction !== undefined) functions.add(inFunction)
          const outside = new Map(callers)
          for (const word of argumentsOf) outside.set(word, 'none')
          for (const { name: caller, args, guard: by } of script.commands)
            for (const word of [caller, ...args.map((each) => each.value)])
              callers.set(word, callers.has(word) && callers.get(word) !== by ? 'none' : by)
          const surroundings = { text: origin.text, directory, outside, substitute, stopsOnError }
          for (const { command: inner, directory: at } of readFlow(script, surroundings)) {
            const innerPlace = `${name} line ${locator.position(inner.start).line}`
            const effective = guard === 'none' ? inner : { ...inner, guard }
            commands.push({ command: effective, place: innerPlace, instruction, directory: at })
            addCommand(effective, instruction, innerPlace, at)
          }
        }
        return true
      }
      unread ??= {
        path: word.includes('$') ? word : path,
        contextPath: undefined,
        text: undefined,
        commands: [],
        unread:
          origin.kind === 'stage'
            ? `it comes from ${origin.copy.from}`
            : readContext === undefined
              ? 'only the Dockerfile was given'
              : 'it is not in the build context',
        copy: origin.copy
      }
    }
    if (unread === undefined) return false
    seen.add(key)
    scripts.push(unread)

    return true
  }

  /** `LOG_DIR=/var/log/x`, `export DATA="${DATA:-/data}"`: the first unconditional one counts. */
  const readAssignments = (all: readonly ShellCommand[]) => {
    // In branches: what every assignment agrees on.
    const inBranches = new Map<string, string | undefined>()
    for (const { name, args, assignments, isConditional } of all) {
      const pairs = /^(?:export|readonly|local|declare|typeset)$/.test(name)
        ? args.flatMap((word) => {
            const match = /^(\w+)=(["']?)(.*)\2$/s.exec(word.value)
            return match === null ? [] : [{ name: match[1] as string, text: match[3] as string }]
          })
        : name === ''
          ? assignments.map((each) => ({ name: each.name, text: each.value?.value ?? '' }))
          : name === ':'
            ? args.flatMap((word) => {
                // `: "${DATA_DIR:=/data}"`
                const match = /^\$\{(\w+):?=(.*)\}$/s.exec(word.value)
                return match === null ? [] : [{ name: match[1] as string, text: `\${${match[1]}:-${match[2]}}` }]
              })
            : []
      for (const { name: variable, text } of pairs) {
        if (variables.has(variable)) continue
        const value = substitute(text)
        if (!isConditional) {
          if (value !== undefined) variables.set(variable, value)
        } else
          inBranches.set(variable, inBranches.has(variable) && inBranches.get(variable) !== value ? undefined : value)
      }
    }
    for (const [variable, value] of inBranches)
      if (value !== undefined && value !== '' && !variables.has(variable)) variables.set(variable, value)
  }

  /** How many of the last words of a line come from CMD. */
  let tail = 0
  const addWords = (
    all: readonly string[],
    instruction: Instruction | undefined,
    place: string,
    guard: Guard,
    isConditional: boolean,
    directory: string | undefined
  ): void => {
    const words = unwrap(all)
    const word = words[0]
    if (word === undefined || word === '') return
    if (words.length <= tail && place === 'ENTRYPOINT') {
      addWords(
        words,
        command?.instruction,
        command?.instruction === undefined ? place : 'CMD',
        guard,
        isConditional,
        directory
      )
      return
    }
    const name = baseName(word)
    // Its own Dockerfile has been looked at with the files beside it.
    if (base.builtBy !== undefined && instruction === undefined && isScriptName(word) && !shellName.test(name)) {
      programs.push({ name, word, args: words.slice(1), guard, isConditional, place, instruction })
      return
    }
    if (shellName.test(name)) {
      const at = words.findIndex(
        (candidate, index) => index > 0 && !candidate.startsWith('-') && !candidate.startsWith('+')
      )
      const flags = words.slice(1, at === -1 ? undefined : at)
      if (flags.some((flag) => /^-[a-z]*c$/.test(flag))) {
        const text = words[at]
        if (text !== undefined) addText(readShell(text), text, instruction, place, guard, directory)
        return
      }
      const script = at === -1 ? undefined : words[at]
      if (script !== undefined && !script.startsWith('$')) {
        const rest = words.slice(at + 1)
        if (!addScript(script, instruction, guard, directory, rest)) addUnfound(script)
        addScriptArguments(rest, instruction, place, guard, isConditional, directory)
        return
      }
    }
    const isKnownServer =
      (findServerByProgram(name) ?? findRootProgram(name)) !== undefined && findCopyNamed(name) === undefined
    if (isScriptName(word) && !isKnownServer && !isBaseEntrypoint(word)) {
      const rest = words.slice(1)
      if (!addScript(word, instruction, guard, directory, rest)) addUnfound(word)
      addScriptArguments(rest, instruction, place, guard, isConditional, directory)
      return
    }
    if (isBaseEntrypoint(word) && instruction !== undefined) {
      programs.push({ name, word, args: words.slice(1), guard, isConditional, place, instruction })
      addWords(words.slice(1), instruction, place, guard, isConditional, directory)
      return
    }
    if (addContextScript(word, words.slice(1), instruction, guard, directory)) {
      addScriptArguments(words.slice(1), instruction, place, guard, isConditional, directory)
      return
    }
    programs.push({ name, word, args: words.slice(1), guard, isConditional, place, instruction })
    addPackageScript(name, words.slice(1), instruction, guard, directory ?? final.workdir)
    if (name === 'supervisord' && !seen.has(name)) {
      seen.add(name)
      for (const each of readSupervised(dockerfile, image, words.slice(1), options)) {
        if (each.directory?.startsWith('/')) directories.push(resolvePath('/', each.directory))
        addText(readShell(each.text), each.text, instruction, each.place, guard, each.directory ?? final.workdir)
      }
    }
  }

  /** A program without a script's name may still be one: a file of the context that begins with `#!`. */
  const addContextScript = (
    word: string,
    rest: readonly string[],
    instruction: Instruction | undefined,
    guard: Guard,
    directory: string | undefined
  ): boolean => {
    const name = baseName(word)
    if (readContext === undefined && !copies.some((copy) => copy.instruction.heredocs.length > 0)) return false
    if (/^(?:node|python[\d.]*|java|npm|yarn|php|ruby|dotnet)$/.test(name) || word.includes('$')) return false
    const isNamed = copies.some(
      (copy) =>
        copy.from === undefined &&
        (baseName(copy.destination) === name ||
          copy.sources.some((source) => baseName(source) === name) ||
          (word.includes('/') &&
            copy.destination !== '/' &&
            resolvePath(final.workdir, word).startsWith(`${copy.destination}/`)))
    )
    if (!isNamed) return false
    const paths = word.includes('/')
      ? [resolvePath(final.workdir, word)]
      : searchPath.map((directory) => `${directory}/${word}`)
    const isScript = paths.some((path) => {
      const origin = findOrigin(copies, path, readContext)
      return (origin?.kind === 'context' || origin?.kind === 'heredoc') && /^#!.*\b(?:ba|da|a|k)?sh\b/.test(origin.text)
    })
    return isScript && addScript(word, instruction, guard, directory, rest)
  }

  /** `npm start` runs what package.json says. */
  const addPackageScript = (
    name: string,
    args: readonly string[],
    instruction: Instruction | undefined,
    guard: Guard,
    directory: string
  ): void => {
    const call = readPackageCall(name, args, directory)
    if (call === undefined || readContext === undefined) return
    const path = resolvePath(call.directory, 'package.json')
    if (seen.has(`${path} ${call.script}`)) return
    seen.add(`${path} ${call.script}`)
    const origin = findOrigin(copies, path, readContext)
    if (origin?.kind !== 'context') return
    const text = readPackageScript(origin.text, call.script)
    if (text === undefined) return
    addText(readShell(text), text, instruction, packageScript(origin.path, call.script), guard, call.directory)
  }

  /** Shell text that stands in a command or in package.json. */
  const addText = (
    script: ShellScript,
    text: string,
    instruction: Instruction | undefined,
    place: string,
    guard: Guard,
    directory: string | undefined
  ) => {
    const surroundings = { text, directory, outside: callers, substitute }
    for (const { command: inner, directory: here } of readFlow(script, surroundings)) {
      const effective = guard === 'none' ? inner : { ...inner, guard }
      commands.push({ command: effective, place, instruction, directory: here })
      addCommand(effective, instruction, place, here)
    }
  }

  /** What follows a script is what the script most often runs by `exec "$@"`. */
  const addScriptArguments = (
    words: readonly string[],
    instruction: Instruction | undefined,
    place: string,
    guard: Guard,
    isConditional: boolean,
    directory: string | undefined
  ) => {
    if (words.length > 0 && !words[0]?.startsWith('-'))
      addWords(words, instruction, place, guard, isConditional, directory)
  }

  /** The base image's own entrypoint; `./docker-entrypoint.sh` is somebody else's script of the same name. */
  const isBaseEntrypoint = (word: string): boolean => {
    const known = unwrap(base.image?.entrypoint ?? [])[0]
    if (known === undefined || baseName(known) !== baseName(word)) return false
    const isSamePlace =
      !word.includes('/') ||
      word === known ||
      /^\/(?:usr\/local\/)?(?:usr\/)?s?bin\/[^/]+$/.test(word) ||
      /^\/[^/]+$/.test(word)
    return isSamePlace && findCopyNamed(baseName(word)) === undefined
  }
  const findCopyNamed = (name: string) =>
    copies.find((copy) => copy.sources.some((source) => baseName(source) === name))

  const addUnfound = (word: string) => {
    if (seen.has(word)) return
    seen.add(word)
    scripts.push({
      path: word,
      contextPath: undefined,
      text: undefined,
      commands: [],
      unread: 'no COPY or ADD brings it',
      copy: undefined
    })
  }

  const addCommand = (
    inner: ShellCommand,
    instruction: Instruction | undefined,
    place: string,
    directory: string | undefined
  ) => {
    if (inner.name === '') {
      // `gosu="gosu app"`, put in front of a command later.
      for (const { value: assigned } of inner.assignments) {
        const words = assigned?.value.split(/\s+/) ?? []
        // `${RUNUSER} -u app`: a variable that is called like the tool.
        const tool = baseName(
          (words[0] ?? '').replace(/^\$\{?(\w+)\}?$/, (_, variable: string) => variable.toLowerCase().replace('_', '-'))
        )
        if (words.length > 1 && stepDownTools.has(tool))
          addWords([tool, ...words.slice(1)], instruction, place, inner.guard, inner.isConditional, directory)
      }
      return
    }
    if (functions.has(inner.name)) return
    // `set -- gosu app "$@"`
    if (
      inner.name === 'set' &&
      inner.args[0]?.value === '--' &&
      stepDownTools.has(baseName(inner.args[1]?.value ?? ''))
    ) {
      const words = inner.args.slice(1).map((word) => word.value)
      addWords(words, instruction, place, inner.guard, inner.isConditional, directory)
    }
    // `$gosu /usr/bin/server`
    const [first] = inner.args
    if (
      inner.name.startsWith('$') &&
      first?.isStatic === true &&
      findServerByProgram(baseName(first.value)) !== undefined
    ) {
      const words = inner.args.map((word) => word.value)
      addWords(words, instruction, place, inner.guard, inner.isConditional, directory)
    }
    const value = (text: string, isStatic: boolean) => (isStatic ? text : (substitute(text) ?? text))
    addWords(
      [
        value(inner.name, inner.nameWord?.isStatic ?? true),
        ...inner.args.map((word) => value(word.value, word.isStatic))
      ],
      instruction,
      place,
      inner.guard,
      inner.isConditional,
      directory
    )
    // `. ./env.sh` runs in the same process.
    if ((inner.name === '.' || inner.name === 'source') && inner.args[0] !== undefined)
      addScript(
        value(inner.args[0].value, inner.args[0].isStatic),
        instruction,
        inner.guard,
        directory,
        [],
        inner.stopsOnError
      )
  }

  const addLine = (line: CommandLine, place: string, extra: readonly string[]) => {
    // What CMD brings is said of CMD, not of the ENTRYPOINT that it follows.
    tail = extra.length
    if (line.form === 'exec') addWords([...line.words, ...extra], line.instruction, place, 'none', false, final.workdir)
    tail = 0
    if (line.form === 'exec') return
    if (line.instruction !== undefined)
      for (const source of shellSources(line.instruction))
        addText(source.script, source.text, line.instruction, place, 'none', final.workdir)
  }

  if (entrypoint?.form === 'exec') {
    const own = entrypoint.words
    if (command?.form === 'shell') {
      addLine(entrypoint, 'ENTRYPOINT', [])
      addLine(command, 'CMD', [])
    } else if (entrypoint.instruction === undefined && command !== undefined) {
      addWords(own, undefined, 'the base image’s ENTRYPOINT', 'none', false, final.workdir)
      const program = command.words[0]?.startsWith('-') === true ? findOptionsProgram(base.image?.service) : undefined
      const line = program === undefined ? command : { ...command, words: [program, ...command.words] }
      addLine(line, command.instruction === undefined ? 'the base image’s CMD' : 'CMD', [])
    } else addLine(entrypoint, 'ENTRYPOINT', command?.words ?? [])
  } else if (entrypoint !== undefined) addLine(entrypoint, 'ENTRYPOINT', [])
  else if (command !== undefined)
    addLine(command, command.instruction === undefined ? 'the base image’s CMD' : 'CMD', [])
  // What the base's entrypoint runs before its program. A script that fails ends it.
  const folder = base.image?.startScripts
  if (folder !== undefined && (entrypoint?.instruction === undefined || isBaseEntrypoint(entrypoint.words[0] ?? '')))
    for (const copy of copies) {
      const isThere = copy.destination === folder || copy.destination.startsWith(`${folder}/`)
      if (!isThere) continue
      const names =
        copy.isDirectory || copy.destination === folder ? copy.sources.map(baseName) : [baseName(copy.destination)]
      for (const name of names)
        if (/\.(?:sh|envsh)$/.test(name)) addScript(`${folder}/${name}`, copy.instruction, 'none', final.workdir)
    }
  return {
    programs,
    scripts,
    commands,
    directories,
    variables,
    entrypoint,
    command,
    isUnknown: entrypoint === undefined && command === undefined
  }
}
