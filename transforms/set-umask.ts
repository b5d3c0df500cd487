import { stageOf } from '../src/dockerfile/dockerfile.ts'
import type { Instruction } from '../src/dockerfile/instruction.ts'
import type { Editor } from '../src/edit/editor.ts'
import type { StageImage } from '../src/image/image.ts'
import { shellSources } from '../src/image/shell-source.ts'
import { readCopies } from '../src/plan/copies.ts'
import type { StartScript } from '../src/plan/startup.ts'
import { canRun } from '../src/plan/user.ts'
import { defineTransform, type TransformContext } from '../src/transform.ts'

/** An exec form that sets the umask and then becomes the program: it stays PID 1 and gets the signals. */
const wrap = (mode: string, words: readonly string[]): string =>
  `["sh", "-c", ${JSON.stringify(`umask ${mode} && exec "$0" "$@"`)}${words.map((word) => `, ${JSON.stringify(word)}`).join('')}]`

/** Puts `umask` behind the shebang, the comments and the `set` lines of a script. */
function addUmaskToScript(text: string, mode: string): string {
  const existing = /^([ \t]*umask[ \t]+)(?:-S[ \t]+)?([0-7]{3,4})[ \t]*(?=\r?$)/m.exec(text)
  if (existing !== null)
    return existing[2] === mode
      ? text
      : text.slice(0, existing.index) + existing[1] + mode + text.slice(existing.index + existing[0].length)
  const eol = text.includes('\r\n') ? '\r\n' : '\n'
  const lines = text.split(/(?<=\n)/)
  let at = 0
  let afterSet = 0
  for (; at < lines.length; at++) {
    const line = (lines[at] as string).trim()
    if (/^set\s+[-+]/.test(line)) afterSet = at + 1
    else if (line === '' || line.startsWith('#')) continue
    else break
  }
  if (afterSet === 0) {
    while (afterSet < at && (lines[afterSet] as string).startsWith('#')) afterSet++
  }
  const before = lines.slice(0, afterSet).join('')
  const isOpen = before !== '' && !before.endsWith('\n')
  return `${before}${isOpen ? eol : ''}umask ${mode}${eol}${lines.slice(afterSet).join('')}`
}

/** Changes the mode of a `umask` that stands in the command already; false when there is none. */
function changeExisting(instruction: Instruction, mode: string, edit: Editor): boolean {
  for (const source of shellSources(instruction))
    for (const command of source.script.commands) {
      const word = command.args[0]
      if (command.name !== 'umask' || word === undefined) continue
      const start = source.toSource(word.start)
      if (word.value !== mode) edit.replace(start, start + word.text.length, mode, `umask ${mode}`)
      return true
    }
  return false
}

function wrapInstruction(instruction: Instruction, mode: string, edit: Editor): void {
  if (changeExisting(instruction, mode, edit)) return
  const message = `umask ${mode} in the running process`
  const { json } = instruction
  if (json !== undefined) {
    // The inside of the array stays as it is written.
    const first = json[0]
    const last = json.at(-1)
    if (first === undefined || last === undefined) return
    const head = wrap(mode, []).slice(0, -1)
    edit.replace(first.start, first.start, `${head.slice(1)}, `, message)
    return
  }
  const [source] = shellSources(instruction)
  if (source === undefined) return
  const [command] = source.script.commands
  const isSimple =
    source.script.commands.length === 1 &&
    command !== undefined &&
    command.assignments.length === 0 &&
    !/[;&|()<>]/.test(source.text) &&
    !/^(exec|cd|export|\.|source|eval|:)$/.test(command.name)
  const at = source.toSource(0)
  edit.replace(at, at, `umask ${mode} && ${isSimple ? 'exec ' : ''}`, message)
}

/** An entrypoint script that stands in the Dockerfile (`COPY <<EOF`), as the file is now. */
function findHeredoc({ dockerfile, image }: TransformContext, script: StartScript | undefined) {
  if (script?.copy === undefined || script.contextPath !== undefined) return undefined
  const copy = readCopies(dockerfile, image.lineage).find(
    ({ destination, instruction }) => destination === script.copy?.destination && instruction.heredocs.length === 1
  )
  const [heredoc] = copy?.instruction.heredocs ?? []
  if (copy === undefined || heredoc === undefined) return undefined
  return { start: heredoc.bodyStart, end: heredoc.bodyEnd, body: copy.instruction.heredocBody(heredoc) }
}

