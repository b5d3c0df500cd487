import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createFolder, removeFoldersAfterTests } from '../support/cli.ts'
import { readFixtures } from '../support/fixtures.ts'
import { engineEnvironment } from './support/engine.ts'

removeFoldersAfterTests()

const image = 'unroot-server-configs'
const env = { ...process.env, ...engineEnvironment }

/** Files of a program, and how it checks one without starting. */
interface Checker {
  name: string
  isOwn: (name: string, text: string) => boolean
  check: (file: string, text: string) => string[]
}

const byName = (name: string) => (file: string) => file.split('/').at(-1) === name
const nginxWords = /^\s*(?:listen\s+[^;=]+;|server\s*\{)/m
const apacheWords = /^\s*(?:Listen\s+\S+$|<VirtualHost\s)/m

const programs: readonly Checker[] = [
  { name: 'haproxy', isOwn: byName('haproxy.cfg'), check: (file) => ['haproxy', '-c', '-f', file] },
  { name: 'lighttpd', isOwn: byName('lighttpd.conf'), check: (file) => ['lighttpd', '-tt', '-f', file] },
  {
    name: 'caddy',
    isOwn: byName('Caddyfile'),
    check: (file) => ['caddy', 'adapt', '--adapter', 'caddyfile', '--config', file]
  },
  {
    name: 'nginx',
    // OpenResty's own directives are unknown to nginx.
    isOwn: (file, text) =>
      /\.conf$|default$/.test(file) && nginxWords.test(text) && !apacheWords.test(text) && !/_by_lua/.test(text),
    // A site, or a piece of one, is read inside a configuration that holds nothing else.
    check: (file, text) => {
      if (/^\s*events\b/m.test(text)) return ['check-nginx', file]
      const site = /\bserver\s*\{/.test(text) ? `include ${file};` : `server { include ${file}; }`
      return ['check-nginx', `events {} http { ${site} }`]
    }
  },
  {
    name: 'apache',
    isOwn: (file, text) => /\.conf$/.test(file) && apacheWords.test(text),
    check: (file, text) => [/^\s*ServerRoot\b/m.test(text) ? 'check-httpd' : 'check-apache2', file]
  }
]

// Names of backends, certificates, accounts, directories, a variable: what a check looks up.
const backends = ['app', 'app1', 'app2', 'api', 'backend', 'php']
const hosts = backends.flatMap((name) => ['--add-host', `${name}:10.0.0.1`])
const dockerfile = `FROM debian:12-slim
RUN apt-get update && apt-get install -y --no-install-recommends haproxy lighttpd lighttpd-mod-openssl caddy openssl nginx-light apache2 && rm -rf /var/lib/apt/lists/*
RUN openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=test -keyout /tmp/key -out /tmp/cert && cat /tmp/cert /tmp/key > /etc/ssl/site.pem
RUN mkdir -p /run/secrets /data /etc/nginx/tls /etc/nginx/certs /var/log/site /run/apache2 /run/lock/apache2 /usr/local/apache2/conf /usr/local/apache2/logs /usr/local/apache2/htdocs \\
    && for name in /etc/ssl/certs/site /etc/ssl/private/site /run/secrets/site /etc/nginx/tls/site /etc/nginx/certs/site; do \\
         cp /tmp/cert $name.crt && cp /tmp/key $name.key; done
RUN useradd --system --user-group lighttpd && useradd --system nginx && a2enmod --quiet ssl rewrite proxy_http headers \\
    && ln -s /usr/lib/apache2/modules /usr/local/apache2/modules && cp /etc/mime.types /usr/local/apache2/conf/ \\
    && cp /etc/ssl/site.pem /usr/local/apache2/conf/site.crt
COPY --chmod=0755 <<'EOF' /usr/local/bin/check-nginx
#!/bin/sh
# A file, or a text that includes one; what is copied beside it is found below /etc/nginx. \`http2 on\` is younger than 1.22.
cp -r /config /tmp/config && find /tmp/config -type f -exec sed -i '/^http2 on;/d' {} +
for folder in /tmp/config /tmp/config/nginx; do cp -r $folder/snippets /etc/nginx/ 2>/dev/null; done
what=$(echo "$1" | sed 's,/config/,/tmp/config/,')
case "$what" in
  /*) exec nginx -t -c "$what" ;;
  *) echo "$what" > /etc/nginx/check.conf; exec nginx -t -c /etc/nginx/check.conf ;;
esac
EOF
COPY --chmod=0755 <<'EOF' /usr/local/bin/check-apache2
#!/bin/sh
. /etc/apache2/envvars
exec apache2 -t -c "Include $1"
EOF
COPY --chmod=0755 <<'EOF' /usr/local/bin/check-httpd
#!/bin/sh
# Some modules of the official image are linked into Debian's program.
cp -r /config/vhosts /usr/local/apache2/conf/sites 2>/dev/null
while IFS= read -r line; do
  case "$line" in LoadModule*) [ -e "/usr/local/apache2/$(echo "$line" | cut -d' ' -f3)" ] || continue ;; esac
  echo "$line"
done < "$1" > /tmp/httpd.conf
modules=$(for name in proxy proxy_http ssl; do echo "-C LoadModule\\ \${name}_module\\ modules/mod_$name.so"; done)
eval exec apache2 -t -d /usr/local/apache2 $modules -f /tmp/httpd.conf
EOF
ENV SITE_ADDRESS=example.com
`

const cases = readFixtures().cases.flatMap((fixture) =>
  [...fixture.after.keys()].flatMap((name) => {
    const text = String(fixture.before.get(name) ?? '')
    const program = programs.find(({ isOwn }) => isOwn(name, text))
    // Sites of a whole configuration are read through it.
    const isRead = [...fixture.after].some(
      ([file, whole]) => file !== name && program?.name === 'apache' && /^ServerRoot\b/m.test(String(whole))
    )
    return program === undefined || isRead ? [] : [{ id: `${fixture.id}: ${name}`, fixture, program, name, text }]
  })
)

describe.skipIf(engineEnvironment === undefined)('rewritten configurations are accepted by the programs', () => {
  beforeAll(() => {
    const folder = createFolder()
    writeFileSync(path.join(folder, 'Dockerfile'), dockerfile)
    execFileSync('docker', ['build', '--quiet', '--pull=false', '--network', 'host', '--tag', image, folder], {
      env,
      stdio: 'pipe'
    })
  })

  afterAll(() => {
    spawnSync('docker', ['image', 'rm', image], { env, stdio: 'ignore' })
  })

  it('covers each program', () => {
    expect(new Set(cases.map(({ program }) => program.name)).size).toBe(programs.length)
  })

  it.each(cases.map((each) => [each.id, each] as const))('%s', (_id, { fixture, program, name, text }) => {
    const run = (files: string) => {
      const result = spawnSync(
        'docker',
        [
          'run',
          '--rm',
          '--network',
          'none',
          ...hosts,
          '--volume',
          `${files}:/config:ro`,
          image,
          ...program.check(`/config/${name}`, text)
        ],
        { env, encoding: 'utf8' }
      )
      return { isAccepted: result.status === 0, said: `${result.stdout}${result.stderr}` }
    }
    const before = createFolder()
    cpSync(path.join(fixture.folder, 'before'), before, { recursive: true })
    const first = run(before)
    expect(first.isAccepted, `before: ${first.said}`).toBe(true)
    cpSync(path.join(fixture.folder, 'after'), before, { recursive: true })
    const second = run(before)
    expect(second.isAccepted, `after: ${second.said}`).toBe(true)
  })
})
