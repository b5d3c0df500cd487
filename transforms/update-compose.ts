import { readCompose } from '../src/compose/compose-file.ts'
import { createFilesBeside } from '../src/compose/files-beside.ts'
import { findHardening } from '../src/compose/hardening.ts'
import { findComposeEdits } from '../src/compose/service-edits.ts'
import { createLocator } from '../src/dockerfile/dockerfile.ts'
import { createIsWritable, userLabel } from '../src/edit/server-edits.ts'
import { isServiceOf, type StagePlan } from '../src/plan/plan.ts'
import { readServers } from '../src/plan/server.ts'
import { defineTransform, type TransformContext } from '../src/transform.ts'

/**
 * Changes compose files with the image that their services run: `user`, ports, health checks, environment; with `harden` also
 * `cap_drop`, `no-new-privileges`, `read_only` and `tmpfs`.
 *
 * @example
 * ```ts
 * import { rewriteFiles } from 'unroot'
 * import { remapPorts, updateCompose } from 'unroot/transforms'
 *
 * const tree = new Map([
 *   ['Dockerfile', 'FROM node:22-slim\nENV PORT=80\nEXPOSE 80\nCMD ["node", "server.js"]\n'],
 *   ['compose.yaml', 'services:\n  web:\n    build: .\n    ports: ["80:80"]\n']
 * ])
 * const { files } = rewriteFiles(tree, { transforms: [remapPorts, updateCompose] })
 * files.get('compose.yaml')?.includes('"80:8080"') // => true
 * ```
 */
export const updateCompose = defineTransform({
  name: 'update-compose',
  summary: 'Change compose files with the image that their services run',
  description: `A port that moves in the image moves in every service whose \`build\` points at the Dockerfile: the container's side of
\`ports\` (short and long form, ranges), \`expose\`, the health check, \`environment\`, arguments of \`command\`, \`build.args\`,
labels of Traefik, Caddy and nginx-proxy; and where other services of the file reach it by its name (\`http://web\`).
Published ports stay what they are: \`"80:80"\` becomes \`"80:8080"\`. With \`--harden\` a service also gets
\`cap_drop: [ALL]\`, \`no-new-privileges\`, and \`read_only\` with \`tmpfs\` where nothing else than such places is written.
With \`--strategy entrypoint\` a service hands \`UID: \${UID:-10001}\` and \`GID\` on, and \`.env.example\` names both.

Left alone: comments, quotes and order; \`user:\`, which would say what the image says already; values that hang on
variables (a finding names them); what several services share by an anchor, unless all of them run this image.

\`\`\`diff
 services:
   api:
     build: .
     ports:
-      - "80:80"   # public
+      - "80:8080"   # public
\`\`\``,
  isAskedFor: ({ harden, ports = {}, strategy }) =>
    harden === true || Object.keys(ports).length > 0 || strategy === 'entrypoint',
  apply(context) {
    const { dockerfile, stage, stagePlan, options, changeFile, report } = context
    for (const input of options.composeFiles ?? []) {
      const { path, name, text, services, problem } = input
      const say = (
        at: number,
        finding: { rule: string; severity: 'warning' | 'info'; message: string; help: string }
      ) =>
        report({
          ...finding,
          message: `${name} line ${createLocator(text).range(at, at).start.line}: ${finding.message}`
        })
      if (problem !== undefined) {
        report({
          rule: 'unread-compose',
          severity: 'warning',
          message: `${name} is no valid YAML (${problem}): what it says about this image is not known`,
          help: 'Correct it and run unroot again, or change ports and paths there by hand.'
        })
        continue
      }
      const names = new Set(services.filter((each) => isServiceOf(each, dockerfile, stage)).map((each) => each.name))
      const file = names.size === 0 ? undefined : readCompose(text)
      if (file === undefined) continue
      const setups =
        stagePlan.server === undefined ? [] : readServers(dockerfile, context.image, stagePlan.startUp, options)
      // Configuration is mounted over that of the server that listens.
      const setup = setups.find(({ ports }) => ports.size > 0) ?? setups[0]
      const files = createFilesBeside({
        input,
        stagePlan,
        setup,
        options,
        isWritable: setup === undefined ? () => false : createIsWritable(setup, stagePlan),
        changeFile
      })
      const { editor, problems } = findComposeEdits(file, names, {
        ports: new Map(stagePlan.ports.filter(({ from, to }) => from !== to).map(({ from, to }) => [from, to])),
        commandPorts: new Set(stagePlan.commandPorts),
        portArguments: findPortArguments(dockerfile, stagePlan.ports),
        user: userLabel(stagePlan),
        buildArguments: findBuildArguments(stagePlan),
        harden: options.harden === true ? findHardening(stagePlan) : undefined,
        environment: findEnvironment(stagePlan),
        files
      })
      for (const { at, ...finding } of problems) say(at, finding)
      if (editor.edits.length === 0) continue
      const changed = options.companions === false ? undefined : editor.finish()
      if (changed !== undefined) {
        changeFile(path, changed, `${name}: ${[...names].join(', ')}`)
        addExample(context, path)
      } else
        for (const { start, message } of editor.edits)
          say(start, {
            rule: 'compose-left',
            severity: 'warning',
            message,
            help: 'Change it by hand, or let unroot change files beside the Dockerfile.'
          })
    }
  }
})

