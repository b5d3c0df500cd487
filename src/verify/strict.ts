/** How the rewritten image is started: as strict platforms do it. */

import { stepDownCapabilities } from '../plan/step-down.ts'
import type { WritablePath } from '../types.ts'
import type { EngineKind } from './engine.ts'
import type { VerifySettings } from './types.ts'
import type { Candidate } from './verify-image.ts'

/** Paths that are filled at build time: a `tmpfs` would hide what is there, and a `VOLUME` is writable anyway. */
const keepsContent = /working directory|application files|^VOLUME/

/**
 * Arguments of `run` for the rewritten image. Docker lets every user bind port 80 unless the sysctl says otherwise, so
 * without it a test of ports would prove nothing.
 */
export function strictArguments(
  settings: VerifySettings,
  kind: EngineKind,
  { uid, writablePaths, startsAsRoot = false }: Pick<Candidate, 'uid' | 'writablePaths' | 'startsAsRoot'>
): string[] {
  const { runNetwork, readOnly } = settings
  // Docker gives a tmpfs the mode of the directory below it, whatever is asked for, so the owner counts. Podman does
  // as asked, and knows no owner.
  const mode = kind === 'docker' && uid !== null ? `:mode=1777,uid=${uid}` : ':mode=1777'
  return [
    ...['--network', runNetwork],
    ...['--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'],
    ...(startsAsRoot ? stepDownCapabilities.flatMap((name) => ['--cap-add', name]) : []),
    // The engine refuses to change the network of the machine itself.
    ...(runNetwork === 'host' ? [] : ['--sysctl', 'net.ipv4.ip_unprivileged_port_start=1024']),
    ...(readOnly ? ['--read-only', ...temporaryPaths(writablePaths).flatMap((path) => ['--tmpfs', path + mode])] : [])
  ]
}

function temporaryPaths(writablePaths: readonly WritablePath[]): string[] {
  const planned = writablePaths.filter(({ reason, path }) => !keepsContent.test(reason) && !/\.[a-z0-9]+$/.test(path))
  return [...new Set(['/tmp', '/run', ...planned.map(({ path }) => path)])]
}
