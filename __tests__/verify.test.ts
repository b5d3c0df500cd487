import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { createVerifySettings } from '../src/config/verify-settings.ts'
import {
  formatFileVerification,
  formatVerificationCounts,
  formatVerificationMarkdown
} from '../src/report/verification.ts'
import { compareObservations, formatBytes, formatGrowth } from '../src/verify/compare.ts'
import { findNewErrors, mergeLog } from '../src/verify/log-errors.ts'
import { parseListeners, parseStatus, parseTop, uidInside } from '../src/verify/proc.ts'
import { strictArguments } from '../src/verify/strict.ts'
import { hasSyntaxLine, isMissingFrontend, withoutSyntaxLine } from '../src/verify/syntax-line.ts'
import {
  type Check,
  type CheckName,
  defaultSettings,
  type FileVerification,
  type Observation,
  type RunOutcome
} from '../src/verify/types.ts'
import { buildVerification, describeResult } from '../src/verify/verify-files.ts'
import { createWorkspace } from '../src/verify/workspace.ts'
import { createFolder, removeFoldersAfterTests } from './support/cli.ts'

removeFoldersAfterTests()

const head = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n'
const line = (address: string, port: string, state = '0A') =>
  `   0: ${address}:${port} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0\n`

describe('/proc', () => {
  it('tells which ports listen, and for whom', () => {
    const any6 = '0'.repeat(32)
    const loopback6 = '00000000000000000000000001000000'
    const text = [
      head,
      line('00000000', '0050'),
      line('0100007F', '1F90'),
      line('0100007F', '1F91', '01'),
      line('0B00007F', '9C40'),
      head,
      line(any6, '0BB8'),
      line(loopback6, '0BB9'),
      line('0000000000000000FFFF00000100007F', '0BBA'),
      line('0000000000000000FFFF00000200A8C0', '0BBB')
    ].join('')
    expect(parseListeners(text)).toEqual([
      { port: 80, isLoopback: false },
      { port: 3000, isLoopback: false },
      { port: 3001, isLoopback: true },
      { port: 3002, isLoopback: true },
      { port: 3003, isLoopback: false },
      { port: 8080, isLoopback: true }
    ])
  })

  it('counts a port as open to others when one of its addresses is', () => {
    const open = [{ port: 80, isLoopback: false }]
    expect(parseListeners(line('0100007F', '0050') + line('00000000', '0050'))).toEqual(open)
    expect(parseListeners(line('00000000', '0050') + line('0100007F', '0050'))).toEqual(open)
  })

  it('tells who a process is', () => {
    expect(parseStatus('Name:\tnode\nUmask:\t0022\nUid:\t1000\t1000\t0\t1000\n')).toEqual({
      name: 'node',
      uids: [1000, 1000, 0, 1000]
    })
    expect(parseStatus('')).toBeUndefined()
  })

  it('translates the uid of another user namespace', () => {
    const map = '         0     100000      65536\n     65536       1000          1\n'
    expect(uidInside(100000, map)).toBe(0)
    expect(uidInside(110001, map)).toBe(10001)
    expect(uidInside(1000, map)).toBe(65536)
    expect(uidInside(10001, '         0          0 4294967295\n')).toBe(10001)
  })

  it('reads the table of `top`', () => {
    expect(parseTop('UID    PID   COMMAND\n10001  4711  node\nroot 1 sh\n999 12 redis server\n')).toEqual([
      { uid: 10001, name: 'node' },
      { uid: 0, name: 'sh' },
      { uid: 999, name: 'redis server' }
    ])
  })
})

