/** The page `running-as-root`: what is left to do for an image that a Dockerfile cannot take root from. */
import { parseDockerfile } from '../dockerfile/dockerfile.ts'
import { isRoot, readImage } from '../image/image.ts'
import { stepDownTools } from '../plan/hazards/drops-privileges.ts'
import { planDockerfile, type StagePlan } from '../plan/plan.ts'
import { exposedPorts } from '../plan/ports.ts'
import { findRootProgram } from '../services/root-programs.ts'
import type { Finding, RewriteOptions, Verdict } from '../types.ts'

/** What the snippets of the page are about. */
export interface RootImage {
  /** For `docker run`; a name of one's own. */
  image: string
  /** The Dockerfile, for the title. */
  path: string | undefined
  verdict: Verdict | undefined
  /** `uid:gid` of the user that the plan would choose. */
  user: string
  /** Why the image stays root's. */
  reasons: readonly Pick<Finding, 'rule' | 'message' | 'help' | 'range'>[]
  /** Capabilities without `CAP_`; undefined: not known. */
  capabilities: readonly string[] | undefined
  /** What it needs that `no-new-privileges` forbids. */
  needsPrivileges: string | undefined
}

const anyImage: RootImage = {
  image: 'IMAGE',
  path: undefined,
  verdict: undefined,
  user: '10001:10001',
  reasons: [],
  capabilities: ['CHOWN', 'SETGID', 'SETUID'],
  needsPrivileges: undefined
}

// source: capabilities(7): chown of another's file, and set*id for becoming another user; reading and changing what
// belongs to others meanwhile takes DAC_OVERRIDE and FOWNER
const stepDownCapabilities = ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'SETGID', 'SETUID']

/** Reads what the page has to say about one Dockerfile. Never throws on user input. */
export function readRootImage(text: string, image: string, options: RewriteOptions): RootImage {
  const dockerfile = parseDockerfile(text)
  const plan = planDockerfile(dockerfile, options)
  const stagePlan = plan.stages.at(-1)
  const stage = stagePlan && dockerfile.stages[stagePlan.stageIndex]
  const known = { ...anyImage, image, path: options.path, verdict: plan.verdict }
  const reasons = plan.findings.filter(({ severity }) => severity === 'error')
  if (stagePlan === undefined || stage === undefined) return { ...known, reasons, capabilities: undefined }
  const { base, final } = readImage(dockerfile, stage)
  const low = isRoot(final) ? [...exposedPorts(dockerfile, readImage(dockerfile, stage))].filter(isLow) : []
  const needed = findCapabilities(stagePlan, base.image?.stepsDown !== undefined)
  const sudo = plan.findings.find(({ rule }) => rule === 'uses-sudo')
  return {
    ...known,
    user: /^\d/.test(stagePlan.user.text) ? stagePlan.user.text : anyImage.user,
    reasons,
    capabilities: needed && [...new Set([...needed, ...(low.length > 0 ? ['NET_BIND_SERVICE'] : [])])].sort(),
    needsPrivileges: sudo === undefined ? undefined : 'sudo'
  }
}

const isLow = (port: number): boolean => port > 0 && port < 1024

/** Undefined: it starts something of which that is not known. */
function findCapabilities({ startUp, findings }: StagePlan, baseStepsDown: boolean): string[] | undefined {
  const found = baseStepsDown ? [...stepDownCapabilities] : []
  for (const { name, args } of startUp.programs) {
    if (stepDownTools.has(name)) found.push(...stepDownCapabilities)
    const program = findRootProgram(name, args)
    if (program === undefined) continue
    if (program.capabilities === undefined) return undefined
    found.push(...program.capabilities)
  }
  const isExplained = found.length > 0 || !findings.some(({ severity }) => severity === 'error')
  return isExplained ? found : undefined
}

const fence = (language: string, lines: readonly string[]): string => [`\`\`\`${language}`, ...lines, '```'].join('\n')

/**
 * The page, in Markdown.
 *
 * @param about one image; without it the snippets say IMAGE
 */
