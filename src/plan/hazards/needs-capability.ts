import { findRootProgram } from '../../services/root-programs.ts'
import { defineHazard } from '../hazard.ts'

export const needsCapability = defineHazard({
  name: 'needs-capability',
  severity: 'error',
  guide: 'running-as-root',
  summary: 'The image starts a program that needs a capability',
  description: `VPNs, packet captures, firewalls, mounts and namespaces need capabilities that a non-root process does not get,
even with \`--cap-add\` (a user's process has them only as ambient capabilities, which Docker does not set). The file is
refused. A program to which a \`RUN setcap\` gave capabilities is reported too: with \`+ep\` it does not even start under
\`--cap-drop ALL\`.`,
  *find({ image, startUp, options }) {
    for (const { grant, file } of options.grants ?? [])
      yield {
        severity: 'warning',
        message: `${file} gives the container ${grant}: a process that is not root has no use of it`,
        help: grant.startsWith('the device')
          ? 'Let the user belong to the group of the device (`group_add` with its number).'
          : 'If the program needs it, keep the image as root with `cap_drop: [ALL]` and that capability alone.'
      }
    // source: atomic(1): LABEL RUN and INSTALL hold the command with which the image is started
    for (const instruction of image.lineage.flatMap((stage) => stage.instructions)) {
      const match =
        instruction.keyword === 'LABEL'
          ? /\b(?:docker|podman)\s+run\b.*?(--privileged|--pid[= ]host|--cap-add[= ]\S+|--device[= ]\S+|-v\s+\/:\S*)/.exec(
              instruction.raw.logical
            )
          : null
      if (match === null) continue
      yield {
        severity: 'warning',
        message: `LABEL starts the image with \`${match[1]}\`: a process that is not root has no use of it`,
        help: 'If the program needs the host or that capability, keep the image as root.',
        at: instruction
      }
      break
    }
    const reported = new Set<string>()
    for (const program of startUp.programs) {
      const found = findRootProgram(program.name, program.args)
      if (found?.category !== 'capability' || program.guard === 'root' || reported.has(program.name)) continue
      reported.add(program.name)
      yield {
        message: `${program.place} runs \`${program.name}\`: ${found.why}`,
        help: found.instead,
        ...(program.instruction === undefined ? {} : { at: program.instruction })
      }
    }
    for (const stage of image.lineage)
      for (const instruction of stage.instructions) {
        if (instruction.keyword !== 'RUN') continue
        const match = /\bsetcap\s+(?:-[a-z]+\s+)*["']?([\w,=+]+)["']?\s+(\S+)/.exec(instruction.raw.logical)
        if (match !== null && !/^-r/.test(match[1] as string))
          yield {
            severity: 'warning',
            message: `\`setcap ${match[1]}\` on ${match[2]}: the program does not start where capabilities are dropped, and some builders lose it`,
            help: 'Prefer a port above 1023 and no file capability; else add the capability where the container is started.',
            at: instruction
          }
      }
  }
})