describe('logs', () => {
  it('come in the order in which they were written, without their times', () => {
    const out = '2026-01-01T00:00:01.5Z one\n2026-01-01T00:00:03Z three\r\n'
    expect(mergeLog(out, '2026-01-01T00:00:02Z two\n2026-01-01T00:00:04Z\n')).toEqual(['one', 'two', 'three', ''])
  })

  it.each([
    "Error: EACCES: permission denied, open '/app/x'",
    'sh: can’t create ticks.txt: Permission denied',
    'chown: changing ownership: Operation not permitted',
    'touch: /x: Read-only file system',
    'PermissionError: [Errno 13]'
  ])('name missing permissions: %s', (text) => {
    expect(findNewErrors([], ['ready', text])).toEqual([text])
  })

  it('only show what the original did not print, whatever its numbers', () => {
    const before = ['[12:01:02] worker 17: permission denied on /dev/kmsg']
    expect(findNewErrors(before, ['[12:03:44] worker 3: permission denied on /dev/kmsg'])).toEqual([])
    expect(findNewErrors([], ['1: EACCES', '2: EACCES'])).toEqual(['1: EACCES'])
    expect(findNewErrors([], ['all permissions are fine'])).toEqual([])
    const remark = '10-listen-on-ipv6-by-default.sh: info: can not modify /etc/nginx/x (read-only file system?)'
    expect(findNewErrors([], [remark])).toEqual([])
  })
})

const running: RunOutcome = {
  state: 'running',
  exitCode: null,
  processes: [{ uid: 0, name: 'node' }],
  listeners: [{ port: 80, isLoopback: false }],
  http: null,
  health: null,
  log: [],
  milliseconds: 3000
}

const observed = (run: Partial<RunOutcome> | null = {}, size = 100_000_000, user = ''): Observation => ({
  build: { isBuilt: true, size, user, log: [] },
  run: run && { ...running, ...run }
})

const rewritten: Partial<RunOutcome> = {
  processes: [{ uid: 10001, name: 'node' }],
  listeners: [{ port: 8080, isLoopback: false }]
}

function compare(before: Observation, after: Observation, settings: { http?: string; maxGrowth?: number } = {}) {
  const ports = [{ from: 80, to: 8080 }]
  const all = { http: undefined, maxGrowth: 5, stay: 3, ...settings }
  const checks = compareObservations(before, after, { uid: 10001, ports, settings: all })
  return (name: CheckName) => checks.find((check) => check.name === name) as Check
}