/** The instruction that the shipped stage itself writes. */
const own = (image: StageImage, instruction: Instruction | undefined) =>
  instruction !== undefined && stageOf(image.lineage, instruction) !== undefined ? instruction : undefined

/**
 * Sets a umask that is in force in the running process. Does something only with the option `umask`, an octal mode such as
 * `027`.
 *
 * @example
 * ```ts
 * import { rewrite } from 'unroot'
 * import { setUmask } from 'unroot/transforms'
 *
 * const dockerfile = 'FROM node:22-slim\nCMD ["node", "server.js"]\n'
 * const { text } = rewrite(dockerfile, { transforms: [setUmask], umask: '027' })
 * text.includes('umask 027') // => true
 * ```
 */
export const setUmask = defineTransform({
  name: 'set-umask',
  summary: 'Set a umask that is in force in the running process (with --umask)',
  description: `A \`RUN umask 027\` ends with its build step. With \`--umask 027\` the mode is set where the process gets it: in the entrypoint
script of the build context, after its \`set\` lines; else by a shell in front of \`ENTRYPOINT\` or \`CMD\`, which then becomes
the program by \`exec\`, so that signals reach it.

\`\`\`diff
-CMD ["node", "server.js"]
+CMD ["sh", "-c", "umask 027 && exec \\"$0\\" \\"$@\\"", "node", "server.js"]
\`\`\`

Images without a shell get a finding instead.`,
  onRequest: (options) => options.umask !== undefined,
  apply(context) {
    const { stagePlan, options, report, changeFile, stage } = context
    const mode = options.umask
    if (mode === undefined) return
    // The script that is put in front sets it.
    if (stagePlan.stepDown !== undefined && stagePlan.stepDown.script.kind !== 'merge') return
    const { edit, image } = context
    const { entrypoint, command } = image.final
    const script = stagePlan.startUp.scripts[0]
    const heredoc = stagePlan.isSteppingDown ? findHeredoc(context, script) : undefined
    if (heredoc !== undefined) {
      const { start, end, body } = heredoc
      const text = addUmaskToScript(body, mode)
      if (text !== body) edit.replace(start, end, text, `umask ${mode} in the entrypoint script`)
      return
    }
    const isOwnEntry = own(image, entrypoint?.instruction) !== undefined || entrypoint === undefined
    if (options.companions !== false && script?.contextPath !== undefined && script.text !== undefined && isOwnEntry) {
      const text = addUmaskToScript(script.text, mode)
      if (text !== script.text) changeFile(script.contextPath, text, `umask ${mode} in ${script.contextPath}`)
      return
    }
    if (image.base.distribution === 'none' || !canRun(image)) {
      report({
        rule: 'umask-not-set',
        severity: 'warning',
        message: `umask ${mode} is not set: the image has no shell that is known`,
        help: 'Set it in the program itself, or use a base image with a shell.'
      })
      return
    }
    const base = image.base.image
    if (
      entrypoint !== undefined &&
      own(image, entrypoint.instruction) === undefined &&
      (base?.stepsDown !== undefined || base?.kind !== 'toolchain')
    ) {
      // Such an entrypoint looks at its first argument: a shell there would start another program than the server.
      report({
        rule: 'umask-not-set',
        severity: 'warning',
        message: `umask ${mode} is not set: the base image's entrypoint decides by the first word of CMD what it does`,
        help: 'Set it in an entrypoint script of your own that ends with `exec docker-entrypoint.sh "$@"`.'
      })
      return
    }
    const instruction = own(image, entrypoint?.instruction) ?? own(image, command?.instruction)
    if (instruction !== undefined) {
      wrapInstruction(instruction, mode, edit)
      return
    }
    if (command !== undefined && command.form === 'exec' && command.words.length > 0) {
      edit.insertAfter(
        stage.instructions.at(-1) ?? stage.from,
        `${edit.keyword('CMD')} ${wrap(mode, command.words)}`,
        `umask ${mode} in front of the base image's command`
      )
      return
    }
    report({
      rule: 'umask-not-set',
      severity: 'warning',
      message: `umask ${mode} is not set: the command is the base image's and not known`,
      help: 'Write the command into the Dockerfile, then run unroot again.'
    })
  }
})
