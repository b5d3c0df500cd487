import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { UnrootError } from '../errors.ts'
import { foldersUpward, relativePath } from '../node/paths.ts'
import { describeSystemError } from '../node/read.ts'
import type { Config } from './schema.ts'
import { searchPlaces } from './search-places.ts'

/** A config file that was found and is valid. */
export interface LoadedConfig {
  /** Absolute. */
  file: string
  /** Paths and patterns of the config are relative to this folder. */
  folder: string
  config: Config
}

/**
 * The nearest config of the working directory and the folders above it.
 *
 * @throws {UnrootError} `CONFIG_INVALID`
 */
export async function findConfig(cwd: string): Promise<LoadedConfig | undefined> {
  for (const folder of foldersUpward(cwd))
    for (const place of searchPlaces) {
      const file = path.join(folder, place)
      // A look at the disk is cheap; the loaders and the schema cost more than a small conversion.
      if (!existsSync(file) || (place === 'package.json' && !mentionsUnroot(file))) continue
      const loaded = await readConfig(file, cwd, 'data')
      if (loaded !== undefined) return loaded
    }
  return undefined
}

/**
 * The config that was named, which may be a program (`.js`, `.mjs`, `.cjs`, `.ts`).
 *
 * @throws {UnrootError} `CONFIG_NOT_FOUND` or `CONFIG_INVALID`
 */
export async function loadConfig(name: string, cwd: string): Promise<LoadedConfig> {
  const file = path.resolve(cwd, name)
  if (!existsSync(file))
    throw new UnrootError('CONFIG_NOT_FOUND', `${name}: no such config file; \`unroot init\` writes one`)
  const loaded = await readConfig(file, cwd, 'programs')
  if (loaded === undefined) throw new UnrootError('CONFIG_INVALID', `${name}: holds no config of unroot`)
  return loaded
}

function mentionsUnroot(file: string): boolean {
  try {
    return readFileSync(file, 'utf8').includes('"unroot"')
  } catch {
    return false
  }
}

async function readConfig(file: string, cwd: string, allow: 'data' | 'programs'): Promise<LoadedConfig | undefined> {
  const name = relativePath(cwd, file)
  const content = await loadContent(file, name, allow)
  if (content === undefined) return undefined
  const { validateConfig } = await import('./validate.ts')
  const folder = path.dirname(file)
  return {
    file,
    folder: path.basename(folder) === '.config' ? path.dirname(folder) : folder,
    config: validateConfig(content, name)
  }
}

/** The content of a file; undefined when it says nothing about unroot. */
async function loadContent(file: string, name: string, allow: 'data' | 'programs'): Promise<unknown> {
  const explorer = await createExplorer(allow)
  try {
    const result = await explorer.load(file)
    if (result?.isEmpty) return {}
    return result?.config ?? undefined
  } catch (error) {
    throw new UnrootError('CONFIG_INVALID', `${name}: ${describeLoadError(error, file)}`, { cause: error })
  }
}

/** Parsers name the absolute path in a heading of their own, and the JSON parser shows the place twice. */
function describeLoadError(error: unknown, file: string): string {
  if (!(error instanceof Error)) return String(error)
  if ((error as NodeJS.ErrnoException).syscall !== undefined) return `cannot be read: ${describeSystemError(error)}`
  const { message } = error
  const kind = /^(YAML|JSON) Error in /.exec(message)?.[1]
  if (kind === undefined) return isProgram(file) ? `the program fails: ${message}` : message
  const lines = message.split('\n').slice(1)
  const isExcerpt = (line: string) => /^>? *\d+ \|/.test(line)
  const from = lines.findIndex(isExcerpt)
  const position = / in JSON at position (\d+)/.exec(message)?.[1]
  // Newer versions of Node tell the place in other words, of which the parser makes no excerpt.
  const own = position === undefined ? [] : excerptOf(file, Number(position))
  const excerpt = from === -1 ? own : lines.slice(from, lines.findIndex((line) => line.endsWith('^')) + 1)
  const words = lines.find((line) => line.trim() !== '' && !isExcerpt(line) && !excerpt.includes(line)) ?? ''
  const cause = words.replace(/(?: in JSON at position \d+.*| while parsing .*)$/, '')
  return [`is no valid ${kind}: ${cause}`, ...excerpt].join('\n')
}

/** The line of a place, with a mark below it. */
function excerptOf(file: string, position: number): string[] {
  try {
    const before = readFileSync(file, 'utf8').slice(0, position).split('\n')
    const line = readFileSync(file, 'utf8').split('\n')[before.length - 1] ?? ''
    const head = `> ${before.length} | `
    return [`${head}${line}`, `${' '.repeat(head.length - 2)}| ${' '.repeat(before.at(-1)?.length ?? 0)}^`]
  } catch {
    return []
  }
}

const isProgram = (file: string): boolean => /\.[cm]?[jt]s$/.test(file)

interface Explorer {
  load(file: string): Promise<{ config: unknown; isEmpty?: boolean } | null>
}

async function createExplorer(allow: 'data' | 'programs'): Promise<Explorer> {
  // Not `cosmiconfig()`: before anything else that looks for settings of its own in the working directory and runs
  // `.config/config.js` there. The explorer behind it only does as it is told; its types are left out of the package.
  const [module, { defaultLoaders }] = await Promise.all([
    import('cosmiconfig/dist/Explorer.js') as Promise<unknown>,
    import('cosmiconfig/dist/defaults.js')
  ])
  const { Explorer } = module as { Explorer: new (options: object) => Explorer }
  const { '.json': json, '.yaml': yaml, noExt } = defaultLoaders
  const program = (file: string) => importProgram(file)
  const programs = { '.js': program, '.mjs': program, '.cjs': program, '.ts': program, '.mts': program }
  return new Explorer({
    moduleName: 'unroot',
    // Keeps `$import` in a data file from naming a program.
    loaders: { '.json': json, '.yaml': yaml, '.yml': yaml, noExt, ...(allow === 'programs' && programs) },
    searchPlaces: [],
    ignoreEmptySearchPlaces: true,
    cache: false,
    mergeImportArrays: true,
    mergeSearchPlaces: false,
    metaConfigFilePath: null,
    searchStrategy: 'none',
    transform: (result: unknown) => result
  })
}

async function importProgram(file: string): Promise<unknown> {
  try {
    return ((await import(pathToFileURL(file).href)) as { default?: unknown }).default
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_UNKNOWN_FILE_EXTENSION') throw error
    throw new Error('this version of Node cannot read TypeScript; use a .mjs file, or Node 22.18 or newer')
  }
}
