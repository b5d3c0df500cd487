/** Caddy: where image and packages keep its Caddyfile, and what makes it run unprivileged. */
import { moveCaddyPorts, readCaddyFacts } from './caddyfile.ts'
import { defineServer, type LayoutQuestion, type ServerLayout } from './server.ts'

const welcome = {
  path: '/etc/caddy/Caddyfile',
  text: ':80 {\n\troot * /usr/share/caddy\n\tfile_server\n}\n',
  port: (from: number, to: number) => `s/^:${from} /:${to} /`
}

// source: caddyserver/caddy-docker 2.11/alpine/Dockerfile: XDG_CONFIG_HOME=/config, XDG_DATA_HOME=/data, both root's (their
// `caddy` folders have mode 1777 since 2.11.1 only); caddyserver/dist config/Caddyfile; 2.11/rootless/Dockerfile is the
// vendor's own list of what has to change
const official: ServerLayout = {
  name: 'the official image',
  root: '/etc/caddy/Caddyfile',
  prefix: '/etc/caddy',
  directories: ['/etc/caddy'],
  files: [welcome],
  writable: ['/config', '/data'],
  isRecursive: true,
  pid: '',
  logs: []
}

// source: Debian caddy: debian/caddy.install, postinst: /var/log/caddy belongs to caddy; no file capability
const debian: ServerLayout = { ...official, name: 'the Debian package', writable: [] }

// source: Alpine aports community/caddy APKBUILD: `setcap cap_net_bind_service=+ep` on /usr/sbin/caddy
const alpine: ServerLayout = {
  ...debian,
  name: 'the Alpine package',
  files: [{ path: '/etc/caddy/Caddyfile' }],
  commands: ['chown 0:0 /usr/sbin/caddy']
}

/** A binary that a `COPY` brings from the official image or a build: `chown` takes a capability off, whatever it has. source: chown(2) */
const copied = (path: string): ServerLayout => ({
  ...debian,
  name: 'the copied program',
  files: [],
  commands: [`chown 0:0 ${path}`]
})

const programCopy = /^(?:COPY|ADD)\b.*\s(?:\/usr\/(?:local\/)?s?bin\/(?:caddy)?|\/bin\/(?:caddy)?)["\]]*\s*$/im

const packageName = /^caddy(?:=.*)?$/

function findLayout({
  service,
  image,
  tag,
  packages,
  distribution,
  mentions,
  word
}: LayoutQuestion): ServerLayout | undefined {
  if (service === 'caddy') {
    if (image !== 'caddy') return undefined
    // source: caddyserver/caddy-docker b650917 (2.6.3): setcap on the binary, with libcap in the image; a binary that
    // xcaddy has built there has it too (XCADDY_SETCAP)
    if (mentions(programCopy) || mentions(/^RUN\b.*\b(?:mv|cp|curl|wget|install)\b.*\/usr\/bin\/caddy\b/im))
      return { ...official, commands: ['chown 0:0 /usr/bin/caddy'] }
    const version = /^2\.([0-6])(?:\.(\d+))?(?:-|$)/.exec(tag)
    const isOld = version !== null && (version[1] !== '6' || (version[2] !== undefined && Number(version[2]) < 3))
    return isOld ? official : { ...official, commands: ['setcap -r /usr/bin/caddy'] }
  }
  const isKnown = distribution === 'debian' || distribution === 'ubuntu' || distribution === 'alpine'
  if (!isKnown) return undefined
  if (packages.some((name) => packageName.test(name))) return distribution === 'alpine' ? alpine : debian
  if (!mentions(programCopy) || !mentions(/^COPY\b.*--from=/im)) return undefined
  return copied(word?.startsWith('/') === true ? word : '/usr/bin/caddy')
}

export const caddy = defineServer({
  name: 'Caddy',
  programs: ['caddy'],
  services: ['caddy'],
  packages: packageName,
  findLayout(question) {
    const layout = findLayout(question)
    return layout && { ...layout, startedIn: question.workdir }
  },
  /** source: caddyserver.com/docs/command-line: `run`, `start`: --config, else ./Caddyfile; others are told by options alone */
  readArguments(args) {
    const [command] = args
    const after = (...names: string[]) =>
      args.flatMap((word, index) =>
        names.includes(word)
          ? (args[index + 1] ?? [])
          : names.some((name) => word.startsWith(`${name}=`))
            ? word.slice(word.indexOf('=') + 1)
            : []
      )[0]
    const common = { prefix: undefined, settings: new Map<string, string>() }
    if (/^(?:file-server|reverse-proxy|respond)$/.test(command ?? '')) {
      const port = Number(/:(\d+)$/.exec(after('--listen', '-l', '--from', '-f') ?? '')?.[1])
      return { ...common, config: undefined, ports: Number.isInteger(port) ? [port] : [80], isWhole: true }
    }
    return { ...common, config: after('--config', '-c') ?? 'Caddyfile' }
  },
  read: readCaddyFacts,
  byHand:
    'In the Caddyfile: `:8080` instead of `:80`; for sites with names `http_port 8080` and `https_port 8443` in the global options, published as 80 and 443. UID:GID must be able to write XDG_DATA_HOME and XDG_CONFIG_HOME.',
  comment: (uid, { port, settings }) =>
    settings
      ? `Caddy as uid ${uid}: without a file capability, which drop-all containers refuse to start`
      : `Caddy as uid ${uid} can't bind port ${port} everywhere`,
  movePorts: moveCaddyPorts,
  editSettings: () => []
})
