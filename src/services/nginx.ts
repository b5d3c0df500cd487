/** nginx and OpenResty: where each image and package keeps its configuration, and what makes it run unprivileged. */
import { readNginxConfig } from './nginx-config.ts'
import { readNginxFacts } from './nginx-facts.ts'
import { defineServer, type ServerLayout } from './server.ts'
import type { ConfigEdit } from './server-config.ts'
import { wholeLine } from './server-config.ts'

const pidFile = '/tmp/nginx.pid'

/** `listen       80;` of nginx.org and OpenResty. */
const plainListen = (from: number, to: number) => String.raw`s/^\( *listen *\)${from};/\1${to};/`

const nginxConf = (user: string, pid: string, include: string) =>
  `user  ${user};\nerror_log  /var/log/nginx/error.log notice;\n${pid === '' ? '' : `pid        ${pid};\n`}events {}\nhttp {\n    access_log  /var/log/nginx/access.log  main;\n${include}}\n`

const userAndPid = ['/^user /d', `s,^pid .*,pid ${pidFile};,`]

// source: nginxinc/docker-nginx stable/debian/Dockerfile and the nginx.org package in it;
// nginxinc/docker-nginx-unprivileged Dockerfile-debian.template is the vendor's own list of what has to change
const official: ServerLayout = {
  name: 'the official image',
  root: '/etc/nginx/nginx.conf',
  prefix: '/etc/nginx',
  directories: ['/etc/nginx', '/etc/nginx/conf.d', '/etc/nginx/templates'],
  files: [
    {
      path: '/etc/nginx/nginx.conf',
      text: nginxConf('nginx', '/run/nginx.pid', '    include /etc/nginx/conf.d/*.conf;\n'),
      settings: userAndPid
    },
    { path: '/etc/nginx/conf.d/default.conf', text: 'server {\n    listen       80;\n}\n', port: plainListen }
  ],
  writable: ['/var/cache/nginx'],
  pages: ['/usr/share/nginx/html/index.html', '/usr/share/nginx/html/50x.html'],
  pid: '/run/nginx.pid',
  logs: ['/var/log/nginx'],
  // source: the same Dockerfile: ln -sf /dev/stdout /var/log/nginx/access.log
  linkedLogs: ['/var/log/nginx/access.log', '/var/log/nginx/error.log'],
  // source: nginxinc/docker-nginx entrypoint/20-envsubst-on-templates.sh
  templates: { from: '/etc/nginx/templates', suffix: '.template', to: '/etc/nginx/conf.d' }
}

// source: nginxinc/docker-nginx-unprivileged Dockerfile-debian.template
const unprivileged: ServerLayout = {
  ...official,
  name: 'the unprivileged image',
  files: [
    {
      path: '/etc/nginx/nginx.conf',
      text: 'pid        /tmp/nginx.pid;\nevents {}\nhttp {\n    proxy_temp_path /tmp/proxy_temp;\n    include /etc/nginx/conf.d/*.conf;\n}\n'
    },
    { path: '/etc/nginx/conf.d/default.conf', text: 'server {\n    listen       8080;\n}\n', port: plainListen }
  ],
  pid: pidFile
}

// source: nginx.org packages: the layout of the official image without its links and entrypoint
const vendorPackage: ServerLayout = {
  ...official,
  name: 'the package of nginx.org',
  linkedLogs: [],
  writable: ['/var/cache/nginx', '/var/log/nginx'],
  isRecursive: true,
  templates: undefined
}

// source: Debian nginx-common: nginx.conf, sites-available/default, nginx-common.dirs;
// debian/rules: --http-client-body-temp-path=/var/lib/nginx/body --pid-path=/run/nginx.pid
const debian: ServerLayout = {
  name: 'the Debian package',
  root: '/etc/nginx/nginx.conf',
  prefix: '/etc/nginx',
  directories: [
    '/etc/nginx',
    '/etc/nginx/conf.d',
    '/etc/nginx/sites-available',
    '/etc/nginx/sites-enabled',
    '/etc/nginx/modules-enabled',
    '/etc/nginx/snippets'
  ],
  files: [
    {
      path: '/etc/nginx/nginx.conf',
      text: nginxConf(
        'www-data',
        '/run/nginx.pid',
        '    include /etc/nginx/conf.d/*.conf;\n    include /etc/nginx/sites-enabled/*;\n'
      ),
      settings: userAndPid
    },
    {
      path: '/etc/nginx/sites-available/default',
      text: 'server {\n\tlisten 80 default_server;\n\tlisten [::]:80 default_server;\n}\n',
      port: (from, to) => String.raw`s/\(listen .*\)${from} default_server;/\1${to} default_server;/`
    },
    { path: '/etc/nginx/sites-enabled/default', link: '/etc/nginx/sites-available/default' }
  ],
  account: 'www-data',
  writable: ['/var/lib/nginx', '/var/log/nginx'],
  pid: '/run/nginx.pid',
  logs: ['/var/log/nginx']
}

