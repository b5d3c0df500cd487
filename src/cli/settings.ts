import { existsSync, statSync } from 'node:fs'
import path from 'node:path'
import { createFileSettings, type FileSettings, toImages, withoutUndefined } from '../config/file-options.ts'
import { findConfig, type LoadedConfig, loadConfig } from '../config/load.ts'
import { didYouMean } from '../config/nearest.ts'
import type { ConfigFileOptions } from '../config/schema.ts'
import { UnrootError } from '../errors.ts'
import { relativePath } from '../node/paths.ts'
import type { FileOptions } from '../node/rewrite-paths.ts'
import { findStrategyConflict } from '../options.ts'
import type { Flags, Format } from './flags.ts'

/** Flags and config, made one: flags win. */
export interface Settings extends FileSettings {
  format: Format
  failOnNoFiles: boolean
  concurrency: number
  /** Relative to the working directory; for `--verbose`. */
  configFile: string | undefined
}

/** @throws {UnrootError} with the mistake and its remedy */
export async function readSettings(flags: Flags, cwd: string): Promise<Settings> {
  const loaded = await readConfig(flags, cwd)
  const config = loaded?.config
  if (loaded) {
    await checkConfigNames(loaded, cwd)
    for (const place of [loaded.config, ...(loaded.config.overrides ?? [])]) checkPlaces(place, loaded, cwd)
  }
  const fromConfig = loaded && createFileSettings(loaded)
  const fromFlags = toFileOptions(flags, cwd)
  checkImages(fromFlags.images, '--image', 'the working directory', cwd)
  checkContext(flags.context, '--context', cwd)
  await checkNames([...(flags.only ?? []), ...(flags.skip ?? [])])
  return {
    format: flags.format ?? config?.format ?? 'diff',
    failOnNoFiles: flags.failOnNoFiles ?? config?.failOnNoFiles ?? false,
    concurrency: flags.concurrency ?? config?.concurrency ?? 16,
    configFile: loaded && relativePath(cwd, loaded.file),
    isExcluded: (file) => fromConfig?.isExcluded(file) ?? false,
    optionsFor(file) {
      const own = fromConfig?.optionsFor(file)
      const images = { ...own?.images, ...fromFlags.images }
      const options = { ...own, ...fromFlags, ...(Object.keys(images).length > 0 && { images }) }
      const conflict = findStrategyConflict(options)
      if (conflict !== undefined) throw new UnrootError('INVALID_OPTION', conflict)
      return options
    }
  }
}

async function readConfig(flags: Flags, cwd: string): Promise<LoadedConfig | undefined> {
  if (flags.config === false) return undefined
  return typeof flags.config === 'string' ? loadConfig(flags.config, cwd) : findConfig(cwd)
}

function toFileOptions(flags: Flags, cwd: string): FileOptions {
  const { strategy, user, uid, gid, uidFrom, umask, chown, only, skip, safeOnly, target, port, context, harden } = flags
  const chosen = { strategy, user, uid, gid, uidFrom, umask, chown, harden }
  const same = { ...chosen, only, skip, safeOnly, targets: target, ports: port }
  const { stepDown, entrypointVariables, entrypointInline } = flags
  const options = {
    ...same,
    images: toImages(flags.image, cwd),
    ...{ stepDown, entrypointVariables, entrypointInline },
    companions: flags.companions ? undefined : false,
    context: context === undefined ? undefined : path.resolve(cwd, context)
  }
  return withoutUndefined(options) as FileOptions
}

function checkPlaces({ image, context }: ConfigFileOptions, { file, folder }: LoadedConfig, cwd: string): void {
  const name = relativePath(cwd, file)
  checkImages(toImages(image, folder), `${name}: image`, 'the config file', cwd)
  checkContext(context, `${name}: context`, folder)
}

/** A folder that is not there would be without effect, and without a word. */
function checkContext(context: string | undefined, place: string, folder: string): void {
  if (context !== undefined && !statSync(path.resolve(folder, context), { throwIfNoEntry: false })?.isDirectory())
    throw new UnrootError('INVALID_OPTION', `${place} ${context}: no such folder; name the build context's`)
}

/** A mapping that leads nowhere likewise. */
function checkImages(
  images: Readonly<Record<string, string>> | undefined,
  place: string,
  base: string,
  cwd: string
): void {
  for (const [name, file] of Object.entries(images ?? {}))
    if (!existsSync(file))
      throw new UnrootError(
        'INVALID_OPTION',
        `${place} ${name}=${relativePath(cwd, file)}: no such Dockerfile; the path is relative to ${base}`
      )
}

async function checkConfigNames({ config, file }: LoadedConfig, cwd: string): Promise<void> {
  const places = [config, ...(config.overrides ?? [])]
  const names = places.flatMap(({ only, skip }) => [only ?? [], skip ?? []].flat()).flatMap((name) => name.split(','))
  await checkNames(
    names.map((name) => name.trim()),
    `${relativePath(cwd, file)}: `
  )
}

async function checkNames(names: readonly string[], prefix = ''): Promise<void> {
  if (names.length === 0) return
  const { transforms } = await import('../../transforms/index.ts')
  const known = transforms.map(({ name }) => name)
  for (const name of names)
    if (!known.includes(name))
      throw new UnrootError(
        'UNKNOWN_TRANSFORM',
        `${prefix}there is no transform "${name}".${didYouMean(name, known)} \`unroot list\` names them all`
      )
}
