import { resolvePath } from '../../image/image.ts'
import type { Copy } from '../copies.ts'
import { defineHazard } from '../hazard.ts'
import { isInside } from '../paths.ts'
import { findApplicationDirectories } from '../writable-paths.ts'

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
  *find({ dockerfile, image, runFacts, startUp, copies, options }) {
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
    const directories = findApplicationDirectories(dockerfile, image, copies)
    for (const path of started) {
      // What a COPY brings into the application's directories will belong to the user.
      if (directories.some((directory) => isInside(path, directory)) && findCopy(copies, path) !== undefined) continue
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
      const copy = findCopy(copies, path)
      const mode = copy?.instruction.flag('chmod')?.value
      if (copy !== undefined && mode !== undefined && isOwnerOnly(mode) && last === undefined)
        yield {
          message: `\`${copy.instruction.keyword} --chmod=${mode}\`: only its owner may execute ${path}`,
          help: 'Write `--chmod=0755`; the owner stays root.',
          at: copy.instruction
        }
      const script = startUp.scripts.find((each) => each.path === path)
      const fileMode = script?.contextPath === undefined ? undefined : options.contextMode?.(script.contextPath)
      if (script?.copy !== undefined && fileMode !== undefined && mode === undefined && last === undefined)
        if ((fileMode & 0o005) !== 0o005 && (fileMode & 0o100) !== 0)
          yield {
            message: `${script.contextPath} has mode 0${(fileMode & 0o777).toString(8)} in the build context: as another user it can't be started`,
            help: `Run chmod 755 ${script.contextPath}, or write COPY --chmod=0755; the owner stays root.`,
            at: script.copy.instruction
          }
    }
  }
})

const findCopy = (copies: readonly Copy[], path: string): Copy | undefined =>
  copies.findLast(
    (each) => each.destination === path || path.startsWith(`${each.destination === '/' ? '' : each.destination}/`)
  )
