import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  brokenDockerfile,
  createFolder,
  listFolder,
  nonRootDockerfile,
  type Outcome,
  readText,
  refusedDockerfile,
  removeFoldersAfterTests,
  rootDockerfile,
  unroot
} from './support/cli.ts'

removeFoldersAfterTests()

/** A program that answers as Docker would, and writes down what it was asked. */
const fakeDocker = `#!/bin/sh
log=$(dirname "$0")/asked
printf '%s\\n' "$*" >> "$log"
mode() { [ -e "$(dirname "$0")/$1" ]; }
case "$1 $2" in
  '--version '*) echo 'Docker version 28.0.0' ;;
  'version '*) if mode silent; then echo 'Cannot connect to the Docker daemon. Is it running?' >&2; exit 1; fi; echo 28.0.0 ;;
  'buildx version') ! mode no-buildx ;;
  'build '*)
    if mode slow; then sleep 30; fi
    case "$*" in
      *original.Dockerfile*) if mode no-original; then echo 'ERROR: base not found' >&2; exit 1; fi ;;
      *) if mode no-rewritten; then for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22; do echo "line $i" >&2; done; echo 'ERROR: useradd: not found' >&2; exit 1; fi ;;
    esac ;;
  'image inspect') echo '[{"Size":1000000,"Config":{"User":"10001:10001"}}]' ;;
  'run '*) echo 0123456789 ;;
  'container inspect') echo '[{"Id":"0123456789","State":{"Running":false,"ExitCode":0,"Pid":0}}]' ;;
  'logs '*) echo '2026-01-01T00:00:00Z done' ;;
esac
exit $?
`

/** A folder that holds the program, and files that tell it how to behave. */
function createEngineFolder(...modes: string[]): string {
  const folder = createFolder({ docker: fakeDocker, ...Object.fromEntries(modes.map((mode) => [mode, ''])) })
  chmodSync(path.join(folder, 'docker'), 0o755)
  return folder
}

const files = { Dockerfile: rootDockerfile, 'app.py': 'print()\n' }

function verify(folder: string, engine: string, ...args: string[]): Promise<Outcome> {
  return unroot(folder, ['verify', ...args], { env: { PATH: `${engine}${path.delimiter}/usr/bin:/bin` } })
}

const asked = (engine: string): string[] => readFileSync(path.join(engine, 'asked'), 'utf8').trimEnd().split('\n')
const leftFolders = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('unroot-verify-'))

