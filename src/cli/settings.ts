import path from 'node:path'
import { createFileSettings, type FileSettings, withoutUndefined } from '../config/file-options.ts'
import { findConfig, type LoadedConfig, loadConfig } from '../config/load.ts'
import { didYouMean } from '../config/nearest.ts'
import { UnrootError } from '../errors.ts'
import { relativePath } from '../node/paths.ts'
import type { FileOptions } from '../node/rewrite-paths.ts'
import { findStrategyConflict } from '../options.ts'
import { type AvailableFormat, availableFormat, type Flags, notYetAvailable, refuseUnavailable } from './flags.ts'

/** Flags and config, made one: flags win. */
export interface Settings extends FileSettings {
  format: AvailableFormat
  failOnNoFiles: boolean
  concurrency: number
  /** Relative to the working directory; for `--verbose`. */
  configFile: string | undefined
}

/** @throws {UnrootError} with the mistake and its remedy */
export async function readSettings(flags: Flags, cwd: string): Promise<Settings> {
  refuseUnavailable(flags)
  const loaded = await readConfig(flags, cwd)
  const config = loaded?.config
  if (loaded) await checkConfigNames(loaded, cwd)
  const fromConfig = loaded && createFileSettings(loaded)
  const fromFlags = toFileOptions(flags, cwd)
  await checkNames([...(flags.only ?? []), ...(flags.skip ?? [])])
  return {
    format: availableFormat(flags.format ?? config?.format),
    failOnNoFiles: flags.failOnNoFiles ?? config?.failOnNoFiles ?? false,
    concurrency: flags.concurrency ?? config?.concurrency ?? 16,
    configFile: loaded && relativePath(cwd, loaded.file),
    isExcluded: (file) => fromConfig?.isExcluded(file) ?? false,
    optionsFor(file) {
      const options = { ...fromConfig?.optionsFor(file), ...fromFlags }
      if (options.strategy === 'entrypoint') throw notYetAvailable(`strategy "${options.strategy}"`)
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
  if (strategy === 'entrypoint') throw notYetAvailable(`strategy "${strategy}"`)
  const chosen = { strategy, user, uid, gid, uidFrom, umask, chown, harden }
  const same = { ...chosen, only, skip, safeOnly, targets: target, ports: port }
  const options = {
    ...same,
    companions: flags.companions ? undefined : false,
    context: context === undefined ? undefined : path.resolve(cwd, context)
  }
  return withoutUndefined(options) as FileOptions
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
