import { positionOf, type Stage } from '../src/dockerfile/dockerfile.ts'
import type { Instruction } from '../src/dockerfile/instruction.ts'
import { entrypointScript, mergeStepDown } from '../src/edit/entrypoint-script.ts'
import { addSetup, findSetupPlace } from '../src/edit/setup-run.ts'
import { findUserPlace } from '../src/edit/user-place.ts'
import { isRootUser } from '../src/image/accounts.ts'
import { isRoot, type StageImage, stateBefore } from '../src/image/image.ts'
import { readCopies } from '../src/plan/copies.ts'
import { readStartUp } from '../src/plan/startup.ts'
import { findStepDown } from '../src/plan/step-down.ts'
import { defineTransform } from '../src/transform.ts'

const exec = (words: readonly string[]) => `[${words.map((word) => JSON.stringify(word)).join(', ')}]`

/** A `USER` that is the last word of the stage, with nothing behind it that would run as root without it. */
function findRemovableUser(stage: Stage, image: StageImage): Instruction | undefined {
  const { userInstruction: last } = image.final
  if (last === undefined || !stage.instructions.includes(last) || last.startLine !== last.endLine) return undefined
  const { user } = stateBefore(image, last)
  if (user !== undefined && user !== '' && !isRootUser(user)) return undefined
  const behind = stage.instructions.slice(positionOf(stage, last) + 1)
  return behind.some(({ keyword }) => /^(?:RUN|COPY|ADD|WORKDIR)$/.test(keyword)) ? undefined : last
}

const lineEnd = (text: string, offset: number): number => {
  const next = text.indexOf('\n', offset)
  return next === -1 ? text.length : next + 1
}

/**
 * Starts the image as root, takes over the directories that the process writes, and becomes the user for good. Does
 * something only with `strategy: 'entrypoint'`.
 *
 * @example
 * ```ts
 * import { rewrite } from 'unroot'
 * import { dropPrivilegesInEntrypoint } from 'unroot/transforms'
 *
 * const dockerfile = 'FROM node:22-slim\nWORKDIR /app\nCOPY . .\nCMD ["node", "server.js"]\n'
 * const { text } = rewrite(dockerfile, { transforms: [dropPrivilegesInEntrypoint], strategy: 'entrypoint' })
 * text.includes('exec setpriv --reuid="$UID"') // => true
 * ```
 */
