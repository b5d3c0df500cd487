import { readImage, resolvePath, stateBefore } from '../../image/image.ts'
import { shellSources } from '../../image/shell-source.ts'
import { findOrigin } from '../copies.ts'
import { defineHazard } from '../hazard.ts'

/** What a script of the build does that decides who the image should run as. */
const signs: readonly (readonly [RegExp, string])[] = [
  [/^[^#\n]*\b(?:useradd|adduser)\b/m, 'creates an account, which unroot does not take up'],
  [
    /^[^#\n]*\bchgrp\s+(?:-\w+\s+)*(?:0|root)\s|^[^#\n]*\bchown\s+(?:-\w+\s+)*\w+:(?:0|root)\s/m,
    'prepares files for group 0 (OpenShift), which the new user does not belong to'
  ]
]

export const buildScript = defineHazard({
  name: 'build-script',
  severity: 'warning',
  summary: 'A script that a RUN calls decides about accounts or owners',
  description: `A \`RUN\` that calls a script of the build context may create the account that the image is meant to run as, or prepare
files for group 0. The commands of a \`RUN\` itself are understood; those of a script are only looked through for this.

What to do: name that account with \`--user\` and \`--uid\` (\`unroot --user project --uid 1000\`), or write the \`useradd\` into the
Dockerfile.`,
  *find({ dockerfile, image, copies, options }) {
    const { readContext } = options
    if (readContext === undefined) return
    for (const stage of image.lineage) {
      const own = readImage(dockerfile, stage)
      for (const instruction of stage.instructions) {
        if (instruction.keyword !== 'RUN' || !/\.(?:sh|bash)\b/.test(instruction.raw.logical)) continue
        const { workdir } = stateBefore(own, instruction)
        for (const { script } of shellSources(instruction))
          for (const { name, args } of script.commands) {
            const word = /^(?:ba|da|a)?sh$/.test(name) ? args.find(({ value }) => !value.startsWith('-'))?.value : name
            if (word === undefined || !/\.(?:sh|bash)$/.test(word)) continue
            const origin = findOrigin(copies, resolvePath(workdir, word), readContext)
            if (origin?.kind !== 'context') continue
            const sign = signs.find(([pattern]) => pattern.test(origin.text))
            if (sign === undefined) continue
            yield {
              message: `RUN calls ${origin.path}, which ${sign[1]}`,
              help: 'Name that account with --user and --uid, or bring those commands into the Dockerfile and convert again.',
              at: instruction
            }
            return
          }
      }
    }
  }
})
