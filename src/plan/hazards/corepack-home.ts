import { defineHazard } from '../hazard.ts'

export const corepackHome = defineHazard({
  name: 'corepack-home',
  severity: 'warning',
  summary: 'corepack keeps the package manager in root’s home',
  description: `corepack downloads pnpm or yarn into \`$HOME/.cache/node/corepack\` of the user who runs it. A \`RUN corepack
prepare\` as root is not found by another user: \`pnpm start\` then downloads it again at every start, which fails
without network. Set \`ENV COREPACK_HOME=/usr/local/share/corepack\` before the \`RUN\`, or start Node itself
(\`CMD ["node", "server.js"]\`).`,
  *find({ image, startUp }) {
    if (image.final.environment.has('COREPACK_HOME')) return
    const program = startUp.programs.find((each) => /^(pnpm|yarn|pnpx)$/.test(each.name))
    if (program === undefined) return
    const at = image.lineage
      .flatMap((stage) => stage.instructions)
      .find((instruction) => instruction.keyword === 'RUN' && /\bcorepack\b/.test(instruction.raw.logical))
    if (at === undefined) return
    yield {
      message: `${program.place} runs \`${program.name}\`, which corepack keeps in root's home: it is downloaded again at every start`,
      help: 'Set `ENV COREPACK_HOME=/usr/local/share/corepack` before the RUN with corepack, or start node directly.',
      at
    }
  }
})