export function runningAsRootPage(about: RootImage = anyImage): string {
  const { image, user, capabilities, needsPrivileges } = about
  // source: docs.docker.com/reference/cli/docker/container/run: --user, --cap-drop, --cap-add, --security-opt
  const privileges = needsPrivileges === undefined ? ['--security-opt=no-new-privileges'] : []
  const added = (capabilities ?? []).map((name) => `--cap-add=${name}`)
  const sections = [
    about.path === undefined ? '' : introduce(about),
    `## Give it only the capabilities that it needs

Root without capabilities can do little more than another user. Docker gives a container fourteen of them
by default; ${
      capabilities === undefined
        ? 'which of them this one needs is not in the files: start without any, and add what its log asks for'
        : capabilities.length === 0
          ? 'nothing in the files says that this one needs any'
          : `${about.path === undefined ? 'a program that changes its user needs' : 'this one needs, as far as the files tell,'} ${capabilities.join(', ')}`
    }.${needsPrivileges === undefined ? '' : ` \`no-new-privileges\` is left out: ${needsPrivileges} does not work with it.`}

${fence('sh', [['docker run --cap-drop=ALL', ...added, ...privileges, image].join(' ')])}

In a compose file:

${fence('yaml', [
  'cap_drop: [ALL]',
  ...(capabilities?.length ? [`cap_add: [${capabilities.join(', ')}]`] : []),
  ...(privileges.length > 0 ? ['security_opt: ["no-new-privileges:true"]'] : [])
])}`,
    `## Try another user without a new image

\`--user\` wins over the image's \`USER\`; in Kubernetes \`runAsUser\` and \`runAsGroup\` do. What the image keeps for root (files,
directories, ports below 1024 on some platforms) stays closed to that user, which is a quick way to see what is missing.

${fence('sh', [`docker run --user ${user} ${image}`])}`,
    `## An image of your own on top

Where the image comes from somebody else, a derived one can give the user what he needs:

${fence('dockerfile', [`FROM ${image}`, 'USER root', `RUN mkdir -p /data && chown ${user} /data`, `USER ${user}`])}

Then \`unroot verify\` tells whether it starts. An entrypoint that must be root (see above) is not helped by this.`,
    // source: docs.docker.com/engine/security/userns-remap: daemon.json, subuid, `default` stands for dockremap; --userns=host
    `## Make root in the container nobody on the host: userns-remap

In \`/etc/docker/daemon.json\`, then restart the engine:

${fence('json', ['{ "userns-remap": "default" }'])}

\`default\` makes the account \`dockremap\`, whose range of ids stands in \`/etc/subuid\` and \`/etc/subgid\`:

${fence('text', ['dockremap:165536:65536'])}

Root of the container is 165536 outside. It holds for every container of that engine; images have to be pulled again, existing
volumes keep their owners, and \`--privileged\` and host networking need \`--userns=host\`.`,
    // source: docs.docker.com/engine/security/rootless: prerequisites (uidmap), dockerd-rootless-setuptool.sh install
    `## An engine without root: rootless Docker, Podman

${fence('sh', ['apt-get install uidmap             # newuidmap and newgidmap', 'dockerd-rootless-setuptool.sh install', 'docker context use rootless'])}

Root of the container is then the user who started the engine. Podman works like this when somebody who is not root starts
it: \`podman run ${image}\`.`,
    // source: kubernetes.io/docs/concepts/workloads/pods/user-namespaces: spec.hostUsers
    `## Kubernetes: user namespaces

${fence('yaml', ['spec:', '  hostUsers: false'])}

On by default since Kubernetes 1.33, where the nodes' kernel and runtime can do it. The pod's root is nobody on the node.
\`runAsNonRoot: true\` still rejects the image.`,
    `## Start as root, go on as a user

If it is root only to prepare its data (\`chown\`, \`mkdir\`), the entrypoint can do that and then become the user for good:
\`unroot explain drop-privileges-in-entrypoint\`.`,
    `## Accept it

${fence('dockerfile', [`# unroot: ignore ${about.reasons[0]?.rule ?? 'needs-root-service'} -- why it has to be root`])}

\`unroot --check\` then passes, and the report keeps the reason.`
  ]
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`
}

function introduce({ path, verdict, reasons, user }: RootImage): string {
  if (reasons.length === 0)
    return verdict === 'converted' || verdict === 'needs-review'
      ? `${path} does not have to run as root: \`unroot ${path}\` shows the edits with which it runs as ${user}.`
      : `${path} is ${verdict}: nothing in it asks for root.`
  const lines = reasons.map(
    ({ rule, message, help, range }) => `- line ${range.start.line}, ${rule}: ${message}\n  ${help}`
  )
  return `${path} stays root's because:\n\n${lines.join('\n')}`
}
