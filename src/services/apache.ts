/** Apache httpd: where each image and package keeps its configuration, and what makes it run unprivileged. */
import { readApacheConfig, readApacheFacts } from './apache-config.ts'
import { defineServer, type ServerLayout } from './server.ts'

const moveListen = (from: number, to: number) => `s/^Listen ${from}$/Listen ${to}/`
const moveHost = (from: number, to: number) => `s/<VirtualHost \\*:${from}>/<VirtualHost *:${to}>/`

// source: docker-library/httpd 2.4/Dockerfile: HTTPD_PREFIX belongs to www-data, `logs` below it to root; logs go to
// /proc/self/fd; httpd 2.4 docs/conf/httpd.conf.in, docs/conf/extra/httpd-ssl.conf.in and httpd-vhosts.conf.in
const official: ServerLayout = {
  name: 'the official image',
  root: '/usr/local/apache2/conf/httpd.conf',
  prefix: '/usr/local/apache2',
  directories: ['/usr/local/apache2/conf', '/usr/local/apache2/conf/extra'],
  files: [
    {
      path: '/usr/local/apache2/conf/httpd.conf',
      text: 'Listen 80\n#Include conf/extra/httpd-vhosts.conf\n#Include conf/extra/httpd-ssl.conf\n',
      port: moveListen
    },
    {
      path: '/usr/local/apache2/conf/extra/httpd-vhosts.conf',
      text: '<VirtualHost *:80>\n</VirtualHost>\n',
      port: moveHost
    },
    {
      path: '/usr/local/apache2/conf/extra/httpd-ssl.conf',
      text: 'Listen 443\n<VirtualHost _default_:443>\nSSLCertificateKeyFile "/usr/local/apache2/conf/server.key"\n</VirtualHost>\n',
      port: (from, to) => `s/^\\(Listen \\|<VirtualHost _default_:\\)${from}/\\1${to}/`
    }
  ],
  writable: ['/usr/local/apache2/logs'],
  pages: ['/usr/local/apache2/htdocs/index.html'],
  pid: '/usr/local/apache2/logs/httpd.pid',
  logs: ['/usr/local/apache2/logs']
}

const debianFiles = (hasTls: boolean): ServerLayout['files'] => [
  {
    path: '/etc/apache2/apache2.conf',
    text: 'PidFile ${APACHE_PID_FILE}\nErrorLog ${APACHE_LOG_DIR}/error.log\nInclude ports.conf\nIncludeOptional conf-enabled/*.conf\nIncludeOptional sites-enabled/*.conf\n'
  },
  {
    path: '/etc/apache2/ports.conf',
    text: `Listen 80\n${hasTls ? '<IfModule ssl_module>\n\tListen 443\n</IfModule>\n' : ''}`,
    port: (from, to) => (from === 80 ? moveListen(from, to) : String.raw`s/^\([[:space:]]*Listen\) ${from}$/\1 ${to}/`)
  },
  {
    path: '/etc/apache2/sites-available/000-default.conf',
    text: '<VirtualHost *:80>\n</VirtualHost>\n',
    port: moveHost
  },
  { path: '/etc/apache2/sites-enabled/000-default.conf', link: '/etc/apache2/sites-available/000-default.conf' },
  {
    path: '/etc/apache2/sites-available/default-ssl.conf',
    text: '<VirtualHost *:443>\nSSLCertificateKeyFile /etc/ssl/private/ssl-cert-snakeoil.key\n</VirtualHost>\n',
    port: (from, to) => String.raw`s/<VirtualHost \(.*\):${from}>/<VirtualHost \1:${to}>/`
  }
]

const debianDirectories = [
  '/etc/apache2',
  '/etc/apache2/conf-available',
  '/etc/apache2/conf-enabled',
  '/etc/apache2/mods-enabled',
  '/etc/apache2/sites-available',
  '/etc/apache2/sites-enabled'
]

// source: docker-library/php apache/Dockerfile: run, lock and log directories belong to www-data and have mode 1777
const php = (hasTls: boolean): ServerLayout => ({
  name: 'the php image',
  root: '/etc/apache2/apache2.conf',
  prefix: '/etc/apache2',
  directories: debianDirectories,
  files: debianFiles(hasTls),
  writable: [],
  pid: '',
  logs: []
})

// source: Debian apache2: debian/config-dir/{apache2.conf,ports.conf,envvars}, debian/apache2ctl makes the directories
const debian = (hasTls: boolean): ServerLayout => ({
  ...php(hasTls),
  name: 'the Debian package',
  account: 'www-data',
  writable: [
    '${APACHE_RUN_DIR:-/var/run/apache2}',
    '${APACHE_LOCK_DIR:-/var/lock/apache2}',
    '${APACHE_LOG_DIR:-/var/log/apache2}'
  ],
  mayMiss: ['${APACHE_RUN_DIR:-/var/run/apache2}', '${APACHE_LOCK_DIR:-/var/lock/apache2}'],
  // The package's own script makes its log files as root.
  isRecursive: true,
  logs: ['/var/log/apache2']
})

