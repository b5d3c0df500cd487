import { createFileSettings, type FileSettings, splitNames } from '../config/file-options.ts'
import { searchPlaces } from '../config/search-places.ts'
import { validateConfig } from '../config/validate.ts'
import { UnrootError } from '../errors.ts'
import type { FileOptions } from '../node/rewrite-paths.ts'
import { findYaml } from '../yaml.ts'
import { existsSync, readFileSync } from './fs.ts'

/** What `--param` may say, under the keys of the config file, and what becomes of it. */
const parameters: Readonly<Record<string, (value: unknown) => unknown>> = {
  strategy: String,
  user: String,
  uid: toNumber,
  gid: toNumber,
  target: (value) => splitNames(String(value)),
  context: String,
  port: (value) => splitNames(String(value)),
  // `--param umask=27` arrives as a number.
  umask: (value) => String(value).padStart(3, '0'),
  chown: String,
  stepDown: String,
  entrypointVariables: String,
  entrypointInline: toFlag,
  image: (value) => splitNames(String(value)),
  only: String,
  skip: String,
  safeOnly: toFlag,
  companions: toFlag,
  harden: toFlag
}

const names = Object.keys(parameters)

/** An id that is no number stays what it is: the schema says so in words. */
function toNumber(value: unknown): unknown {
  return typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value
}

function toFlag(value: unknown): unknown {
  return value === 'true' ? true : value === 'false' ? false : value
}

/**
 * The parameters of a run and the config file in the target folder, as settings; parameters win.
 *
 * @throws {UnrootError} `CONFIG_INVALID`
 */
export function readSettings(given: Readonly<Record<string, unknown>>, folder: string): FileSettings {
  const file = `${folder}/parameters`
  const config = validateConfig(readConfigFile(folder), 'the config file')
  const fromConfig = createFileSettings({ config, folder, file })
  const converted = Object.entries(given).flatMap(([name, value]) => {
    const convert = Object.hasOwn(parameters, name) ? parameters[name] : undefined
    if (convert === undefined)
      throw new UnrootError('CONFIG_INVALID', `there is no parameter "${name}"; known are ${names.join(', ')}`)
    return value === undefined || value === null || value === '' ? [] : [[name, convert(value)]]
  })
  const fromParameters = createFileSettings({
    config: validateConfig(Object.fromEntries(converted), 'parameters'),
    folder,
    file
  })
  return {
    isExcluded: fromConfig.isExcluded,
    optionsFor: (path): FileOptions => ({ ...fromConfig.optionsFor(path), ...fromParameters.optionsFor(path) })
  }
}

/** JSON is YAML too. */
function readConfigFile(folder: string): unknown {
  for (const place of searchPlaces) {
    const file = `${folder}/${place}`
    if (!existsSync(file)) continue
    const [document] = findYaml()?.parseAllDocuments(readFileSync(file, 'utf8') as string) ?? []
    const content: unknown = document !== undefined && 'toJS' in document ? document.toJS() : undefined
    const own = place === 'package.json' ? (content as { unroot?: unknown } | null)?.unroot : (content ?? {})
    if (own !== undefined) return own
  }
  return {}
}
