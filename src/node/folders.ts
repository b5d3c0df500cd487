import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { isComposeName, orderComposeNames } from '../compose/project.ts'
import { isInside } from './paths.ts'

/**
 * What is in folders, looked up once: neighbouring Dockerfiles ask for the same folders above them. Looking at the disk
 * is what a run over many small files spends most of its time with.
 */
export interface Folders {
  /** Tells what a search has seen anyway. */
  note(folder: string, names: readonly string[]): void
  /** Tells of a YAML file that a search has come upon. Absolute. */
  noteYaml(file: string): void
  /** Tells of a folder that has been searched as a whole. */
  noteSearch(folder: string): void
  /** Folders that have been searched as a whole. */
  searchedFolders(): readonly string[]
  /** Compose files that searches have come upon, by folder. */
  knownComposeFolders(): readonly string[]
  /** Other YAML files that searches have come upon. */
  knownYaml(): readonly string[]
  /** The top of the repository that a folder lies in. */
  repositoryOf(folder: string): string | undefined
  /** Names of the compose files in a folder; those that compose reads by itself come first. */
  composeFilesIn(folder: string): readonly string[]
}

/** Compose files and manifests. */
export const isYamlName = (name: string): boolean => /\.ya?ml$/.test(name)

/** Starts with nothing known. */
export function createFolders(): Folders {
  const repositories = new Map<string, string | undefined>()
  const composeFiles = new Map<string, readonly string[]>()
  const composeFolders = new Set<string>()
  const yaml = new Set<string>()
  const searched = new Set<string>()
  const folders: Folders = {
    note(folder, names) {
      if (names.includes('.git')) repositories.set(folder, folder)
      else if (repositories.has(path.dirname(folder))) repositories.set(folder, repositories.get(path.dirname(folder)))
      composeFiles.set(folder, findComposeNames(names))
    },
    noteYaml(file) {
      if (isComposeName(path.basename(file))) composeFolders.add(path.dirname(file))
      else yaml.add(file)
    },
    noteSearch: (folder) => void searched.add(folder),
    searchedFolders: () => [...searched],
    knownComposeFolders: () => [...composeFolders].sort(),
    knownYaml: () => [...yaml].sort(),
    repositoryOf(folder) {
      if (repositories.has(folder)) return repositories.get(folder)
      const parent = path.dirname(folder)
      const isTop = existsSync(path.join(folder, '.git'))
      const repository = isTop ? folder : parent === folder ? undefined : folders.repositoryOf(parent)
      repositories.set(folder, repository)
      return repository
    },
    composeFilesIn(folder) {
      let names = composeFiles.get(folder)
      if (names === undefined) composeFiles.set(folder, (names = findComposeNames(namesIn(folder))))
      return names
    }
  }
  return folders
}

/**
 * How far above a Dockerfile its context and compose files are looked for: the repository it lies in, else the working
 * directory, else the path that was named.
 */
export function findTopFolder(dockerfile: string, cwd: string, named: string, folders: Folders): string {
  const own = path.dirname(dockerfile)
  const repository = folders.repositoryOf(own)
  if (repository !== undefined) return repository
  if (isInside(cwd, own)) return cwd
  return isInside(named, own) ? named : own
}

const findComposeNames = (names: readonly string[]) => orderComposeNames(names.filter(isComposeName))

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
