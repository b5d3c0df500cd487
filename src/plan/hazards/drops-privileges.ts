import { defineHazard } from '../hazard.ts'
import { baseName } from '../paths.ts'

/** Tools that change the user of a process. source: their manuals; s6-overlay README */
export const stepDownTools = new Set([
  'gosu',
  'su-exec',
  'setpriv',
  'runuser',
  'su',
  'setuidgid',
  's6-setuidgid',
  's6-applyuidgid',
  'chpst',
  'start-stop-daemon',
  'pysu',
  'capsh',
  'fixuid',
  'ezu',
  'su-exec.sh'
])

export const dropsPrivileges = defineHazard({
  name: 'drops-privileges',
  severity: 'error',
  guide: 'running-as-root',
  summary: 'The entrypoint starts as root and changes to another user itself',
  description: `The image's entrypoint runs \`gosu\`, \`su-exec\`, \`setpriv\`, \`runuser\`, \`su\` or the like. Such a script needs
root whatever comes next: with a \`USER\` line in front of it, it fails at the change of user.

**Unguarded** (no test of \`id -u\` around it): the file is refused; the process behind the script is not root already,
so there is little to gain. **Guarded** (\`if [ "$(id -u)" = 0 ]\`): the image starts as the account that the script
changes to; what the script would have taken over with \`chown\` belongs to that account at build time, and the verdict
is \`needs-review\`, because existing volumes are no longer taken over.

What to do: leave it, and start the container with the capabilities that the change needs (\`--cap-drop ALL
--cap-add SETUID --cap-add SETGID --cap-add CHOWN\`); or test for root in the script first, then convert again.`,
  *find({ image, startUp }) {
    const base = image.base.image
    const isBaseEntrypoint = startUp.programs.some(
      (program) => base?.entrypoint?.[0] !== undefined && baseName(base.entrypoint[0]) === program.name
    )
    if (base?.stepsDown !== undefined && isBaseEntrypoint) {
      const account = base.account?.name
      if (base.stepsDown.guarded && account !== undefined && image.final.accounts.users.has(account))
        yield {
          severity: 'warning',
          message: `${image.base.reference.text}: its entrypoint no longer takes over existing volumes when it starts as ${account}`,
          help: `Data written by root or another user needs one \`chown\` to ${account}'s uid and gid before the upgrade. Upstream: ${base.stepsDown.evidence}`
        }
      else
        yield {
          message: `${image.base.reference.text}: its entrypoint starts as root and changes to ${account ?? 'another user'} (${base.stepsDown.evidence})`,
          help: 'The server is not root already; start it with --cap-drop ALL and only SETUID, SETGID and CHOWN added.'
        }
    }
    for (const program of startUp.programs) {
      if (
        !stepDownTools.has(program.name) &&
        !(program.name === 'sudo' && program.args.some((word) => /^(-u|--user)/.test(word)))
      )
        continue
      if (program.guard === 'root') {
        yield {
          severity: 'warning',
          message: `${program.place} runs \`${program.name}\` only as root: started as another user it no longer takes over existing volumes`,
          help: 'Data written by root or another user needs one `chown` to the new uid and gid before the upgrade.',
          ...(program.instruction === undefined ? {} : { at: program.instruction })
        }
        continue
      }
      if (program.guard === 'non-root') continue
      yield {
        message: `${program.place} runs \`${[program.name, ...program.args.slice(0, 2)].join(' ')}\`: it must be root to change the user`,
        help: 'Leave it (the process behind it is not root), or test `[ "$(id -u)" = 0 ]` around it and convert again.',
        ...(program.instruction === undefined ? {} : { at: program.instruction })
      }
    }
  }
})
