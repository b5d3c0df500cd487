import { addServerRun, findServerEdits, userLabel } from '../src/edit/server-edits.ts'
import { findUserPlace } from '../src/edit/user-place.ts'
import { findPortMentions } from '../src/plan/ports.ts'
import { canRun } from '../src/plan/user.ts'
import { defineTransform } from '../src/transform.ts'

/**
 * Moves ports below 1024 to high ones, everywhere they are written: `EXPOSE`, `ENV`, arguments, health checks, server
 * configuration. 80 becomes 8080, 443 becomes 8443; `ports` says others.
 *
 * @example
 * ```ts
 * import { rewrite } from 'unroot'
 * import { remapPorts } from 'unroot/transforms'
 *
 * const dockerfile = 'FROM node:22-slim\nENV PORT=80\nEXPOSE 80\nCMD ["node", "server.js"]\n'
 * const { text } = rewrite(dockerfile, { transforms: [remapPorts] })
 * text.includes('EXPOSE 8080') // => true
 * ```
 */
export const remapPorts = defineTransform({
  name: 'remap-ports',
  summary: 'Move privileged ports to high ones, everywhere they are written',
  description: `A port below 1024 can be bound by a non-root process in Docker, but not under containerd 1.x, host networking, Podman or
hardened platforms. Port 80 becomes 8080, 443 becomes 8443, others rise by 8000 (\`--port 80=9000\` chooses), in
\`EXPOSE\`, \`ENV\`, \`ARG\` defaults, the arguments of \`CMD\` and \`ENTRYPOINT\`, in \`HEALTHCHECK\`, and in the configuration of
servers (in the build context, or by \`RUN sed\` where it is the base image's own). Ports of backends are never touched. The published port does
not change: \`-p 80:8080\`.

In a Caddyfile with host names the options \`http_port\` and \`https_port\` move, in Traefik's configuration a redirect to an
entry point becomes one to the port that clients use.

Left alone: a port that only stands in \`EXPOSE\` (nothing says where the program takes it from), and ports of other
hosts.`,
  isAskedFor: ({ ports = {} }) => Object.keys(ports).length > 0,
  apply(context) {
    const { dockerfile, stage, stagePlan } = context
    const mapping = new Map(stagePlan.ports.map(({ from, to }) => [from, to]))
    if (mapping.size === 0) return
    const { edit, image } = context
    const seen = new Set<number>()
    let hasBaseEnvironment = false
    for (const mention of findPortMentions(dockerfile, image, stagePlan.server?.variables)) {
      const to = mapping.get(mention.port)
      if (to === undefined) continue
      if (mention.where === 'base-environment') {
        if (mention.variable === undefined || hasBaseEnvironment) continue
        hasBaseEnvironment = true
        const { name, value } = mention.variable
        const text = `${edit.keyword('ENV')} ${name}=${value.replace(/\d+(\/?)$/, `${to}$1`)}`
        const expose = image.stage.instructions.find((instruction) => instruction.keyword === 'EXPOSE')
        const message = `listen on ${to} instead of ${mention.port}`
        if (expose === undefined && mention.instruction === stage.from) edit.insertAfter(stage.from, text, message)
        else edit.insertBefore(expose ?? mention.instruction, text, message)
        continue
      }
      if (mention.start < 0 || seen.has(mention.start)) continue
      seen.add(mention.start)
      edit.replace(
        mention.start,
        mention.end,
        `${mention.insert}${to}${mention.after ?? ''}`,
        `port ${mention.port} becomes ${to}`
      )
    }
    addServerPorts()
    // The base image exposes the old port, and nothing takes that back: whoever looks at EXPOSE must see the new one.
    const exposes = image.lineage.some((each) => each.instructions.some(({ keyword }) => keyword === 'EXPOSE'))
    const moved = (image.base.image?.ports ?? []).flatMap((port) => mapping.get(port) ?? [])
    if (!exposes && moved.length > 0 && stagePlan.server !== undefined) {
      const line = `${edit.keyword('EXPOSE')} ${moved.join(' ')}`
      const { before } = findUserPlace(stage)
      if (before !== undefined) edit.insertBefore(before, line, 'the base image exposes the old port only')
      else edit.insertAfter(stage.instructions.at(-1) ?? stage.from, line, 'the base image exposes the old port only')
    }

    function addServerPorts() {
      const found = findServerEdits(context, { ports: true, settings: false })
      for (const each of found) {
        for (const [name, text] of each.context) context.changeFile(name, text, `${name}: high port`)
        for (const { start, end, text, message } of each.dockerfile) edit.replace(start, end, text, message)
      }
      const changing = found.find(({ commands }) => commands.length > 0)
      if (changing === undefined || !canRun(image)) return
      const { setup, movesPort: port } = changing
      const comment = setup.server.comment(userLabel(stagePlan), {
        ...(port === undefined ? {} : { port }),
        settings: false
      })
      const commands = found.flatMap((each) => each.commands)
      const setups = found.map((each) => each.setup)
      addServerRun(context, setups, commands, comment, `${setup.server.name} listens on the new port`)
    }
  }
})
