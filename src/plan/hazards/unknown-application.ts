import { findServerByService } from '../../services/servers.ts'
import { defineHazard } from '../hazard.ts'

export const unknownApplication = defineHazard({
  name: 'unknown-application',
  severity: 'error',
  summary: 'The base image runs an application whose non-root form is not known',
  description: `The base image is an application of its own (a registry, an object store, a database) that starts as root, and the
Dockerfile keeps its entrypoint. Which directories it writes and whether it starts as another user is not known to
unroot, so the file is refused: a review could not find what nobody saw.

What to do: look into the application's manual for running as a user (\`--user\`, a \`-rootless\` or \`-unprivileged\` tag),
own its data directories in a \`RUN\`, and write \`USER uid:gid\` yourself.`,
  *find({ image, startUp }) {
    const base = image.base.image
    if (base === undefined || base.kind !== 'application' || base.runsAsAnyUser === true) return
    if (
      base.account !== undefined ||
      base.user !== undefined ||
      base.stepsDown !== undefined ||
      base.needsRoot !== undefined
    )
      return
    if (base.service !== undefined && findServerByService(base.service) !== undefined) return
    const keepsEntrypoint = startUp.entrypoint?.instruction === undefined
    const keepsCommand = startUp.command?.instruction === undefined
    if (!keepsEntrypoint || (startUp.entrypoint === undefined && !keepsCommand && base.cmd !== undefined)) return
    yield {
      message: `${image.base.reference.text} is an application that starts as root; how it runs as another user is not known`,
      help: 'See its manual for an unprivileged tag or a supported user, own its data directories, then write USER yourself.'
    }
  }
})
