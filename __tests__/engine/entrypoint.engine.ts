import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, chownSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createFolder, removeFoldersAfterTests, unroot } from '../support/cli.ts'
import { engineEnvironment } from './support/engine.ts'

removeFoldersAfterTests()

const environment = { ...process.env, ...engineEnvironment }
const run = `unroot-entrypoint-${randomBytes(4).toString('hex')}`
const images: string[] = []

const docker = (...args: string[]): string =>
  execFileSync('docker', args, { encoding: 'utf8', env: environment, stdio: ['ignore', 'pipe', 'pipe'] }).trim()

/** Runs a command in a new container to its end. */
const once = (image: string, args: readonly string[], command: readonly string[]) =>
  spawnSync('docker', ['run', '--rm', '--network', 'none', '--label', run, ...args, image, ...command], {
    encoding: 'utf8',
    env: environment
  })

/** A folder with the files, converted with strategy `entrypoint` and built. */
async function build(name: string, files: Record<string, string>, ...flags: string[]): Promise<string> {
  const folder = createFolder(files)
  const { code, stderr } = await unroot(folder, ['--strategy', 'entrypoint', '--write', ...flags])
  expect(code, stderr).toBe(0)
  const tag = `${run}-${name}`
  docker('build', '--quiet', '--pull=false', '--network', 'none', '--tag', tag, folder)
  images.push(tag)
  return tag
}

/** A folder of the host, with a file, that belongs to root alone. */
function ownedByRoot(): string {
  const folder = path.join(createFolder(), 'data')
  mkdirSync(folder)
  writeFileSync(path.join(folder, 'old'), 'x')
  chmodSync(folder, 0o700)
  return folder
}

const owner = (file: string) => `${statSync(file).uid}:${statSync(file).gid}`
const start = (image: string, ...args: string[]) =>
  docker('run', '--detach', '--network', 'none', '--label', run, ...args, image)
const hardened = ['--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'].concat(
  ['CHOWN', 'DAC_OVERRIDE', 'SETGID', 'SETUID'].flatMap((name) => ['--cap-add', name])
)

const bases = [
  ['debian:12-slim', 'setpriv'],
  ['alpine:3.20', 'su-exec']
] as const