describe('the comparison', () => {
  it('passes when the rewritten image does what the original does', () => {
    const check = compare(observed(), observed(rewritten))
    expect(['builds', 'starts', 'user', 'log', 'ports', 'size'].map((name) => check(name as CheckName).status)).toEqual(
      Array(6).fill('passed')
    )
    expect(check('ports')).toMatchObject({ before: '80', after: '8080' })
    expect(check('http').status).toBe('skipped')
    expect(check('health').status).toBe('skipped')
  })

  it('fails when the rewritten image does not build or start', () => {
    const none = { build: { isBuilt: false, size: null, user: '', log: [] }, run: null }
    expect(compare(observed(), none)('builds').status).toBe('failed')
    expect(compare(none, none)('builds').status).toBe('skipped')
    const stopped = observed({ ...rewritten, state: 'not-started', log: ['exec: "x": permission denied'] })
    expect(compare(observed(), stopped)('starts')).toMatchObject({
      status: 'failed',
      message: 'does not start: exec: "x": permission denied'
    })
    const dead = observed({ ...rewritten, state: 'exited', exitCode: 1, listeners: null })
    expect(compare(observed(), dead)('starts').message).toBe('exits with code 1; the original stays up for 3 s')
  })

  it.each([
    [0, 0, 'passed'],
    [3, 3, 'passed'],
    [0, 1, 'failed'],
    [1, 0, 'passed'],
    [1, 2, 'passed']
  ] as const)('exit %i, then %i: %s', (before, after, status) => {
    const exited = (exitCode: number) => observed({ state: 'exited', exitCode, processes: null, listeners: null })
    expect(compare(exited(before), exited(after))('starts').status).toBe(status)
  })

  it('fails when one process is root, or somebody else', () => {
    const withRoot = [...(rewritten.processes ?? []), { uid: 0, name: 'cron' }]
    expect(compare(observed(), observed({ ...rewritten, processes: withRoot }))('user').message).toBe(
      'cron runs as root'
    )
    const other = observed({ ...rewritten, processes: [{ uid: 33, name: 'php' }] })
    expect(compare(observed(), other)('user').message).toBe('php (33) does not run as 10001')
  })

  it('takes the word of the image for a process that nobody has seen', () => {
    const short = { state: 'exited', exitCode: 0, processes: null, listeners: null } as const
    expect(compare(observed(short), observed(short, 1, '10001:10001'))('user').status).toBe('skipped')
    expect(compare(observed(short), observed(short, 1, ''))('user').status).toBe('failed')
    expect(compare(observed(short), observed(short, 1, '0'))('user').status).toBe('failed')
    expect(compare(observed(short), observed(short, 1, '4242'))('user').status).toBe('failed')
  })

  it('fails when a port is missing or open to fewer', () => {
    expect(compare(observed(), observed({ ...rewritten, listeners: [] }))('ports').message).toBe(
      'nothing listens on 8080 (80 before)'
    )
    const narrow = observed({ ...rewritten, listeners: [{ port: 8080, isLoopback: true }] })
    expect(compare(observed(), narrow)('ports').message).toContain('open to the container itself only')
    const random = { listeners: [{ port: 45123, isLoopback: false }] }
    expect(compare(observed(random), observed({ ...rewritten, listeners: [] }))('ports').status).toBe('skipped')
    expect(compare(observed({ listeners: null }), observed(rewritten))('ports').status).toBe('skipped')
  })

  it('compares the status of requests', () => {
    const http = { http: '/' }
    const answers = (port: number, status: number) => ({ http: [{ port, status }] })
    const before = observed(answers(80, 200))
    expect(compare(before, observed({ ...rewritten, ...answers(8080, 200) }), http)('http').status).toBe('passed')
    expect(compare(before, observed({ ...rewritten, ...answers(8080, 500) }), http)('http').message).toBe(
      'port 8080 answers GET / with 500, the original with 200'
    )
    expect(compare(before, observed(rewritten), http)('http').status).toBe('failed')
    expect(compare(observed(answers(80, 0)), observed(rewritten), http)('http').status).toBe('skipped')
    // A port that the system gave out is another one in the next container.
    expect(compare(observed(answers(44105, 404)), observed(rewritten), http)('http').status).toBe('skipped')
  })

  it('compares health checks', () => {
    const healthy = observed({ health: 'healthy' })
    expect(compare(healthy, observed({ ...rewritten, health: 'healthy' }))('health').status).toBe('passed')
    expect(compare(healthy, observed({ ...rewritten, health: 'unhealthy' }))('health').status).toBe('failed')
    expect(compare(healthy, observed(rewritten))('health').status).toBe('failed')
    const sick = observed({ health: 'unhealthy' })
    expect(compare(sick, observed({ ...rewritten, health: 'unhealthy' }))('health').status).toBe('skipped')
    expect(compare(sick, observed(rewritten))('health').status).toBe('failed')
  })

  it('limits growth, but not that of an image that is next to nothing', () => {
    const size = (before: number, after: number) => compare(observed({}, before), observed(rewritten, after))('size')
    expect(size(100e6, 104e6)).toMatchObject({ status: 'passed', after: '104.0 MB (+4.0%)' })
    expect(size(100e6, 200e6).message).toBe('grows by +100.0%; allowed are 5%')
    expect(size(10_000, 60_000).status).toBe('passed')
    expect([formatBytes(999), formatBytes(2_310_000), formatGrowth(-0.01), formatGrowth(-3)]).toEqual([
      '999 B',
      '2.3 MB',
      '0.0%',
      '-3.0%'
    ])
  })
})

