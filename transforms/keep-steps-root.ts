import { findStepsAfterConversion } from '../src/plan/base-user.ts'
import { defineTransform } from '../src/transform.ts'

/**
 * Puts `USER root` above steps that would inherit the `USER` of a base image which another Dockerfile of the same tree builds.
 *
 * @example
 * ```ts
 * import { rewriteFiles } from 'unroot'
 * import { keepStepsRoot } from 'unroot/transforms'
 *
 * const base = 'FROM debian:12-slim\nCMD ["sleep", "1000"]\n'
 * const tree = new Map([['base/Dockerfile', base], ['api/Dockerfile', 'FROM base\nRUN apt-get update\n']])
 * const { reports } = rewriteFiles(tree)
 * reports[1]?.changes.some(({ transform }) => transform === keepStepsRoot.name) // => true
 * ```
 */
export const keepStepsRoot = defineTransform({
  name: 'keep-steps-root',
  summary: 'Keep the steps of a file root when its base image is converted with it',
  description: `Another Dockerfile of the same tree builds the base image and gets a \`USER\` in the same run: a \`RUN\` here would inherit it. \`USER root\`
goes above the first such step of each stage, those of the conversion itself included. It changes nothing on a base that is
still root, so the two can be built in any order.

\`\`\`diff
 FROM registry.example.com/shop/python-base:3
+USER root
 RUN apt-get update && apt-get install -y imagemagick
 COPY . .
+USER 10001:10001
\`\`\``,
  apply({ dockerfile, plan, stagePlan, edit }) {
    // The steps of all stages at once, those of stages that are not shipped too.
    if (stagePlan !== plan.stages.find(({ isNonRoot }) => !isNonRoot)) return
    for (const step of findStepsAfterConversion(dockerfile))
      edit.insertBefore(step, `${edit.keyword('USER')} root`, 'steps of this stage need root')
  }
})