// source: Alpine aports main/apache2 APKBUILD: ServerRoot /var/www, PidFile /run/apache2/httpd.pid, logs to /var/log/apache2
const alpine: ServerLayout = {
  name: 'the Alpine package',
  root: '/etc/apache2/httpd.conf',
  prefix: '/var/www',
  directories: ['/etc/apache2', '/etc/apache2/conf.d'],
  files: [
    {
      path: '/etc/apache2/httpd.conf',
      text: 'Listen 80\nIncludeOptional /etc/apache2/conf.d/*.conf\n',
      port: moveListen
    }
  ],
  writable: ['/run/apache2', '/var/log/apache2'],
  mayMiss: ['/run/apache2'],
  isRecursive: true,
  pid: '/run/apache2/httpd.pid',
  logs: ['/var/log/apache2'],
  linkedLogs: ['logs/error.log', 'logs/access.log']
}

// source: Fedora and CentOS httpd.spec and httpd.conf: ServerRoot /etc/httpd; logs and run there are links
const redHat: ServerLayout = {
  name: 'the Red Hat package',
  root: '/etc/httpd/conf/httpd.conf',
  prefix: '/etc/httpd',
  directories: ['/etc/httpd', '/etc/httpd/conf', '/etc/httpd/conf.d', '/etc/httpd/conf.modules.d'],
  files: [
    {
      path: '/etc/httpd/conf/httpd.conf',
      text: 'Listen 80\nIncludeOptional conf.d/*.conf\n',
      port: moveListen
    }
  ],
  writable: ['/run/httpd', '/var/log/httpd'],
  mayMiss: ['/run/httpd'],
  isRecursive: true,
  pid: '/run/httpd/httpd.pid',
  logs: ['/var/log/httpd'],
  linkedLogs: ['logs/error_log', 'logs/access_log']
}

/** Images on php:apache whose entrypoints start as any user. source: docker-library/wordpress docker-entrypoint.sh (`id -u` is tested); drupal and mediawiki use docker-php-entrypoint */
const phpImages = new Set(['php', 'wordpress', 'drupal', 'mediawiki'])

export const apache = defineServer({
  name: 'Apache',
  programs: ['httpd', 'apache2', 'apachectl', 'apache2ctl', 'httpd-foreground', 'apache2-foreground'],
  services: ['httpd', 'php-apache'],
  packages: /^(?:apache2|httpd|apache2-bin|libapache2-mod-(?:php|wsgi|perl).*|php\d*-apache2|httpd24)$/,
  findLayout({ service, image, packages, distribution, mentions }) {
    const hasTls = mentions(/\ba2enmod\b[^&;|]*\bssl\b/)
    if (service === 'httpd') return official
    if (service === 'php-apache') return phpImages.has(image) ? php(hasTls) : undefined
    if (!packages.some((name) => apache.packages.test(name))) return undefined
    // Their own file says `Listen 443` and names a key that only root reads.
    if (packages.some((name) => /^(?:apache2-ssl|mod_ssl)$/.test(name))) return undefined
    if (distribution === 'debian' || distribution === 'ubuntu') return debian(hasTls)
    if (distribution === 'alpine') return alpine
    return distribution === 'rhel' ||
      distribution === 'fedora' ||
      distribution === 'amazonlinux' ||
      distribution === 'ubi-minimal'
      ? redHat
      : undefined
  },
  /** source: httpd(8): `-f file` */
  readArguments(args) {
    const index = args.indexOf('-f')
    return { config: index === -1 ? undefined : args[index + 1], prefix: undefined, settings: new Map() }
  },
  read: readApacheFacts,
  byHand:
    'Let it listen on ports above 1023 (`Listen 8080`, and in every `<VirtualHost>`), then change EXPOSE; its logs and pid file must be where UID:GID may write.',
  comment: (uid, { port }) =>
    port === undefined
      ? `Apache as uid ${uid}: pid file where it can write`
      : `Apache as uid ${uid} can't bind port ${port} everywhere`,
  editSettings(text, isWritable) {
    const pid = readApacheConfig(text)?.find(({ name }) => name === 'pidfile')?.args[0]
    return pid === undefined || pid.value.includes('${') || isWritable(pid.value)
      ? []
      : [{ start: pid.start, end: pid.end, text: '/tmp/httpd.pid' }]
  }
})