describe('how the rewritten image is started', () => {
  const none = { uid: 10001, writablePaths: [] }

  it('is strict', () => {
    expect(strictArguments(defaultSettings, 'docker', none).join(' ')).toBe(
      '--network none --cap-drop ALL --security-opt no-new-privileges --sysctl net.ipv4.ip_unprivileged_port_start=1024'
    )
    expect(strictArguments({ ...defaultSettings, runNetwork: 'host' }, 'docker', none)).not.toContain('--sysctl')
  })

  it('is started as another uid of group 0 where the strategy is arbitrary-user', () => {
    const args = strictArguments({ ...defaultSettings, readOnly: true }, 'docker', {
      ...none,
      uid: 54321,
      runAs: '54321:0'
    })
    expect(args.join(' ')).toContain('--network none --user 54321:0 --cap-drop ALL')
    expect(args).toContain('/tmp:mode=1777,uid=54321')
  })

  it('has tmpfs where the plan says, not over what the build has put there', () => {
    const writablePaths = [
      { path: '/app', reason: 'the working directory' },
      { path: '/data', reason: 'VOLUME in line 3' },
      { path: '/var/log/app', reason: 'made by RUN in line 4' }
    ]
    const temporary = (kind: 'docker' | 'podman') =>
      strictArguments({ ...defaultSettings, readOnly: true }, kind, { uid: 10001, writablePaths }).filter(
        (_, index, all) => all[index - 1] === '--tmpfs'
      )
    expect(temporary('docker')).toEqual(['/tmp', '/run', '/var/log/app'].map((name) => `${name}:mode=1777,uid=10001`))
    expect(temporary('podman')).toEqual(['/tmp', '/run', '/var/log/app'].map((name) => `${name}:mode=1777`))
  })
})

describe('# syntax=', () => {
  it('is left out without moving a line', () => {
    const text = '\ufeff# escape=\\\r\n#  syntax = docker/dockerfile:1.7-labs\r\nFROM alpine\r\n'
    expect(hasSyntaxLine(text)).toBe(true)
    expect(withoutSyntaxLine(text)).toBe('\ufeff# escape=\\\r\n#\r\nFROM alpine\r\n')
    expect(withoutSyntaxLine('#syntax=docker/dockerfile:1\nFROM alpine\n')).toBe('#\nFROM alpine\n')
  })

  it('is nothing else', () => {
    expect(hasSyntaxLine('FROM alpine\n# syntax=docker/dockerfile:1\n')).toBe(false)
    expect(hasSyntaxLine('# about syntax=x\nFROM alpine\n')).toBe(false)
  })

  it('is recognised as what a build failed for', () => {
    const text = '# syntax=docker/dockerfile:1\nFROM python:3.12\n'
    const frontend = 'ERROR: failed to solve: failed to resolve source metadata for docker.io/docker/dockerfile:1'
    const base = 'ERROR: failed to solve: failed to resolve source metadata for docker.io/library/python:3.12'
    expect(isMissingFrontend([frontend], text)).toBe(true)
    expect(isMissingFrontend([base], text)).toBe(false)
    expect(isMissingFrontend([frontend], 'FROM python:3.12\n')).toBe(false)
  })
})

