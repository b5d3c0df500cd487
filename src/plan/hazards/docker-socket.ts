import { usesDockerSocket } from '../../services/docker-clients.ts'
import { defineHazard } from '../hazard.ts'

export const dockerSocket = defineHazard({
  name: 'docker-socket',
  severity: 'warning',
  summary: 'The image uses the Docker socket of the host',
  description: `\`/var/run/docker.sock\` belongs to root and a group whose number differs from host to host. As another user the
container needs that group: \`docker run --group-add "$(stat -c %g /var/run/docker.sock)"\`, in compose \`group_add\`.
Who can write to the socket is root on the host, whatever the user in the container is.`,
  *find({ image, startUp, options }) {
    const all = image.lineage.flatMap((stage) => stage.instructions)
    const at = all.find(
      (instruction) =>
        /docker\.sock\b/.test(instruction.raw.logical) ||
        (instruction.keyword === 'ENV' && /DOCKER_HOST=["']?unix:/.test(instruction.raw.logical))
    )
    const script = startUp.scripts.find((each) => each.text !== undefined && /docker\.sock\b/.test(each.text))
    const mount = options.mounts?.find(({ path }) => /\/docker\.sock$/.test(path))
    if (mount !== undefined && at === undefined && script === undefined) {
      yield {
        message: `${mount.file} mounts docker.sock, which only root and the host's docker group may open`,
        help: 'Add the number of that group to the service: `group_add: ["<stat -c %g /var/run/docker.sock>"]`.'
      }
      return
    }
    const client = all.find(
      (instruction) =>
        instruction.keyword === 'RUN' &&
        /\b(?:install|add)\b[^;&|]*\s(?:docker|docker-cli|docker-ce|docker-ce-cli|docker\.io)(?=[\s=@;&|]|$)/.test(
          instruction.raw.logical
        )
    )
    if (at === undefined && script === undefined && client !== undefined) {
      yield {
        message:
          'the Docker client is installed: the socket of the host, if it is mounted, opens only for root and its group',
        help: 'Start it with `--group-add "$(stat -c %g /var/run/docker.sock)"` (compose: `group_add`).',
        at: client
      }
      return
    }
    const program = startUp.programs.find(({ name, args }) => usesDockerSocket(name, args))
    if (at === undefined && script === undefined && program !== undefined && !isRemote(image.final.environment)) {
      yield {
        message: `${program.place} starts \`${program.name}\`, which talks to the Docker daemon: its socket opens only for root and the host's docker group`,
        help: 'Start it with `--group-add "$(stat -c %g /var/run/docker.sock)"` (compose: `group_add`).',
        ...(program.instruction === undefined ? {} : { at: program.instruction })
      }
      return
    }
    if (at === undefined && script === undefined) return
    yield {
      message: `${script?.contextPath ?? 'the Dockerfile'} uses docker.sock, which only root and the host's docker group may open`,
      help: 'Start it with `--group-add "$(stat -c %g /var/run/docker.sock)"` (compose: `group_add`).',
      ...(at === undefined ? {} : { at })
    }
  }
})

const isRemote = (environment: { get(name: string): string | undefined }): boolean =>
  /^(?:tcp|https?|ssh):/.test(environment.get('DOCKER_HOST') ?? '')
