/**
 * What the image keeps under `/root`, and where it goes. `/root` has mode 0700: whatever the running process needs of
 * it must stand elsewhere. The same edits are made twice: for the plan, which reads the file as it will be, and by
 * `leave-root-home` on the text of its turn.
 */
import { type Dockerfile, stageOf } from '../dockerfile/dockerfile.ts'
import type { Instruction } from '../dockerfile/instruction.ts'
import type { Editor } from '../edit/editor.ts'
import { isRoot, readImage, type StageImage, stateBefore } from '../image/image.ts'
import { shellSources } from '../image/shell-source.ts'
import { anyHomeInstaller, type HomeInstaller, homeInstallers } from '../services/home-installers.ts'
import type { Copy } from './copies.ts'
import { isInside, isRootHome } from './paths.ts'
import type { StartUp } from './startup.ts'
import type { PlannedUser } from './user.ts'

export interface HomeMove {
  /** Where `/root` goes. */
  to: string
  /** The place that a path has afterwards; itself when it does not move. */
  place(path: string): string
  /** Whether an instruction puts something there, so that the account must be there before. */
  touches(instruction: Instruction): boolean
  /** Volumes under `/root` that move. */
  volumes: readonly string[]
  /** `ENV HOME=/root` is among it. */
  movesHome: boolean
  installers: readonly HomeInstaller[]
  /** Makes the edits on a text, by its own image. */
  apply(edit: Editor, dockerfile: Dockerfile, image: StageImage): void
}

const escapeRegExp = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** Variables in which programs and libraries are looked for. */
export const isSearchPath = (name: string): boolean =>
  /^(?:PATH|LD_LIBRARY_PATH|PYTHONPATH|NODE_PATH|GEM_PATH|CLASSPATH|PKG_CONFIG_PATH|CPATH|LIBRARY_PATH)$/.test(name)

