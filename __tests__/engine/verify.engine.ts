import { execFileSync, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRunCommand } from '../../src/verify/command.ts'
import { createProbe } from '../../src/verify/probe.ts'
import type { Session } from '../../src/verify/session.ts'
import {
  cli,
  createFolder,
  listFolder,
  type Outcome,
  readText,
  removeFoldersAfterTests,
  unroot
} from '../support/cli.ts'
import { engineEnvironment, openSession } from './support/engine.ts'

removeFoldersAfterTests()

const server = `from http.server import BaseHTTPRequestHandler, HTTPServer

class Count(BaseHTTPRequestHandler):
    def do_GET(self):
        open("count", "a").write(".")
        self.send_response(200)
        self.end_headers()

HTTPServer(("", 8000), Count).serve_forever()
`
const dockerfile = 'FROM python:3.12-slim\nWORKDIR /app\nCOPY app.py .\nEXPOSE 8000\nCMD ["python3", "app.py"]\n'

const verify = (folder: string, ...args: string[]): Promise<Outcome> =>
  unroot(folder, ['verify', '--stay', '2', '--wait', '6', ...args], { env: engineEnvironment ?? {} })

const docker = (...args: string[]): string =>
  execFileSync('docker', args, { encoding: 'utf8', env: { ...process.env, ...engineEnvironment } })

describe.skipIf(engineEnvironment === undefined)('unroot verify', () => {
  it('passes a good conversion, writes nothing, and leaves nothing behind', async () => {
    const folder = createFolder({ Dockerfile: dockerfile, 'app.py': server })
    const { code, stdout, stderr } = await verify(folder, '--http', '/', '--format', 'json', '--verbose')
    const [file] = JSON.parse(stdout).files
    expect(file.checks.map(({ name, status, after }: Record<string, string>) => [name, status, after])).toEqual([
      ['builds', 'passed', 'yes'],
      ['starts', 'passed', 'stays up'],
      ['user', 'passed', '10001'],
      ['log', 'passed', 'no new errors'],
      ['ports', 'passed', '8000'],
      ['http', 'passed', '200'],
      ['health', 'skipped', '-'],
      ['size', 'passed', expect.stringContaining('0.0%')]
    ])
    expect(code).toBe(0)
    expect(listFolder(folder)).toEqual(['Dockerfile', 'app.py'])
    expect(readText(folder, 'Dockerfile')).toBe(dockerfile)
    expectNothingLeft(stderr)
  })

  it('fails a conversion that is only half done', async () => {
    const folder = createFolder({ Dockerfile: dockerfile, 'app.py': server })
    const { code, stdout } = await verify(folder, '--http', '/', '--only', 'switch-user')
    expect(code).toBe(1)
    expect(stdout).toMatch(/log +1 new error +FAILED +PermissionError/)
    expect(stdout).toMatch(/http +200 +none +FAILED/)
  })

  it('sees every process, not only the first', async () => {
    const folder = createFolder({
      Dockerfile:
        'FROM debian:12-slim\nRUN cp /bin/sleep /bin/nap && chmod 4755 /bin/nap\nCMD ["sh", "-c", "nap 100 & exec sleep 100"]\n'
    })
    // no-new-privileges takes the effect of the set-uid bit away.
    expect((await verify(folder)).stdout).toMatch(/user +0 +10001 +ok/)
    const loose = await verify(folder, '--run-arg', '--security-opt=no-new-privileges=false')
    expect(loose).toMatchObject({ code: 1, stdout: expect.stringMatching(/user .*FAILED +nap runs as root/) })
  })

  it('builds the stages that are shipped, each with its own context files', async () => {
    const folder = createFolder({
      Dockerfile: [
        'FROM alpine:3.20 AS api',
        'WORKDIR /api',
        'COPY . .',
        'CMD ["sh", "-c", "ls > listing; exec sleep 100"]',
        'FROM alpine:3.20 AS worker',
        'WORKDIR /worker',
        'CMD ["sh", "-c", "echo x > y; exec sleep 100"]',
        ''
      ].join('\n'),
      '.dockerignore': 'secret\n',
      secret: 'x'
    })
    const { code, stdout } = await verify(folder, '--target', 'api', '--target', 'worker')
    expect(stdout).toContain('Dockerfile (stage api): verified')
    expect(stdout).toContain('Dockerfile (stage worker): verified')
    expect(code).toBe(0)
  })

  it('leaves a # syntax= line out where its frontend cannot be fetched, and says so', async () => {
    const folder = createFolder({ Dockerfile: `# syntax=registry.invalid/frontend:1\n${dockerfile}`, 'app.py': server })
    const { code, stdout } = await verify(folder)
    expect(code).toBe(0)
    expect(stdout).toContain('note: built without the `# syntax=` line')
  })

  it('removes everything after Ctrl-C', async () => {
    const folder = createFolder({ Dockerfile: dockerfile, 'app.py': server })
    const child = spawn(process.execPath, [cli, 'verify', '--stay', '60', '--verbose'], {
      cwd: folder,
      env: { ...process.env, ...engineEnvironment },
      stdio: ['ignore', 'ignore', 'pipe']
    })
    let stderr = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
    // The container runs when it has been looked at.
    while (!stderr.includes(' container inspect ')) await sleep(100)
    child.kill('SIGINT')
    expect(await ended).toBe(130)
    expectNothingLeft(stderr)
  })

  it('compares exit codes, and the output of a command that replaces the own one', async () => {
    const folder = createFolder({ Dockerfile: dockerfile, 'app.py': server })
    const same = await verify(folder, '--', 'sh', '-c', 'sleep 1; exit 4')
    expect(same.stdout).toMatch(/starts +exits 4 +exits 4 +ok/)
    const other = await verify(folder, '--command', 'sleep 1; exit $(($(id -u) > 0))')
    expect(other).toMatchObject({ code: 1, stdout: expect.stringMatching(/starts +exits 0 +exits 1 +FAILED/) })
  })
})