describe('unroot verify', () => {
  it('says how to get an engine when none answers', async () => {
    const folder = createFolder(files)
    const none = await unroot(folder, ['verify'], { env: { PATH: createFolder() } })
    expect(none).toMatchObject({ code: 2, stdout: '' })
    expect(none.stderr).toContain('error: no container engine answers\n  docker: not found on the PATH\n')
    expect(none.stderr).toContain('https://docs.docker.com/engine/install/')
    const silent = await verify(folder, createEngineFolder('silent'), '--engine', 'docker')
    expect(silent.code).toBe(2)
    expect(silent.stderr).toContain('docker: Cannot connect to the Docker daemon. Is it running?')
    const old = await verify(folder, createEngineFolder('no-buildx'), '--engine', 'docker')
    expect(old).toMatchObject({ code: 2, stderr: expect.stringContaining("BuildKit's plugin is missing") })
    expect(await verify(folder, createFolder(), '--engine', 'nerdctl')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('nerdctl: not found on the PATH')
    })
  })

  it('takes no program from the folder that it looks at', async () => {
    const folder = createFolder({ ...files, docker: fakeDocker, 'node_modules/.bin/docker': fakeDocker })
    for (const name of ['docker', 'node_modules/.bin/docker']) chmodSync(path.join(folder, name), 0o755)
    const { code } = await unroot(folder, ['verify'], { env: { PATH: `.${path.delimiter}` } })
    expect(code).toBe(2)
    expect(existsSync(path.join(folder, 'asked'))).toBe(false)
  })

  it('builds and starts both versions, strictly the second time, and removes everything', async () => {
    const before = leftFolders()
    const folder = createFolder(files)
    const engine = createEngineFolder()
    const { code, stdout, stderr } = await verify(
      folder,
      engine,
      '--env',
      'A=1',
      '--build-arg',
      'B=2',
      'Dockerfile',
      '--',
      'python',
      'x y.py'
    )
    expect({ code, stderr }).toEqual({ code: 0, stderr: '1 image: 1 verified (docker 28.0.0)\n' })
    expect(stdout).toContain('Dockerfile: verified\n')
    const commands = asked(engine)
    const builds = commands.filter((command) => command.startsWith('build '))
    expect(builds).toHaveLength(2)
    for (const build of builds) expect(build).toMatch(/--network none .*--build-arg B=2 /)
    const [first, second] = commands.filter((command) => command.startsWith('run '))
    expect(first).toMatch(/--network none --env A=1 \S+ python x y\.py$/)
    expect(second).toMatch(
      /--cap-drop ALL --security-opt no-new-privileges --sysctl net\.ipv4\.ip_unprivileged_port_start=1024 --env A=1/
    )
    for (const command of [
      'rm --force --volumes ',
      'image rm --force unroot-verify:',
      'ps --all --quiet --filter label='
    ])
      expect(commands.some((each) => each.startsWith(command))).toBe(true)
    expect(listFolder(folder)).toEqual(['Dockerfile', 'app.py'])
    expect(readText(folder, 'Dockerfile')).toBe(rootDockerfile)
    expect(leftFolders()).toEqual(before)
  })

  it('fails with the last lines when the rewritten version does not build', async () => {
    const { code, stdout } = await verify(createFolder(files), createEngineFolder('no-rewritten'))
    expect(code).toBe(1)
    expect(stdout).toContain('Dockerfile: FAILED\n')
    expect(stdout).toMatch(/builds {2}yes {5}no {5}FAILED {2}the rewritten image does not build/)
    expect(stdout).toContain('last 20 lines of the log:\n    line 4\n')
    expect(stdout).toContain('    ERROR: useradd: not found\n')
  })

  it('compares with nothing when the original does not build', async () => {
    const { code, stdout } = await verify(createFolder(files), createEngineFolder('no-original'))
    expect(code).toBe(1)
    expect(stdout).toContain('Dockerfile: not verified: the original does not build\n')
    expect(stdout).toContain('    ERROR: base not found\n')
  })

  it('limits the time of a step', async () => {
    const started = Date.now()
    const { code, stdout } = await verify(createFolder(files), createEngineFolder('slow'), '--timeout', '1')
    expect(code).toBe(1)
    expect(stdout).toContain('the build takes longer than 1 s (--timeout)')
    expect(Date.now() - started).toBeLessThan(20_000)
  })

  it('names what it cannot verify, and asks no engine for it', async () => {
    const folder = createFolder({ 'a/Dockerfile': nonRootDockerfile, 'b/Dockerfile': refusedDockerfile })
    const { code, stdout, stderr } = await unroot(folder, ['verify'], { env: { PATH: createFolder() } })
    expect({ code, stderr }).toEqual({ code: 1, stderr: '2 images: 2 not verified\n' })
    expect(stdout).toMatch(
      /^a\/Dockerfile: not verified: already non-root, nothing changes\nb\/Dockerfile: not verified: refused \(/
    )
    const engine = createEngineFolder()
    writeFileSync(path.join(folder, 'Dockerfile'), rootDockerfile)
    expect((await verify(folder, engine)).code).toBe(0)
    writeFileSync(path.join(folder, 'Dockerfile'), brokenDockerfile)
    expect((await verify(folder, engine)).code).toBe(2)
    expect(await verify(createFolder(), engine)).toMatchObject({
      code: 0,
      stderr: 'warning: no Dockerfile found in .\n'
    })
    expect((await verify(createFolder(), engine, '--fail-on-no-files')).code).toBe(2)
  })

  it('reports in JSON, in Markdown and in a pull request text', async () => {
    const folder = createFolder(files)
    const json = await verify(folder, createEngineFolder(), '--format', 'json')
    expect(JSON.parse(json.stdout)).toMatchObject({
      version: 1,
      engine: { name: 'docker', version: '28.0.0' },
      summary: { files: 1, verified: 1, failed: 0, 'not-verified': 0 },
      files: [{ path: 'Dockerfile', status: 'verified', verdict: 'converted' }]
    })
    const out = createFolder()
    const body = path.join(out, 'body.md')
    const markdown = await verify(folder, createEngineFolder(), '--format', 'markdown', '--pr-body-file', body)
    expect(markdown.stdout).toMatch(/^## Verification\n/)
    const text = readText(out, 'body.md')
    expect(text).toMatch(/^Run the image of Dockerfile as a non-root user\n/)
    expect(text.endsWith(markdown.stdout)).toBe(true)
    expect(text).toContain('**Not verified:**')
  })

  it('takes settings from the config, for each path', async () => {
    const verifySettings = { env: { FROM_CONFIG: '1' }, command: ['true'], stay: 1 }
    const folder = createFolder({
      ...files,
      '.unrootrc': JSON.stringify({ overrides: [{ files: 'Dockerfile', verify: verifySettings }] })
    })
    const engine = createEngineFolder()
    expect((await verify(folder, engine)).code).toBe(0)
    expect(asked(engine).find((command) => command.startsWith('run '))).toMatch(/--env FROM_CONFIG=1 \S+ true$/)
    writeFileSync(path.join(folder, '.unrootrc'), JSON.stringify({ verify: { runArgs: ['--privileged'] } }))
    const refused = await verify(folder, engine)
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('may reach out of the container') })
    expect((await verify(folder, engine, '--config', '.unrootrc')).code).toBe(0)
    writeFileSync(path.join(folder, '.unrootrc'), JSON.stringify({ verify: { sta: 1 } }))
    expect((await verify(folder, engine)).stderr).toContain('unknown key "sta" in verify. Did you mean "stay"?')
  })

  it.each([
    [['-'], 'verify needs files'],
    [['--command', 'x', '--', 'y'], 'exclude each other'],
    [['--stay', 'x'], 'number of seconds'],
    [['--http', 'x'], 'begins with /'],
    [['--network', 'bridge'], 'none, default or host'],
    [['--formt', 'json'], 'Did you mean --format?']
  ])('wrong usage: %j', async (args, message) => {
    const { code, stdout, stderr } = await verify(createFolder(files), createEngineFolder(), ...args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(message)
  })

  it('warns in its help of what building means', async () => {
    const { code, stdout } = await verify(createFolder(), createFolder(), '--help')
    expect(code).toBe(0)
    expect(stdout).toContain('Building a Dockerfile runs the programs that it names')
    expect(stdout).toContain('Exit codes:')
  })
})
