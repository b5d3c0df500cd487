import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import {
  type BuiltImage,
  createManifestIndex,
  type FoundManifest,
  isOfInterest,
  type ManifestIndex,
  type TreeFile
} from '../kubernetes/project.ts'
import { isDockerfileName } from '../rewrite-files.ts'
import { provideYaml } from '../yaml.ts'
import { type Discovery, searchDirectory } from './discover.ts'
import { createFolders, type Folders, isYamlName } from './folders.ts'
import { isInside, realPath, relativePath } from './paths.ts'

/** What is asked about one Dockerfile. */
export interface ManifestRequest {
  /** Absolute, as `top` and the Dockerfiles of `images`. */
  dockerfile: string
  /** The repository, or what was named. */
  top: string
  images: Readonly<Record<string, string>>
  /** What compose files build; absolute paths. */
  built: readonly BuiltImage[]
}

/** Answers which manifests run the image of a Dockerfile; their paths are absolute. Files are read once. */
export type ManifestReader = (request: ManifestRequest) => Promise<FoundManifest[]>

interface Tree {
  index: ManifestIndex
  /** Absolute paths of its Dockerfiles. */
  dockerfiles: ReadonlySet<string>
}

/** Nothing is looked for before the first question: most runs convert nothing, or have no manifests beside them. */
export function createManifestReader(folders: Folders, { files }: Discovery): ManifestReader {
  const trees = new Map<string, Promise<Tree | undefined>>()
  const isSearched = (top: string) => folders.searchedFolders().some((folder) => isInside(folder, top))
  const readTree = async (top: string, own: string): Promise<Tree | undefined> => {
    let yaml = folders.knownYaml().filter((file) => isInside(top, file))
    let dockerfiles = files.map(({ file }) => file).filter((file) => isInside(top, file))
    if (!isSearched(top)) {
      const found = folders.repositoryOf(top) === top ? await searchTree(top) : listFolder(own)
      yaml = [...new Set([...yaml, ...found.yaml])]
      dockerfiles = [...new Set([...dockerfiles, ...found.dockerfiles])]
    }
    const texts = yaml.flatMap((file): TreeFile[] => {
      const name = relativePath(top, file)
      const text = isElsewhere(name) ? undefined : readText(file)
      return text === undefined || !isOfInterest(text) ? [] : [{ path: name, text }]
    })
    if (texts.length === 0) return undefined
    provideYaml(await import('yaml'))
    return { index: createManifestIndex(texts), dockerfiles: new Set(dockerfiles) }
  }
  return async ({ dockerfile, top, images, built }) => {
    const folder = path.dirname(dockerfile)
    const key = isSearched(top) || folders.repositoryOf(top) === top ? top : folder
    let reading = trees.get(key)
    if (reading === undefined) trees.set(key, (reading = readTree(top, folder)))
    const tree = await reading
    if (tree === undefined) return []
    const named = Object.entries(images).map(([name, file]) => [name, relativePath(top, realPath(file))] as const)
    const isOnly = [...tree.dockerfiles].every((file) => file === dockerfile)
    return tree.index
      .find({
        dockerfile: relativePath(top, dockerfile),
        images: named,
        built: built.map((each) => ({
          ...each,
          dockerfile: relativePath(top, each.dockerfile),
          file: relativePath(top, each.file)
        })),
        isOnly
      })
      .map((found) => ({ ...found, path: path.join(top, found.path) }))
  }
}

/** Settings of services that hold no manifests. */
const isElsewhere = (name: string): boolean => /(?:^|\/)\.(?:github|gitlab|circleci|vscode|devcontainer)\//.test(name)

/** Manifests are small; a larger file is data. */
const maxManifestBytes = 1024 * 1024

function readText(file: string): string | undefined {
  try {
    if (statSync(file).size > maxManifestBytes) return undefined
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(readFileSync(file))
  } catch {
    return undefined
  }
}

/** A repository of which only a part was named. */
async function searchTree(top: string): Promise<{ yaml: readonly string[]; dockerfiles: string[] }> {
  const folders = createFolders()
  const hits = await searchDirectory(top, folders)
  return { yaml: folders.knownYaml(), dockerfiles: hits.map(({ file }) => file) }
}

/** Outside of a repository, and without a folder that was named, only the Dockerfile's own folder is looked at. */
function listFolder(folder: string): { yaml: string[]; dockerfiles: string[] } {
  const names = readdirSync(folder)
  const join = (name: string) => path.join(folder, name)
  return { yaml: names.filter(isYamlName).map(join), dockerfiles: names.filter(isDockerfileName).map(join) }
}
