import { giveToRootGroup } from '../src/edit/root-group.ts'
import { findUserPlace } from '../src/edit/user-place.ts'
import { isRootUser } from '../src/image/accounts.ts'
import { stateBefore } from '../src/image/image.ts'
import { findGroupNeeds, openTrees } from '../src/plan/group-rights.ts'
import { canRun } from '../src/plan/user.ts'
import { defineTransform } from '../src/transform.ts'

/**
 * Lets the image run as any uid of group 0, as OpenShift does. Does something only with `strategy: 'arbitrary-user'`.
 *
 * @example
 * ```ts
 * import { rewrite } from 'unroot'
 * import { allowArbitraryUser } from 'unroot/transforms'
 *
 * const dockerfile = 'FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nCMD ["python", "app.py"]\n'
 * const { text } = rewrite(dockerfile, { transforms: [allowArbitraryUser], strategy: 'arbitrary-user' })
 * text.includes('chmod g=u') // => true
 * ```
 */
export const allowArbitraryUser = defineTransform({
  name: 'allow-arbitrary-user',
  summary: 'Let the image run as any uid of group 0 (with --strategy arbitrary-user)',
  description: `OpenShift and other platforms start a container as a uid of their own choice, with group 0 and without a line in
\`/etc/passwd\`. With \`--strategy arbitrary-user\` the rights are the group's: \`USER uid:0\` in numbers, \`--chown=uid:0\`, group 0
with the rights of the owner (\`g=u\`) on what the process writes, \`HOME\` in a directory of that kind. No account is made.

In an application's directory only the *directories* are opened, by one \`find\` behind the last step that fills them: the
process can make, replace and remove files everywhere, and no file is stored a second time. Files that are copied there keep
their mode, so a file that is changed in place (an SQLite database of the repository) needs \`COPY --chmod=0664\`; those whose
name says it (\`.db\`, \`.sqlite\`) get it. What belongs to the account by \`chown -R\` gets \`chmod -R g=u\` in the same \`RUN\`.

An image that is non-root already is changed too when the strategy is asked for: wherever the file names the account or its
numbers (\`COPY --chown\`, \`chown\`, \`USER\`, \`uid=,gid=\` of mounts), \`uid:0\` takes its place. The account itself stays.

Refused: images without a shell whose process must write (\`needs-group-write\`). Named in a finding: programs that insist on a
line in \`/etc/passwd\` (\`needs-passwd-entry\`). A \`--umask\` that takes the group's rights away is an error.

\`\`\`diff
 FROM python:3.13-slim
+RUN mkdir -p /home/app /app && chown 10001:0 /home/app /app \\
+    && chmod g=u /home/app
 WORKDIR /app
-COPY . .
+COPY --chown=10001:0 . .
+RUN find /app -type d -exec chmod g=u {} +
+ENV HOME=/home/app
+USER 10001:0
 CMD ["python", "app.py"]
\`\`\``,
  onRequest: ({ strategy }) => strategy === 'arbitrary-user',
  // source: docs.openshift.com, "Creating images", "Support arbitrary user ids"
  apply(context) {
    const { dockerfile, stage, stagePlan, options } = context
    const { user } = stagePlan
    if (user.replaces === undefined || stagePlan.findings.some(({ rule }) => rule === 'needs-group-write')) return
    const { image, edit } = context
    giveToRootGroup(context, user)
    if (image.final.userInstruction === undefined && image.final.user !== user.text) {
      // The base image says who runs it, perhaps with a group of its own.
      const isMember = /^\d+(?::0)?$/.test(image.final.user ?? '') && stagePlan.user.replaces?.gid === 0
      if (stagePlan.isNonRoot && !isMember) {
        const { before } = findUserPlace(stage)
        const line = `${edit.keyword('USER')} ${user.text}`
        if (before !== undefined) edit.insertBefore(before, line, `run as ${user.text}`)
        else edit.insertAfter(stage.instructions.at(-1) ?? stage.from, line, `run as ${user.text}`)
      }
    }
    if (!canRun(image)) return
    const { inRun, late } = findGroupNeeds(dockerfile, stage, image, stagePlan, options)
    const chmods = (single: readonly string[], whole: readonly string[]) => [
      ...(single.length > 0 ? [`chmod g=u ${single.map(quote).join(' ')}`] : []),
      ...(whole.length > 0 ? [`chmod -R g=u ${whole.map(quote).join(' ')}`] : [])
    ]
    for (const [run, { single, whole }] of inRun)
      edit.appendCommands(run, chmods(single, whole), `group 0 can write ${[...single, ...whole].join(', ')}`)
    if (late === undefined) return
    const commands = [
      ...(late.trees.length > 0 ? [openTrees(image, late.trees.map(quote))] : []),
      ...chmods(late.single, late.whole)
    ]
    const message = `group 0 can write ${[...late.trees, ...late.single, ...late.whole].join(', ')}`
    const anchor = late.behind ?? stage.from
    const next = stage.instructions[stage.instructions.indexOf(anchor) + 1]
    const state =
      late.behind === undefined ? image.initial : next === undefined ? image.final : stateBefore(image, next)
    const run = edit.formatRun(commands)
    const isByRoot = state.user === undefined || state.user === '' || isRootUser(state.user)
    const text = isByRoot ? run : `${edit.keyword('USER')} root\n${run}\n${edit.keyword('USER')} ${user.text}`
    edit.insertAfter(anchor, text, message)
  }
})

/** A path as a shell word. */
const quote = (path: string): string =>
  /^[\p{L}\p{N}_./@%+=:,-]+$/u.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`
