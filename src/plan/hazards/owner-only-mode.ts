import { resolvePath } from '../../image/image.ts'
import { defineHazard } from '../hazard.ts'
import { isInside } from '../paths.ts'

/** Modes under which another user can't run a script: `u+x`, `700`, `744`, ... */
const isOwnerOnly = (mode: string): boolean =>
  /^u\+[rwx]*x/.test(mode) ||
  (/^0?[0-7][0-7]?(?:[0246])(?:[0246])$/.test(mode) && /^0?7[0-7]{2}$/.test(mode) && !/^0?7[1357]?[57]$/.test(mode))

export const ownerOnlyMode = defineHazard({
  name: 'owner-only-mode',
  severity: 'error',
  summary: 'A program or script that only its owner may execute',
  description: `\`chmod u+x\`, \`chmod 700\` or \`chmod 744\` on the program that the image starts lets only root execute it; as
another user the container stops with "permission denied". Write \`chmod 755\` or \`chmod a+rx\` instead (or
\`COPY --chmod=0755\`), then convert again.`,
  *find({ image, runFacts, startUp, copies }) {
    const words = startUp.programs.flatMap((program) => [program.word, ...program.args]).join(' ')
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
    const started = new Set<string>()
    for (const program of startUp.programs)
      if (program.word.includes('/')) started.add(resolvePath(image.final.workdir, program.word))
    for (const script of startUp.scripts)
      if (script.path.includes('/')) started.add(resolvePath(image.final.workdir, script.path))
    for (const path of started) {
      const last = [...runFacts.covering(path)]
        .sort((a, b) => a.instruction.index - b.instruction.index)
        .findLast(
          (fact) =>
            fact.kind === 'open' && (fact.path === path || (fact.isRecursive && path.startsWith(`${fact.path}/`)))
        )
      if (last !== undefined && isOwnerOnly(last.value) && !last.isRecursive)
        yield {
          message: `\`chmod ${last.value} ${path}\`: only its owner may execute it`,
          help: 'Write `chmod 755` (or `a+rx`); the owner stays root.',
          at: last.instruction
        }
      const copy = copies.findLast(
        (each) => each.destination === path || path.startsWith(`${each.destination === '/' ? '' : each.destination}/`)
      )
      const mode = copy?.instruction.flag('chmod')?.value
      if (copy !== undefined && mode !== undefined && isOwnerOnly(mode) && last === undefined)
        yield {
          message: `\`${copy.instruction.keyword} --chmod=${mode}\`: only its owner may execute ${path}`,
          help: 'Write `--chmod=0755`; the owner stays root.',
          at: copy.instruction
        }
    }
  }
})
