import { addServerRun, findServerEdits, userLabel } from '../src/edit/server-edits.ts'
import { findUserPlace } from '../src/edit/user-place.ts'
import { findPortMentions } from '../src/plan/ports.ts'
import { canRun } from '../src/plan/user.ts'
import { defineTransform } from '../src/transform.ts'

export const remapPorts = defineTransform({
  name: 'remap-ports',
  summary: 'Move privileged ports to high ones, everywhere they are written',
  description: `A port below 1024 can be bound by a non-root process in Docker, but not under containerd 1.x, host networking, Podman or
hardened platforms. Port 80 becomes 8080, 443 becomes 8443, others rise by 8000 (\`--port 80=9000\` chooses), in
\`EXPOSE\`, \`ENV\`, \`ARG\` defaults, the arguments of \`CMD\` and \`ENTRYPOINT\`, in \`HEALTHCHECK\`, and in the configuration of
servers (in the build context, or by \`RUN sed\` where it is the base image's own). The published port does
not change: \`-p 80:8080\`.

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
        edit.insertBefore(expose ?? mention.instruction, text, `listen on ${to} instead of ${mention.port}`)
        continue
      }
      if (mention.start < 0 || seen.has(mention.start)) continue
      seen.add(mention.start)
      edit.replace(mention.start, mention.end, `${mention.insert}${to}`, `port ${mention.port} becomes ${to}`)
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