describe('the copy of the context', () => {
  it('respects the rules, keeps modes and links, and leaves the original alone', async () => {
    const folder = createFolder({
      'start.sh': '#!/bin/sh\n',
      'src/a.js': 'a',
      'node_modules/x/index.js': 'x',
      'dist/keep/me': 'k',
      'dist/drop/me': 'd',
      '.env': 'secret'
    })
    chmodSync(path.join(folder, 'start.sh'), 0o744)
    mkdirSync(path.join(folder, 'tight'), { mode: 0o700 })
    symlinkSync('src/a.js', path.join(folder, 'link'))
    symlinkSync('/nowhere', path.join(folder, 'dangling'))
    const rules = 'node_modules\n.env\ndist\n!dist/keep\n'
    const workspace = await createWorkspace(folder, rules)
    const copy = (name: string) => path.join(workspace.context, name)
    expect(lstatSync(copy('start.sh')).mode & 0o777).toBe(0o744)
    expect(lstatSync(copy('tight')).mode & 0o777).toBe(0o700)
    expect(lstatSync(copy('link')).isSymbolicLink()).toBe(true)
    expect(lstatSync(copy('dangling')).isSymbolicLink()).toBe(true)
    expect(existsSync(copy('dist/keep/me'))).toBe(true)
    for (const name of ['.env', 'node_modules', 'dist/drop/me']) expect(existsSync(copy(name))).toBe(false)
    const { dockerfile, ignoreFile } = await workspace.addDockerfile('original', 'FROM scratch\n')
    expect(ignoreFile).toBe(`${dockerfile}.dockerignore`)
    expect(readFileSync(ignoreFile, 'utf8')).toBe(rules)
    await workspace.change(new Map([['../src/a.js', 'b']]))
    expect(readFileSync(copy('src/a.js'), 'utf8')).toBe('b')
    expect(readFileSync(path.join(folder, 'src/a.js'), 'utf8')).toBe('a')
    await workspace.remove()
    expect(existsSync(workspace.context)).toBe(false)
  })
})

describe('the part of a config about verify', () => {
  const load = (config: object) => ({ file: '/repo/.unrootrc', folder: '/repo', config })

  it('can differ from path to path', () => {
    const settings = createVerifySettings(
      load({
        verify: { http: '/', env: { A: '1' }, command: ['node', 'x.js'] },
        overrides: [{ files: 'jobs/**', verify: { stay: 1, command: 'echo hi', buildArgs: { B: '2' } } }]
      }),
      false
    )
    expect(settings('/repo/api/Dockerfile')).toEqual({ http: '/', env: ['A=1'], command: ['node', 'x.js'] })
    expect(settings('/repo/jobs/Dockerfile')).toEqual({
      http: '/',
      env: ['A=1'],
      command: ['/bin/sh', '-c', 'echo hi'],
      stay: 1,
      buildArgs: ['B=2']
    })
  })

  it.each([
    { runArgs: ['--privileged'] },
    { runArgs: ['--volume=/:/host'] },
    { runArgs: ['-v', '/:/host'] },
    { runArgs: ['--memory', '--privileged'] },
    { runArgs: ['other-image'] },
    { network: 'host' }
  ] as const)('does not reach out of the container unless it was named: %j', (verify) => {
    const config = load({ overrides: [{ files: '*', verify }] })
    expect(() => createVerifySettings(config, false)).toThrow('may reach out of the container')
    expect(() => createVerifySettings(config, true)).not.toThrow()
  })

  it('may ask for what stays inside', () => {
    expect(() =>
      createVerifySettings(load({ verify: { runArgs: ['--memory=1g', '--shm-size=64m'] } }), false)
    ).not.toThrow()
  })
})

const plain = { bold: String, dim: String, red: String, green: String, yellow: String }

function verification(path: string, before: Observation, after: Observation): FileVerification {
  const checks = compareObservations(before, after, {
    uid: 10001,
    ports: [{ from: 80, to: 8080 }],
    settings: defaultSettings
  })
  const log = checks.some(({ status }) => status === 'failed') ? ['boot', "EACCES: open '/data/x' <b>\u001b[2J"] : []
  const result = { original: before, candidates: [{ observation: after, checks, log }], notes: [] }
  return describeResult(path, null, 'converted', result, defaultSettings)
}

const good = verification('api/Dockerfile', observed(), observed(rewritten))
const bad = verification(
  'web/Dockerfile',
  observed(),
  observed({ ...rewritten, state: 'exited', exitCode: 13, listeners: null })
)
const refused: FileVerification = {
  ...good,
  path: 'cron/Dockerfile',
  verdict: 'refused',
  status: 'not-verified',
  reason: 'refused (needs-root-service: cron)',
  checks: [],
  notVerified: []
}

