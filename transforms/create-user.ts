import { readSetupPaths } from '../src/edit/setup-paths.ts'
import { addSetup, findSetupPlace } from '../src/edit/setup-run.ts'
import { findUserPlace } from '../src/edit/user-place.ts'
import { accountCommands } from '../src/plan/user.ts'
import { defineTransform, type TransformContext } from '../src/transform.ts'

/**
 * Creates the account that the image runs as, in the dialect of the image; reuses one that is there for the purpose. Numbers
 * only where an image cannot hold an account.
 *
 * @example
 * ```ts
 * import { rewrite } from 'unroot'
 * import { createUser } from 'unroot/transforms'
 *
 * const dockerfile = 'FROM debian:12-slim\nCMD ["serve"]\n'
 * const { text } = rewrite(dockerfile, { transforms: [createUser] })
 * text.includes('useradd --uid 10001 --gid app') // => true
 * ```
 */
export const createUser = defineTransform({
  name: 'create-user',
  summary: 'Create the account that the image runs as, in the dialect of the image',
  description: `Adds one \`RUN\` with \`groupadd\`/\`useradd\` (Debian, Ubuntu, Red Hat and kin) or \`addgroup\`/\`adduser\` (Alpine,
busybox), uid and gid 10001, with a home directory and without a login shell, before the first instruction that needs
the account.

Left alone: images whose Dockerfile or base image already has an account for the program (\`node\`, \`www-data\`, one made
by the Dockerfile's own \`useradd\`), images without a shell (\`scratch\`, distroless: numbers do), and unknown bases, where
the wrong dialect would break the build. A program that keeps files in its home directory gets \`ENV HOME=/tmp\` there, because
a user without an account starts with \`HOME=/\`.

\`\`\`diff
 FROM python:3.12-slim
+RUN groupadd --gid 10001 app \\
+    && useradd --uid 10001 --gid app --no-log-init --create-home --shell /usr/sbin/nologin app
\`\`\``,
  isAskedFor: ({ strategy }) => strategy === 'arbitrary-user',
  apply(context) {
    const { dockerfile, stage, stagePlan } = context
    const { user } = stagePlan
    if (stagePlan.environment.length > 0) {
      // source: moby daemon: a uid without a passwd entry starts with HOME=/
      const { before } = findUserPlace(stage)
      const text = `${context.edit.keyword('ENV')} ${stagePlan.environment.join(' ')}`
      const message = 'what the program needs as another user than root'
      if (before !== undefined) context.edit.insertBefore(before, text, message)
      else context.edit.insertAfter(stage.instructions.at(-1) ?? stage.from, text, message)
    }
    addArguments(context)
    const commands = accountCommands(user)
    if (commands.length === 0) return
    const { edit, image } = context
    if (user.name !== undefined && image.final.accounts.users.has(user.name)) return
    // The directories join the same RUN, so it stands where they can.
    const { after } = readSetupPaths(dockerfile, stage, image, stagePlan)
    const place = findSetupPlace(dockerfile, stage, stagePlan, after)
    addSetup(edit, dockerfile, stage, { ...place, join: undefined }, commands, `create ${user.name} (${user.text})`)
  }
})

/** `ARG UID=10001` above the first instruction that can name it. */
function addArguments({ dockerfile, stage, stagePlan, ...context }: TransformContext): void {
  const missing = stagePlan.user.buildArguments?.missing ?? []
  if (missing.length === 0) return
  const { edit, image } = context
  const { after } = readSetupPaths(dockerfile, stage, image, stagePlan)
  const { join, before } = findSetupPlace(dockerfile, stage, stagePlan, after)
  const copy = stage.instructions.find(({ keyword }) => keyword === 'COPY' || keyword === 'ADD')
  const [first] = [join, before, copy].filter((each) => each !== undefined).sort((a, b) => a.index - b.index)
  const lines = missing.map((argument) => `${edit.keyword('ARG')} ${argument}`).join('\n')
  const message = 'whoever builds may say the numbers'
  if (first !== undefined) edit.insertBefore(first, lines, message)
  else edit.insertAfter(stage.instructions.at(-1) ?? stage.from, lines, message)
}
