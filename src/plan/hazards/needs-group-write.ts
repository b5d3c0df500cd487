import { isRoot } from '../../image/image.ts'
import { findOpenCopy } from '../group-rights.ts'
import { defineHazard } from '../hazard.ts'
import { baseName, parentDirectory } from '../paths.ts'
import { canRun } from '../user.ts'
import { findApplicationDirectories, planPaths } from '../writable-paths.ts'

export const needsGroupWrite = defineHazard({
  name: 'needs-group-write',
  severity: 'error',
  summary: 'Strategy arbitrary-user in an image without a shell whose process must write',
  description: `A platform that chooses the uid (OpenShift) gives it group 0, so what the process writes must be writable for that
group. A \`chmod g=u\` needs a shell, which \`scratch\` and distroless images lack, and \`WORKDIR\` makes directories that only
their owner can write.

Mount a volume there (\`emptyDir\`, a \`tmpfs\`: the platform gives it to the group), or make the directory in a build stage and
copy what holds it. The directory that a \`COPY\` names has mode 0755 whatever \`--chmod\` says; those in it keep theirs:

\`\`\`dockerfile
FROM golang:1.25 AS build
RUN mkdir -p /out/data && chmod 0775 /out/data

FROM gcr.io/distroless/static
COPY --from=build --chown=65532:0 /out /
\`\`\``,
  *find({ dockerfile, image, copies, runFacts, startUp, user, options }) {
    if (canRun(image)) return
    const own = findApplicationDirectories(dockerfile, image, copies, startUp)
    const { readContext, mounts } = options
    for (const each of planPaths(dockerfile, image, copies, runFacts, startUp, user, own, readContext, mounts)) {
      if (each.isLikelyWritten !== true || findOpenCopy(dockerfile, copies, each.path) !== undefined) continue
      yield {
        message: `${each.path} (${each.reason}) must be writable for group 0, and no RUN can be added to this image${isRoot(image.final) ? '' : '; it stays as it is'}`,
        help: `Mount a volume there (emptyDir, tmpfs), or make it in a build stage: RUN mkdir -p /out/${baseName(each.path)} && chmod 0775 /out/${baseName(each.path)}, then COPY --from=build --chown=${user.text} /out ${parentDirectory(each.path)}.`
      }
    }
  }
})
