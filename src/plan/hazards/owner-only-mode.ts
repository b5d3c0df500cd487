import { defineHazard } from '../hazard.ts'
import { isInside } from '../paths.ts'
import { findClosedPrograms } from '../program-modes.ts'

export const ownerOnlyMode = defineHazard({
  name: 'owner-only-mode',
  severity: 'error',
  summary: 'A program or script that only its owner may execute',
  description: `\`chmod u+x\`, \`chmod 700\` or \`chmod 744\` on the program that the image starts lets only root execute it; as
another user the container stops with "permission denied". \`open-program-modes\` writes \`755\` or \`a+rx\` instead; it is
refused where the same \`chmod\` or copy brings other files as well, which must perhaps stay closed. A file of mode \`0600\`
or \`0640\` that a \`RUN\` closes (a key, a token) is named in a warning.`,
  *find({ dockerfile, image, runFacts, startUp, copies, options }) {
    const words = startUp.programs.flatMap((program) => [program.word, ...program.args]).join(' ')
    const closed = findClosedPrograms(dockerfile, image, copies, runFacts, startUp, options)
    for (const fact of runFacts.all) {
      if (fact.kind !== 'open' || !/^0?[0-7][0-7]0$/.test(fact.value) || fact.isRecursive) continue
      if (
        /^\/(?:root|tmp|etc\/(?:sudoers|ssh|shadow|cron)|var\/(?:lib\/(?:apt|mysql|postgresql)|spool))/.test(fact.path)
      )
        continue
      const copy = copies.findLast(
        (each) =>
          each.destination === fact.path || (each.destination !== '/' && fact.path.startsWith(`${each.destination}/`))
      )
      if (closed.some((program) => program.path === fact.path)) continue
      if (copy === undefined && !words.includes(fact.path)) continue
      if (
        copy?.instruction.flag('chown') !== undefined ||
        (isInside(fact.path, image.final.workdir) && image.final.workdir !== '/')
      )
        continue
      if ([...runFacts.covering(fact.path)].some((other) => other.kind === 'own')) continue
      yield {
        severity: 'warning',
        message: `\`chmod ${fact.value} ${fact.path}\`: only root may read it`,
        help: `If the program reads it, give it away in the same RUN (\`&& chown UID:GID ${fact.path}\`) or bring it with COPY --chown.`,
        at: fact.instruction
      }
    }
    for (const { path, mode, instruction, by, edit } of closed) {
      // The others are opened by `open-program-modes`.
      if (edit !== undefined) continue
      yield {
        message:
          by === 'context'
            ? `${path} has mode ${mode} in the build context: as another user it can't be started`
            : `\`${by === 'run' ? `chmod ${mode}` : `--chmod=${mode}`}\` in ${instruction.keyword}: only its owner may execute ${path}`,
        help:
          by === 'context'
            ? 'Run chmod 755 on the file in the repository, or bring it by a COPY --chmod=0755 of its own; the owner stays root.'
            : 'Give the program a chmod of its own with 755 (or `a+rx`); the owner stays root.',
        at: instruction
      }
    }
  }
})
