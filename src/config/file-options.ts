import path from 'node:path'
import type { FileOptions } from '../node/rewrite-paths.ts'
import type { LoadedConfig } from './load.ts'
import { createMatcher } from './patterns.ts'
import type { ConfigFileOptions } from './schema.ts'

/** What a config means for paths. */
export interface FileSettings {
  isExcluded(file: string): boolean
  optionsFor(file: string): FileOptions
}

/** Applies a config to absolute paths: its own options, then the overrides that match, in their order. */
export function createFileSettings({ config, folder }: LoadedConfig): FileSettings {
  const isExcluded = createMatcher(config.exclude ?? [], folder)
  const overrides = (config.overrides ?? []).map(({ files, ...options }) => ({
    matches: createMatcher(files, folder),
    options: toFileOptions(options, folder)
  }))
  const acceptances = (config.ignore ?? []).map(({ path: patterns, rule, reason }) => ({
    matches: createMatcher(patterns, folder),
    acceptance: { rule, reason }
  }))
  const own = toFileOptions(config, folder)
  return {
    isExcluded,
    optionsFor(file) {
      const options = Object.assign(
        {},
        own,
        ...overrides.filter(({ matches }) => matches(file)).map(({ options }) => options)
      )
      const ignore = acceptances.filter(({ matches }) => matches(file)).map(({ acceptance }) => acceptance)
      return ignore.length > 0 ? { ...options, ignore } : options
    }
  }
}

function toFileOptions(config: ConfigFileOptions, folder: string): FileOptions {
  const { strategy, user, uid, gid, umask, chown, safeOnly, companions, harden } = config
  const same = { strategy, user, uid, gid, umask, chown, safeOnly, companions, harden }
  const { stepDown, entrypointVariables, entrypointInline } = config
  const options: Partial<Record<keyof FileOptions, unknown>> = {
    ...same,
    images: toImages(config.image, folder),
    ...{ stepDown, entrypointInline },
    entrypointVariables: toNames(entrypointVariables),
    targets: config.target === undefined ? undefined : [config.target].flat(),
    ports: config.port === undefined ? undefined : toPorts(config.port),
    only: toNames(config.only),
    skip: toNames(config.skip),
    context: config.context === undefined ? undefined : path.resolve(folder, config.context)
  }
  return withoutUndefined(options) as FileOptions
}

/** Absolute Dockerfiles by image name. */
export function toImages(image: ConfigFileOptions['image'], folder: string): Record<string, string> | undefined {
  if (image === undefined) return undefined
  const pairs =
    typeof image === 'object' && !Array.isArray(image)
      ? Object.entries(image)
      : [image].flat().map((pair): [string, string] => {
          const at = pair.indexOf('=')
          return [pair.slice(0, at), pair.slice(at + 1)]
        })
  return Object.fromEntries(pairs.map(([name, file]) => [name, path.resolve(folder, file)]))
}

function toPorts(port: NonNullable<ConfigFileOptions['port']>): Record<number, number> {
  if (typeof port === 'object' && !Array.isArray(port)) return port
  return Object.fromEntries([port].flat().map((pair) => pair.split('=').map(Number) as [number, number]))
}

function toNames(names: string | readonly string[] | undefined): string[] | undefined {
  return typeof names === 'string' ? splitNames(names) : names?.flatMap(splitNames)
}

/** `a, b` as on the command line. */
export function splitNames(names: string): string[] {
  return names
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
}

/** Later options must not be hidden by ones that nobody has set. */
export function withoutUndefined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T
}
