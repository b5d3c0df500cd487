/**
 * What the image keeps under `/root`, and where it goes. `/root` has mode 0700: whatever the running process needs of
 * it must stand elsewhere. The same edits are made twice: for the plan, which reads the file as it will be, and by
 * `leave-root-home` on the text of its turn.
 */
import type { Dockerfile } from '../dockerfile/dockerfile.ts'
import type { Instruction } from '../dockerfile/instruction.ts'
import type { Editor } from '../edit/editor.ts'
import { readImage, type StageImage } from '../image/image.ts'
import { anyHomeInstaller, type HomeInstaller } from '../services/home-installers.ts'
import type { Copy } from './copies.ts'
import { isInside, isRootHome } from './paths.ts'
import {
  clean,
  escapeRegExp,
  findHomeInstallers,
  holdsOwnPath,
  homeMention,
  isHidden,
  isPlainRun,
  isRemoved,
  isRunByUser,
  isSearchPath,
  madeHidden,
  rootMention,
  runText,
  servesBuildOnly,
  shellComfort,
  topOf
} from './root-home.ts'
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
