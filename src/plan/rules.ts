import { composeRules } from '../compose/rules.ts'
import { kubernetesRules } from '../kubernetes/rules.ts'
import type { Hazard, Rule } from './hazard.ts'
import { baseForOthers } from './hazards/base-for-others.ts'
import { buildScript } from './hazards/build-script.ts'
import { developmentServer } from './hazards/development-server.ts'
import { dockerSocket } from './hazards/docker-socket.ts'
import { dropsPrivileges } from './hazards/drops-privileges.ts'
import { existingVolumeData } from './hazards/existing-volume-data.ts'
import { explicitRoot } from './hazards/explicit-root.ts'
import { filesMadeByRoot } from './hazards/files-made-by-root.ts'
import { foreignFilesHazard } from './hazards/foreign-files.ts'
import { generatesAtStart } from './hazards/generates-at-start.ts'
import { needsCapability } from './hazards/needs-capability.ts'
import { needsGroupWrite } from './hazards/needs-group-write.ts'
import { needsPasswdEntry } from './hazards/needs-passwd-entry.ts'
import { needsRootService } from './hazards/needs-root-service.ts'
import { needsServerConfig } from './hazards/needs-server-config.ts'
import { otherStrategy } from './hazards/other-strategy.ts'
import { ownerOnlyMode } from './hazards/owner-only-mode.ts'
import { packagedDaemon } from './hazards/packaged-daemon.ts'
import { rootHomeLeft } from './hazards/root-home-left.ts'
import { runtimePackageInstall } from './hazards/runtime-package-install.ts'
import { scriptFillsRootHome } from './hazards/script-fills-root-home.ts'
import { scriptNeedsRoot } from './hazards/script-needs-root.ts'
import { umaskWithoutEffect } from './hazards/umask-without-effect.ts'
import { undoesGroupRights } from './hazards/undoes-group-rights.ts'
import { unknownApplication } from './hazards/unknown-application.ts'
import { unknownBase } from './hazards/unknown-base.ts'
import { unreadEntrypoint } from './hazards/unread-entrypoint.ts'
import { usesSudo } from './hazards/uses-sudo.ts'

/** What stands against a conversion, in the order in which it is reported. */
export const hazards: readonly Hazard[] = [
  unknownBase,
  unknownApplication,
  needsRootService,
  needsCapability,
  dropsPrivileges,
  needsServerConfig,
  runtimePackageInstall,
  scriptNeedsRoot,
  rootHomeLeft,
  ownerOnlyMode,
  usesSudo,
  unreadEntrypoint,
  buildScript,
  scriptFillsRootHome,
  developmentServer,
  packagedDaemon,
  filesMadeByRoot,
  generatesAtStart,
  dockerSocket,
  existingVolumeData,
  foreignFilesHazard,
  baseForOthers,
  explicitRoot,
  umaskWithoutEffect
]

/** What stands against strategy `arbitrary-user` beside that. */
export const anyUserHazards: readonly Hazard[] = [needsGroupWrite, needsPasswdEntry, undoesGroupRights]

/** Every hazard that there is. */
export const allHazards: readonly Hazard[] = [...hazards, ...anyUserHazards, otherStrategy]

const rule = (name: string, severity: Rule['severity'], summary: string, description: string): Rule => ({
  name,
  severity,
  summary,
  description
})

