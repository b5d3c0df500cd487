/** Labels and variables by which other programs are told the port of a container. */
interface PortLabel {
  name: RegExp
  /** Groups: what stands in front of the port, the port (missing: `implied`). */
  value: RegExp
  /** The port that is meant where none is written. */
  implied?: number
  source: string
}

const portLabels: readonly PortLabel[] = [
  {
    name: /^traefik\.(?:http|tcp|udp)\.services\.[^.]+\.loadbalancer\.server\.port$|^traefik(?:\.[\w-]+)?\.port$/i,
    value: /^()(\d+)$/,
    source:
      'doc.traefik.io/traefik/reference/routing-configuration/other-providers/docker; v1.7 docker backend: traefik.port'
  },
  {
    name: /^caddy(?:_\d+)?(?:\.\d+_?\w*|\.[\w*]+)*\.(?:\d+_)?(?:reverse_proxy|php_fastcgi)(?:\.to)?$/,
    value: /^(.*\{\{\s*upstreams(?:\s+https?)?)(?:\s+(\d+))?\s*\}\}/,
    implied: 80,
    source: 'lucaslorentz/caddy-docker-proxy README, "Reverse proxy examples": upstreams takes a port, 80 by default'
  },
  {
    name: /^VIRTUAL_PORT$/,
    value: /^()(\d+)$/,
    source: 'nginx-proxy/nginx-proxy docs: VIRTUAL_PORT'
  }
]

/** Where a label or variable holds the container's port; offsets in the value. */
export function findPortInLabel(
  name: string,
  value: string
): { port: number; from: number; to: number; insert: string } | undefined {
  const label = portLabels.find((each) => each.name.test(name))
  const match = label?.value.exec(value)
  if (label === undefined || !match) return undefined
  const before = match[1] as string
  const digits = match[2]
  if (digits !== undefined) {
    const from = value.indexOf(digits, before.length)
    return { port: Number(digits), from, to: from + digits.length, insert: '' }
  }
  return label.implied === undefined
    ? undefined
    : { port: label.implied, from: before.length, to: before.length, insert: ' ' }
}
