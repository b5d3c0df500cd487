import { readFileSync } from 'node:fs'
import path from 'node:path'
import { createBaseFinder, fromsOf } from '../image/tree-bases.ts'
import type { BuiltImage } from '../kubernetes/project.ts'
import type { BaseDockerfile, FindBase } from '../types.ts'
import { isInside, relativePath } from './paths.ts'

/** How one Dockerfile asks for the others that build its base images. */
export interface BaseQuestion {
  findBase: FindBase
  /** Converts those that were asked for; true when `findBase` knows more than before. */
  load(): Promise<boolean>
}

/** What is asked about one Dockerfile. Paths are absolute. */
export interface BaseRequest {
  dockerfile: string
  top: string
  images: Readonly<Record<string, string>>
  /** What compose files build. */
  built: readonly BuiltImage[]
}

/** What the conversion of another Dockerfile of the run brings. */
export type ConvertBase = (file: string) => Promise<Omit<BaseDockerfile, 'path' | 'target' | 'evidence'> | undefined>

/**
 * Finds Dockerfiles of the run that build base images of others, and converts each once. Nothing is looked for before a
 * Dockerfile names an image that is not known.
 *
 * @param files by absolute path: the Dockerfiles of the run
 * @param readText the text of one, as it was before the run
 */
export function createBaseReader(
  cwd: string,
  files: ReadonlyMap<string, unknown>,
  readText: (file: string) => string | undefined,
  convert: ConvertBase
): (request: BaseRequest) => BaseQuestion {
  const trees = new Map<string, { dockerfiles: ReadonlySet<string>; find: ReturnType<typeof createBaseFinder> }>()
  const converted = new Map<string, ReturnType<ConvertBase>>()
  const underway = new Set<string>()
  const readTree = (top: string) => {
    let tree = trees.get(top)
    if (tree === undefined) {
      const inside = [...files.keys()].filter((file) => isInside(top, file))
      const dockerfiles = inside.map((file) => relativePath(top, file))
      const readFroms = () => inside.flatMap((file) => fromsOf(readText(file) ?? ''))
      const find = createBaseFinder({ dockerfiles, owners: findOwners(top), readFroms })
      tree = { dockerfiles: new Set(dockerfiles), find }
      trees.set(top, tree)
    }
    return tree
  }
  return ({ dockerfile, top, images, built }) => {
    const asked = new Set<string>()
    const known = new Map<string, BaseDockerfile | undefined>()
    const find = (image: string) => {
      const tree = readTree(top)
      const named = [
        ...Object.entries(images).map(([name, file]) => ({
          image: name,
          dockerfile: relativePath(top, file),
          evidence: 'as --image says'
        })),
        ...built.map(({ image: name, dockerfile: file, target, file: from }) => ({
          image: name,
          dockerfile: relativePath(top, file),
          target,
          evidence: `as ${relativePath(cwd, from)} says`
        }))
      ]
      const found = tree.find(image, relativePath(top, dockerfile), named)
      return found === undefined || !tree.dockerfiles.has(found.dockerfile) ? undefined : found
    }
    return {
      findBase(image) {
        if (!known.has(image)) asked.add(image)
        return known.get(image)
      },
      async load() {
        let isMore = false
        for (const image of asked) {
          asked.delete(image)
          known.set(image, undefined)
          const found = find(image)
          if (found === undefined) continue
          const file = path.join(top, found.dockerfile)
          if (underway.has(file) || underway.size > longestChain) continue
          underway.add(dockerfile)
          let conversion = converted.get(file)
          if (conversion === undefined) converted.set(file, (conversion = convert(file)))
          const base = await conversion
          underway.delete(dockerfile)
          if (base === undefined) continue
          known.set(image, {
            ...base,
            path: relativePath(cwd, file),
            target: found.target,
            evidence: found.evidence
          })
          isMore = true
        }
        return isMore
      }
    }
  }
}

/** Base images on base images; nobody builds longer chains. */
const longestChain = 20

/** Names under which a repository's images may be published: its own, and its owner's. */
function findOwners(top: string): string[] {
  const remote = /\burl\s*=\s*\S*?([^/:\s]+)\/([^/\s]+?)(?:\.git)?\s*$/m.exec(readConfig(top))
  return [...(remote === null ? [] : [remote[1] as string, remote[2] as string]), path.basename(top)]
}

function readConfig(top: string): string {
  try {
    return readFileSync(path.join(top, '.git', 'config'), 'utf8')
  } catch {
    return ''
  }
}