// source: Alpine aports main/nginx APKBUILD, nginx.conf and default.conf: --pid-path=/run/nginx/nginx.pid,
// --http-client-body-temp-path=/var/lib/nginx/tmp/client_body; http.d since 3.14, conf.d for servers before
const alpine: ServerLayout = {
  name: 'the Alpine package',
  root: '/etc/nginx/nginx.conf',
  prefix: '/etc/nginx',
  directories: ['/etc/nginx', '/etc/nginx/conf.d', '/etc/nginx/http.d', '/etc/nginx/modules'],
  files: [
    {
      path: '/etc/nginx/nginx.conf',
      text: 'user nginx;\nerror_log /var/log/nginx/error.log warn;\nevents {}\nhttp {\n\taccess_log /var/log/nginx/access.log main;\n\tinclude /etc/nginx/http.d/*.conf;\n}\n',
      settings: [`s,^user .*,pid ${pidFile};,`]
    },
    {
      path: '/etc/nginx/http.d/default.conf',
      text: 'server {\n\tlisten 80 default_server;\n\tlisten [::]:80 default_server;\n}\n',
      port: (from, to) => String.raw`s/\(listen .*\)${from} default_server;/\1${to} default_server;/`
    }
  ],
  writable: ['/var/lib/nginx', '/var/log/nginx'],
  isRecursive: true,
  pid: '/run/nginx/nginx.pid',
  logs: ['/var/log/nginx']
}

const alpineBefore314: ServerLayout = {
  ...alpine,
  directories: ['/etc/nginx', '/etc/nginx/conf.d', '/etc/nginx/modules'],
  files: alpine.files.map((file) =>
    file.path === '/etc/nginx/nginx.conf'
      ? { ...file, text: file.text?.replace('http.d', 'conf.d') }
      : { ...file, path: '/etc/nginx/conf.d/default.conf' }
  )
}

// source: Fedora and CentOS nginx.spec and nginx.conf: temporary files in /var/lib/nginx/tmp, /run/nginx.pid
const redHat: ServerLayout = {
  name: 'the Red Hat package',
  root: '/etc/nginx/nginx.conf',
  prefix: '/etc/nginx',
  directories: ['/etc/nginx', '/etc/nginx/conf.d', '/etc/nginx/default.d'],
  files: [
    {
      path: '/etc/nginx/nginx.conf',
      text: nginxConf(
        'nginx',
        '/run/nginx.pid',
        '    include /etc/nginx/conf.d/*.conf;\n    server {\n        listen       80;\n        listen       [::]:80;\n        include /etc/nginx/default.d/*.conf;\n    }\n'
      ),
      settings: userAndPid,
      port: (from, to) => String.raw`s/^\( *listen .*\)${from}\( default_server\)*;/\1${to}\2;/`
    }
  ],
  writable: ['/var/lib/nginx', '/var/log/nginx'],
  isRecursive: true,
  pid: '/run/nginx.pid',
  logs: ['/var/log/nginx']
}

// source: openresty/docker-openresty nginx.conf, nginx.vh.default.conf, alpine/Dockerfile, bookworm/Dockerfile
const openresty: ServerLayout = {
  name: 'the OpenResty image',
  root: '/usr/local/openresty/nginx/conf/nginx.conf',
  prefix: '/usr/local/openresty/nginx/conf',
  directories: ['/usr/local/openresty/nginx/conf', '/etc/nginx/conf.d'],
  files: [
    {
      path: '/usr/local/openresty/nginx/conf/nginx.conf',
      text: 'events {}\nhttp {\n    include /etc/nginx/conf.d/*.conf;\n}\n',
      settings: [`1i pid ${pidFile};`]
    },
    { path: '/etc/nginx/conf.d/default.conf', text: 'server {\n    listen       80;\n}\n', port: plainListen }
  ],
  // source: nginx.conf there: client_body_temp_path /var/run/openresty/nginx-client-body and its kin
  writable: ['/var/run/openresty'],
  // With a configuration that names no other place, client_body_temp and its kin are made here.
  home: '/usr/local/openresty/nginx',
  pid: '/usr/local/openresty/nginx/logs/nginx.pid',
  workPrefix: '/usr/local/openresty/nginx',
  logs: ['/usr/local/openresty/nginx/logs'],
  linkedLogs: [
    '/usr/local/openresty/nginx/logs/access.log',
    '/usr/local/openresty/nginx/logs/error.log',
    'logs/access.log',
    'logs/error.log'
  ]
}

