/**
 * The built-in transforms, one by one: for presets of your own, and to run a single one.
 *
 * @module unroot/transforms
 */
import type { Transform } from '../src/transform.ts'
import { allowArbitraryUser } from './allow-arbitrary-user.ts'
import { chownCopiedFiles } from './chown-copied-files.ts'
import { createUser } from './create-user.ts'
import { dropPrivilegesInEntrypoint } from './drop-privileges-in-entrypoint.ts'
import { keepStepsRoot } from './keep-steps-root.ts'
import { leaveRootHome } from './leave-root-home.ts'
import { openProgramModes } from './open-program-modes.ts'
import { ownCacheMounts } from './own-cache-mounts.ts'
import { ownWritablePaths } from './own-writable-paths.ts'
import { pinNumericUser } from './pin-numeric-user.ts'
import { prepareServer } from './prepare-server.ts'
import { remapPorts } from './remap-ports.ts'
import { setUmask } from './set-umask.ts'
import { switchUser } from './switch-user.ts'
import { updateCompose } from './update-compose.ts'
import { updateKubernetes } from './update-kubernetes.ts'

export {
  allowArbitraryUser,
  chownCopiedFiles,
  createUser,
  dropPrivilegesInEntrypoint,
  keepStepsRoot,
  leaveRootHome,
  openProgramModes,
  ownCacheMounts,
  ownWritablePaths,
  pinNumericUser,
  prepareServer,
  remapPorts,
  setUmask,
  switchUser,
  updateCompose,
  updateKubernetes
}

/**
 * Every built-in transform, in the order in which the preset runs them.
 *
 * @example
 * ```ts
 * import { transforms } from 'unroot/transforms'
 *
 * transforms[0]?.name // => 'create-user'
 * ```
 */
export const transforms: readonly Transform[] = [
  createUser,
  leaveRootHome,
  ownWritablePaths,
  chownCopiedFiles,
  ownCacheMounts,
  remapPorts,
  setUmask,
  switchUser,
  pinNumericUser,
  prepareServer,
  openProgramModes,
  dropPrivilegesInEntrypoint,
  allowArbitraryUser,
  keepStepsRoot,
  updateCompose,
  updateKubernetes
]
