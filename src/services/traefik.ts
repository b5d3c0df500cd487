/** Traefik: the official image; its static configuration is a file, arguments or variables. */
import { defineServer, type ServerLayout } from './server.ts'
import { moveTraefikPorts, readTraefikArguments, readTraefikFacts } from './traefik-config.ts'

// source: traefik/traefik-library-image alpine/tmplv3.Dockerfile, scratch/tmplv3.Dockerfile: EXPOSE 80, no configuration;
// entrypoint.sh only puts `traefik` in front of options; doc.traefik.io/traefik/getting-started/configuration-overview:
// /etc/traefik/, then the working directory, .toml before .yaml before .yml
const official: ServerLayout = {
  name: 'the official image',
  root: '/etc/traefik/traefik.toml',
  roots: [
    '/etc/traefik/traefik.toml',
    '/etc/traefik/traefik.yaml',
    '/etc/traefik/traefik.yml',
    '/traefik.toml',
    '/traefik.yaml',
    '/traefik.yml'
  ],
  prefix: '/',
  directories: ['/etc/traefik'],
  files: [],
  writable: [],
  pid: '',
  logs: []
}

export const traefik = defineServer({
  name: 'Traefik',
  programs: ['traefik'],
  services: ['traefik'],
  takesOptions: true,
  packages: /^$/,
  findLayout: ({ image, workdir }) => (image === 'traefik' ? { ...official, startedIn: workdir } : undefined),
  /** source: traefik cmd/traefik/traefik.go: a file wins over arguments, arguments over variables; names know no case */
  readArguments(args) {
    const value = (name: RegExp) =>
      args.flatMap((word, index) => {
        const match = /^--?([\w.-]+)(?:=(.*))?$/.exec(word)
        return match === null || !name.test(match[1] as string) ? [] : [match[2] ?? args[index + 1] ?? '']
      })
    const [config] = value(/^(?:configfile|c)$/i)
    const ports = value(/^entrypoints\.[^.]+\.address$|^entrypoints$/i).flatMap((address) => {
      const digits = /:(\d+)(?:\/\w+)?$/.exec(address)?.[1]
      return digits === undefined ? [] : [Number(digits)]
    })
    // `--api.insecure` and `--ping` listen on 8080.
    const hasInternal = args.some((word) => /^--(?:api\.insecure|ping|metrics\.prometheus)(?:=true)?$/i.test(word))
    const common = {
      config,
      prefix: undefined,
      settings: new Map<string, string>(),
      facts: readTraefikArguments(args)
    }
    return ports.length === 0 ? common : { ...common, ports: hasInternal ? [...ports, 8080] : ports }
  },
  read: readTraefikFacts,
  byHand:
    'Let its entry points have addresses above 1023 (`--entrypoints.web.address=:8080`), published as 80 and 443; a redirect names the port that clients use (`to: ":443"`). acme.json must belong to UID:GID.',
  comment: (uid) => `Traefik as uid ${uid}: its certificates and logs are where it can write`,
  movePorts: moveTraefikPorts,
  editSettings: () => []
})
