import { UnrootError } from '../errors.ts'
import type { VerifySettings } from '../verify/types.ts'
import { withoutUndefined } from './file-options.ts'
import type { LoadedConfig } from './load.ts'
import { createMatcher } from './patterns.ts'
import type { VerifyConfig } from './schema.ts'

/**
 * Arguments of `run` that stay inside the container. A config that lies in the scanned repository is no more to be
 * trusted than its Dockerfiles, and `--privileged` or `--volume /:/host` would hand this machine over to them.
 */
const harmless =
  /^--(?:add-host|cpus|entrypoint|env|group-add|health-[a-z-]+|hostname|init|label|memory|no-healthcheck|pids-limit|read-only|shm-size|stop-signal|tmpfs|tty|ulimit|user|workdir)(?:=|$)/

/**
 * What a config says about `verify` for absolute paths: its own part, then those of the overrides that match.
 *
 * @param isNamed Somebody has named the config (`--config`), and so vouches for it.
 * @throws {UnrootError} `CONFIG_INVALID` when a config that was only found reaches out of the container
 */
export function createVerifySettings(
  { config, folder, file }: LoadedConfig,
  isNamed: boolean
): (dockerfile: string) => Partial<VerifySettings> {
  const parts = (config.overrides ?? []).map(({ files, verify }) => ({ matches: createMatcher(files, folder), verify }))
  const all = [config.verify, ...parts.map(({ verify }) => verify)]
  if (!isNamed) for (const verify of all) checkTrust(verify, file)
  return (dockerfile) =>
    Object.assign(
      {},
      toSettings(config.verify),
      ...parts.filter(({ matches }) => matches(dockerfile)).map(({ verify }) => toSettings(verify))
    )
}

function checkTrust(verify: VerifyConfig | undefined, file: string): void {
  const problems = [
    ...(verify?.runArgs ?? []).filter((argument) => argument.startsWith('-') && !harmless.test(argument)),
    ...(verify?.network !== undefined && verify.network !== 'none' ? [`network: ${verify.network}`] : [])
  ]
  // A value is an argument of its own: only written with = can it be told from a flag's.
  const loose = (verify?.runArgs ?? []).filter((argument) => !argument.startsWith('--'))
  const [problem] = [...problems, ...loose]
  if (problem === undefined) return
  throw new UnrootError(
    'CONFIG_INVALID',
    `${file}: verify: "${problem}" is not taken from a config that was only found, because it may reach out of the ` +
      'container (write harmless ones as --flag=value). Name the config with --config, or use --run-arg and --network'
  )
}

function toSettings(verify: VerifyConfig | undefined): Partial<VerifySettings> {
  if (verify === undefined) return {}
  const { buildArgs, env, command, network, ...same } = verify
  return withoutUndefined({
    ...same,
    buildArgs: buildArgs && toPairs(buildArgs),
    env: env && toPairs(env),
    command: typeof command === 'string' ? shellCommand(command) : command,
    buildNetwork: network
  }) as Partial<VerifySettings>
}

const toPairs = (record: Record<string, string>): string[] =>
  Object.entries(record).map(([name, value]) => `${name}=${value}`)

/** A command that is one string is for the shell of the image, as in a compose file. */
export function shellCommand(command: string): string[] {
  return ['/bin/sh', '-c', command]
}
