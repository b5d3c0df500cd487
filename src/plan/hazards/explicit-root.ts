import { positionOf } from '../../dockerfile/dockerfile.ts'
import { isRootUser } from '../../image/accounts.ts'
import { defineHazard } from '../hazard.ts'

export const explicitRoot = defineHazard({
  name: 'explicit-root',
  severity: 'warning',
  summary: 'The Dockerfile asks for root at run time',
  description: `The last \`USER\` is root and no step that needs root follows it, so somebody wanted the process to be root, or
forgot to change back. The image is converted; find out which it was before you merge (\`git log -S 'USER root'\`).`,
  *find({ image, stage }) {
    const last = stage.instructions.findLast((instruction) => instruction.keyword === 'USER')
    if (last === undefined || image.final.user === undefined || !isRootUser(image.final.user)) return
    const after = stage.instructions.slice(positionOf(stage, last) + 1)
    if (after.some((instruction) => ['RUN', 'COPY', 'ADD', 'WORKDIR'].includes(instruction.keyword))) return
    yield {
      message: `\`USER ${last.argumentText}\` is the last word, with nothing after it that needs root: was it on purpose?`,
      help: 'See the history of the line. If the process needs root, keep it: `# unroot: ignore explicit-root -- reason`.',
      at: last
    }
  }
})
