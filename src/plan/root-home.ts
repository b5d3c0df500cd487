/** What stands under root's home: who put it there, and whether the running process needs it. */
import { type Dockerfile, stageOf } from '../dockerfile/dockerfile.ts'
import type { Instruction } from '../dockerfile/instruction.ts'
import { isRoot, readImage, type StageImage, stateBefore } from '../image/image.ts'
import { shellSources } from '../image/shell-source.ts'
import { anyHomeInstaller, type HomeInstaller, homeInstallers } from '../services/home-installers.ts'
import type { Copy } from './copies.ts'
import { isRootHome } from './paths.ts'
import type { StartUp } from './startup.ts'

export const escapeRegExp = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** Variables in which programs and libraries are looked for. */
export const isSearchPath = (name: string): boolean =>
  /^(?:PATH|LD_LIBRARY_PATH|PYTHONPATH|NODE_PATH|GEM_PATH|CLASSPATH|PKG_CONFIG_PATH|CPATH|LIBRARY_PATH)$/.test(name)

/** `/root/...` as a path of its own, up to the end of the path. */
export const rootMention = /(?<=^|[\s"'`=:,(<>&|;[{@]|:-)\/root(?:\/[^\s"'`;|&<>(){}$,:\\*?]*)?(?![\w.@-])/g
/** `~/...`, `$HOME/...`, `${HOME}/...` in shell text. */
export const homeMention =
  /(?<=^|[\s"'`=:(<>&|;])(?:~|\$HOME\b|\$\{HOME\})(?:\/[^\s"'`;|&<>(){}$,:\\*?]*)?(?=$|[\s"'`;|&<>(){}$,:*?])/g

/** Comfort of an interactive shell: no process needs it. */
export const shellComfort =
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
export const topOf = (path: string): string => {
  const parts = path.split('/').slice(0, 4)
  return parts.slice(0, /^\.(?:cache|config)$/.test(parts[2] ?? '') && parts[3] !== undefined ? 4 : 3).join('/')
}

export const isHidden = (path: string): boolean => path.startsWith('/root/.')

/** The text of a `RUN`, heredocs included. */
export const runText = (instruction: Instruction): string =>
  instruction.heredocs.length === 0
    ? instruction.raw.logical
    : [instruction.raw.logical, ...instruction.heredocs.map((heredoc) => instruction.heredocBody(heredoc))].join('\n')

/** A `RUN` behind a `USER`, or by `su`, has another home. */
export const isRunByUser = (dockerfile: Dockerfile, image: StageImage, run: Instruction): boolean => {
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
export function* madeHidden(run: Instruction): Generator<string> {
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
export const isRemoved = (run: Instruction, tail: string): boolean =>
  new RegExp(`\\brm\\s[^&|;]*${escapeRegExp(tail)}(?![\\w./-])`).test(runText(run))

/** A shell form to which a command can be added: no heredoc, no comment at its end. */
export function isPlainRun(run: Instruction): boolean {
  if (run.json !== undefined || run.heredocs.length > 0 || run.raw.dangling !== undefined) return false
  return shellSources(run).every(({ text, script }) => !text.slice(script.commands.at(-1)?.end ?? 0).includes('#'))
}

/** Virtual environments and the like hold the path at which they were made, so a copy elsewhere does not run. */
export function holdsOwnPath(dockerfile: Dockerfile, copy: Copy): boolean {
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

export const clean = (path: string): string => {
  const short = path
    .replace(/\/{2,}/g, '/')
    .replace(/[).\]]+$/, '')
    .replace(/\/+$/, '')
  return short === '' ? '/' : short
}
