/**
 * The configuration files of a server as they stand in the finished image: brought by the base image, by `COPY`, written
 * and changed by `RUN`. What cannot be known is said, never guessed at.
 */
import type { Dockerfile, Stage } from '../dockerfile/dockerfile.ts'
import type { Instruction } from '../dockerfile/instruction.ts'
import { createSubstitute, readImage, resolvePath, type StageImage, stateBefore } from '../image/image.ts'
import { type ShellSource, shellSources } from '../image/shell-source.ts'
import type { ServerLayout } from '../services/server.ts'
import type { ShellCommand } from '../shell/commands.ts'
import type { RewriteOptions } from '../types.ts'
import { readCopies } from './copies.ts'
import { baseName, isInside, parentDirectory } from './paths.ts'
import { applySed } from './sed.ts'

export type ConfigOrigin =
  | { kind: 'base' }
  /** A file of the build context. */
  | { kind: 'context'; name: string }
  /** Text in the Dockerfile; `toSource` gives the place of an offset. */
  | { kind: 'dockerfile'; isOneLine: boolean; toSource: (offset: number) => number }
  /** Known, but written nowhere as it is. */
  | { kind: 'changed' }
  | { kind: 'unread'; why: string }

export interface ConfigFile {
  path: string
  /** Undefined: not known. */
  text: string | undefined
  link: string | undefined
  origin: ConfigOrigin
  instruction: Instruction | undefined
  /** Base files: what a `RUN` did to it leaves our own `sed` valid. */
  isTouched: boolean
}

export interface ConfigFiles {
  /** The file at a path, links followed. */
  get(path: string): ConfigFile | undefined
  /** Paths that a glob of the server matches, in order. */
  match(glob: string): string[]
  /** The paths of a list that a glob matches. */
  matching(glob: string, paths: readonly string[]): string[]
  /** Every known file below a directory. */
  below(directory: string): string[]
  /** Why the files of a directory are not all known. */
  doubt(directory: string): { why: string; instruction: Instruction } | undefined
}

/** Commands that leave the text of a configuration file as it is. */
const harmless = new Set(
  'mkdir chown chmod chgrp ls cat test [ [[ grep egrep stat nginx openresty httpd apache2 apachectl apache2ctl caddy haproxy lighttpd lighty-enable-mod lighttpd-enable-mod lighty-disable-mod varnishd traefik setcap getcap true cd echo printf head tail diff set export a2enmod a2dismod'.split(
    ' '
  )
)

/** `*`, `?` and `[...]`; a star stops at `/`. What is no pattern (`[z-a]`, an open bracket) matches nothing. */
const globToRegExp = (glob: string): RegExp => {
  const source = glob
    .replaceAll(/[.+^${}()|\\]/g, '\\$&')
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]')
    .replaceAll('[!', '[^')
  try {
    return new RegExp(`^${source}$`)
  } catch {
    return /(?!)/
  }
}

interface Simulation {
  dockerfile: Dockerfile
  options: RewriteOptions
  roots: readonly string[]
  /** Paths outside the roots that a command read from. */
  wanted: Set<string>
  depth: number
}

/**
 * Follows the files below `roots` through the stages of an image.
 *
 * @param layout what the base image or the package brings
 */
export function readConfigFiles(
  dockerfile: Dockerfile,
  image: StageImage,
  layout: Pick<ServerLayout, 'files' | 'directories'>,
  roots: readonly string[],
  options: RewriteOptions,
  depth = 0
): ConfigFiles {
  const wanted = new Set<string>()
  let all = [...new Set(roots)]
  for (let round = 0; ; round++) {
    const run: Simulation = { dockerfile, options, roots: all, wanted, depth }
    const state = simulate(run, image, layout)
    const more = [...wanted].filter((path) => !all.some((root) => isInside(path, root)))
    if (more.length === 0 || round === 3) return state
    all = [...all, ...more]
  }
}

interface Brought {
  name: string
  /** Below the destination; '' for the destination itself. */
  target: string
  text: string | undefined
}

