import { readFileSync } from 'node:fs'
import path from 'node:path'
import { combineUses, findServiceUses, type ServiceUse } from '../compose/project.ts'
import type { BuiltImage } from '../kubernetes/project.ts'
import type { ComposeInput, RewriteOptions } from '../types.ts'
import { provideYaml } from '../yaml.ts'
import type { Folders } from './folders.ts'
import { foldersUpward, isInside, relativePath } from './paths.ts'

/** How compose files build one Dockerfile. */
export interface ComposeBuild {
  /** Absolute path of the build context that the nearest compose file names. */
  context: string | undefined
  /** Every `build.target`, in the order of the files, each once. */
  targets: string[]
  /** Ports of the container that compose files publish or expose, with the file. */
  ports: NonNullable<RewriteOptions['publishedPorts']>[number][]
  /** Writable mounts, with the file. */
  mounts: NonNullable<RewriteOptions['mounts']>[number][]
  /** `privileged`, added capabilities and devices, with the file. */
  grants: NonNullable<RewriteOptions['grants']>[number][]
  /** The files, by absolute path. */
  files: ComposeInput[]
  /** Values of build arguments on which the services that build it agree. */
  buildArgs: Record<string, string>
  /** Names that services give to what they build, this Dockerfile or another. Absolute. */
  built: BuiltImage[]
}

interface FolderCompose {
  uses: LocatedUse[]
  broken: ComposeInput[]
}

interface LocatedUse {
  use: ServiceUse
  /** Absolute. */
  path: string
  text: string
  /** The text of the `.env` beside it. */
  env: string | undefined
}

/**
 * Answers what compose files say about a Dockerfile: those in its folder and the folders above it, and those that the
 * search for Dockerfiles has come upon. Compose files outside `top` are not looked at.
 */
export type ComposeReader = (dockerfile: string, top: string) => Promise<ComposeBuild>

/** Files are read once; the YAML parser is only loaded when a compose file builds anything. */
export function createComposeReader(folders: Folders, cwd: string): ComposeReader {
  const byFolder = new Map<string, Promise<FolderCompose>>()
  const usesIn = (folder: string): Promise<FolderCompose> => {
    let uses = byFolder.get(folder)
    if (uses === undefined) byFolder.set(folder, (uses = readUses(folder, folders.composeFilesIn(folder), cwd)))
    return uses
  }
  return async (dockerfile, top) => {
    const upward = foldersUpward(path.dirname(dockerfile), top)
    const others = folders.knownComposeFolders().filter((folder) => !upward.includes(folder) && isInside(top, folder))
    let context: string | undefined
    const found: LocatedUse[] = []
    const broken: ComposeInput[] = []
    const built: BuiltImage[] = []
    for (const folder of [...upward, ...others]) {
      const inFolder = await usesIn(folder)
      // One that lies elsewhere most likely builds something else.
      if (upward.includes(folder)) broken.push(...inFolder.broken)
      for (const located of inFolder.uses) {
        const { image, target } = located.use
        const file = path.resolve(folder, located.use.dockerfile)
        if (image !== undefined) built.push({ image, target, dockerfile: file, file: located.path })
        if (file !== dockerfile) continue
        context ??= path.resolve(folder, located.use.context)
        found.push(located)
      }
    }
    const answer = combineUses(found)
    return { context, ...answer, files: [...answer.files, ...broken], built }
  }
}

async function readUses(folder: string, names: readonly string[], cwd: string): Promise<FolderCompose> {
  const files = names.flatMap((name) => {
    const file = path.join(folder, name)
    const text = readText(file)
    return text === undefined ? [] : [{ name: relativePath(cwd, file), file, text }]
  })
  if (!files.some(({ text }) => /\bbuild\b/.test(text))) return { uses: [], broken: [] }
  provideYaml(await import('yaml'))
  const { uses, broken } = findServiceUses(files)
  const env = uses.some(({ args }) => args.some(([, value]) => value.includes('$'))) ? readEnv(folder) : undefined
  const fileOf = (name: string) => files.find((each) => each.name === name) as (typeof files)[number]
  return {
    uses: uses.map((use) => ({ use, path: fileOf(use.file).file, text: fileOf(use.file).text, env })),
    broken: broken.map(({ name, problem }) => ({ path: fileOf(name).file, name, text: '', services: [], problem }))
  }
}

/** What is kept out of a repository often has an example in it. */
const readEnv = (folder: string): string | undefined =>
  readText(path.join(folder, '.env')) ?? readText(path.join(folder, '.env.example'))

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
