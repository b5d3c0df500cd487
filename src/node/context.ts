import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import path from 'node:path'
import { contextSources, nearestContext } from '../context-folder.ts'
import { parseDockerfile } from '../dockerfile/dockerfile.ts'
import { createIgnore } from './dockerignore.ts'
import { foldersUpward, isInside, relativePath } from './paths.ts'

/** Scripts and configuration files that matter are small; a larger file is data. */
const maxContextFileBytes = 1024 * 1024

/** The build context of one Dockerfile. Nothing is looked up before the first question. */
export interface BuildContext {
  /** Absolute. */
  folder(): string
  /** The text of a file of the context; undefined when it is missing, ignored, outside or no text. */
  read(name: string): string | undefined
  /** Every file of the context below a folder, as far as they are worth a look. */
  list(folder: string): string[]
  /** The text of a file beside the context, by a path that may begin with `../`. */
  readBeside(name: string): string | undefined
  /** Every file below a folder, both by such paths. */
  listBeside(folder: string): string[]
  /** Permission bits of a file of the context. */
  mode(name: string): number | undefined
  /** Absolute path of a file of the context, or of one above it (`../compose.yaml`). */
  file(name: string): string
  /** Whether `.dockerignore` leaves a file out. */
  isIgnored(name: string): boolean
  /** The Dockerfile's folder inside the context; '' where it lies outside. */
  dockerfileFolder(): string
  /** The `.dockerignore` that is in force; undefined when there is none. */
  ignoreRules(): string | undefined
}

export interface ContextSearch {
  /** Absolute path of the Dockerfile, under which BuildKit looks for `<Dockerfile>.dockerignore`. */
  dockerfile: string
  text: string
  /** What was asked for or what a compose file says; undefined: the nearest fitting folder is searched. */
  given: string | undefined
  /** The search does not go above this folder. */
  top: string
}

/** The context that a Dockerfile is most likely built in. */
export function createBuildContext(search: ContextSearch): BuildContext {
  let folder: string | undefined
  let isIgnored: ((name: string) => boolean) | undefined
  /** A plan asks for the same few files again and again. */
  const texts = new Map<string, string | undefined>()
  const context: BuildContext = {
    folder() {
      folder ??= search.given ?? findContextFolder(search)
      return folder
    },
    file: (name) => path.join(context.folder(), name.startsWith('../') ? name : normalName(name)),
    mode(name) {
      return statSync(context.file(name), { throwIfNoEntry: false })?.mode
    },
    read(name) {
      const normal = normalName(name)
      if (!texts.has(normal)) {
        isIgnored ??= createIgnore(context.ignoreRules())
        const isOut = normal === '' || isIgnored(normal)
        texts.set(normal, isOut ? undefined : readContextFile(context.folder(), normal))
      }
      return texts.get(normal)
    },
    list(name) {
      isIgnored ??= createIgnore(context.ignoreRules())
      const ignores = isIgnored
      return listFolder(context.folder(), normalName(name)).filter((file) => !ignores(file))
    },
    readBeside: (name) => readContextFile(search.top, path.relative(search.top, path.join(context.folder(), name))),
    listBeside(name) {
      const start = path.relative(search.top, path.join(context.folder(), name))
      if (start.startsWith('..')) return []
      return listFolder(search.top, start).map((file) => relativePath(context.folder(), path.join(search.top, file)))
    },
    isIgnored(name) {
      isIgnored ??= createIgnore(context.ignoreRules())
      return isIgnored(normalName(name))
    },
    dockerfileFolder() {
      const relative = relativePath(context.folder(), path.dirname(search.dockerfile))
      return relative === '.' || relative.startsWith('..') ? '' : relative
    },
    ignoreRules: () => readDockerignore(search.dockerfile, context.folder())
  }
  return context
}

/** BuildKit takes `/x`, `./x` and `../x` for `x`. */
function normalName(name: string): string {
  return path.posix.normalize(`/${name}`).slice(1)
}

function readContextFile(folder: string, name: string): string | undefined {
  try {
    // Most questions are for files that are not there, and `realpath` looks at every folder on the way.
    if (statSync(path.join(folder, name), { throwIfNoEntry: false }) === undefined) return undefined
    const file = realpathSync(path.join(folder, name))
    // BuildKit follows no link out of the context.
    if (!isInside(realpathSync(folder), file)) return undefined
    const stats = statSync(file)
    if (!stats.isFile() || stats.size > maxContextFileBytes) return undefined
    const bytes = readFileSync(file)
    return bytes.includes(0) ? undefined : new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** Configuration lies in small folders; of a large one, such as a whole repository, the first files do. */
const mostListedFiles = 2000

function listFolder(context: string, start: string): string[] {
  const files: string[] = []
  const pending = [start]
  for (let name = pending.pop(); name !== undefined && files.length < mostListedFiles; name = pending.pop()) {
    const folder = path.join(context, name)
    try {
      if (!isInside(realpathSync(context), realpathSync(folder))) continue
      for (const entry of readdirSync(folder, { withFileTypes: true })) {
        if (entry.name === '.git' || entry.name === 'node_modules') continue
        const child = name === '' ? entry.name : `${name}/${entry.name}`
        if (entry.isDirectory()) pending.push(child)
        else files.push(child)
      }
    } catch {
      // No such folder, or none that may be read.
    }
  }
  return files.sort()
}

function readDockerignore(dockerfile: string, folder: string): string | undefined {
  const file = [`${dockerfile}.dockerignore`, path.join(folder, '.dockerignore')].find((name) => existsSync(name))
  return file === undefined ? undefined : readFileSync(file, 'utf8').replace(/^\ufeff/, '')
}

function findContextFolder({ dockerfile, text, top }: ContextSearch): string {
  return nearestContext(foldersUpward(path.dirname(dockerfile), top), contextSources(parseDockerfile(text)), existsSync)
}
