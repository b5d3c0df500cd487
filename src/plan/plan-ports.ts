/** Which privileged ports move, which stay, and what is said about them. */
import type { Dockerfile } from '../dockerfile/dockerfile.ts'
import type { StageImage } from '../image/image.ts'
import { findServerByProgram } from '../services/servers.ts'
import type { PortMapping, RewriteOptions } from '../types.ts'
import type { RawFinding } from './hazard.ts'
import { isBusyboxHttpd } from './hazards/needs-server-config.ts'
import { exposedPorts, type PortMention, scriptPorts, unprivilegedPort } from './ports.ts'
import type { PlannedServer } from './server.ts'
import type { SourcePort } from './source-ports.ts'
import type { StartUp } from './startup.ts'

/** ASP.NET listens where its variables say and nowhere else; the base image sets them. */
const listensByEnvironment = (image: StageImage): boolean =>
  image.base.image?.service === 'aspnet' &&
  ['ASPNETCORE_URLS', 'ASPNETCORE_HTTP_PORTS'].some((name) => image.final.environment.has(name))

/** Plans the ports of one stage. `mentions`: every place in which a privileged port is written. */
export function planPorts(
  dockerfile: Dockerfile,
  image: StageImage,
  startUp: StartUp,
  mentions: readonly PortMention[],
  options: RewriteOptions,
  isNonRoot: boolean,
  server?: PlannedServer,
  sourcePorts: readonly SourcePort[] = []
): { ports: PortMapping[]; findings: RawFinding[] } {
  const findings: RawFinding[] = []
  const ports: PortMapping[] = []
  const asked = new Map(Object.entries(options.ports ?? {}).map(([from, to]) => [Number(from), to]))
  const listened = new Set(mentions.filter((mention) => mention.isListener).map((mention) => mention.port))
  const exposed = new Map<number, PortMention>()
  for (const mention of mentions)
    if (mention.where === 'expose' && !exposed.has(mention.port)) exposed.set(mention.port, mention)
  const runsConfigured = startUp.programs.some(
    (program) => findServerByProgram(program.name) !== undefined && !isBusyboxHttpd(program)
  )
  const taken = new Set(exposedPorts(dockerfile, image))
  for (const to of asked.values()) taken.add(to)
  const inManifests = (options.manifests ?? []).flatMap(({ images }) => images)
  for (const { takenPorts = [] } of inManifests) for (const port of takenPorts) taken.add(port)
  for (const port of server?.ports ?? []) taken.add(port)
  for (const port of server?.listened ?? []) listened.add(port)
  const all = new Set([...listened, ...exposed.keys()])
  for (const [port, to] of asked)
    if (!all.has(port) && port !== to && port < 1024)
      findings.push({
        rule: 'unknown-listener',
        severity: 'info',
        message: `--port ${port}=${to}: port ${port} is not written in this Dockerfile`,
        help: 'Nothing to change here; if the program listens there, change it where it says so.'
      })
  if (!isNonRoot)
    for (const { port, place, instruction } of scriptPorts(startUp, new Set(exposed.keys()))) {
      // Written in a configuration, and moved there.
      if (server?.listened.includes(port) && !server.fixed.has(port)) continue
      findings.push({
        rule: 'low-port',
        severity: 'warning',
        message: `${place} listens on port ${port}: a non-root process cannot bind it on every platform`,
        help: `Let it listen on ${unprivilegedPort(port, taken)} there, then run unroot --port ${port}=${unprivilegedPort(port, taken)}.`,
        ...(instruction === undefined ? {} : { at: instruction })
      })
    }
  const inScripts = new Set(scriptPorts(startUp, new Set(exposed.keys())).map((each) => each.port))
  for (const { port, place, instruction, variable } of sourcePorts) {
    // What moves by a variable or an argument wins over the number in the source.
    if (isNonRoot || listened.has(port) || asked.has(port) || inScripts.has(port)) continue
    inScripts.add(port)
    const to = unprivilegedPort(port, taken)
    findings.push({
      rule: 'low-port',
      severity: 'warning',
      message: `${place} listens on port ${port}: a non-root process cannot bind it on every platform`,
      help:
        variable === undefined
          ? `Let it listen on ${to} there, then run unroot --port ${port}=${to}.`
          : `\`ENV ${variable}=${to}\` in the Dockerfile moves it; publish it as ${port}:${to}.`,
      ...(instruction === undefined ? {} : { at: instruction })
    })
  }
  for (const port of all) {
    const to = asked.get(port)
    const mention = exposed.get(port) ?? mentions.find((each) => each.port === port)
    const at = mention?.instruction === undefined ? {} : { at: mention.instruction }
    if (server !== undefined && to === undefined && !isNonRoot)
      if (server.fixed.has(port) || (!server.isRead && !listened.has(port))) {
        findings.push({
          rule: 'low-port',
          severity: 'warning',
          message: `port ${port} stays, since the configuration of ${server.name} that names it is not edited: a non-root process cannot bind it on every platform`,
          help: `Docker 20.10 and later allows it. Let it listen on ${unprivilegedPort(port, taken)} there, then run unroot --port ${port}=${unprivilegedPort(port, taken)}.`,
          ...at
        })
        continue
      } else if (server.isAlone && server.isRead && !listened.has(port) && server.ports.size > 0) {
        const moved = unprivilegedPort(port, new Set())
        if (server.ports.has(moved) && !exposedPorts(dockerfile, image).has(moved)) {
          // The configuration says the new port already: the Dockerfile follows.
          ports.push({ from: port, to: moved })
          continue
        }
        findings.push({
          rule: 'unknown-listener',
          severity: 'info',
          message: `EXPOSE ${port}: the configuration of ${server.name} listens on ${[...server.ports].join(', ')} only`,
          help: 'Remove it from EXPOSE.',
          ...at
        })
        continue
      }
    if (to === port || (isNonRoot && to === undefined)) {
      if (listened.has(port) || exposed.has(port))
        findings.push({
          rule: 'low-port',
          severity: isNonRoot ? 'info' : 'warning',
          message: `port ${port} ${to === port ? 'is kept' : 'is below 1024'}: a non-root process cannot bind it on every platform`,
          help: isNonRoot
            ? `Listen on ${unprivilegedPort(port, taken)} and publish it as ${port}; unroot --port ${port}=${unprivilegedPort(port, taken)} makes the edits.`
            : 'containerd 1.x, host networking and Podman refuse it; Docker 20.10 and later allows it.',
          ...at
        })
      continue
    }
    if (to !== undefined) {
      ports.push({ from: port, to })
      continue
    }
    if (!listened.has(port)) {
      if (listensByEnvironment(image)) {
        const saysItself = image.lineage.some((stage) =>
          stage.instructions.some(
            ({ keyword, raw }) =>
              keyword === 'ENV' && /\b(?:ASPNETCORE|DOTNET)_(?:URLS|HTTPS?_PORTS)\b/.test(raw.logical)
          )
        )
        findings.push({
          rule: 'unknown-listener',
          severity: saysItself ? 'warning' : 'info',
          message: saysItself
            ? `EXPOSE ${port}: the Dockerfile's own ASPNETCORE_URLS names no such port that could be read`
            : `EXPOSE ${port}: nothing listens there; the base image's ASPNETCORE variables name other ports`,
          help: saysItself
            ? 'Write the addresses with their ports and `;` between them: ASPNETCORE_URLS=http://+:8080;https://+:8443.'
            : 'Remove it from EXPOSE, or set ASPNETCORE_URLS.',
          ...at
        })
        continue
      }
      if (!runsConfigured && !inScripts.has(port))
        findings.push({
          rule: 'unknown-listener',
          severity: 'warning',
          message: `EXPOSE ${port}: nothing in the files says where the program takes this port from, so it is kept`,
          help: `Docker 20.10 and later lets it bind ${port}; elsewhere make the program listen on ${unprivilegedPort(port, taken)}, then run unroot --port ${port}=${unprivilegedPort(port, taken)}.`,
          ...at
        })
      continue
    }
    const customary = unprivilegedPort(port, new Set())
    const chosen = unprivilegedPort(port, taken)
    taken.add(chosen)
    ports.push({ from: port, to: chosen })
    const publishing = (options.publishedPorts ?? []).filter((each) => each.port === port).map((each) => each.file)
    const publishers = new Set(publishing.filter((file) => !options.composeFiles?.some(({ name }) => name === file)))
    for (const file of publishers)
      findings.push({
        rule: 'published-port',
        severity: 'warning',
        message: `${file} publishes port ${port} of the container, which becomes ${chosen}`,
        help: `Change the container's side there (\`"${port}:${chosen}"\`), and where a health check or another service names ${port}.`,
        ...at
      })
    const isInManifest = inManifests.some(({ ports: named = [] }) => named.includes(port))
    if (publishing.length === 0 && !isInManifest && (port === 80 || port === 443))
      findings.push({
        rule: 'published-port',
        severity: 'info',
        message: `port ${port} becomes ${chosen}: publish it as -p ${port}:${chosen}`,
        help: `Wherever the container's port ${port} is named (compose files, manifests, other services), write ${chosen}.`,
        ...at
      })
    if (port !== 80 && port !== 443)
      findings.push({
        rule: 'published-port',
        severity: 'warning',
        message: `port ${port} becomes ${chosen}: clients that reach the container itself under ${port} no longer find it`,
        help: `Publish it under the old number (-p ${port}:${chosen}, a Service's targetPort), or keep it with --port ${port}=${port}.`,
        ...at
      })
    if (chosen !== customary)
      findings.push({
        rule: 'port-taken',
        severity: 'warning',
        message: `port ${port} becomes ${chosen}, since ${customary} is in use already`,
        help: `Choose another with --port ${port}=<n>.`,
        ...at
      })
  }
  return { ports, findings }
}
