/** lighttpd: where the packages keep its configuration, and what makes it run unprivileged. */
import { readLighttpdConfig, readLighttpdFacts } from './lighttpd-config.ts'
import { defineServer, type LayoutQuestion, moveDigits, type ServerLayout } from './server.ts'

const pidFile = '/tmp/lighttpd.pid'

const movePid = `s,^\\(server.pid-file *=\\).*,\\1 "${pidFile}",`

// source: Debian lighttpd: debian/conf/lighttpd.conf, lighttpd.dirs; /var/log/lighttpd and /var/cache/lighttpd belong to
// www-data; server.username is ignored when lighttpd is not started as root (src/server.c, i_am_root)
const debian: ServerLayout = {
  name: 'the Debian package',
  root: '/etc/lighttpd/lighttpd.conf',
  prefix: '/etc/lighttpd',
  directories: ['/etc/lighttpd', '/etc/lighttpd/conf-available', '/etc/lighttpd/conf-enabled'],
  files: [
    {
      path: '/etc/lighttpd/lighttpd.conf',
      text: 'server.upload-dirs          = ( "/var/cache/lighttpd/uploads" )\nserver.errorlog             = "/var/log/lighttpd/error.log"\nserver.pid-file             = "/run/lighttpd.pid"\nserver.username             = "www-data"\nserver.groupname            = "www-data"\nserver.port                 = 80\ninclude_shell "/usr/share/lighttpd/use-ipv6.pl " + server.port\ninclude "/etc/lighttpd/conf-enabled/*.conf"\n',
      port: (from, to) => String.raw`s/^\(server.port *=\) ${from}$/\1 ${to}/`,
      settings: [movePid]
    }
  ],
  account: 'www-data',
  writable: ['/var/cache/lighttpd', '/var/log/lighttpd'],
  isRecursive: true,
  pid: '/run/lighttpd.pid',
  logs: ['/var/log/lighttpd']
}

/** source: Debian conf-available/15-fastcgi-php.conf: "socket" => "/run/lighttpd/php.socket" */
const debianWithFastCgi: ServerLayout = {
  ...debian,
  writable: [...debian.writable, '/run/lighttpd'],
  mayMiss: ['/run/lighttpd']
}

// source: Alpine aports main/lighttpd lighttpd.conf, APKBUILD: /var/log/lighttpd and /run/lighttpd belong to lighttpd
const alpine: ServerLayout = {
  name: 'the Alpine package',
  root: '/etc/lighttpd/lighttpd.conf',
  prefix: '/etc/lighttpd',
  directories: ['/etc/lighttpd'],
  files: [
    {
      path: '/etc/lighttpd/lighttpd.conf',
      text: 'var.logdir   = "/var/log/lighttpd"\nserver.username      = "lighttpd"\nserver.groupname     = "lighttpd"\nserver.pid-file      = "/run/lighttpd.pid"\nserver.errorlog      = var.logdir  + "/error.log"\n# server.port          = 81\naccesslog.filename   = var.logdir + "/access.log"\n',
      port: (_, to) => `s/^\\(# *\\)*server.port .*/server.port = ${to}/`,
      settings: [movePid]
    }
  ],
  writable: ['/var/log/lighttpd', '/run/lighttpd'],
  mayMiss: ['/run/lighttpd'],
  isRecursive: true,
  pid: '/run/lighttpd.pid',
  logs: ['/var/log/lighttpd']
}

const packageName = /^lighttpd(?:=.*)?$/

function findLayout({ packages, distribution, mentions }: LayoutQuestion): ServerLayout | undefined {
  if (!packages.some((name) => packageName.test(name))) return undefined
  // Its own file listens on 443 with a key that only root reads.
  if (mentions(/\blight(?:y|tpd)-enable-mod\b[^&;|]*\bssl\b/)) return undefined
  if (distribution === 'debian' || distribution === 'ubuntu')
    return mentions(/\blight(?:y|tpd)-enable-mod\b[^&;|]*\bfastcgi/) ? debianWithFastCgi : debian
  return distribution === 'alpine' ? alpine : undefined
}

export const lighttpd = defineServer({
  name: 'lighttpd',
  programs: ['lighttpd', 'lighttpd-angel'],
  services: ['lighttpd'],
  packages: packageName,
  findLayout(question) {
    const layout = findLayout(question)
    return layout && { ...layout, startedIn: question.workdir }
  },
  /** source: lighttpd(8): `-f file` */
  readArguments(args) {
    const index = args.indexOf('-f')
    return { config: index === -1 ? undefined : args[index + 1], prefix: undefined, settings: new Map() }
  },
  read: readLighttpdFacts,
  byHand:
    'Let it listen above 1023 (`server.port = 8080`, and in every `$SERVER["socket"]`), then change EXPOSE; pid file and logs must be where UID:GID may write.',
  comment: (uid, { port, settings }) =>
    settings
      ? `lighttpd as uid ${uid}: ${port === undefined ? '' : 'high port, '}pid file where it can write`
      : `lighttpd as uid ${uid} can't bind port ${port} everywhere`,
  movePorts(_, facts, mapping, { isRoot, all }) {
    // An included file may say the port that the first one does not.
    const isSaid = all.some(({ settings }) => settings.has('server.port'))
    return moveDigits(
      facts.listens.filter(({ implied }) => implied === undefined || (isRoot && !isSaid)),
      mapping
    )
  },
  editSettings(text, isWritable) {
    const pid = readLighttpdConfig(text)?.assignments.find(({ name }) => name === 'server.pid-file')
    const [first] = pid?.value ?? []
    if (pid === undefined || first === undefined) return []
    if (pid.value.length === 1 && isWritable(first.value)) return []
    // A sum of strings and variables is replaced as a whole.
    return pid.value.length === 1
      ? [{ start: first.start, end: first.end, text: pidFile }]
      : [{ start: first.kind === 'string' ? first.start - 1 : first.start, end: endOf(pid), text: `"${pidFile}"` }]
  }
})

const endOf = ({ value, end }: { value: readonly { kind: string }[]; end: number }): number =>
  value.at(-1)?.kind === 'string' ? end + 1 : end
