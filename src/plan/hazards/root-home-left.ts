import type { Instruction } from '../../dockerfile/instruction.ts'
import { expand } from '../../dockerfile/words.ts'
import { resolvePath } from '../../image/image.ts'
import { homeInstallers } from '../../services/home-installers.ts'
import { defineHazard, type HazardContext } from '../hazard.ts'
import { isInside, isRootHome, isSystemDirectory } from '../paths.ts'
import { findHomeInstallers, findSettingsLeft, isSearchPath, servesBuildOnly } from '../root-home.ts'

const help =
  'Put it where the user can read it (`/app`, `/opt/...`, the new home) in every place that names it, then convert again.'

interface Mention {
  message: string
  help?: string
  at: Instruction | undefined
}

/** Something that no instruction names may have filled a search path: a download that is run at once, or its own tool. */
const mayBeFilled = (text: string, all: readonly Instruction[]): boolean => {
  if (/(^|[:="' ])\/root(?:[:"']|$)/.test(text)) return true
  const tools = [...text.matchAll(/\/root\/(\.?([A-Za-z][\w-]*))/g)]
    // What a known installer fills is seen by its own row.
    .filter(([, place]) => !homeInstallers.some(({ makes }) => makes.some((made) => made.split('/')[0] === place)))
    .map((match) => match[2] as string)
  return all.some(
    ({ keyword, source }) =>
      keyword === 'RUN' &&
      (/\b(?:curl|wget)\b[^;&]*\|\s*(?:sudo\s+)?(?:\S*\/)?(?:ba|z)?sh\b|\bsh\s+-c\s+["']?\$\(\s*(?:curl|wget)|<\(\s*(?:curl|wget)/.test(
        source
      ) ||
        tools.some((tool) => source.includes(tool)))
  )
}

function* mentions(context: HazardContext): Generator<Mention> {
  const { image, dockerfile, copies, startUp, user } = context
  if (isRootHome(image.final.workdir) && image.final.isWorkdirKnown) {
    const at = image.lineage
      .flatMap((stage) => stage.instructions)
      .findLast((instruction) => instruction.keyword === 'WORKDIR')
    yield { message: `WORKDIR ${image.final.workdir}: only root can enter it`, at }
  }
  const all = image.lineage.flatMap((stage) => stage.instructions)
  for (const copy of copies)
    if (isRootHome(copy.destination) && !servesBuildOnly(copy, all, startUp))
      yield {
        message: `${copy.instruction.keyword} to ${copy.destination}: only root can read it`,
        help:
          copy.from === undefined
            ? help
            : 'If it is a virtual environment, it holds its own path: build it at /opt/venv in that stage, and copy it to the same path.',
        at: copy.instruction
      }
  for (const instruction of all) {
    if (instruction.keyword === 'ENV')
      for (const { name, value } of instruction.properties ?? []) {
        const text = value === undefined ? '' : value.text
        if (name.text === 'HOME' && /^["']?\/root\/?["']?$/.test(text))
          yield { message: 'ENV HOME=/root: the user cannot write there', at: instruction }
        else if (/(^|[:="' ])\/root(?:[/:"']|$)/.test(text) && (!isSearchPath(name.text) || mayBeFilled(text, all)))
          yield {
            message: `ENV ${name.text} names a path under /root`,
            help: 'Let what makes it install to a directory that the user can read (most installers have a variable for it), and name that one.',
            at: instruction
          }
      }
    if (instruction.keyword === 'VOLUME' && /["\s]\/root(\/|["\s]|$)/.test(`${instruction.argumentText} `))
      yield { message: 'VOLUME under /root: the user cannot enter it', at: instruction }
  }
  for (const program of startUp.programs)
    for (const word of [program.word, ...program.args]) {
      const path = resolvePath(
        '/',
        expand(word.replace(/^--?[\w-]+=/, ''), image.final.environment, dockerfile.escape).value
      )
      const isHome = /^(--?[\w-]+=)?["']?~\//.test(word) && user.ownHome === undefined
      if (
        (/^(--?[\w-]+=)?["']?\/root(\/|$)/.test(word) || /[:=,]\/root(?:\/|$)/.test(word) || isHome) &&
        (isInside(path.replace(/^\/~/, '/root'), '/root') || /[:=,]\/root(?:\/|$)/.test(word)) &&
        program.guard !== 'root'
      ) {
        yield {
          message: `${program.place} names ${word}: only root can read it`,
          help: 'Write $HOME instead of /root in that script, or use a directory that the user can read; then convert again.',
          at: program.instruction
        }
        break
      }
    }
  for (const { installer, at } of findHomeInstallers(dockerfile, image, startUp)) yield { message: installer.what, at }
}

/** What moves, and nobody can see whether all that depends on it follows. */
function* doubts({ homeMove, image, startUp, dockerfile, options, user }: HazardContext) {
  for (const { path, at } of findSettingsLeft(dockerfile, image))
    yield {
      severity: 'warning' as const,
      message: `RUN makes ${path}, which another user does not see`,
      help: 'If the program reads it at run time, make it in the home of the user it runs as, and give it to that user.',
      at
    }
  const home = image.lineage
    .flatMap((stage) => stage.instructions)
    .findLast(({ keyword, properties }) => keyword === 'ENV' && properties?.some(({ name }) => name.text === 'HOME'))
  const place = home === undefined ? undefined : image.final.environment.get('HOME')
  if (
    home !== undefined &&
    place?.startsWith('/') === true &&
    place !== user.ownHome &&
    (place === '/' || isSystemDirectory(place))
  )
    yield {
      severity: 'warning' as const,
      message: `ENV HOME=${place}: a program that keeps settings or caches at home cannot write there`,
      help: `Name a directory of its own (${user.ownHome ?? '/app/home'}) that belongs to UID:GID, or see that the program writes nothing at home.`,
      at: home
    }
  for (const { path, file } of options.mounts ?? [])
    if (isRootHome(path))
      yield {
        severity: 'warning' as const,
        message: `${file} mounts something at ${path}, which only root can enter`,
        help: `Mount it at ${path.replace(/^\/root/, user.ownHome ?? '/app')}${user.ownHome === undefined ? ', and tell the program so' : ', the home of the new user'}.`
      }
  const profileOf = image.lineage
    .flatMap((stage) => stage.instructions)
    .find(
      ({ keyword, source }) =>
        keyword === 'RUN' &&
        />>?\s*["']?(?:\/root|~|\$HOME|\$\{HOME\})\/\.(?:bashrc|profile|bash_profile|zshrc)/.test(source)
    )
  const startsShell = startUp.programs.some(
    ({ name, args }) =>
      /^(?:ba|z)?sh$/.test(name) && (args.length === 0 || args.some((word) => /^-\w*[il]|^--login$/.test(word)))
  )
  if (profileOf !== undefined && startsShell)
    yield {
      severity: 'warning' as const,
      message: "RUN writes to root's shell profile, which the shell of another user does not read",
      help: 'Write it to /etc/bash.bashrc (or /etc/profile.d), or set what it sets by ENV.',
      at: profileOf
    }
  if (homeMove === undefined) return
  for (const path of homeMove.volumes)
    yield {
      severity: 'warning' as const,
      message: `the volume ${path} becomes ${homeMove.place(path)}: what is mounted there must follow`,
      help: 'Change the target of the mount in compose files, manifests and docker run -v.'
    }
  const words = startUp.programs.map((program) => [program.name, ...program.args].join(' ')).join('\n')
  const profile = homeMove.installers.find(({ needsProfile }) => needsProfile === true)
  if (
    profile !== undefined &&
    /^(?:ba|z)?sh\b.*\s(?:-\w*[li]\w*|--login)\b|~\/\.(?:bashrc|profile|bash_profile)/m.test(words)
  )
    yield {
      severity: 'error' as const,
      message: `the start reads the profile of its user, and ${profile.name} has written itself into root's`,
      help: 'Start the program by its path, or put the directory into ENV PATH; then convert again.'
    }
  if (homeMove.movesHome) {
    const at = image.lineage
      .flatMap((stage) => stage.instructions)
      .find(
        ({ keyword, raw }) => keyword === 'RUN' && /(?:^|[\s"'=:>])(?:~|\$HOME|\$\{HOME\})(?:\/|$|\s)/.test(raw.logical)
      )
    if (at !== undefined)
      yield {
        severity: 'warning' as const,
        message: `ENV HOME becomes ${homeMove.to}; what RUN makes there as root, the user can only read`,
        help: 'If the program changes those files, end that RUN with `&& chown -R UID:GID <path>`.',
        at
      }
  }
}

export const rootHomeLeft = defineHazard({
  name: 'root-home-left',
  severity: 'error',
  summary: 'The running process needs files under /root',
  description: `\`/root\` has mode 0700: no other user can enter it. A \`WORKDIR /root\`, a \`COPY\` to it, a \`PATH\` with
\`/root/.local/bin\` in it, or an installer that puts tools, virtual environments, browsers or models into \`$HOME\`
breaks as soon as another user starts the process. \`leave-root-home\` moves them to the new user's home, with every
mention. What cannot be moved for sure is refused, and the message names it: a virtual environment that another stage
built under \`/root\` (it holds its own path), a \`PATH\` under \`/root\` that an unknown installer fills, a script of the build
context that says \`/root\`.`,
  *find(context) {
    const seen = new Set<string>()
    for (const { message, at, help: ownHelp = help } of mentions(context)) {
      if (seen.has(message)) continue
      seen.add(message)
      yield { message, help: ownHelp, ...(at === undefined ? {} : { at }) }
    }
    yield* doubts(context)
  }
})
