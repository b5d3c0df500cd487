import { findServerByProgram, findServerByService } from '../../services/servers.ts'
import { defineHazard } from '../hazard.ts'
import { findStartedServer } from '../server.ts'
import type { StartedProgram } from '../startup.ts'
import { stepDownTools } from './drops-privileges.ts'

/**
 * busybox has an httpd of its own, told by its options alone.
 * source: busybox networking/httpd.c: -f foreground, -p port, -h home; Apache's -f takes a file
 */
export const isBusyboxHttpd = ({ name, args }: StartedProgram): boolean =>
  name === 'httpd' &&
  args.some((word, index) => /^-f(v*)$/.test(word) && !/^[^-]/.test(args[index + 1] ?? '-')) &&
  !args.includes('-D')

export const needsServerConfig = defineHazard({
  name: 'needs-server-config',
  severity: 'error',
  summary: 'The image runs a server whose own configuration must change too',
  description: `Servers write their port, user, pid file and temporary directories in configuration files. With a \`USER\` alone they
fail to start or to bind. unroot edits the configuration of nginx, Apache, Tomcat, php-fpm, uWSGI, gunicorn, Puma, Redis, MySQL, supervisord and
others where it knows the layout: the official image, the distribution's package, the build context. Of other servers, and of a program that was compiled for a place of its own, it knows too
little, so the file is refused rather than half converted; the help names the change to make by hand or an image that is
made for it.`,
  *find({ image, startUp, servers: readable = [] }) {
    const base = image.base.image
    const byService = base?.service === undefined ? undefined : findServerByService(base.service)
    const runsBaseCommand =
      startUp.command === undefined ||
      startUp.command.instruction === undefined ||
      startUp.entrypoint?.instruction === undefined
    const isOverridden = startUp.entrypoint?.instruction !== undefined && startUp.command?.instruction !== undefined
    const reported = new Set<string>()
    // An entrypoint that changes the user only as root is made to start as that user as well.
    const stepsDownItself = startUp.programs.some(({ name, guard }) => guard === 'root' && stepDownTools.has(name))
    for (const program of startUp.programs) {
      if (isBusyboxHttpd(program)) continue
      const server = findServerByProgram(program.name)
      if (server === undefined || reported.has(server.name)) continue
      if (readable.some((each) => each.server === findStartedServer(program)?.server)) continue
      // A server that its own image steps down to is the business of drops-privileges.
      if (base?.stepsDown?.guarded || stepsDownItself) continue
      // Many scripts have that name; Tomcat's stands in a directory of programs.
      if (program.name === 'startup.sh' && byService?.name !== server.name && !/\/bin\/startup\.sh$/.test(program.word))
        continue
      if (/(--version|-v|-V|--help|-t)$/.test(program.args[0] ?? '')) continue
      reported.add(server.name)
      yield {
        message: `${program.place} starts \`${program.name}\`: ${server.name} needs more than a USER, namely ${server.needs}`,
        help: server.alternative,
        ...(program.instruction === undefined ? {} : { at: program.instruction })
      }
    }
    if (
      byService !== undefined &&
      readable.length === 0 &&
      !reported.has(byService.name) &&
      runsBaseCommand &&
      !isOverridden
    )
      if (startUp.command?.instruction === undefined || startUp.programs.length === 0)
        yield {
          message: `${image.base.reference.text} runs ${byService.name}, which needs more than a USER, namely ${byService.needs}`,
          help: byService.alternative
        }
  }
})