const others: readonly Rule[] = [
  rule(
    'unknown-listener',
    'warning',
    'A privileged port is exposed, and nothing says where the program takes it from',
    `\`EXPOSE 80\` stands in the Dockerfile, but no \`ENV\`, argument or known default tells the program to listen there, so
the number is in the application's own code or configuration. It is left as it is: Docker lets every user bind port 80
in a container since 20.10, containerd 1.x, host networking and Podman do not. Change it where the application says it,
or start unroot with \`--port 80=8080\` once it takes its port from the environment.`
  ),
  rule(
    'unread-server-config',
    'warning',
    'A configuration of the server could not be read',
    `The server's own configuration says on which ports it listens and where it keeps pid file, caches and logs. This one is
not in the build context (only the Dockerfile was given, \`.dockerignore\` leaves it out, a build stage makes it, it is
mounted at the start), or it is a template of another language. The directories that the server is known to write belong
to the user all the same; ports and settings in that file stay as they are. Docker lets every user bind port 80 in a
container since 20.10; elsewhere change \`listen 80\` to 8080 there, and \`EXPOSE\` with it.`
  ),
  rule(
    'server-config-left',
    'warning',
    'Edits of a server configuration that --no-companions leaves to you',
    `With \`--no-companions\`, and where unroot reads from standard input, files beside the Dockerfile are not changed. The
result runs with the configuration as it is where low ports are open (Docker 20.10 and later); the finding lists what to
change in it.`
  ),
  rule(
    'shared-server-config',
    'warning',
    'A configuration that changes is used by an image that does not',
    `Two Dockerfiles copy the same configuration file of a server, and only one of them could be converted. The other image
gets the new port as well, while its \`EXPOSE\`, its health check and those who call it still say the old one. Give each a
file of its own, or change the other Dockerfile by hand.`
  ),
  rule(
    'server-key',
    'warning',
    'A private key that root read until now',
    `A server that starts as root reads private keys before it changes to its own account. As another user it must be able to
read them itself. Keys in the image are given to the user; what is mounted (secrets, certificates of another container)
cannot be seen: give it an owner or a group that fits.`
  ),
  rule(
    'own-port-in-config',
    'warning',
    'The server’s own port is used in its configuration',
    `A rewrite rule, a header or a link to itself is made from the port on which the server listens, and that port moves. If
clients still reach the old one (\`-p 80:8080\`), what is told to them must not be the new number. A server
that reaches another one of the same image (a proxy in front of it) must be told the new one.`
  ),
  rule(
    'low-port',
    'warning',
    'The process listens on a port below 1024 as a non-root user',
    `Docker sets \`net.ipv4.ip_unprivileged_port_start=0\` in its containers since 20.10; containerd 1.x, host networking,
Podman and hardened platforms do not, and there the bind fails. Move the port to one above 1023 (80 to 8080), and
publish it under the old number: \`-p 80:8080\`.`
  ),
  rule(
    'port-taken',
    'warning',
    'The customary replacement of a port is in use already',
    'Port 80 becomes 8080 by custom; when the image uses 8080 already, the next free port is taken. Choose another with `--port 80=9000`.'
  ),
  rule(
    'published-port',
    'warning',
    'A port that clients know by its number moved',
    `Inside the container the port moves to a high one, and clients may go on with the old number: what publishes the container
(\`-p 80:8080\`, a Service's \`targetPort\`) maps the one to the other. Only containers that talk to this one directly must use
the new number. Compose files and manifests of the tree are changed with it.

For 80, 443 and most others this is good to know (\`info\`). DNS on 53, SSH on 22, mail on 25 and the like are asked for under
their own number and cannot be reached under another: \`warning\`.`
  ),
  rule(
    'named-user',
    'info',
    'USER is a name, not a number',
    `Kubernetes' \`runAsNonRoot: true\` cannot check a name and rejects the image. Write \`USER uid:gid\`; with
\`unroot --only pin-numeric-user\` it is done where both numbers are known.`
  ),
  rule(
    'uid-is-fixed',
    'info',
    'With --uid-from build-args: the numbers of this account are fixed',
    `An account that the base image or the Dockerfile has already keeps its numbers, and an \`ARG\` ends with its stage, so that the
stages below the shipped one could not use it. The file is converted with fixed numbers.`
  ),
  rule(
    'unresolved-user',
    'warning',
    'USER has no value, or names an account that the image does not have',
    `The variable in \`USER\` has no default in the file, or the account is neither created in the Dockerfile nor known
in the base image. In the first case whoever builds decides who the process is; in the second the container does not
start. Give the \`ARG\` a default, or create the account.`
  ),
  rule(
    'path-left-to-root',
    'warning',
    'A path that the process may write stays root’s',
    `The application lies in \`/\` or in a system directory (\`/usr/local/bin\`) and works there: nobody but root may write to it, so
give it a \`WORKDIR\` of its own. Or the image has no shell, or its tools are not known, so no \`RUN mkdir\` and \`chown\` can be added. If the program writes
there, make the directory in a build stage and copy it with its owner:
\`COPY --from=build --chown=65532:65532 /empty /data\`.`
  ),
  rule(
    'steps-down-at-start',
    'info',
    'The image starts as root and becomes another user by itself',
    `The entrypoint takes over directories as root and then becomes a user for good, with \`setpriv\`, \`su-exec\`, \`gosu\` or the
like: strategy \`entrypoint\`. The program is not root. An image of this kind is left alone with \`--strategy entrypoint\`;
the one that unroot writes (a test for root around it, ids from variables) in every case, because a \`USER\` line would
only take away what it can do.

Such a container needs CHOWN, DAC_OVERRIDE, SETGID and SETUID at its start, so \`cap_drop: [ALL]\` needs them in \`cap_add\`;
\`no-new-privileges\` does no harm. On Kubernetes \`runAsNonRoot: true\` rejects it unless \`runAsUser\` is set beside it; an
entrypoint that tests for root first works unchanged then, and \`fsGroup\` takes the place of the \`chown\`. To go back to a
\`USER\` line, remove the script's \`ENTRYPOINT\`, \`COPY\` and \`ENV\`, and convert again.`
  ),
  rule(
    'no-step-down',
    'error',
    'Strategy entrypoint is impossible for this image',
    `The strategy puts a shell script in front of the image's command. It needs a shell, one of \`setpriv\`, \`su-exec\` and
\`gosu\` (which it brings where the distribution has a package), uid and gid in numbers, and an \`ENTRYPOINT\` and \`CMD\`
that are known, because its own \`ENTRYPOINT\` takes the place of the base image's. The message says what is missing. The
file is unchanged; strategy \`user\` may do, with \`docker run --user UID:GID\` where data of the host is mounted.`
  ),
  rule(
    'umask-not-set',
    'warning',
    'The umask that was asked for could not be set',
    'A umask is set by a shell in front of the program. The image has none, or its command comes from a base image whose entrypoint is not in the files.'
  ),
  rule(
    'windows',
    'info',
    'A Windows container',
    'Windows containers have other users and no ports below 1024 to protect. unroot leaves them alone.'
  ),
  rule(
    'no-stage',
    'info',
    'No FROM',
    'The file has no build stage, so there is no image. It may be a fragment or another kind of file.'
  ),
  rule(
    'unknown-target',
    'warning',
    'The file has no stage of that name',
    'With `--target` the named stages are the ones that are shipped. A file without that stage is treated by its last stage.'
  ),
  rule(
    'test-stage',
    'warning',
    'The last stage looks like a test of the one that is shipped',
    `Without \`--target\` the last stage is the one that is shipped. One that is called \`test\` or \`lint\`, has no command and
is built on a stage that has one, most likely is not. Name the shipped stage with \`--target\`, or in the config.`
  ),
  rule(
    'stages-left',
    'info',
    'Other stages of the file are images of their own and stay root',
    `Without \`--target\` the last stage is the one that is shipped. A file that makes several images (\`docker build --target api\`,
\`--target worker\`) has stages with a command of their own on which nothing else is built: name them all with \`--target\`, or
in the config. Stages that are called \`dev\`, \`test\` and the like are not mentioned.`
  ),
  rule(
    'base-changes-user',
    'warning',
    'Steps of the file are no longer root when its base image is converted',
    `Another Dockerfile of the same tree builds the base image and is converted in the same run; its \`USER\` is inherited. A
file that is converted with it gets \`USER root\` above its first step. One that is refused, or non-root already, is left
as it is: put the line there yourself, before the new base is published. The same holds for an image that has no \`USER\` of
its own and is refused because it needs root: it would be started as the user of its base.`
  ),
  rule(
    'partial-run',
    'warning',
    'The transforms that ran do not make the image non-root by themselves',
    '`--only` and `--skip` filter the edits, not the plan. Run the rest as well, or make those edits by hand.'
  ),
  rule(
    'invalid-dockerfile',
    'error',
    'BuildKit would refuse the file',
    'The message is that of the parser, with the line. Templates (`Dockerfile.j2`, `Dockerfile.in`) must be rendered first. Nothing was changed.'
  ),
  rule(
    'ignored-comment',
    'info',
    'An `# unroot:` comment that accepts nothing',
    'An acceptance must read `# unroot: ignore <rule> -- <reason>`, with the name of a rule and a reason. What reads otherwise has no effect.'
  ),
  rule(
    'self-check',
    'error',
    'unroot’s own result did not pass its check',
    'After the edits the file is planned again; here the result was not what the plan promised, so the original is kept. This is a bug: please report the Dockerfile.'
  )
]

/**
 * Every rule that findings can name.
 *
 * @example
 * ```ts
 * import { rewrite, rules } from 'unroot'
 *
 * const [finding] = rewrite('FROM debian:12\nCMD ["cron", "-f"]\n').findings
 * finding?.rule // => 'needs-root-service'
 * rules.find(({ name }) => name === finding?.rule)?.severity // => 'error'
 * ```
 */
export const rules: readonly Rule[] = [...allHazards, ...others, ...composeRules, ...kubernetesRules].map(
  ({ name, severity, summary, description }) => ({
    name,
    severity,
    summary,
    description
  })
)
