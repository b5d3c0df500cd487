/** How the rewritten image is started: as strict platforms do it. */
import type { WritablePath } from '../types.ts'
import type { VerifySettings } from './types.ts'

/** Paths that are filled at build time: a `tmpfs` would hide what is there, and a `VOLUME` is writable anyway. */
const keepsContent = /working directory|application files|^VOLUME/

/**
 * Arguments of `run` for the rewritten image. Docker lets every user bind port 80 unless the sysctl says otherwise, so
 * without it a test of ports would prove nothing.
 */
export function strictArguments(settings: VerifySettings, writablePaths: readonly WritablePath[]): string[] {
  const { runNetwork, readOnly } = settings
  return [
    ...['--network', runNetwork],
    ...['--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'],
    // The engine refuses to change the network of the machine itself.
    ...(runNetwork === 'host' ? [] : ['--sysctl', 'net.ipv4.ip_unprivileged_port_start=1024']),
    ...(readOnly ? ['--read-only', ...temporaryPaths(writablePaths).flatMap((path) => ['--tmpfs', path])] : [])
  ]
}

function temporaryPaths(writablePaths: readonly WritablePath[]): string[] {
  const planned = writablePaths.filter(({ reason, path }) => !keepsContent.test(reason) && !/\.[a-z0-9]+$/.test(path))
  return [...new Set(['/tmp', '/run', ...planned.map(({ path }) => path)])].map((path) => `${path}:mode=1777`)
}
