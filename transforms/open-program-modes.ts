import { readCopies } from '../src/plan/copies.ts'
import { findClosedPrograms } from '../src/plan/program-modes.ts'
import { readRunFacts } from '../src/plan/run-facts.ts'
import { readStartUp } from '../src/plan/startup.ts'
import { defineTransform } from '../src/transform.ts'

/**
 * Opens programs and scripts that only their owner may read or execute.
 *
 * @example
 * ```ts
 * import { rewrite } from 'unroot'
 * import { openProgramModes } from 'unroot/transforms'
 *
 * const dockerfile = 'FROM alpine:3.20\nCOPY start.sh /start.sh\nRUN chmod u+x /start.sh\nCMD ["/start.sh"]\n'
 * const { text } = rewrite(dockerfile, { transforms: [openProgramModes] })
 * text.includes('RUN chmod a+rx /start.sh') // => true
 * ```
 */
export const openProgramModes = defineTransform({
  name: 'open-program-modes',
  summary: 'Open programs and scripts that only their owner may execute',
  description: `\`chmod u+x\`, \`chmod 700\`, \`COPY --chmod=0700\`, or a file that has such a mode in the build context: only root could start
the program. The mode becomes \`a+rx\` or gets \`r-x\` for everybody; where the file's own mode is the cause, its \`COPY\` gets
\`--chmod=0755\`. The owner stays root: a process should not be able to change its own program.

Left alone: programs in the application's directories, which belong to the user, and a \`chmod\` that other files hang on
(\`owner-only-mode\`).

\`\`\`diff
-RUN chmod u+x /entrypoint.sh
+RUN chmod a+rx /entrypoint.sh
\`\`\``,
  apply(context) {
    if (context.stagePlan.closedPrograms.length === 0) return
    const { dockerfile, image, stagePlan, options, edit } = context
    const wanted = new Set(stagePlan.closedPrograms)
    const copies = readCopies(dockerfile, image.lineage)
    const startUp = readStartUp(dockerfile, image, copies, options)
    const facts = readRunFacts(dockerfile, image.lineage)
    for (const closed of findClosedPrograms(dockerfile, image, copies, facts, startUp, options))
      if (closed.edit !== undefined && wanted.has(closed.path))
        edit.replace(closed.edit.start, closed.edit.end, closed.edit.text, `everybody may start ${closed.path}`)
  }
})