export const nginx = defineServer({
  name: 'nginx',
  programs: ['nginx', 'nginx-debug', 'openresty'],
  services: ['nginx', 'openresty'],
  packages: /^(?:nginx|nginx-(?:full|light|extras|core|mainline|plus|naxsi)|nginx-mod-http-lua)$/,
  findLayout({ service, image, packages, distribution, mentions, tag }) {
    if (service === 'openresty') return openresty
    if (service === 'nginx') return image.endsWith('/nginx-unprivileged') ? unprivileged : official
    if (!packages.some((name) => nginx.packages.test(name))) return undefined
    if (mentions(/nginx\.org\/|plus-pkgs\.nginx\.com|pkgs\.nginx\.com/)) return vendorPackage
    if (distribution === 'debian' || distribution === 'ubuntu') return debian
    if (distribution === 'alpine') {
      const version = /(?:^|alpine)3\.(\d+)/.exec(tag)
      const isOld = version !== null && Number(version[1]) < 14
      // A server in conf.d can only work where conf.d is read inside http.
      return isOld || (mentions(/\/etc\/nginx\/conf\.d\b/) && !mentions(/\/etc\/nginx\/http\.d\b/))
        ? alpineBefore314
        : alpine
    }
    return distribution === 'rhel' ||
      distribution === 'fedora' ||
      distribution === 'amazonlinux' ||
      distribution === 'ubi-minimal'
      ? redHat
      : undefined
  },
  /** `-c file`, `-g directives`, `-p prefix`. source: nginx(8) */
  readArguments(args) {
    const after = (flag: string) => {
      const index = args.indexOf(flag)
      return index === -1 ? args.find((word) => word.startsWith(flag) && word.length > 2)?.slice(2) : args[index + 1]
    }
    const directives = after('-g') ?? ''
    const settings = readNginxFacts(directives.replace(/[^;}\s]\s*$/, '$&;'), 'main')?.settings ?? new Map()
    return { config: after('-c'), prefix: after('-p'), settings }
  },
  read: readNginxFacts,
  byHand:
    'Let it listen on ports above 1023 (8080 for 80), then change EXPOSE; its logs, caches and pid file must be where UID:GID may write.',
  comment: (uid, { port, settings }) =>
    settings
      ? `nginx as uid ${uid}: ${port === undefined ? '' : 'high port, '}pid file and caches where it can write`
      : `nginx as uid ${uid} can't bind port ${port} everywhere`,
  editSettings(text, isWritable, given) {
    const directives = readNginxConfig(text) ?? []
    const main = directives.filter((directive) => directive.parent === undefined && !directive.hasBlock)
    const users = main.filter((directive) => directive.name === 'user')
    const pids = main.filter((directive) => directive.name === 'pid')
    const edits: ConfigEdit[] = []
    const needsPid = pids.length === 0 && !given.has('pid')
    for (const { args } of pids) {
      const value = args[0]
      if (value !== undefined && !isWritable(value.value))
        edits.push({ start: value.start, end: value.end, text: pidFile })
    }
    for (const [index, user] of users.entries()) {
      if (needsPid && index === 0) edits.push({ start: user.start, end: user.end, text: `pid ${pidFile};` })
      else {
        const [start, end] = wholeLine(text, user.start, user.end)
        edits.push({ start, end, text: '' })
      }
    }
    if (users.length === 0 && needsPid) {
      const first = directives[0]?.start ?? 0
      const newline = text.includes('\r\n') ? '\r\n' : '\n'
      edits.push({ start: first, end: first, text: `pid ${pidFile};${newline}` })
    }
    return edits
  }
})
