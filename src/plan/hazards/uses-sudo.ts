import { defineHazard } from '../hazard.ts'

export const usesSudo = defineHazard({
  name: 'uses-sudo',
  severity: 'warning',
  summary: 'sudo is in the image, or the start calls it',
  description: `A start script that calls \`sudo\` fails as a user who may not use it, and cannot work at all with
\`no-new-privileges\`: such a file is refused. sudo that is only installed is a warning: it gives the user a way back to
root. Remove it when nothing calls it.`,
  *find({ startUp, image }) {
    const call = startUp.programs.find(
      (program) =>
        program.name === 'sudo' && program.guard !== 'root' && !program.args.some((word) => /^(-u|--user)/.test(word))
    )
    if (call !== undefined) {
      yield {
        severity: 'error',
        message: `${call.place} runs \`sudo ${call.args.slice(0, 2).join(' ')}\`: what it does needs root`,
        help: 'Do it in a RUN of the Dockerfile, or grant exactly that right another way.',
        ...(call.instruction === undefined ? {} : { at: call.instruction })
      }
      return
    }
    const grant = image.lineage
      .flatMap((stage) => stage.instructions)
      .find((instruction) => instruction.keyword === 'RUN' && /NOPASSWD/.test(instruction.raw.logical))
    if (grant !== undefined)
      yield {
        message: 'sudo without a password is set up: the user can become root again',
        help: 'Remove sudo and the sudoers line when nothing calls it.',
        at: grant
      }
  }
})
