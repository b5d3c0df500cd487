/** Varnish: its ports stand in arguments and, in the official image, in VARNISH_HTTP_PORT. */
import { defineServer, type ServerLayout } from './server.ts'
import { noFacts } from './server-config.ts'

// source: varnish/docker-varnish stable/debian/Dockerfile: /var/lib/varnish belongs to varnish; 6.0 sets no USER
const official: ServerLayout = {
  name: 'the official image',
  root: '/etc/varnish/default.vcl',
  prefix: '/etc/varnish',
  directories: ['/etc/varnish'],
  files: [],
  writable: ['/var/lib/varnish'],
  isRecursive: true,
  pid: '',
  logs: []
}

// source: Debian varnish postinst: /var/lib/varnish/HOST belongs to varnish, what varnishd itself makes there does not
const debian: ServerLayout = { ...official, name: 'the package', mayMiss: ['/var/lib/varnish'] }

export const varnish = defineServer({
  name: 'Varnish',
  programs: ['varnishd'],
  services: ['varnish'],
  takesOptions: true,
  packages: /^varnish(?:=.*)?$/,
  findLayout({ service, image, packages, distribution, args }) {
    // source: varnishd(1): -j unix changes the user, which only root can; -S names a file that is root's, with mode 0600
    if (args.some((word) => /^(?:-S|-junix|unix(?:,|$))/.test(word))) return undefined
    if (service === 'varnish') return image === 'varnish' ? official : undefined
    if (!packages.some((name) => varnish.packages.test(name))) return undefined
    return distribution === 'debian' || distribution === 'ubuntu' || distribution === 'alpine' ? debian : undefined
  },
  /** source: varnishd(1): `-a [name=][address][:port][,PROTO]`, `:80` without one; VCL says nothing about ports of its own */
  readArguments(args) {
    const ports = args.flatMap((word, index) => {
      const value = word === '-a' ? args[index + 1] : /^-a./.test(word) ? word.slice(2) : undefined
      const digits = /:(\d+)(?:,|$)/.exec(value ?? '')?.[1]
      return digits === undefined ? [] : [Number(digits)]
    })
    // source: varnish/docker-varnish scripts/docker-varnish-entrypoint: options alone are put behind its own -a
    const variables = args.includes('-F') ? [] : ['VARNISH_HTTP_PORT']
    return { config: undefined, prefix: undefined, settings: new Map(), ports, variables, isWhole: true }
  },
  // VCL speaks of backends only.
  read: () => noFacts,
  byHand: 'Let it listen above 1023 (`-a :8080`, in the official image VARNISH_HTTP_PORT=8080), then change EXPOSE.',
  comment: (uid) => `Varnish as uid ${uid}: its working directory is where it can write`,
  editSettings: () => []
})
