import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { moveCaddyPorts, readCaddyFacts } from '../src/services/caddyfile.ts'
import { readHaproxyFacts } from '../src/services/haproxy-config.ts'
import { findImpliedPort } from '../src/services/implied-ports.ts'
import { readLighttpdFacts } from '../src/services/lighttpd-config.ts'
import { moveDigits } from '../src/services/server.ts'
import { applyConfigEdits, type ConfigFacts } from '../src/services/server-config.ts'
import { moveTraefikPorts, readTraefikArguments, readTraefikFacts } from '../src/services/traefik-config.ts'

const mapping = new Map([
  [80, 8080],
  [443, 8443]
])

type Read = (text: string, context: string) => ConfigFacts | undefined

/** The text with its ports moved. */
const moved = (
  text: string,
  read: Read,
  move = (_: string, facts: ConfigFacts) => moveDigits(facts.listens, mapping)
) => {
  const facts = read(text, 'main')
  return facts === undefined ? undefined : applyConfigEdits(text, move(text, facts))
}

/** No reader throws, and every offset lies in the text. */
const isTolerant = (read: Read, pieces: readonly string[]) =>
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...pieces, ' ', '\n', '\r\n', '"', '#', '\\', 'é', '80', ':80'), { maxLength: 25 }),
      (parts) => {
        const text = parts.join('')
        for (const { start, end } of read(text, 'main')?.listens ?? []) {
          expect(start).toBeLessThanOrEqual(end)
          expect(end).toBeLessThanOrEqual(text.length)
        }
      }
    )
  )

describe('Caddyfile', () => {
  const move = (text: string, facts: ConfigFacts) =>
    moveCaddyPorts(text, facts, mapping, { isRoot: true, all: [facts] })

  test.each([
    [':80 {\n\trespond ok\n}\n', ':8080 {\n\trespond ok\n}\n'],
    [':80\nrespond ok\n', ':8080\nrespond ok\n'],
    ['http://:80 {\n}\n', 'http://:8080 {\n}\n'],
    ['0.0.0.0:80, :3000 {\n}\n', '{\n\thttp_port 8080\n}\n\n0.0.0.0:8080, :3000 {\n}\n'],
    ['a.com {\n  tls internal\n}\n', '{\n  http_port 8080\n  https_port 8443\n}\n\na.com {\n  tls internal\n}\n'],
    ['{\n\tauto_https off\n}\na.com {\n}\n', '{\n\thttps_port 8443\n\tauto_https off\n}\na.com {\n}\n'],
    ['{\n\thttp_port 80\n}\nhttp://a.com {\n}\n', '{\n\thttp_port 8080\n}\nhttp://a.com {\n}\n'],
    [':443 {\n\ttls c.pem k.pem\n}\n', '{\n\thttps_port 8443\n}\n\n:8443 {\n\ttls c.pem k.pem\n}\n'],
    ['a.com:80,\nb.com:80 {\n}\n', '{\n\thttp_port 8080\n}\n\na.com:8080,\nb.com:8080 {\n}\n'],
    [
      ':3000 {\n\treverse_proxy b:80\n\tredir https://{host}:443\n}\n',
      ':3000 {\n\treverse_proxy b:80\n\tredir https://{host}:443\n}\n'
    ],
    ['# :80 {\n:81 {\n\trespond ":80 {"\n}\n', '# :80 {\n:81 {\n\trespond ":80 {"\n}\n'],
    [':80 {\n\trespond <<E\n\t:80 {\n\tE 200\n}\n', ':8080 {\n\trespond <<E\n\t:80 {\n\tE 200\n}\n']
  ])('%j', (text, expected) => expect(moved(text, readCaddyFacts, move)).toBe(expected))

  test.each([':80 {\n', '}\n', '{{ range }}', 'a.com {\n}\n{\n}\n', '@a path /x\nrespond @a 1\n', '{ "apps": {} }\n'])(
    'is no Caddyfile: %j',
    (text) => expect(readCaddyFacts(text, 'main')).toBeUndefined()
  )

  it('reads what a site imports', () => {
    const facts = readCaddyFacts('(snippet) {\n\timport more/*\n}\n:1 {\n\timport snippet\n}\n', 'main')
    expect(facts?.includes).toEqual([{ path: 'more/*', offset: 20, context: 'site' }])
    expect(readCaddyFacts('log {\n\toutput file /var/log/a.log\n}\n', 'site')?.files).toEqual([
      { path: '/var/log/a.log', offset: 19 }
    ])
  })

  it('never throws', () => isTolerant(readCaddyFacts, ['{', '}', 'a.com', ',', 'import', '`', '<<X', '(s)', '{$A:80}']))
})

