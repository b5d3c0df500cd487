import { shellSources } from '../../image/shell-source.ts'
import { defineHazard } from '../hazard.ts'

export const umaskWithoutEffect = defineHazard({
  name: 'umask-without-effect',
  severity: 'warning',
  summary: 'A umask in a RUN ends with that RUN',
  description: `\`RUN umask 027\` changes the umask of that build step only. The running process has the umask that its
entrypoint sets. \`unroot --umask 027\` puts it where it is in force.`,
  *find({ image }) {
    for (const instruction of image.lineage.flatMap((stage) => stage.instructions)) {
      if (instruction.keyword !== 'RUN' || !/\bumask\b/.test(instruction.raw.logical)) continue
      const commands = shellSources(instruction).flatMap((source) => source.script.commands)
      const at = commands.findIndex((command) => command.name === 'umask')
      const isLogin = /\/etc\/(profile|bash)|bashrc|login\.defs/.test(instruction.raw.logical)
      if (at === -1 && !isLogin) continue
      // Something after it in the same RUN profits from it.
      if (at !== -1 && commands.slice(at + 1).some((command) => !/^(:|true|echo|export)$/.test(command.name))) continue
      if (at === -1 && !/umask/.test(instruction.raw.logical)) continue
      yield {
        severity: 'info',
        message: isLogin
          ? 'a umask in a login profile is not in force for the container’s process'
          : 'this umask ends with its RUN; the running process does not have it',
        help: 'Use `unroot --umask <mode>`, or set it in the entrypoint script.',
        at: instruction
      }
    }
  }
})
