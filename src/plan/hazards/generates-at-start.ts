import { resolvePrincipal } from '../../image/accounts.ts'
import { isRoot, readImage, stateBefore } from '../../image/image.ts'
import { fillsPackages, generators } from '../../services/generators.ts'
import { defineHazard } from '../hazard.ts'
import { readings } from '../runners.ts'

export const generatesAtStart = defineHazard({
  name: 'generates-at-start',
  severity: 'warning',
  summary: 'The start writes into packages that a RUN installed as root',
  description: `\`prisma generate\` and \`prisma db push\` write the client into \`node_modules\`, \`npm install\` fills it. Where a \`RUN npm ci\` has
made that directory, its files belong to root, and as another user the start fails with EACCES. \`chown -R\` would store
every package a second time, so it is left to you.

What to do: run it in a \`RUN\` of the Dockerfile (\`RUN npx prisma generate\`) and start without it (\`prisma migrate deploy\`,
\`prisma db push --skip-generate\`); or install in a build stage and \`COPY --from=build --chown=uid:gid\`.`,
  *find({ dockerfile, image, startUp, runFacts, user }) {
    const installer = image.lineage
      .flatMap((stage) => stage.instructions.map((instruction) => ({ stage, instruction })))
      .findLast(
        ({ stage, instruction }) =>
          instruction.keyword === 'RUN' &&
          fillsPackages.test(instruction.raw.logical) &&
          isRoot(stateBefore(readImage(dockerfile, stage), instruction))
      )
    if (installer === undefined) return
    const { workdir } = stateBefore(readImage(dockerfile, installer.stage), installer.instruction)
    const isGiven = [...runFacts.covering(`${workdir}/node_modules`)].some(
      ({ kind, isRecursive, value, instruction }) =>
        kind === 'own' &&
        isRecursive &&
        instruction.index >= installer.instruction.index &&
        resolvePrincipal(value, image.final.accounts).uid === user.uid
    )
    if (isGiven) return
    for (const { name, args, place, instruction, guard } of startUp.programs) {
      if (guard === 'root') continue
      for (const [program, words] of readings(name, args)) {
        const found = generators.find((each) => each.program === program && each.when.test(words.join(' ')))
        if (found === undefined) continue
        yield {
          message: `${place} runs \`${[program, ...words.slice(0, 2)].join(' ')}\`, which writes ${found.writes}; RUN in line ${installer.instruction.startLine} made that as root`,
          help: 'Run it in a RUN of the Dockerfile and start without it, or install in a build stage and COPY --chown=UID:GID.',
          ...(instruction === undefined ? {} : { at: instruction })
        }
        return
      }
    }
  }
})