describe('HAProxy configuration', () => {
  test.each([
    ['listen a\n  bind *:80\n', 'listen a\n  bind *:8080\n'],
    [
      'listen a\n  bind 0.0.0.0:80,:::443 ssl crt x.pem # :80\n',
      'listen a\n  bind 0.0.0.0:8080,:::8443 ssl crt x.pem # :80\n'
    ],
    ['frontend a *:80\n  mode tcp\n', 'frontend a *:8080\n  mode tcp\n'],
    ['listen a\n  bind "$HOST:80"\n', 'listen a\n  bind "$HOST:8080"\n'],
    ['backend a\n  server b c:80 check port 80\n', 'backend a\n  server b c:80 check port 80\n'],
    ['listen a\n  bind /run/a.sock\n  bind quic4@:443 ssl\n', 'listen a\n  bind /run/a.sock\n  bind quic4@:8443 ssl\n'],
    ['global\n  stats socket ipv4@:80 level admin\n', 'global\n  stats socket ipv4@:8080 level admin\n'],
    ['defaults\n  errorloc 503 http://x:80/\n', 'defaults\n  errorloc 503 http://x:80/\n']
  ])('%j', (text, expected) => expect(moved(text, readHaproxyFacts)).toBe(expected))

  test.each(['bind :80\n', 'listen a\n  bind "x\n', '{% if x %}\n'])('is none: %j', (text) =>
    expect(readHaproxyFacts(text)).toBeUndefined()
  )

  it('knows ranges and variables', () => {
    const listens = readHaproxyFacts('listen a\n  bind :80-85\n  bind :"${PORT}"\n')?.listens
    expect(listens?.map(({ port, variable }) => port ?? variable)).toEqual(['80-85', '$PORT'])
  })

  it('never throws', () =>
    isTolerant(readHaproxyFacts, ['global', 'listen', 'bind', 'stats socket', "'", ',', '@', '/a']))
})

describe('lighttpd configuration', () => {
  test.each([
    ['server.port = 80 # :80\n', 'server.port = 8080 # :80\n'],
    [
      '$SERVER["socket"] == ":443" { ssl.engine = "enable" }\nserver.port = 3000\n',
      '$SERVER["socket"] == ":8443" { ssl.engine = "enable" }\nserver.port = 3000\n'
    ],
    [
      'proxy.server = ( "" => (( "host" => "a", "port" => 80 )))\nserver.port = 81',
      'proxy.server = ( "" => (( "host" => "a", "port" => 80 )))\nserver.port = 81'
    ],
    ['server.modules = ( "a",\n  "b" )\n', 'server.port = 8080\nserver.modules = ( "a",\n  "b" )\n']
  ])('%j', (text, expected) => expect(moved(text, readLighttpdFacts)).toBe(expected))

  test.each(['server.port 80', 'server.port = ( 80', '}', 'a = "b', '{{ x }}'])('is none: %j', (text) =>
    expect(readLighttpdFacts(text, 'main')).toBeUndefined()
  )

  it('adds strings and variables', () => {
    const facts = readLighttpdFacts('var.log = "/var/log/x"\nserver.errorlog = log + "/e.log"\n', 'main')
    expect(facts?.files.map(({ path }) => path)).toEqual(['/var/log/x/e.log'])
  })

  it('never throws', () =>
    isTolerant(readLighttpdFacts, ['server.port', '=', '$SERVER["socket"]', '==', '{', '}', '(', ')', '+', 'include']))
})

describe('static configuration of Traefik', () => {
  const move = (text: string, facts: ConfigFacts) => moveTraefikPorts(text, facts, mapping)

  test.each([
    ['entryPoints:\n  web:\n    address: ":80"\n', 'entryPoints:\n  web:\n    address: ":8080"\n'],
    [
      "entryPoints:\n  web: # x\n    address: '[::]:80/tcp'\n",
      "entryPoints:\n  web: # x\n    address: '[::]:8080/tcp'\n"
    ],
    [
      '[entryPoints.a]\naddress = ":443"\n[http]\naddress = ":80"\n',
      '[entryPoints.a]\naddress = ":8443"\n[http]\naddress = ":80"\n'
    ],
    ['[log]\nlevel = "DEBUG"\n', '[log]\nlevel = "DEBUG"\n\n[entryPoints.http]\n  address = ":8080"\n'],
    [
      'entryPoints:\n  a:\n    address: :80\n    http:\n      redirections:\n        entryPoint:\n          to: B\n  b:\n    address: :443\n',
      'entryPoints:\n  a:\n    address: :8080\n    http:\n      redirections:\n        entryPoint:\n          to: ":443"\n  b:\n    address: :8443\n'
    ]
  ])('%j', (text, expected) => expect(moved(text, readTraefikFacts, move)).toBe(expected))

  test.each(['entryPoints: { web: { address: ":80" } }\n', 'just words\n', '{{ env "X" }}\n', '[a\n'])(
    'is not read: %j',
    (text) => expect(readTraefikFacts(text)).toBeUndefined()
  )

  it('reads options', () => {
    const facts = readTraefikArguments([
      '--entryPoints.web.address=:80',
      '--entrypoints.web.http.redirections.entrypoint.to=web',
      '--certificatesresolvers.le.acme.storage',
      '/acme/acme.json',
      '--providers.docker=true'
    ])
    expect(facts.files).toEqual([{ path: '/acme/acme.json', offset: 0, mode: '600' }])
    expect(facts.ownPort).toHaveLength(1)
    expect(facts.doubts?.map(({ rule }) => rule)).toEqual(['docker-socket'])
  })

  it('never throws', () =>
    isTolerant(readTraefikFacts, ['entryPoints:', '  web:', '    address:', '[', ']', '=', "'", '- a']))
})

test.each([
  [['httpd', '-f', '-h', '/www'], [], 0],
  [['busybox', 'httpd', '-f'], [], 1],
  [['httpd', '-f', '-p', '8080'], [], undefined],
  [['httpd', '-f', 'httpd.conf'], [], undefined],
  [['/usr/sbin/varnishd', '-F'], [], 0],
  [['varnishd', '-F'], ['-a', ':8080'], undefined],
  [['caddy', 'file-server', '--root', '/srv'], [], 1],
  [['caddy', 'file-server', '--domain', 'a.com'], [], undefined],
  [['caddy', 'run'], [], undefined]
])('implied port of %j', (words, others, at) => expect(findImpliedPort(words, others)?.at).toBe(at))
