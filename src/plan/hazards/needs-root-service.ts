import { findRootProgram } from '../../services/root-programs.ts'
import { defineHazard } from '../hazard.ts'
import { findStartedServer } from '../server.ts'

export const needsRootService = defineHazard({
  name: 'needs-root-service',
  severity: 'error',
  guide: 'running-as-root',
  summary: 'The image starts a service that only root can run',
  description: `sshd, cron, an init system, a supervisord whose configuration cannot be read, a mail server, a container engine and the like change users, bind
privileged ports or write to other accounts' files. The file is refused; the message names the line, the help what to
use instead. Where it must stay: rootless Docker or \`userns-remap\` make root in the container nobody on the host.`,
  *find({ image, startUp, copies, servers = [] }) {
    const base = image.base.image
    // A command of the file's own is another one than that which the Dockerfile of the base is refused for.
    const hasOtherCommand =
      image.base.builtBy !== undefined &&
      startUp.command?.instruction !== undefined &&
      !startUp.programs.some(({ word }) => base?.cmd?.includes(word))
    const runsBase =
      (startUp.entrypoint === undefined && !hasOtherCommand) ||
      (startUp.entrypoint !== undefined && startUp.entrypoint.instruction === undefined) ||
      startUp.programs.some((program) => base?.entrypoint?.[0] === program.word)
    if (base?.needsRoot !== undefined && runsBase)
      yield {
        message: `${image.base.reference.text}: ${base.needsRoot}`,
        help: 'Keep it as root, drop all capabilities that it does not need, or use rootless Docker or userns-remap.'
      }
    const reported = new Set<string>()
    for (const program of startUp.programs) {
      const found = findRootProgram(program.name, program.args)
      if (found === undefined || found.category === 'capability' || program.guard === 'root') continue
      // Its configuration is read, and with it what it starts.
      if (
        servers.some(
          ({ server, unread }) =>
            unread.length === 0 &&
            (server === findStartedServer(program)?.server ||
              (server.name === 'supervisord' && program.name === 'supervisorctl'))
        )
      )
        continue
      if (program.name === 'init' && !/^\/(s?bin\/)?init$/.test(program.word)) continue
      // The image's own program of that name.
      const own = copies.find(({ destination, sources }) => destination === program.word && sources.length === 1)
      if (program.name === 'init' && own !== undefined) {
        if (reported.has(program.name)) continue
        reported.add(program.name)
        yield {
          message: `${program.place} starts ${program.word}, which comes from ${own.sources[0]} and could not be read: an init by its name`,
          help: 'Bring its text into the build context that unroot sees; a shell script is read.',
          at: own.instruction
        }
        continue
      }
      if (program.name === 'service' && program.args.length === 0) continue
      if (program.name === 'master' || program.name === 'god' || program.name === 'named')
        if (!program.word.startsWith('/')) continue
      if (reported.has(program.name)) continue
      // Said of the base image above.
      if (base?.needsRoot !== undefined && runsBase && program.instruction === undefined) continue
      reported.add(program.name)
      yield {
        message: `${program.place} starts \`${program.name}\`: ${found.why}`,
        help: found.instead,
        ...(program.instruction === undefined ? {} : { at: program.instruction })
      }
    }
    const exposesSsh = [...image.final.exposed.keys()].some((port) => /^22(\/tcp)?$/.test(port))
    const ssh = !exposesSsh
      ? undefined
      : image.lineage
          .flatMap((stage) => stage.instructions)
          .find(
            (instruction) =>
              instruction.keyword === 'RUN' && /\b(openssh-server|openssh)\b/.test(instruction.raw.logical)
          )
    if (ssh !== undefined && reported.size === 0)
      yield {
        message: 'EXPOSE 22 and an installed SSH server: sshd must be root to log other accounts in',
        help: 'Use `docker exec` or `kubectl exec` for access, or run sshd in a container of its own.',
        at: ssh
      }
    // s6-overlay unpacked into the image: /init is its entry.
    const overlay = !startUp.programs.some((program) => program.word === '/init')
      ? undefined
      : copies.find((copy) => copy.sources.some((source) => /s6-overlay/.test(source)))
    const init = startUp.programs.find((program) => program.word === '/init')
    if (init !== undefined && !reported.has('init') && !(base?.needsRoot !== undefined && runsBase))
      yield {
        message: `${init.place} starts \`/init\`, an init system (s6-overlay): it prepares /run as root`,
        help: 'Set PUID and PGID as the image documents it, or use rootless Docker or userns-remap.',
        ...(overlay === undefined ? {} : { at: overlay.instruction })
      }
  }
})