describe('the report', () => {
  const engine = { kind: 'docker', file: '/usr/bin/docker', version: '28.0' } as const
  const report = buildVerification([good, bad, refused], engine)

  it('is a table on the terminal', () => {
    expect(formatFileVerification(good, plain)).toBe(
      [
        'api/Dockerfile: verified',
        '  check   before    after',
        '  builds  yes       yes              ok',
        '  starts  stays up  stays up         ok',
        '  user    0         10001            ok',
        '  log               no new errors    ok',
        '  ports   80        8080             ok',
        '  http    -         -                - no request was made (--http)',
        '  health  -         -                - the image has no health check',
        '  size    100.0 MB  100.0 MB (0.0%)  ok',
        ''
      ].join('\n')
    )
    expect(formatVerificationCounts(report)).toBe('3 images: 1 verified, 1 failed, 1 not verified (docker 28.0)')
  })

  it('shows what failed with the end of its log, harmless for the terminal', () => {
    const text = formatFileVerification(bad, plain)
    expect(text).toContain('FAILED  exits with code 13; the original stays up for 3 s')
    expect(text).toContain("last 2 lines of the log:\n    boot\n    EACCES: open '/data/x' <b>[2J\n")
    expect(formatFileVerification(refused, plain)).toBe(
      'cron/Dockerfile: not verified: refused (needs-root-service: cron)\n'
    )
  })

  it('is short in a pull request, and says what was not verified', () => {
    const text = formatVerificationMarkdown(report)
    expect(text).toContain('| `api/Dockerfile` | yes | stays up | 0 → 10001 | no new errors | 80 → 8080 | – | – |')
    expect(text).toContain('`web/Dockerfile` **failed**: starts: exits with code 13')
    const gaps = text.slice(text.indexOf('**Not verified:**'))
    expect(gaps).toContain('- `cron/Dockerfile`: refused (needs-root-service: cron)')
    expect(gaps).toContain('- every image: http: no request was made (--http)')
    expect(gaps).toContain('existing volumes')
    expect(text.split('\n').length).toBeLessThan(30)
    expect(formatVerificationMarkdown(buildVerification([refused], undefined))).toContain(
      'Nothing was built or started.'
    )
  })

  it('says so when the original does not build, or fails by itself', () => {
    const none: Observation = { build: { isBuilt: false, size: null, user: '', log: ['x: not found'] }, run: null }
    const result = describeResult(
      'x',
      null,
      'converted',
      { original: none, candidates: [], notes: [] },
      defaultSettings
    )
    expect(result).toMatchObject({
      status: 'not-verified',
      reason: 'the original does not build',
      log: ['x: not found']
    })
    const reasonOf = (line: string, buildNetwork = 'none') => {
      const original = { build: { ...none.build, log: [line] }, run: null }
      const settings = { ...defaultSettings, buildNetwork }
      return describeResult('x', null, 'converted', { original, candidates: [], notes: [] }, settings).reason
    }
    const hint = 'the original does not build without a network; `--network default` gives builds one'
    const { reason } = result
    expect(reasonOf('#7 71.57 npm error code EAI_AGAIN')).toBe(hint)
    expect(reasonOf("#5 Temporary failure resolving 'deb.debian.org'")).toBe(hint)
    expect(reasonOf('#7 71.57 npm error code EAI_AGAIN', 'default')).toBe(reason)
    expect(reasonOf('golang:1.23: failed to resolve source metadata: dial tcp: lookup registry: no such host')).toBe(
      reason
    )
    const exited = (uid: number) =>
      observed({ ...rewritten, state: 'exited', exitCode: 1, processes: [{ uid, name: 'node' }], listeners: null })
    expect(verification('x', exited(0), exited(10001))).toMatchObject({
      status: 'verified',
      notVerified: expect.arrayContaining([
        expect.stringContaining('the original itself exits with code 1 (it ran without')
      ])
    })
  })
})
