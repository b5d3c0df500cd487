/** Programs whose work is done by the Docker daemon of the host, over its socket. */
interface DockerClient {
  names: readonly string[]
  /** Not with one of these words behind it. */
  unless?: RegExp
  source: string
}

// biome-ignore format: one row per entry
const dockerClients: readonly DockerClient[] = [
  { names: ['docker', 'docker-compose'], unless: /^(?:-v|--version|version|--help|help|buildx)$/, source: 'docs.docker.com reference/cli/docker' },
  { names: ['woodpecker-agent'], source: 'woodpecker-ci.org/docs administration/configuration/agent, backend docker' },
  { names: ['drone-agent', 'drone-runner-docker'], source: 'docs.drone.io runner/docker' },
  { names: ['act_runner', 'forgejo-runner'], source: 'docs.gitea.com usage/actions/act-runner' },
  { names: ['watchtower', 'ouroboros', 'diun'], source: 'containrrr.dev/watchtower introduction' },
  { names: ['portainer', 'dockge', 'dozzle', 'lazydocker', 'ctop'], source: 'docs.portainer.io start/install, dozzle.dev guide' },
  { names: ['docker-gen'], source: 'nginx-proxy/docker-gen README' },
  { names: ['swarm-cronjob', 'ofelia'], source: 'mcuadros/ofelia README' }
]

/** `name`: the last part of its path; `args`: what follows it. */
export const usesDockerSocket = (name: string, args: readonly string[]): boolean =>
  dockerClients.some(
    (client) => client.names.includes(name) && !args.some((word) => client.unless?.test(word) ?? false)
  )
