import { findRootProgram } from '../../services/root-programs.ts'
import { findServerByProgram } from '../../services/servers.ts'
import { defineHazard } from '../hazard.ts'
import { installedPackages } from '../packages.ts'
import { findStartedServer } from '../server.ts'
import { stepDownTools } from './drops-privileges.ts'

const webServers = /^(?:nginx(?:-(?:full|light|extras|core))?|apache2|httpd|lighttpd|haproxy|openresty|caddy)$/

export const packagedDaemon = defineHazard({
  name: 'packaged-daemon',
  severity: 'warning',
  summary: 'The program is a daemon from a distribution package that unroot does not know',
  description: `The command starts a program that a \`RUN apt-get install\`, \`apk add\` or the like brought. Distribution packages of daemons
come with data, log and run directories (\`/var/lib/NAME\`, \`/var/log/NAME\`, \`/run/NAME\`) that belong to root or to an
account of their own, and often with a \`user\` setting. Look at its configuration, give those directories to the user
of the image, and try it.`,
  *find({ image, startUp, servers = [] }) {
    const installed = installedPackages(image)
    if (installed.size === 0) return
    // A web server that some other program starts: a Procfile, a process manager.
    const web = [...installed].find((name) => webServers.test(name))
    const isStarted = startUp.programs.some(
      ({ name, args }) =>
        findServerByProgram(name) !== undefined ||
        findRootProgram(name) !== undefined ||
        [...image.final.exposed.keys()].some((port) => args.some((arg) => arg.includes(port.replace(/\/.*/, ''))))
    )
    if (web !== undefined && servers.length === 0 && !isStarted && !image.final.exposed.isEmpty) {
      yield {
        message: `${web} is installed, and nothing in the files says what starts it: started as another user it needs changes in its configuration`,
        help: 'If it runs in this container: a port above 1023, no `user` directive, pid file and caches where the user may write.'
      }
      return
    }
    for (const program of startUp.programs) {
      const { name } = program
      if (servers.some((each) => each.server === findStartedServer(program)?.server)) continue
      const isDaemonName = /(?:d|server|daemon)$/.test(name) && name.length > 3
      if (!isDaemonName && image.final.exposed.isEmpty && image.final.volumes.length === 0) continue
      if (
        /^(?:python|node|java|ruby|perl|php|bash|sh|npm|yarn|gunicorn|uvicorn|celery|find|sed|chmod|read|cd|add|send|git|curl|wget|socat|nc|sleep|tail|cat|test|jq|make|go|pip)[\d.]*$/.test(
          name
        )
      )
        continue
      if (
        name === 'sudo' ||
        stepDownTools.has(name) ||
        findRootProgram(name) !== undefined ||
        findServerByProgram(name) !== undefined
      )
        continue
      const match = [name, name.replace(/d$/, ''), name.replace(/-?server$/, ''), `${name}-server`].find(
        (each) => each.length > 2 && installed.has(each)
      )
      if (match === undefined) continue
      yield {
        message: `${program.place} starts \`${name}\` from the package ${match}: its data, log and run directories may belong to root`,
        help: 'See its configuration for `user`, data, log and pid paths; own what it writes, then try it.',
        ...(program.instruction === undefined ? {} : { at: program.instruction })
      }
      return
    }
  }
})
