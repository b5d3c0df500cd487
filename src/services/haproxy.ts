/** HAProxy: where image and packages keep its configuration, and what makes it run unprivileged. */
import { type HaproxyLine, readHaproxyConfig, readHaproxyFacts } from './haproxy-config.ts'
import { defineServer, type LayoutQuestion, type ServerLayout } from './server.ts'
import { type ConfigEdit, wholeLine } from './server-config.ts'

const pidFile = '/tmp/haproxy.pid'

// source: docker-library/haproxy Dockerfile.template: no configuration of its own; docker-entrypoint.sh adds `-W -db`;
// `USER haproxy` since 2.4, root before
const official: ServerLayout = {
  name: 'the official image',
  root: '/usr/local/etc/haproxy/haproxy.cfg',
  prefix: '/var/lib/haproxy',
  directories: ['/usr/local/etc/haproxy', '/usr/local/etc/haproxy/errors'],
  files: [],
  writable: [],
  pid: '',
  logs: []
}

/** What only root may do is taken away; as another user each of these lines ends the start. */
const settings = [
  String.raw`/^[[:space:]]*\(chroot\|user\|group\|stats socket\) /d`,
  `s,^\\([[:space:]]*pidfile *\\) .*,\\1 ${pidFile},`
]

// source: Debian haproxy: debian/haproxy.cfg, haproxy.dirs (/var/lib/haproxy), haproxy.tmpfile (/run/haproxy)
const debian: ServerLayout = {
  name: 'the Debian package',
  root: '/etc/haproxy/haproxy.cfg',
  prefix: '/',
  directories: ['/etc/haproxy', '/etc/haproxy/errors'],
  files: [
    {
      path: '/etc/haproxy/haproxy.cfg',
      text: 'global\n\tchroot /var/lib/haproxy\n\tstats socket /run/haproxy/admin.sock mode 660 level admin\n\tuser haproxy\n\tgroup haproxy\n\tdaemon\n\ndefaults\n\tmode\thttp\n',
      settings: settings.slice(0, 1)
    }
  ],
  writable: [],
  pid: '',
  logs: []
}

// source: Alpine aports main/haproxy: haproxy.cfg listens on 5000; APKBUILD
const alpine: ServerLayout = {
  ...debian,
  name: 'the Alpine package',
  directories: ['/etc/haproxy'],
  files: [
    {
      path: '/etc/haproxy/haproxy.cfg',
      text: 'global\n    chroot      /var/lib/haproxy\n    pidfile     /var/run/haproxy.pid\n    user        haproxy\n    group       haproxy\n    daemon\n    stats socket /var/lib/haproxy/stats\n\ndefaults\n    mode                    http\n\nfrontend  main *:5000\n    default_backend             app\n',
      settings
    }
  ]
}

/** Options of a socket that give it to another account. source: configuration manual 5.1 "Bind options" */
const ownerOptions = new Set(['user', 'group', 'uid', 'gid'])

const packageName = /^haproxy(?:[\d.]*|=.*)$/

function findLayout({ service, image, packages, distribution }: LayoutQuestion): ServerLayout | undefined {
  if (service === 'haproxy') return image === 'haproxy' ? official : undefined
  if (!packages.some((name) => packageName.test(name))) return undefined
  if (distribution === 'debian' || distribution === 'ubuntu') return debian
  return distribution === 'alpine' ? alpine : undefined
}

export const haproxy = defineServer({
  name: 'HAProxy',
  programs: ['haproxy'],
  services: ['haproxy'],
  takesOptions: true,
  packages: packageName,
  findLayout(question) {
    const layout = findLayout(question)
    return layout && { ...layout, startedIn: question.workdir }
  },
  /** source: haproxy(1): `-f file`; several are read one after the other */
  readArguments(args) {
    const [config, ...more] = args.flatMap((word, index) => (word === '-f' ? (args[index + 1] ?? []) : []))
    return { config, more, prefix: undefined, settings: new Map() }
  },
  read: readHaproxyFacts,
  byHand:
    'Let it `bind` ports above 1023 (:8080 for :80) and remove `user`, `group` and `chroot`; stats socket and pid file must be where UID:GID may write.',
  comment: (uid, { port, settings: hasSettings }) =>
    hasSettings
      ? `HAProxy as uid ${uid}: ${port === undefined ? '' : 'high port, '}no chroot, no change of the user`
      : `HAProxy as uid ${uid} can't bind port ${port} everywhere`,
  editSettings(text, isWritable) {
    const edits: ConfigEdit[] = []
    const remove = ({ start, end }: Pick<HaproxyLine, 'start' | 'end'>) => {
      const [from, to] = wholeLine(text, start, end)
      edits.push({ start: from, end: to, text: '' })
    }
    for (const line of readHaproxyConfig(text) ?? []) {
      const { section, words } = line
      const [first, second, third] = words
      if (first === undefined) continue
      // source: configuration manual 3.1: chroot, user, group, uid and gid need superuser privileges
      if (section === 'global' && /^(?:chroot|user|group|uid|gid)$/.test(first.value)) remove(line)
      else if (section === 'global' && first.value === 'pidfile' && second !== undefined && !isWritable(second.value))
        edits.push({ start: second.start, end: second.end, text: pidFile })
      const isStats = section === 'global' && first.value === 'stats' && second?.value === 'socket'
      const socket = isStats ? third : first.value === 'bind' ? second : undefined
      if (socket === undefined || !/^(?:unix@)?\//.test(socket.value)) continue
      const path = socket.value.replace(/^unix@/, '')
      if (!isWritable(path))
        edits.push({
          start: socket.end - path.length,
          end: socket.end,
          text: `/tmp/${path.slice(path.lastIndexOf('/') + 1)}`
        })
      for (const [index, word] of words.entries()) {
        const value = words[index + 1]
        if (index > 1 && ownerOptions.has(word.value) && value !== undefined)
          edits.push({ start: (words[index - 1] as { end: number }).end, end: value.end, text: '' })
      }
    }
    return edits
  }
})