export const dropPrivilegesInEntrypoint = defineTransform({
  name: 'drop-privileges-in-entrypoint',
  summary: 'Start as root, take over directories, then become the user for good (with --strategy entrypoint)',
  description: `For development images and for data that is mounted at run time, whose owner nobody knows before. Instead of \`USER\`
the image gets an entrypoint script, \`docker-entrypoint.sh\` beside the Dockerfile:

- Started as root, it gives the paths that the process writes, and those in \`UNROOT_CHOWN\` (separated by blanks), to
  \`$UID:$GID\`: only what belongs to somebody else, links not followed. Then it becomes that user with \`setpriv\`
  (Debian, Ubuntu, Red Hat and kin), \`su-exec\` (Alpine, Wolfi) or, with \`--step-down gosu\`, \`gosu\`; never \`sudo\`. The
  command takes the script's place by \`exec\`: it is PID 1 and gets the signals. \`UID=0\` is refused.
- Started as another user (\`docker run --user\`, Kubernetes' \`runAsUser\`), it only starts the command.

\`\`\`diff
+ENV UID=10001 GID=10001
+COPY --chmod=0755 docker-entrypoint.sh /usr/local/bin/
+ENTRYPOINT ["docker-entrypoint.sh"]
 CMD ["python3", "app.py"]
\`\`\`

The ids can be chosen where the container is started: \`docker run -e UID=$(id -u) -e GID=$(id -g)\`; compose files get
\`UID: \${UID:-10001}\` and an \`.env.example\`. \`--entrypoint-variables APP_UID,APP_GID,APP_CHOWN\` gives other names.

An \`ENTRYPOINT\` that is there (\`tini\` and \`dumb-init\` too) stands behind the script; the shell form becomes
\`/bin/sh -c\`; what the base image brings is written out, because an \`ENTRYPOINT\` resets the base's \`CMD\`. A shell script of
the build context that is the entrypoint gets the change of user itself, and starts itself again as the user. With
\`--entrypoint-inline\`, without files at hand, and where \`.dockerignore\` would leave the script out, it is a heredoc in the
Dockerfile (\`COPY <<EOF\`, BuildKit). A \`USER\` at the end of a file that was converted before goes.

Left alone: images that change the user themselves (\`gosu\`, \`su-exec\`, PUID/PGID, databases). Refused: images without a
shell, and those of which the entrypoint is not known.

On Kubernetes such an image starts as root, so \`runAsNonRoot: true\` needs a \`runAsUser\` beside it (and \`fsGroup\` for
volumes); then the script changes nothing. With \`cap_drop: ALL\` it needs \`CHOWN\`, \`DAC_OVERRIDE\`, \`SETGID\` and \`SETUID\`.`,
  onRequest: (options) => options.strategy === 'entrypoint',
  apply({ dockerfile, stage, image, stagePlan, options, edit, changeFile }) {
    const plan = stagePlan.stepDown
    if (plan === undefined) return
    // A stage that is built on one just changed has its entrypoint already.
    const startUp = readStartUp(dockerfile, image, readCopies(dockerfile, image.lineage), options)
    if (findStepDown(image, startUp)?.isAtRunTime === true) return
    const { script, name, install, variables, uid, gid } = plan

    if (install.length > 0) {
      const place = findSetupPlace(dockerfile, stage, stagePlan, [])
      addSetup(edit, dockerfile, stage, place, install, `install ${plan.tool}`)
    }

    const lines: string[] = []
    const removable = isRoot(image.final) ? undefined : findRemovableUser(stage, image)
    if (!isRoot(image.final) && removable === undefined) lines.push(`${edit.keyword('USER')} root`)
    // A value that comes from an ARG stays the builder's choice.
    const variable = (key: string, value: number): string[] => {
      const { environment, variables: known } = image.final
      if (environment.has(key)) return []
      return [known.get(key) === String(value) ? `${key}=\${${key}}` : `${key}=${value}`]
    }
    const pairs = [...variable(variables.uid, uid), ...variable(variables.gid, gid)]
    if (pairs.length > 0) lines.push(`${edit.keyword('ENV')} ${pairs.join(' ')}`)
    if (script.kind === 'merge') {
      const text = options.readContext?.(script.path) ?? ''
      changeFile(script.path, mergeStepDown(text, plan), `${script.path} becomes ${uid}:${gid} when it starts as root`)
    } else if (script.kind === 'file') {
      changeFile(script.path, entrypointScript(plan), `takes over directories and becomes ${uid}:${gid}`)
      lines.push(
        `${edit.keyword('COPY')} --chmod=0755 ${/\s/.test(script.path) ? exec([script.path, '/usr/local/bin/']) : `${script.path} /usr/local/bin/`}`
      )
    } else
      lines.push(`${edit.keyword('COPY')} --chmod=0755 <<'EOF' /usr/local/bin/${name}\n${entrypointScript(plan)}EOF`)

    const { entrypoint, command, environment } = image.final
    const path = environment.get('PATH')
    const isOnPath = path === undefined || /\$/.test(path) || path.split(':').includes('/usr/local/bin')
    const word = isOnPath ? name : `/usr/local/bin/${name}`
    const own = (instruction: Instruction | undefined) =>
      instruction !== undefined && stage.instructions.includes(instruction) ? instruction : undefined
    // `ENTRYPOINT []` takes away what the base image brings, and would take away ours.
    const emptied = stage.instructions.findLast(({ keyword }) => keyword === 'ENTRYPOINT')
    const ownEntrypoint = own(entrypoint?.instruction) ?? (entrypoint === undefined ? emptied : undefined)
    const message = `start as root, then run as ${uid}:${gid}`
    if (script.kind !== 'merge') {
      if (ownEntrypoint === undefined) {
        const words =
          entrypoint?.form === 'shell'
            ? [...(image.final.shell ?? ['/bin/sh', '-c']), ...entrypoint.words]
            : (entrypoint?.words ?? [])
        lines.push(`${edit.keyword('ENTRYPOINT')} ${exec([word, ...words])}`)
        // source: docs.docker.com/reference/dockerfile: ENTRYPOINT resets the CMD of the base image
        if (command !== undefined && own(command.instruction) === undefined && command.words.length > 0)
          lines.push(
            `${edit.keyword('CMD')} ${command.form === 'exec' ? exec(command.words) : (command.words[0] as string)}`
          )
      } else {
        const first = ownEntrypoint.json?.[0]
        if (first !== undefined) edit.replace(first.start, first.start, `${JSON.stringify(word)}, `, message)
        else {
          const [start, end] = ownEntrypoint.sourceRange(
            ownEntrypoint.argumentsLogicalStart,
            ownEntrypoint.raw.logical.trimEnd().length
          )
          const words =
            ownEntrypoint.json === undefined
              ? [...(image.final.shell ?? ['/bin/sh', '-c']), ownEntrypoint.argumentText]
              : []
          edit.replace(start, end, exec([word, ...words]), message)
        }
      }
    }

    const text = lines.join('\n')
    if (removable !== undefined) {
      if (text !== '') edit.replace(removable.start, removable.end, text.replaceAll('\n', dockerfile.eol), message)
      else edit.replace(removable.start, lineEnd(dockerfile.text, removable.end), '', message)
      return
    }
    if (text === '') return
    const { before } = findUserPlace(stage)
    // Lines in front of an indented instruction are indented as well; a heredoc must not be.
    const isIndented = before !== undefined && /[ \t]/.test(dockerfile.text[before.start - 1] ?? '')
    if (before === undefined) edit.insertAfter(stage.instructions.at(-1) ?? stage.from, text, message)
    else if (isIndented && script.kind === 'inline')
      edit.insertAfter(stage.instructions[positionOf(stage, before) - 1] ?? stage.from, text, message)
    else edit.insertBefore(before, text, message)
  }
})