/** `/root/...` as a path of its own, up to the end of the path. */
const rootMention = /(?<=^|[\s"'`=:,(<>&|;[{@]|:-)\/root(?:\/[^\s"'`;|&<>(){}$,:\\*?]*)?(?![\w.@-])/g
/** `~/...`, `$HOME/...`, `${HOME}/...` in shell text. */
const homeMention =
  /(?<=^|[\s"'`=:(<>&|;])(?:~|\$HOME\b|\$\{HOME\})(?:\/[^\s"'`;|&<>(){}$,:\\*?]*)?(?=$|[\s"'`;|&<>(){}$,:*?])/g

/** Comfort of an interactive shell: no process needs it. */
const shellComfort =
  /^\/root\/\.(?:bashrc|bash_profile|bash_aliases|profile|zshrc|vimrc|tmux|inputrc|screenrc|nanorc|vim|oh-my-zsh)(?:[./]|$)/

/** Settings of tools; where a `RUN` uses the tool and the start does not, they serve the build. */
const toolSettings: readonly (readonly [RegExp, RegExp])[] = [
  [/^\/root\/\.(?:npmrc|yarnrc|npm)/, /\b(?:npm|npx|yarn|pnpm)\b/],
  [/^\/root\/\.(?:pip|config\/pip|pypirc)/, /\b(?:pip|python|uv|poetry)/],
  [/^\/root\/\.(?:m2|mvn)/, /\bmvnw?\b/],
  [/^\/root\/\.gradle/, /\bgradlew?\b/],
  [
    /^\/root\/\.(?:ssh|gitconfig|git-credentials)/,
    /\b(?:git|ssh|scp|npm|yarn|pnpm|go|pip|composer|bundle|cargo|mix)\b/
  ],
  [/^\/root\/\.(?:netrc|curlrc|wgetrc)/, /\b(?:curl|wget|git|go|pip)\b/],
  [/^\/root\/\.cargo\/config/, /\bcargo\b/],
  [/^\/root\/\.(?:nuget|config\/NuGet)/i, /\b(?:dotnet|nuget)\b/],
  [/^\/root\/\.(?:composer|config\/composer)/, /\bcomposer\b/],
  [/^\/root\/\.(?:condarc|conda)/, /\bconda|mamba\b/],
  [/^\/root\/\.(?:gemrc|bundle)/, /\b(?:gem|bundle)\b/],
  [/^\/root\/\.bazelrc/, /\bbazel\b/]
]

/** Comfort of a shell, or settings of a tool that only a later `RUN` uses. */
export function servesBuildOnly(copy: Copy, all: readonly Instruction[], startUp: StartUp): boolean {
  const { destination: path, instruction } = copy
  const files = path === '/root' ? copy.sources.map((source) => `/root/${source.split('/').at(-1)}`) : [path]
  if (files.every((file) => shellComfort.test(file))) return true
  const started = startUp.programs.map((program) => [program.word, ...program.args].join(' ')).join('\n')
  return files.every((file) => {
    const tool = toolSettings.find(([place]) => place.test(file))?.[1]
    if (tool === undefined || tool.test(started)) return false
    return all.some((run) => run.keyword === 'RUN' && run.index > instruction.index && tool.test(runText(run)))
  })
}

/** First directory below `/root`; two where the first is everybody's. */
const topOf = (path: string): string => {
  const parts = path.split('/').slice(0, 4)
  return parts.slice(0, /^\.(?:cache|config)$/.test(parts[2] ?? '') && parts[3] !== undefined ? 4 : 3).join('/')
}

const isHidden = (path: string): boolean => path.startsWith('/root/.')

/** The text of a `RUN`, heredocs included. */
const runText = (instruction: Instruction): string =>
  instruction.heredocs.length === 0
    ? instruction.raw.logical
    : [instruction.raw.logical, ...instruction.heredocs.map((heredoc) => instruction.heredocBody(heredoc))].join('\n')

/** A `RUN` behind a `USER`, or by `su`, has another home. */
const isRunByUser = (dockerfile: Dockerfile, image: StageImage, run: Instruction): boolean => {
  if (/\b(?:su|gosu|su-exec|runuser|sudo -u)\s/.test(run.raw.logical)) return true
  const stage = stageOf(image.lineage, run)
  return stage !== undefined && !isRoot(stateBefore(readImage(dockerfile, stage), run))
}

/** The installers whose work in `/root` the running process needs, with the first `RUN` of each. */
export function* findHomeInstallers(
  dockerfile: Dockerfile,
  image: StageImage,
  startUp: StartUp
): Generator<{ installer: HomeInstaller; at: Instruction }> {
  if (!anyHomeInstaller.test(dockerfile.text)) return
  // Nobody knows the home of root, or whether it is root, on an unknown base.
  if (image.base.image === undefined) return
  const all = image.lineage.flatMap((stage) => stage.instructions)
  const environment = [...image.final.environment].map(([name, value]) => `${name}=${value}`).join('\n')
  const runs = all.filter(({ keyword }) => keyword === 'RUN')
  const joined = [...runs, ...all.filter(({ keyword }) => keyword === 'ARG')].map(runText).join('\n')
  const started = startUp.programs.map((program) => [program.word, ...program.args].join(' ')).join('\n')
  const isUnread = startUp.isUnknown || startUp.scripts.some((script) => script.unread !== undefined)
  for (const installer of homeInstallers) {
    const at = runs.find((run) => installer.pattern.test(runText(run)))
    if (at === undefined || isRunByUser(dockerfile, image, at)) continue
    if (installer.unless?.test(`${environment}\n${joined}`)) continue
    if (/\bexport HOME=["']?\/(?!root)/.test(runText(at))) continue
    const isNamed = installer.makes.some((path) => environment.includes(`/root/${path}`))
    if (installer.usedBy !== undefined && !isNamed && !isUnread && !installer.usedBy.test(started)) continue
    yield { installer, at }
  }
}

/**
 * Finds what has to leave `/root`; undefined when nothing has to.
 *
 * @param user with a home directory of his own; without one only the application's files can move, to `/app`
 */
export function findHomeMove(
  dockerfile: Dockerfile,
  image: StageImage,
  copies: readonly Copy[],
  startUp: StartUp,
  user: PlannedUser
): HomeMove | undefined {
  if (!/\/root\b|~|HOME/.test(dockerfile.text) && !anyHomeInstaller.test(dockerfile.text)) return undefined
  const all = image.lineage.flatMap((stage) => stage.instructions)
  const home = user.ownHome?.startsWith('/home/') ? user.ownHome : undefined
  const to = home ?? (/(?<![\w./-])\/app(?![\w.-])/.test(dockerfile.text) ? '/srv/app' : '/app')
  const moves = new Set<string>()
  const fixed = copies.filter((copy) => holdsOwnPath(dockerfile, copy)).map((copy) => copy.destination)
  const add = (path: string) => {
    if (fixed.some((place) => isInside(path, place) || isInside(place, path))) return
    if (path === '/root') moves.add(path)
    // Without a home of his own the user finds no hidden settings: HOME is / then.
    else if (isRootHome(path) && !shellComfort.test(path) && (home !== undefined || !isHidden(path)))
      moves.add(topOf(path))
  }

  for (const stage of image.lineage) {
    const { states } = readImage(dockerfile, stage)
    stage.instructions.forEach((instruction, index) => {
      const state = states[index]
      if (instruction.keyword === 'WORKDIR' && state?.isWorkdirKnown && instruction.argumentText.includes('/root'))
        add(state.workdir)
    })
  }
  const runs = all.filter(({ keyword }) => keyword === 'RUN')
  for (const copy of copies) {
    const path = copy.destination
    if (!isRootHome(path)) continue
    if (!servesBuildOnly(copy, all, startUp)) add(path)
  }
  let movesHome = false
  const texts = runs.map(runText)
  /** Whether the files say where a directory comes from; an installer that nobody knows may have made the others. */
  const isMadeHere = (path: string): boolean => {
    const rest = path.slice('/root'.length)
    const top = topOf(path).slice('/root'.length)
    return (
      copies.some((copy) => isRootHome(copy.destination) && isInside(path, copy.destination)) ||
      copies.some((copy) => isInside(copy.destination, topOf(path))) ||
      texts.some((text) =>
        [rest, top].some(
          (tail) => tail !== '' && new RegExp(`(?:/root|~|HOME\\}?)${escapeRegExp(tail)}(?![\\w.-])`).test(text)
        )
      ) ||
      [...findHomeInstallers(dockerfile, image, startUp)].some(({ installer }) =>
        installer.makes.some((made) => isInside(path, topOf(`/root/${made}`)))
      )
    )
  }
  for (const instruction of all) {
    if (instruction.keyword === 'ENV')
      for (const { name, value } of instruction.properties ?? []) {
        const text = value?.text ?? ''
        if (name.text === 'HOME' && /^["']?\/root\/?["']?$/.test(text)) movesHome = home !== undefined
        else
          for (const [mention] of text.matchAll(rootMention))
            if (!isSearchPath(name.text) || isMadeHere(clean(mention))) add(clean(mention))
      }
    if (['VOLUME', 'CMD', 'ENTRYPOINT'].includes(instruction.keyword))
      for (const [mention] of instruction.raw.logical.matchAll(rootMention)) {
        const path = clean(mention)
        // A program that some installer has put there can't follow.
        if (instruction.keyword === 'VOLUME' || !isHidden(path) || isMadeHere(path)) add(path)
      }
  }
  // A start script that looks into its home finds there what a RUN has made in root's.
  for (const program of startUp.programs)
    for (const word of [program.word, ...program.args])
      for (const [mention] of word.matchAll(homeMention)) {
        const path = clean(mention.replace(/^(?:~|\$HOME|\$\{HOME\})/, '/root'))
        const rest = path.slice('/root'.length)
        if (
          rest !== '' &&
          texts.some((text) => text.includes(`~${rest}`) || text.includes(path) || text.includes(`HOME${rest}`))
        )
          add(path)
      }

  const installers =
    home === undefined
      ? []
      : [...findHomeInstallers(dockerfile, image, startUp)]
          .map(({ installer }) => installer)
          .filter(
            ({ isUnmovable, pattern }) =>
              isUnmovable !== true && runs.every((run) => !pattern.test(runText(run)) || isPlainRun(run))
          )
  for (const { makes } of installers) for (const path of makes) moves.add(topOf(`/root/${path}`))
  if (moves.size === 0 && !movesHome && installers.length === 0) return undefined

  const isMoved = (path: string): boolean => {
    if (path === '/root') return moves.has('/root')
    if (!isHidden(path)) return moves.has('/root') || [...moves].some((move) => isInside(path, move))
    return [...moves].some((move) => move !== '/root' && (isInside(path, move) || isInside(move, path)))
  }
  const place = (path: string): string =>
    isRootHome(path) && isMoved(path) ? `${to}${path.slice('/root'.length)}` : path
  const hasOwnHome = image.final.environment.has('HOME')
  const installs = (instruction: Instruction): HomeInstaller[] =>
    instruction.keyword === 'RUN' ? installers.filter(({ pattern }) => pattern.test(runText(instruction))) : []

  /** Every place of an instruction that names a moved path. */
  const mentions = (instruction: Instruction): { start: number; end: number; text: string }[] => {
    const found: { start: number; end: number; text: string }[] = []
    const scan = (from: number, slice: string, pattern: RegExp, prefix: RegExp) => {
      for (const match of slice.matchAll(pattern)) {
        const head = prefix.exec(match[0])?.[0].length ?? 0
        const path = clean(`/root${match[0].slice(head)}`)
        if (!isMoved(path)) continue
        found.push({ start: from + match.index, end: from + match.index + head, text: to })
      }
    }
    const { start, end } = instruction
    const source = (from: number, until: number) => instruction.source.slice(from - start, until - start)
    switch (instruction.keyword) {
      case 'COPY':
      case 'ADD': {
        const destination = instruction.copy?.destination
        if (destination !== undefined)
          scan(destination.start, source(destination.start, destination.end), rootMention, /^\/root/)
        for (const heredoc of instruction.heredocs)
          scan(heredoc.bodyStart, source(heredoc.bodyStart, heredoc.bodyEnd), rootMention, /^\/root/)
        break
      }
      case 'RUN':
        // Not its flags: a cache mount stays where the tools of root look for it.
        scan(instruction.argumentsStart, source(instruction.argumentsStart, end), rootMention, /^\/root/)
        if (!hasOwnHome)
          scan(
            instruction.argumentsStart,
            source(instruction.argumentsStart, end),
            homeMention,
            /^(?:~|\$HOME|\$\{HOME\})/
          )
        break
      case 'ENV':
        for (const { name, value } of instruction.properties ?? [])
          if (movesHome && name.text === 'HOME' && /^["']?\/root\/?["']?$/.test(value?.text ?? '')) {
            const at = source(start, end).indexOf('/root')
            found.push({ start: start + at, end: start + at + '/root'.length, text: to })
          }
        scan(start, source(start, end), rootMention, /^\/root/)
        break
      case 'WORKDIR':
      case 'VOLUME':
      case 'ARG':
      case 'CMD':
      case 'ENTRYPOINT':
      case 'HEALTHCHECK':
        scan(start, source(start, end), rootMention, /^\/root/)
        break
    }
    const seen = new Set<number>()
    return found.filter((each) => !seen.has(each.start) && seen.add(each.start))
  }

  const inHome = (path: string): string => (path.startsWith('/') ? path : `${to}/${path}`)

  return {
    to,
    place,
    volumes: image.final.volumes.filter((path) => place(path) !== path),
    movesHome,
    installers,
    touches: (instruction) => mentions(instruction).length > 0 || installs(instruction).length > 0,
    apply(edit, now, current) {
      const environment = new Set([...current.final.environment].map(([name]) => name))
      for (const stage of current.lineage)
        for (const instruction of stage.instructions) {
          for (const { start, end, text } of mentions(instruction))
            edit.replace(start, end, text, `/root becomes ${to}, which the user can enter`)
          if (isRunByUser(now, current, instruction)) continue
          const rows = installs(instruction)
          const owned = new Set<string>()
          for (const { name, variables, makes, mustExist, flag } of rows) {
            const missing = Object.entries(variables ?? {}).filter(([variable]) => !environment.has(variable))
            if (missing.length > 0) {
              for (const [variable] of missing) environment.add(variable)
              const pairs = missing.map(([variable, path]) => `${variable}=${inHome(path)}`)
              edit.insertBefore(
                instruction,
                `${edit.keyword('ENV')} ${pairs.join(' ')}`,
                `${name}: where the user can read it`
              )
            }
            const front = [
              ...(variables === undefined && flag === undefined ? [`export HOME=${to}`] : []),
              ...(mustExist &&
              instruction === current.stage.instructions.find((each) => installs(each).some((row) => row.name === name))
                ? [
                    `mkdir -p ${Object.values(variables ?? {})
                      .map(inHome)
                      .join(' ')}`
                  ]
                : [])
            ]
            if (front.length > 0) edit.prependCommands(instruction, front, `${name} goes to ${to}`)
            if (flag !== undefined) {
              const match = flag[0].exec(instruction.source)
              if (match !== null)
                edit.replace(
                  instruction.start + match.index,
                  instruction.start + match.index + match[0].length,
                  flag[1].replace('HOME', to),
                  `${name} goes to ${to}`
                )
            }
            for (const path of makes) owned.add(`${to}/${path.split('/')[0]}`)
          }
          if (isPlainRun(instruction)) for (const path of madeHere(instruction)) owned.add(path)
          if (owned.size > 0)
            edit.appendCommands(
              instruction,
              [`chown -R ${user.text} ${[...owned].join(' ')}`],
              `what it installs in ${to} belongs to ${user.text}`
            )
        }
    }
  }

  /** Hidden directories of the home that a `RUN` makes by name: their files are the user's own settings. */
  function madeHere(instruction: Instruction): string[] {
    if (instruction.keyword !== 'RUN' || home === undefined) return []
    return [
      ...new Set(
        [...madeHidden(instruction)]
          .filter((path) => isMoved(path))
          .map((path) => place(topOf(path)))
          .filter((path) => !isRemoved(instruction, path.slice(to.length)))
      )
    ]
  }
}

/** Directories of tools that serve builds and shells; a program seldom reads them. */
const buildSettings =
  /^\/root\/\.(?:cache|npm|npmrc|yarn|yarnrc|gnupg|ssh|m2|gradle|pip|config\/pip|cargo|netrc|gitconfig|git-credentials|local|nuget|bundle|gem|gemrc|cpan|cpanm|conda|condarc|docker|bazelrc|composer|wget-hsts|curlrc|wgetrc|Rprofile|R|julia|ivy2|sbt|lein|mix|hex|cabal|stack|opam|emacs|nano|zsh|fonts|themes|oh-my|fzf|vim|bash)/

/** Hidden directories of `/root` that a `RUN` makes by name and that stay there. */
export function* findSettingsLeft(
  dockerfile: Dockerfile,
  image: StageImage
): Generator<{ path: string; at: Instruction }> {
  if (!/\/root\/\.|~\/\.|HOME\}?\/\./.test(dockerfile.text)) return
  const seen = new Set<string>()
  for (const run of image.lineage.flatMap((stage) => stage.instructions)) {
    if (run.keyword !== 'RUN' || isRunByUser(dockerfile, image, run)) continue
    if (image.final.environment.get('HOME') !== undefined && !/\/root\/\./.test(run.source)) continue
    for (const written of madeHidden(run)) {
      const path = topOf(written)
      if (buildSettings.test(path) || shellComfort.test(path) || seen.has(path)) continue
      if (isRemoved(run, path.slice('/root'.length))) continue
      seen.add(path)
      yield { path, at: run }
    }
  }
}

/** Hidden paths of root's home that `mkdir`, `git clone` or a redirection makes. */
function* madeHidden(run: Instruction): Generator<string> {
  for (const { script } of shellSources(run))
    for (const { name, args, redirects } of script.commands) {
      const words =
        name === 'mkdir' || (name === 'git' && args[0]?.value === 'clone') ? args.map(({ value }) => value) : []
      for (const word of [...words, ...redirects.map(({ target }) => target.value)]) {
        const path = clean(word.replace(/^(?:~|\$HOME|\$\{HOME\})(?=\/)/, '/root'))
        if (isHidden(path)) yield path
      }
    }
}

/** Gone again at the end of the `RUN`. */
const isRemoved = (run: Instruction, tail: string): boolean =>
  new RegExp(`\\brm\\s[^&|;]*${escapeRegExp(tail)}(?![\\w./-])`).test(runText(run))

/** A shell form to which a command can be added: no heredoc, no comment at its end. */
function isPlainRun(run: Instruction): boolean {
  if (run.json !== undefined || run.heredocs.length > 0 || run.raw.dangling !== undefined) return false
  return shellSources(run).every(({ text, script }) => !text.slice(script.commands.at(-1)?.end ?? 0).includes('#'))
}

/** Virtual environments and the like hold the path at which they were made, so a copy elsewhere does not run. */
function holdsOwnPath(dockerfile: Dockerfile, copy: Copy): boolean {
  if (copy.from === undefined || !copy.sources.some(isRootHome)) return false
  const name = copy.from.toLowerCase()
  const stage = dockerfile.stages.find((each) => each.name === name || String(each.index) === name)
  if (stage === undefined) return false
  const text = stage.instructions
    .filter(({ keyword }) => keyword === 'RUN')
    .map(runText)
    .join('\n')
  return copy.sources.every((source) => /^\/root\/\.local(?:\/|$)/.test(source))
    ? /\bpipx\b|\buv\s+tool\b|install\.python-poetry|-m venv\s+\/root\/\.local|virtualenv\s+\/root\/\.local/.test(text)
    : /-m venv\b|\bvirtualenv\b|\bpipx\b|\buv\s+(?:tool|sync|venv)\b|\bconda\b|\bpyenv\b|\brbenv\b|\bpoetry\s+install\b/.test(
        text
      )
}

const clean = (path: string): string => {
  const short = path
    .replace(/\/{2,}/g, '/')
    .replace(/[).\]]+$/, '')
    .replace(/\/+$/, '')
  return short === '' ? '/' : short
}