describe.skipIf(engineEnvironment === undefined)('an engine on another machine', () => {
  let session: Session

  beforeAll(async () => {
    session = await openSession()
  })

  afterAll(async () => {
    await session.close()
  })

  it('is looked into through the engine alone', async () => {
    const run = createRunCommand(session.signal, () => undefined)
    const probe = createProbe(session.engine, run, 'busybox', false)
    // The second image has no tools of its own: those of the helper image are used.
    for (const [image, command] of [
      ['python:3.12-slim', ['python3', '-m', 'http.server', '8000']],
      ['gcr.io/distroless/nodejs22-debian12', ['-e', 'require("http").createServer((_, r) => r.end()).listen(8000)']]
    ] as const) {
      const name = session.newContainer()
      const args = ['--network', 'none', '--user', '4242']
      await session.engine.start({ name, label: session.label, image, args, command, timeout: 60 })
      await sleep(2000)
      const state = await session.engine.state(name)
      if (state === undefined) throw new Error('no container')
      expect((await probe.processes(state))?.map(({ uid }) => uid)).toEqual([4242])
      expect(await probe.listeners(state)).toEqual([{ port: 8000, isLoopback: false }])
      expect(await probe.http(state, 8000, '/')).toBe(200)
      expect(await probe.http(state, 8001, '/')).toBe(0)
      await session.engine.removeContainers([name])
    }
  })
})

/** What the run had named as its own is gone; the engine may be shared with other runs. */
function expectNothingLeft(stderr: string): void {
  const [label = ''] = /unroot\.verify=[0-9a-f]+/.exec(stderr) ?? []
  const [, folder = ''] = /--file (\S+)\/original\.Dockerfile/.exec(stderr) ?? []
  expect(label).not.toBe('')
  expect(docker('ps', '--all', '--quiet', '--filter', `label=${label}`)).toBe('')
  expect(docker('images', '--all', '--quiet', '--filter', `label=${label}`)).toBe('')
  expect(path.isAbsolute(folder) && existsSync(folder)).toBe(false)
}