describe.skipIf(engineEnvironment === undefined).each(bases)('strategy entrypoint on %s', (base) => {
  const dockerfile = `FROM ${base}\nWORKDIR /work\nVOLUME /data\nCMD ["sh", "-c", "id -u; touch /data/new; umask; exec sleep 1000"]\n`
  const name = base.replace(/\W/g, '-')
  let image: string

  beforeAll(async () => {
    image = await build(name, { Dockerfile: dockerfile }, '--umask', '027')
  })
  afterEach(() => {
    const left = docker('ps', '--all', '--quiet', '--filter', `label=${run}`).split('\n').filter(Boolean)
    if (left.length > 0) docker('rm', '--force', '--volumes', ...left)
  })
  afterAll(() => {
    if (images.length > 0) docker('rmi', '--force', ...images.splice(0))
  })

  it.each([
    ['as the engine does it', []],
    ['with all capabilities dropped but four', hardened]
  ] as const)('takes over a bind mount that belongs to root, started %s', (_, args) => {
    const folder = ownedByRoot()
    const { status, stderr } = once(image, [...args, '--volume', `${folder}:/data`], ['sh', '-c', 'touch /data/new'])
    expect(stderr).toBe('')
    expect(status).toBe(0)
    expect([owner(folder), owner(path.join(folder, 'old')), owner(path.join(folder, 'new'))]).toEqual(
      Array(3).fill('10001:10001')
    )
    // --umask 027
    expect(statSync(path.join(folder, 'new')).mode & 0o777).toBe(0o640)
  })

  it('takes over what UNROOT_CHOWN names, for the ids of the environment', () => {
    const folder = ownedByRoot()
    const ids = ['--env', 'UID=4242', '--env', 'GID=4343', '--env', 'UNROOT_CHOWN=/mnt/x /missing']
    const { stdout, stderr } = once(
      image,
      [...ids, '--volume', `${folder}:/mnt/x`],
      ['sh', '-c', 'id -u; id -g; id -G; echo $HOME; touch /work/x /mnt/x/x && echo written']
    )
    expect(stderr).toBe('')
    expect(stdout.trim().split('\n')).toEqual(['4242', '4343', '4343', '/home/app', 'written'])
    expect(owner(path.join(folder, 'old'))).toBe('4242:4343')
  })

  it('only changes what is somebody else’s, and follows no link', () => {
    const folder = ownedByRoot()
    execFileSync('ln', ['-s', '/etc/passwd', path.join(folder, 'link')])
    const { stdout } = once(
      image,
      ['--volume', `${folder}:/data`],
      ['sh', '-c', 'stat -c %u /etc/passwd; stat -c %u /data/link; stat -c %Z /work']
    )
    expect(stdout.split('\n').slice(0, 2)).toEqual(['0', '10001'])
    const again = once(image, [], ['stat', '-c', '%Z', '/work'])
    // The time of the last change of owner is that of the build.
    expect(again.stdout.trim()).toBe(stdout.trim().split('\n')[2])
  })

  it('runs unchanged as another user', () => {
    const { stdout, stderr } = once(
      image,
      ['--user', '4242:4242', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'],
      ['sh', '-c', 'id -u; id -g; echo $0']
    )
    expect(stderr).toBe('')
    expect(stdout.trim().split('\n')).toEqual(['4242', '4242', 'sh'])
  })

  it('refuses to be root, and what is no number', () => {
    for (const ids of ['UID=0', 'UID=', 'UID=root', 'UID=00', 'GID=x', 'UID=1:0']) {
      const { status, stderr, stdout } = once(image, ['--env', ids], ['id', '-u'])
      expect([status, stdout], ids).toEqual([64, ''])
      expect(stderr).toContain('UID must be a number above 0')
    }
  })

  it('makes the program PID 1 of the user, without a way back', async () => {
    const container = start(image)
    await sleep(700)
    const pid = docker('inspect', '--format', '{{.State.Pid}}', container)
    const lines = execFileSync('cat', [`/proc/${pid}/status`], { encoding: 'utf8' })
    expect(/^Name:\t(.*)$/m.exec(lines)?.[1]).toMatch(/sleep|busybox/)
    expect(/^Uid:\t(.*)$/m.exec(lines)?.[1]).toBe('10001\t10001\t10001\t10001')
    expect(/^Gid:\t(.*)$/m.exec(lines)?.[1]).toBe('10001\t10001\t10001\t10001')
    expect(/^Groups:\t(.*)$/m.exec(lines)?.[1]?.trim()).toMatch(/^(?:10001)?$/)
    expect(/^CapEff:\t(.*)$/m.exec(lines)?.[1]).toBe('0000000000000000')
    expect(/^CapPrm:\t(.*)$/m.exec(lines)?.[1]).toBe('0000000000000000')
  })

  it('hands signals to the program', async () => {
    const trap = docker(
      ...['run', '--detach', '--network', 'none', '--label', run, image],
      ...['sh', '-c', 'trap "echo stopped; exit 0" TERM; while :; do sleep 0.1; done']
    )
    await sleep(700)
    const started = Date.now()
    docker('stop', '--time', '10', trap)
    expect(Date.now() - started).toBeLessThan(2000)
    expect(docker('logs', trap)).toBe('stopped')
    expect(docker('inspect', '--format', '{{.State.ExitCode}}', trap)).toBe('0')
  })

  it('works on a read-only root file system', () => {
    const { stdout, stderr, status } = once(image, [...hardened, '--read-only'], ['sh', '-c', 'touch /data/x && id -u'])
    expect([status, stdout.trim(), stderr]).toEqual([0, '10001', ''])
  })

  it('does the same from a heredoc, and merged into a script', async () => {
    const inline = await build(`${name}-inline`, { Dockerfile: dockerfile }, '--entrypoint-inline')
    const merged = await build(`${name}-merged`, {
      Dockerfile: `FROM ${base}\nCOPY --chmod=0755 start.sh /usr/local/bin/\nVOLUME /data\nENTRYPOINT ["start.sh"]\nCMD ["id", "-u"]\n`,
      'start.sh': '#!/bin/sh\n# Starts.\nset -eu\n\necho "args: $*"\nexec "$@"\n'
    })
    for (const tag of [inline, merged]) {
      const folder = ownedByRoot()
      const { stdout, stderr } = once(
        tag,
        [...hardened, '--volume', `${folder}:/data`],
        ['sh', '-c', 'touch "$1"; id -u', 'sh', '/data/with blank']
      )
      expect(stderr).toBe('')
      expect(stdout.trim().split('\n').at(-1)).toBe('10001')
      expect(owner(path.join(folder, 'with blank'))).toBe('10001:10001')
      expect(once(tag, ['--user', '4242'], ['id', '-u']).stdout.trim().split('\n').at(-1)).toBe('4242')
    }
  })

  it('is verified', async () => {
    const folder = createFolder({ Dockerfile: dockerfile })
    const { stdout, code } = await unroot(
      folder,
      ['verify', '--strategy', 'entrypoint', '--stay', '1', '--max-growth', '20'],
      { env: engineEnvironment ?? {} }
    )
    expect(stdout).toMatch(/user +0 +10001 +ok/)
    expect(code, stdout).toBe(0)
  })
})

describe.skipIf(engineEnvironment === undefined)('strategy entrypoint', () => {
  afterAll(() => {
    if (images.length > 0) docker('rmi', '--force', ...images.splice(0))
  })

  it('needs the four capabilities that are documented, and no other', async () => {
    const tag = await build('capabilities', { Dockerfile: 'FROM debian:12-slim\nVOLUME /data\nCMD ["id", "-u"]\n' })
    const all = ['CHOWN', 'DAC_OVERRIDE', 'SETGID', 'SETUID']
    /** Whether somebody else's closed folder was taken over, and the program started. */
    const works = (names: readonly string[]): boolean => {
      const folder = ownedByRoot()
      chownSync(folder, 4242, 4242)
      const added = names.flatMap((name) => ['--cap-add', name])
      const { status } = once(tag, ['--cap-drop', 'ALL', ...added, '--volume', `${folder}:/data`], [])
      return status === 0 && owner(path.join(folder, 'old')) === '10001:10001'
    }
    expect(works(all)).toBe(true)
    for (const name of all) expect(works(all.filter((each) => each !== name)), `without ${name}`).toBe(false)
  })

  it('keeps the shell form and the inherited command, and runs tini as the user', async () => {
    const shell = await build('shell', {
      Dockerfile: 'FROM debian:12-slim\nENV WORD=hello\nENTRYPOINT echo "$WORD" \\\n    $(id -u)\n'
    })
    expect(once(shell, [], []).stdout).toBe('hello 10001\n')
    const tini = await build('tini', {
      Dockerfile:
        'FROM alpine:3.20\nRUN apk add --no-cache tini\nENTRYPOINT ["/sbin/tini", "--"]\nCMD id -u; stat -c %u /proc/1\n'
    })
    expect(once(tini, [], []).stdout.trim().split('\n')).toEqual(['10001', '10001'])
    const inherited = await build('inherited', { Dockerfile: 'FROM debian:12-slim AS a\nCMD ["id", "-u"]\nFROM a\n' })
    expect(once(inherited, [], []).stdout).toBe('10001\n')
  })
})