/** The variables with which the entrypoint is told whom to become. */
function findEnvironment({ stepDown }: TransformContext['stagePlan']): Map<string, string> {
  if (stepDown === undefined) return new Map()
  const { variables, uid, gid } = stepDown
  return new Map([
    [variables.uid, String(uid)],
    [variables.gid, String(gid)]
  ])
}

/** `.env.example` beside the compose file, with the variables that it reads. */
function addExample({ stagePlan, options, changeFile }: TransformContext, composePath: string): void {
  const variables = findEnvironment(stagePlan)
  if (variables.size === 0) return
  const path = `${composePath.slice(0, composePath.lastIndexOf('/') + 1)}.env.example`
  const text = options.readBeside?.(path) ?? ''
  const missing = [...variables].filter(([name]) => !new RegExp(`^[ \\t]*#?[ \\t]*${name}=`, 'm').test(text))
  if (missing.length === 0) return
  const eol = text.includes('\r\n') ? '\r\n' : '\n'
  const lines = [
    '# Whom the containers run as, and who owns what they write: your own ids (`id -u`, `id -g`) for mounted folders.',
    ...missing.map(([name, value]) => `${name}=${value}`)
  ]
  const gap = text === '' ? '' : text.endsWith('\n') ? eol : eol + eol
  changeFile(path, `${text}${gap}${lines.join(eol)}${eol}`, `${path}: ${missing.map(([name]) => name).join(', ')}`)
}

/** Names of `ARG`s whose default holds a new port. */
function findPortArguments(
  { instructions }: Parameters<typeof isServiceOf>[1],
  ports: readonly { from: number; to: number }[]
): Set<string> {
  const moved = new Set(ports.map(({ to }) => String(to)))
  const found = new Set<string>()
  for (const { keyword, properties } of instructions)
    if (keyword === 'ARG')
      for (const { name, value } of properties ?? [])
        if (moved.has(value?.text.replace(/^["']|["']$/g, '') ?? '')) found.add(name.text)
  return found
}

/** The arguments from which the account has its numbers, with what a compose file gives them. */
function findBuildArguments({ user }: StagePlan): Map<string, string> {
  const { uid, gid } = user.buildArguments ?? {}
  const value = (name: string, number: number | undefined) => [name, `\${${name}:-${number}}`] as const
  return new Map([...(uid ? [value(uid, user.uid)] : []), ...(gid ? [value(gid, user.gid)] : [])])
}
