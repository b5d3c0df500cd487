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

/** How each program checks a configuration without starting. */
const programs = [
  { name: 'haproxy.cfg', check: ['haproxy', '-c', '-f'] },
  { name: 'lighttpd.conf', check: ['lighttpd', '-tt', '-f'] },
  { name: 'Caddyfile', check: ['caddy', 'adapt', '--adapter', 'caddyfile', '--config'] }
]

// Names of backends, a certificate, an account, a variable: what a check looks up.
const hosts = ['app', 'app1', 'app2', 'api'].flatMap((name) => ['--add-host', `${name}:10.0.0.1`])
const dockerfile = `FROM debian:12-slim
RUN apt-get update && apt-get install -y --no-install-recommends haproxy lighttpd lighttpd-mod-openssl caddy openssl && rm -rf /var/lib/apt/lists/*
RUN openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=test -keyout /tmp/key -out /tmp/cert && cat /tmp/cert /tmp/key > /etc/ssl/site.pem
RUN useradd --system --user-group lighttpd
ENV SITE_ADDRESS=example.com
`

const cases = readFixtures().cases.flatMap((fixture) =>
  programs.flatMap((program) => {
    const name = [...fixture.before.keys()].find((each) => each.split('/').at(-1) === program.name)
    return name === undefined || !fixture.after.has(name) ? [] : [{ fixture, program, name }]
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

  it.each(cases.map((each) => [each.fixture.id, each] as const))('%s', (_id, { fixture, program, name }) => {
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
          ...program.check,
          `/config/${name}`
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