function simulate(
  run: Simulation,
  image: StageImage,
  layout: Pick<ServerLayout, 'files' | 'directories'>
): ConfigFiles {
  const files = new Map<string, ConfigFile>()
  const directories = new Set(layout.directories)
  const doubts = new Map<string, { why: string; instruction: Instruction }>()
  for (const { path, text, link } of layout.files)
    files.set(path, { path, text, link, origin: { kind: 'base' }, instruction: undefined, isTouched: false })
  const isWatched = (path: string) => run.roots.some((root) => isInside(path, root))
  const isAbove = (path: string) => run.roots.some((root) => isInside(root, path))

  const put = (path: string, text: string | undefined, origin: ConfigOrigin, instruction: Instruction) => {
    directories.add(parentDirectory(path))
    // Written through a link.
    const target = files.get(path)?.link
    const real = target === undefined ? path : target
    files.set(real, { path: real, text, link: undefined, origin, instruction, isTouched: false })
  }
  const unread = (path: string, why: string, instruction: Instruction) =>
    put(path, undefined, { kind: 'unread', why }, instruction)
  const doubtful = (directory: string, why: string, instruction: Instruction) => {
    for (const root of run.roots)
      if (isInside(root, directory)) doubts.set(root, { why, instruction })
      else if (isInside(directory, root)) doubts.set(directory, { why, instruction })
  }
  const remove = (pattern: string) => {
    const expression = globToRegExp(pattern)
    for (const path of [...files.keys()])
      if (expression.test(path) || isInside(path, pattern)) {
        files.delete(path)
      } else if (/[*?[]/.test(pattern)) {
        for (let above = parentDirectory(path); above !== '/'; above = parentDirectory(above))
          if (expression.test(above)) files.delete(path)
      }
  }

  function applyCopy(instruction: Instruction, copy: ReturnType<typeof readCopies>[number]): void {
    const { destination, from } = copy
    if (copy.isUnresolved) return
    if (!isWatched(destination) && !isAbove(destination)) return
    const isDirectory =
      copy.isDirectory || directories.has(destination) || (isAbove(destination) && !isWatched(destination))
    for (const heredoc of instruction.heredocs) {
      const path = isDirectory ? `${destination}/${heredoc.name}` : destination
      const text = instruction.heredocBody(heredoc)
      if (isWatched(path))
        put(
          path,
          text,
          { kind: 'dockerfile', isOneLine: false, toSource: (offset) => heredoc.bodyStart + offset },
          instruction
        )
    }
    const joined = (name: string) => `${destination === '/' ? '' : destination}/${name}`
    for (const source of copy.sources) {
      if (/^(?:https?|git|ssh):|^git@/.test(source)) {
        if (isDirectory) doubtful(destination, 'it is downloaded', instruction)
        else unread(destination, 'it is downloaded', instruction)
        continue
      }
      if (instruction.keyword === 'ADD' && /\.(?:tar|tgz|tar\.\w+|txz|tbz2?)$/.test(source)) {
        doubtful(destination, 'it comes from an archive', instruction)
        continue
      }
      if (from !== undefined) {
        copyFromStage(instruction, from, source, destination, isDirectory)
        continue
      }
      const brought = findInContext(source, isDirectory, destination)
      for (const { name, target, text } of brought ?? []) {
        const path = target === '' ? destination : joined(target)
        if (!isWatched(path)) continue
        if (text === undefined) unread(path, missing(), instruction)
        else put(path, text, { kind: 'context', name }, instruction)
      }
      if (brought === undefined) {
        // A file by its name, or a folder of which nothing is known.
        const name = baseName(source)
        const path = isDirectory ? joined(name) : destination
        const isFile = /\.\w+$/.test(name) || (!isDirectory && !directories.has(destination))
        if (!isFile) doubtful(destination, missing(), instruction)
        else if (isWatched(path)) unread(path, missing(), instruction)
      }
    }
  }

  const missing = () =>
    run.options.readContext === undefined ? 'only the Dockerfile was given' : 'it is not in the build context'

  /** What a source of the build context brings, named from the destination on; undefined: nobody knows. */
  function findInContext(source: string, isDirectory: boolean, destination: string): Brought[] | undefined {
    const { readContext, listContext } = run.options
    if (readContext === undefined) return undefined
    const clean = resolvePath('/', source).slice(1)
    if (/[*?[]/.test(clean))
      return listContext === undefined ? undefined : findByPattern(clean, readContext, listContext)
    const text = clean === '' ? undefined : readContext(clean)
    if (text !== undefined) return [{ name: clean, target: isDirectory ? baseName(clean) : '', text }]
    // A folder: of a tree that lands above the watched places, only what lands in them is looked at.
    const below = run.roots
      .filter((root) => root !== destination && isInside(root, destination))
      .map((root) => root.slice(destination === '/' ? 1 : destination.length + 1))
    const brought: Brought[] = []
    let isFolder = clean === ''
    for (const part of isWatched(destination) ? [''] : below) {
      const name = [clean, part].filter((each) => each !== '').join('/')
      const single = part === '' ? undefined : readContext(name)
      if (single !== undefined) {
        brought.push({ name, target: part, text: single })
        continue
      }
      if (listContext === undefined) continue
      const list = listContext(name)
      if (list.length > 0 || (part !== '' && listContext(clean).length > 0)) isFolder = true
      for (const file of list)
        brought.push({
          name: file,
          target: clean === '' ? file : file.slice(clean.length + 1),
          text: readContext(file)
        })
    }
    return brought.length > 0 || (isFolder && listContext !== undefined) ? brought : undefined
  }

  function findByPattern(
    pattern: string,
    readContext: (name: string) => string | undefined,
    listContext: (folder: string) => readonly string[]
  ): Brought[] {
    const folder = pattern
      .slice(0, pattern.search(/[*?[]/))
      .replace(/[^/]*$/, '')
      .replace(/\/$/, '')
    const expression = globToRegExp(pattern)
    return listContext(folder).flatMap((name) => {
      const parts = name.split('/')
      const length = parts.findIndex((_, index) => expression.test(parts.slice(0, index + 1).join('/'))) + 1
      if (length === 0) return []
      // A folder that matches is copied with what is in it.
      const target = length === parts.length ? baseName(name) : parts.slice(length).join('/')
      return [{ name, target, text: readContext(name) }]
    })
  }

  function copyFromStage(
    instruction: Instruction,
    from: string,
    source: string,
    destination: string,
    isDirectory: boolean
  ): void {
    const stage = findStage(run.dockerfile, from, stageIndexOf(run.dockerfile, instruction))
    const name = baseName(source)
    const target = isDirectory && name !== '' && /\.\w+$/.test(name) ? `${destination}/${name}` : destination
    const why = `it comes from ${stage === undefined ? from : `the stage ${from}`}`
    if (stage !== undefined && run.depth < 3) {
      const place = resolvePath('/', source)
      const image = readImage(run.dockerfile, stage)
      const inner = readConfigFiles(
        run.dockerfile,
        image,
        { files: [], directories: [] },
        [place],
        run.options,
        run.depth + 1
      )
      const file = inner.get(place)
      if (file !== undefined && inner.doubt(place) === undefined) {
        const path = isDirectory ? `${destination}/${name}` : destination
        if (!isWatched(path)) return
        if (file.text === undefined) unread(path, why, instruction)
        else put(path, file.text, file.origin, instruction)
        return
      }
      const names = inner.match(`${place}/*`)
      if (names.length > 0 && inner.doubt(place) === undefined) {
        for (const each of names) {
          const path = `${destination}${each.slice(place.length)}`
          const known = inner.get(each)
          if (known !== undefined && isWatched(path)) put(path, known.text, known.origin, instruction)
        }
        return
      }
    }
    if (isWatched(target) && (target !== destination || !isDirectory) && !directories.has(target))
      unread(target, why, instruction)
    // A tree that lands above (`COPY --from=build /out /`) seldom holds a configuration; one that lands here does.
    else if (isWatched(destination)) doubtful(destination, why, instruction)
    else if (destination === '/etc') doubtful(destination, why, instruction)
  }

  function applyCommand(
    command: ShellCommand,
    source: ShellSource,
    instruction: Instruction,
    substitute: (text: string) => string | undefined,
    scope: { directory: string }
  ): void {
    const value = (word: { value: string; isStatic: boolean }): string | undefined => {
      if (word.isStatic) return word.value
      if (/[*?[]/.test(word.value) && !/[$`]/.test(word.value)) return word.value
      return substitute(word.value)
    }
    const name = baseName(command.name)
    const { directory } = scope
    if (name === 'cd') {
      const target = command.args[0] === undefined ? undefined : value(command.args[0])
      if (target !== undefined) scope.directory = resolvePath(directory, target)
      return
    }
    const line = `line ${instruction.startLine}`
    // Redirections write, whatever the command is.
    for (const { operator, target } of command.redirects) {
      if (!/^(?:\d?|&)>/.test(operator)) continue
      const place = value(target)
      if (place === undefined || /^(?:&|\d+$)/.test(place)) continue
      const path = resolvePath(directory, place)
      if (!isWatched(path)) continue
      const printed = command.isConditional ? undefined : printedText(command, name)
      const isAppended = operator.endsWith('>>')
      const before = isAppended ? follow(path) : undefined
      const written = inDockerfile(command, source, name)
      if (printed === undefined || (isAppended && before?.text === undefined && before !== undefined))
        unread(path, `${line} writes it`, instruction)
      else if (isAppended && before !== undefined) {
        // What the base brings keeps its own edits; only what is added is looked at.
        files.set(before.path, {
          ...before,
          text: `${before.text}${printed}`,
          origin: before.origin.kind === 'base' ? before.origin : { kind: 'changed' },
          isTouched: true
        })
      } else put(path, printed, written ?? { kind: 'changed' }, instruction)
      return
    }
    const words = command.args.map((word) => ({ word, text: value(word) }))
    const paths = words.flatMap(({ text }) =>
      text === undefined || text === '' || text.startsWith('-') ? [] : [resolvePath(directory, text)]
    )
    const touched = paths.filter(
      (path) => isWatched(path) || (/[*?[]/.test(path) && run.roots.some((root) => path.startsWith(`${root}/`)))
    )
    switch (name) {
      case 'rm':
      case 'unlink':
      case 'rmdir':
        for (const path of paths)
          if (isWatched(path) || isAbove(path) || /[*?[]/.test(path)) {
            if (command.isConditional && files.has(path)) continue
            remove(path)
          }
        return
      case 'mv':
      case 'cp':
      case 'ln':
      case 'install': {
        const target = paths.at(-1)
        const sources = paths.slice(0, -1)
        if (target === undefined || sources.length === 0) return
        if (name === 'mv' && !isWatched(target)) for (const path of sources) remove(path)
        if (!isWatched(target)) return
        for (const [index, path] of sources.entries()) {
          const to = directories.has(target) || sources.length > 1 ? `${target}/${baseName(path)}` : target
          if (name === 'ln') {
            const written = words.filter(({ text }) => text !== undefined && !text.startsWith('-'))[index]?.text ?? path
            const link = resolvePath(parentDirectory(to), written)
            files.set(to, {
              path: to,
              text: undefined,
              link,
              origin: { kind: 'changed' },
              instruction,
              isTouched: true
            })
            if (!isWatched(link)) run.wanted.add(link)
            continue
          }
          if (!isWatched(path)) run.wanted.add(path)
          const known = follow(path)
          if (known === undefined || known.text === undefined || command.isConditional) {
            const isTree = words.some(({ text }) => /^-[a-zA-Z]*[rRa]/.test(text ?? ''))
            if (/[*?[]/.test(path) || isTree)
              doubtful(directories.has(target) ? target : parentDirectory(to), `${line} copies to it`, instruction)
            else unread(to, `${line} copies it there`, instruction)
          } else put(to, known.text, known.origin.kind === 'base' ? { kind: 'changed' } : known.origin, instruction)
          if (name === 'mv') remove(path)
        }
        return
      }
      case 'a2ensite':
      case 'a2enconf':
      case 'a2dissite':
      case 'a2disconf': {
        const kind = name.endsWith('site') ? 'sites' : 'conf'
        for (const { text } of words) {
          if (text === undefined || text.startsWith('-')) continue
          const file = `${text.replace(/\.conf$/, '')}.conf`
          const to = `/etc/apache2/${kind}-enabled/${file}`
          if (name.startsWith('a2dis')) remove(to)
          else
            files.set(to, {
              path: to,
              text: undefined,
              link: `/etc/apache2/${kind}-available/${file}`,
              origin: { kind: 'changed' },
              instruction,
              isTouched: true
            })
        }
        return
      }
      case 'sed': {
        const isInPlace = words.some(({ text }) => /^-[a-zA-Z]*i|^--in-place/.test(text ?? ''))
        if (!isInPlace) return
        for (const path of touched.flatMap((each) => (/[*?[]/.test(each) ? matchAll(each) : [each]))) {
          const file = follow(path)
          if (file === undefined) continue
          const after =
            file.text === undefined || command.isConditional
              ? undefined
              : applySed(
                  file.text,
                  words.map(({ text }) => text),
                  path
                )
          if (after === file.text && after !== undefined) continue
          if (after === undefined) unread(file.path, `${line} changes it`, instruction)
          else files.set(file.path, { ...file, text: after, origin: { kind: 'changed' }, instruction, isTouched: true })
        }
        return
      }
      case 'tee': {
        for (const path of touched) unread(path, `${line} writes it`, instruction)
        return
      }
      default: {
        if (harmless.has(name) || touched.length === 0) return
        for (const path of touched) {
          const file = follow(path)
          if (file !== undefined) unread(file.path, `${line} changes it`, instruction)
          else if (directories.has(path) || /^(?:tar|unzip|git|find|rsync|svn|bsdtar)$/.test(name))
            doubtful(path, `${line} fills it`, instruction)
          else unread(path, `${line} writes it`, instruction)
        }
      }
    }
  }

  function follow(path: string): ConfigFile | undefined {
    let at = path
    for (let hops = 0; hops < 5; hops++) {
      const file = files.get(at)
      if (file?.link === undefined) return file
      at = file.link
    }
    return undefined
  }
  const matching = (glob: string, paths: readonly string[]): string[] => {
    const expression = globToRegExp(glob)
    return paths.filter((path) => expression.test(path)).sort()
  }
  const matchAll = (glob: string): string[] => matching(glob, [...files.keys()])
  for (const stage of image.lineage) {
    const own = readImage(run.dockerfile, stage)
    const copies = new Map(readCopies(run.dockerfile, [stage]).map((copy) => [copy.instruction, copy]))
    for (const instruction of stage.instructions) {
      if (instruction.keyword === 'COPY' || instruction.keyword === 'ADD') {
        const copy = copies.get(instruction)
        if (copy !== undefined) applyCopy(instruction, copy)
      } else if (instruction.keyword === 'RUN') {
        const state = stateBefore(own, instruction)
        const substitute = createSubstitute(state)
        const scope = { directory: state.workdir }
        for (const source of shellSources(instruction))
          for (const command of source.script.commands) applyCommand(command, source, instruction, substitute, scope)
      }
    }
  }

  return {
    get: follow,
    match: matchAll,
    matching,
    below: (directory) => [...files.keys()].filter((path) => isInside(path, directory)),
    doubt: (directory) => {
      for (const [place, doubt] of doubts) if (isInside(directory, place) || isInside(place, directory)) return doubt
      return undefined
    }
  }
}

/** The stage that `--from` names: by number or name, an earlier one. */
function findStage(dockerfile: Dockerfile, name: string, before: number): Stage | undefined {
  const earlier = dockerfile.stages.slice(0, Math.max(before, 0))
  return /^\d+$/.test(name) ? earlier[Number(name)] : earlier.findLast((stage) => stage.name === name.toLowerCase())
}

const stageIndexOf = (dockerfile: Dockerfile, instruction: Instruction): number =>
  dockerfile.stages.findLastIndex((stage: Stage) => stage.from.index < instruction.index)

/** The text that `echo`, `printf` and `cat <<EOF` print; undefined where it is not known. */
function printedText(command: ShellCommand, name: string): string | undefined {
  if (command.heredocBody !== undefined && name === 'cat' && command.args.length === 0) return command.heredocBody
  if (name !== 'echo' && name !== 'printf') return undefined
  const words = command.args.map((word) => word.value)
  const flags = words.filter((word, index) => index === 0 && /^-[neE]+$/.test(word))
  const rest = words.slice(flags.length)
  if (name === 'printf' && (rest.length !== 1 || /%[^%]/.test(rest[0] ?? ''))) {
    if (rest.length === 2 && /^%s(?:\\n)?$/.test(rest[0] ?? '')) return `${rest[1]}\n`
    return undefined
  }
  // dash's echo, and bash's with -e, know \n and \t.
  const text = rest.join(' ').replaceAll('\\n', '\n').replaceAll('\\t', '\t')
  return name === 'echo' && !flags.some((flag) => flag.includes('n')) ? `${text}\n` : text
}

/** Where printed text stands in the Dockerfile, if it stands there letter by letter. */
function inDockerfile(command: ShellCommand, source: ShellSource, name: string): ConfigOrigin | undefined {
  const written = source.text.slice(command.start, command.end)
  const body = name === 'cat' ? command.heredocBody : command.args.at(-1)?.value
  if (body === undefined) return undefined
  const at = name === 'cat' ? source.text.indexOf(body, command.start) : written.indexOf(body) + command.start
  if (at < command.start || source.text.slice(at, at + body.length) !== body || /\\[nt]/.test(body)) return undefined
  return { kind: 'dockerfile', isOneLine: name !== 'cat', toSource: (offset) => source.toSource(at + offset) }
}
