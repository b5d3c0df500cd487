import { findOwningWorkdir, findUserPlace } from '../src/edit/user-place.ts'
import { isRoot, stateBefore } from '../src/image/image.ts'
import { defineTransform } from '../src/transform.ts'

/**
 * Puts `USER uid:gid` behind the last step that needs root, right above the command; an early `USER` is moved there.
 *
 * @example
 * ```ts
 * import { rewrite } from 'unroot'
 * import { switchUser } from 'unroot/transforms'
 *
 * const dockerfile = 'FROM node:22-slim\nCMD ["node", "server.js"]\n'
 * const { text } = rewrite(dockerfile, { transforms: [switchUser] })
 * text.includes('USER 1000:1000') // => true
 * ```
 */
export const switchUser = defineTransform({
  name: 'switch-user',
  summary: 'Put USER after the last step that needs root, right before the command',
  description: `Writes \`USER uid:gid\` above \`ENTRYPOINT\`/\`CMD\` (and above the comment that belongs to them), behind every \`RUN\`,
\`COPY\` and \`WORKDIR\` of the stage. Numbers, because Kubernetes' \`runAsNonRoot\` cannot check a name. A \`USER root\` that is
the last word is rewritten in place. In an image without a shell it stands above the \`WORKDIR\` that the process writes to, so
that the directory belongs to the user.

\`\`\`diff
 EXPOSE 5000
+USER 10001:10001
 CMD ["python3", "app.py"]
\`\`\``,
  apply({ stage, image, stagePlan, edit, options }) {
    // There the entrypoint changes the user.
    if (options.strategy === 'entrypoint') return
    const owning = isRoot(image.final) ? findOwningWorkdir(stage, image, stagePlan) : undefined
    if (owning !== undefined) {
      const { text } = stagePlan.user
      edit.insertBefore(owning, `${edit.keyword('USER')} ${text}`, `run as ${text}, to whom the directory belongs then`)
      return
    }
    const { text } = stagePlan.user
    if (!isRoot(image.final)) {
      // Only a stage that was root and is built on one that this run has switched has something left to do.
      const isOwn = stage.instructions.some((instruction) => instruction === image.final.userInstruction)
      if (stagePlan.isNonRoot || isOwn) return
      const step = stage.instructions.find((instruction) => instruction.keyword === 'RUN')
      if (step === undefined && image.final.user === text) return
      if (step !== undefined && !isRoot(stateBefore(image, step)))
        edit.insertBefore(step, `${edit.keyword('USER')} root`, 'steps of this stage need root')
    }
    const place = findUserPlace(stage)
    const message = `run as ${text}`
    if (place.replace !== undefined) {
      const [start, end] = place.replace.sourceRange(
        place.replace.argumentsLogicalStart,
        place.replace.raw.logical.trimEnd().length
      )
      edit.replace(start, end, text, message)
    } else if (place.before !== undefined) edit.insertBefore(place.before, `${edit.keyword('USER')} ${text}`, message)
    else edit.insertAfter(stage.instructions.at(-1) ?? stage.from, `${edit.keyword('USER')} ${text}`, message)
  }
})
