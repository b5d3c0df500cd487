import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  brokenDockerfile,
  cli,
  createFolder,
  git,
  listFolder,
  nonRootDockerfile,
  readText,
  refusedDockerfile,
  removeFoldersAfterTests,
  repository,
  rootDockerfile,
  unroot
} from './support/cli.ts'

removeFoldersAfterTests()

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }

describe('unroot [path ...]', () => {
  it('prints diffs of the working directory and writes nothing', async () => {
    const folder = createFolder({ 'b/Dockerfile': rootDockerfile, 'a.Dockerfile': rootDockerfile })
    const { code, stdout, stderr } = await unroot(folder, [])
    expect(code).toBe(0)
    expect(stdout.match(/^--- .*/gm)).toEqual(['--- a/a.Dockerfile', '--- a/b/Dockerfile'])
    expect(stdout).toMatch(/^\+USER 10001/m)
    expect(stderr).toMatch(/^2 files: 2 \S+; 2 would change\n$/m)
    expect(readText(folder, 'b/Dockerfile')).toBe(rootDockerfile)
  })

  it('prints diffs that git apply takes, and has nothing to do after that', async () => {
    const folder = createFolder({ 'my api/Dockerfile': rootDockerfile, 'größe/Containerfile': rootDockerfile })
    git(folder, 'init', '-q')
    const { stdout } = await unroot(folder, [])
    execFileSync('git', ['apply'], { cwd: folder, input: stdout })
    expect(readText(folder, 'my api/Dockerfile')).toContain('\nUSER 10001')
    expect(readText(folder, 'größe/Containerfile')).toContain('\nUSER 10001')
    expect(await unroot(folder, ['-l', '--check'])).toEqual({ code: 0, stdout: '', stderr: '' })
  })

  it('gives the same bytes twice', async () => {
    const folder = createFolder({ Dockerfile: rootDockerfile, 'x.dockerfile': refusedDockerfile })
    expect(await unroot(folder, ['--format', 'json'])).toEqual(await unroot(folder, ['--format', 'json']))
  })

  it('takes a file whatever its name, and paths that are given twice once', async () => {
    const folder = createFolder({ 'image.txt': rootDockerfile })
    const { stdout } = await unroot(folder, ['image.txt', './image.txt', path.join(folder, 'image.txt')])
    expect(stdout.match(/^\+\+\+ .*/gm)).toEqual(['+++ b/image.txt'])
  })

  it('says that there is no Dockerfile', async () => {
    const folder = createFolder({ 'readme.md': '' })
    expect(await unroot(folder, [])).toEqual({
      code: 0,
      stdout: '',
      stderr: 'warning: no Dockerfile found in the working directory\n'
    })
    const strict = await unroot(folder, ['--fail-on-no-files', '.'])
    expect(strict).toEqual({ code: 2, stdout: '', stderr: 'error: no Dockerfile found in .\n' })
    const json = await unroot(folder, ['--format', 'json'])
    expect(JSON.parse(json.stdout).summary.files).toBe(0)
  })

  it('prints findings in one line each, then the counts', async () => {
    const folder = createFolder({ 'site/Dockerfile': refusedDockerfile })
    const { code, stdout, stderr } = await unroot(folder, [])
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
    const lines = stderr.trimEnd().split('\n')
    expect(lines.at(-1)).toBe('1 file: 1 refused; 0 would change')
    for (const line of lines.slice(0, -1)) expect(line).toMatch(/^site\/Dockerfile:\d+: [a-z-]+: \S/)
    expect(lines.length).toBeGreaterThan(1)
    expect((await unroot(folder, ['--verbose'])).stderr).toMatch(/^ {2}\S/m)
    expect((await unroot(folder, ['--quiet'])).stderr).not.toContain('1 file:')
  })
})

describe('colours', () => {
  const folder = createFolder({ Dockerfile: rootDockerfile })

  it('are off in a pipe, also in CI', async () => {
    const { stdout, stderr } = await unroot(folder, [], { env: { CI: 'true', NO_COLOR: '' } })
    expect(stdout + stderr).not.toContain('\u001b')
  })

  it('are on with FORCE_COLOR, as git shows them', async () => {
    const { stdout } = await unroot(folder, [], { env: { FORCE_COLOR: '1', NO_COLOR: '' } })
    expect(stdout).toContain('\u001b[32m+USER 10001')
    expect(stdout).toContain('\u001b[1m--- a/Dockerfile\u001b[22m')
    expect(stdout).toContain('+COPY \u001b[7m--chown=10001:10001\u001b[27m . .')
  })

  it('are off with NO_COLOR or --no-color, whatever FORCE_COLOR says', async () => {
    const env = { FORCE_COLOR: '1', NO_COLOR: '1' }
    expect((await unroot(folder, [], { env })).stdout).not.toContain('\u001b')
    const flag = await unroot(folder, ['--no-color'], { env: { FORCE_COLOR: '1', NO_COLOR: '' } })
    expect(flag.stdout).not.toContain('\u001b')
  })

  it('never get into a file', async () => {
    await unroot(folder, ['-o', 'out.diff'], { env: { FORCE_COLOR: '1', NO_COLOR: '' } })
    expect(readText(folder, 'out.diff')).toMatch(/^--- a\/Dockerfile\n/)
  })
})

describe('--write', () => {
  it('writes, keeps the mode, leaves no temporary file, and exits 0 again when nothing is left', async () => {
    const folder = createFolder({ Dockerfile: rootDockerfile })
    chmodSync(path.join(folder, 'Dockerfile'), 0o640)
    const first = await unroot(folder, ['-w'])
    expect(first.code).toBe(0)
    expect(first.stderr).toContain('; 1 changed')
    const written = readText(folder, 'Dockerfile')
    expect(written).toContain('\nUSER 10001')
    expect(statSync(path.join(folder, 'Dockerfile')).mode & 0o777).toBe(0o640)
    expect(listFolder(folder)).toEqual(['Dockerfile'])
    expect((await unroot(folder, ['-w'])).code).toBe(0)
    expect(readText(folder, 'Dockerfile')).toBe(written)
  })

  it('keeps byte order mark, line endings and a missing final newline', async () => {
    const folder = createFolder({ Dockerfile: `\ufeff${rootDockerfile.trimEnd().replaceAll('\n', '\r\n')}` })
    await unroot(folder, ['-w'])
    const written = readText(folder, 'Dockerfile')
    expect(written).toMatch(/^\ufeffFROM python/)
    expect(written).toContain('\r\nUSER 10001')
    expect(written.replaceAll('\r\n', '')).not.toContain('\n')
    expect(written).toMatch(/CMD \["python", "app.py"\]$/)
  })

  it('does nothing with DRY_RUN=true', async () => {
    const folder = createFolder({ Dockerfile: rootDockerfile })
    const { code, stdout } = await unroot(folder, ['-w'], { env: { DRY_RUN: 'true' } })
    expect(code).toBe(0)
    expect(stdout).toContain('+USER 10001')
    expect(readText(folder, 'Dockerfile')).toBe(rootDockerfile)
  })

  it('writes through a link to its target', async () => {
    const folder = createFolder({ 'shared/base.txt': rootDockerfile, 'api/app.py': '' })
    symlinkSync('../shared/base.txt', path.join(folder, 'api/Dockerfile'))
    const { code, stdout } = await unroot(folder, ['-w', '.'])
    expect(code).toBe(0)
    expect(stdout).toContain('+++ b/shared/base.txt')
    expect(readText(folder, 'shared/base.txt')).toContain('\nUSER 10001')
    expect(listFolder(path.join(folder, 'api'))).toEqual(['Dockerfile', 'app.py'])
  })

  it('never writes through a link that leads out of the given paths', async () => {
    const folder = createFolder({ 'outside/Dockerfile': rootDockerfile, 'in/a.Dockerfile': rootDockerfile })
    symlinkSync('../outside/Dockerfile', path.join(folder, 'in/Dockerfile'))
    const { code, stderr } = await unroot(folder, ['-w', 'in'])
    expect(code).toBe(2)
    expect(stderr).toMatch(/^in\/Dockerfile:1: failed-write: .*outside the given paths$/m)
    expect(readText(folder, 'outside/Dockerfile')).toBe(rootDockerfile)
    expect(readText(folder, 'in/a.Dockerfile')).toContain('\nUSER 10001')
  })

  it('reports a file that cannot be written, leaves it whole and goes on', async () => {
    const folder = createFolder({ 'a/Dockerfile': rootDockerfile, 'b/Dockerfile': rootDockerfile })
    // Root may write everywhere; what root cannot do either is to replace a mount or an immutable file.
    if (process.getuid?.() === 0) return
    chmodSync(path.join(folder, 'a'), 0o555)
    const { code, stderr } = await unroot(folder, ['-w'])
    chmodSync(path.join(folder, 'a'), 0o755)
    expect(code).toBe(2)
    expect(stderr).toMatch(/^a\/Dockerfile:1: failed-write: cannot write .*: permission denied$/m)
    expect(readText(folder, 'a/Dockerfile')).toBe(rootDockerfile)
    expect(readText(folder, 'b/Dockerfile')).toContain('\nUSER 10001')
  })
})

describe('--check', () => {
  it('exits 1 when something would change, and writes nothing', async () => {
    const folder = createFolder({ Dockerfile: rootDockerfile, 'b.Dockerfile': nonRootDockerfile })
    expect((await unroot(folder, ['--check'])).code).toBe(1)
    expect(readText(folder, 'Dockerfile')).toBe(rootDockerfile)
  })

  it('exits 0 when nothing is left', async () => {
    const folder = createFolder({ Dockerfile: nonRootDockerfile })
    expect((await unroot(folder, ['--check'])).code).toBe(0)
  })

  it('exits 1 for a refusal, 0 once the config accepts it', async () => {
    const folder = createFolder({ 'site/Dockerfile': refusedDockerfile })
    expect((await unroot(folder, ['--check'])).code).toBe(1)
    const report = JSON.parse((await unroot(folder, ['--format', 'json'])).stdout)
    const ignore = report.files[0].findings
      .filter(({ severity }: { severity: string }) => severity === 'error')
      .map(({ rule }: { rule: string }) => ({ path: 'site/**', rule, reason: 'runs behind a proxy' }))
    const accepting = createFolder({
      'site/Dockerfile': refusedDockerfile,
      '.unrootrc.json': JSON.stringify({ ignore })
    })
    const { code, stderr } = await unroot(accepting, ['--check'])
    expect(code).toBe(0)
    expect(stderr).toContain('(accepted: runs behind a proxy)')
  })

  it('exits 2 when a file cannot be parsed, even if another would change', async () => {
    const folder = createFolder({ Dockerfile: rootDockerfile, 'b.Dockerfile': brokenDockerfile })
    expect((await unroot(folder, ['--check'])).code).toBe(2)
  })
})

describe('--list-different', () => {
  it('prints only the paths that would change', async () => {
    const folder = createFolder({
      Dockerfile: rootDockerfile,
      'b.Dockerfile': nonRootDockerfile,
      'c/Dockerfile': rootDockerfile
    })
    expect(await unroot(folder, ['-l'])).toEqual({ code: 0, stdout: 'Dockerfile\nc/Dockerfile\n', stderr: '' })
  })

  it('prints nothing at all when there are none', async () => {
    const folder = createFolder({ Dockerfile: nonRootDockerfile })
    expect(await unroot(folder, ['-l'])).toEqual({ code: 0, stdout: '', stderr: '' })
  })
})

describe('reports', () => {
  it('go to a file with --output-file, and beside the output with --summary-file and --pr-body-file', async () => {
    const folder = createFolder({ Dockerfile: rootDockerfile })
    const args = ['--format', 'json', '-o', 'out.json', '--summary-file', 'summary.json', '--pr-body-file', 'pr.md']
    const { code, stdout } = await unroot(folder, args)
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
    expect(readText(folder, 'out.json')).toBe(readText(folder, 'summary.json'))
    expect(JSON.parse(readText(folder, 'out.json')).files[0].path).toBe('Dockerfile')
    const [title, empty, ...body] = readText(folder, 'pr.md').split('\n')
    expect(title).toBe('Run the image of Dockerfile as a non-root user')
    expect(empty).toBe('')
    expect(body.join('\n')).toContain('`Dockerfile`')
  })

  it('fail before any work when their file cannot be written', async () => {
    const folder = createFolder({ Dockerfile: rootDockerfile })
    const { code, stderr } = await unroot(folder, ['-w', '-o', 'missing/out.json'])
    expect(code).toBe(2)
    expect(stderr).toMatch(
      /^error: cannot write .*missing\/out\.json: no such file or directory; make its folder first\n/
    )
    expect(readText(folder, 'Dockerfile')).toBe(rootDockerfile)
  })

  it('have a summary format', async () => {
    const folder = createFolder({ Dockerfile: rootDockerfile, 'site/Dockerfile': refusedDockerfile })
    const { stdout } = await unroot(folder, ['--format', 'summary'])
    expect(stdout).toMatch(/^\S+ +Dockerfile\nrefused +site\/Dockerfile\n2 files: .*1 refused; 1 would change\n$/)
  })

  it('have fixes in SARIF alone', async () => {
    const folder = createFolder({ Dockerfile: rootDockerfile })
    const { code, stdout, stderr } = await unroot(folder, ['--sarif-fixes'])
    expect({ code, stdout, stderr }).toEqual({
      code: 2,
      stdout: '',
      stderr: 'error: --sarif-fixes needs --format sarif\n'
    })
  })
})

describe('files beside the Dockerfile', () => {
  const tree = {
    Dockerfile: 'FROM node:22-slim\nENV PORT=80\nEXPOSE 80\nCMD ["node", "server.js"]\n',
    'compose.yaml': 'services:\n  web:\n    build: .\n    ports:\n      - "80:80" # public\n'
  }

  it('are hardened on request, written once', async () => {
    const folder = createFolder(tree)
    const args = ['--harden', '--write']
    expect((await unroot(folder, args)).code).toBe(0)
    const once = readText(folder, 'compose.yaml')
    expect(once).toContain('- "80:8080" # public\n')
    expect(once).toContain('    cap_drop:\n      - ALL\n')
    await unroot(folder, args)
    expect(readText(folder, 'compose.yaml')).toBe(once)
  })

  it('are hardened where the config says so', async () => {
    const folder = createFolder({ ...tree, '.unrootrc.json': '{ "harden": true }' })
    expect((await unroot(folder, [])).stdout).toContain('+      - no-new-privileges:true\n')
  })
})

describe('manifests', () => {
  const manifest = (image: string) =>
    `apiVersion: v1\nkind: Pod\nmetadata: {name: api}\nspec:\n  containers:\n    - name: api\n      image: ${image}\n`
  const tree = {
    'services/api/Dockerfile': rootDockerfile,
    'services/web/Dockerfile': rootDockerfile,
    'k8s/api.yaml': manifest('registry.example.com/team/api:1.2'),
    'k8s/web.yaml': manifest('team/web')
  }
  const changed = (stdout: string) => stdout.match(/^\+\+\+ .*yaml$/gm)

  it('change with the image that --image names, written once', async () => {
    const folder = createFolder(tree)
    const args = ['--image', 'registry.example.com/team/api=services/api/Dockerfile', '--image', 'web=services/web']
    expect(changed((await unroot(folder, args)).stdout)).toEqual(['+++ b/k8s/api.yaml', '+++ b/k8s/web.yaml'])
    expect((await unroot(folder, [...args, '--write'])).code).toBe(0)
    const once = readText(folder, 'k8s/api.yaml')
    expect(once).toContain('    runAsUser: 10001\n')
    await unroot(folder, [...args, '--write'])
    expect(readText(folder, 'k8s/api.yaml')).toBe(once)
    expect((await unroot(folder, [...args, '--check'])).code).toBe(0)
  })

  it.each([
    ['{ "image": "api=services/api/Dockerfile" }', ['+++ b/k8s/api.yaml']],
    ['{ "image": ["api=services/api", "web=services/web"] }', ['+++ b/k8s/api.yaml', '+++ b/k8s/web.yaml']],
    ['{ "image": { "team/web": "services/web/Dockerfile" } }', ['+++ b/k8s/web.yaml']]
  ])('change with the image that the config names: %s', async (config, files) => {
    const folder = createFolder({ ...tree, '.unrootrc.json': config })
    expect(changed((await unroot(folder, [])).stdout)).toEqual(files)
    expect(changed((await unroot(folder, ['--image', 'team/web=services/web'])).stdout)).toContain('+++ b/k8s/web.yaml')
  })

  it.each([
    [['--image', 'api'], 'It must be an image name and a Dockerfile'],
    [
      ['--image', 'api=nowhere/Dockerfile'],
      'error: --image api=nowhere/Dockerfile: no such Dockerfile; the path is relative to the working directory\n'
    ]
  ])('a mapping that means nothing is an error: %s', async (args, message) => {
    const { code, stderr } = await unroot(createFolder(tree), args)
    expect(code).toBe(2)
    expect(stderr).toContain(message)
  })

  it('and a config that maps to nothing is one as well', async () => {
    const missing = createFolder({ ...tree, '.unrootrc.json': '{ "image": "api=nowhere/Dockerfile" }' })
    expect((await unroot(missing, [])).stderr).toBe(
      'error: .unrootrc.json: image api=nowhere/Dockerfile: no such Dockerfile; the path is relative to the config file\n'
    )
    const wrong = createFolder({ ...tree, '.unrootrc.json': '{ "image": 3 }' })
    expect((await unroot(wrong, [])).stderr).toContain('"image" must be "team/api=services/api/Dockerfile"')
  })

  it('outside the given paths are named, not written, and the rest is written', async () => {
    const folder = createFolder(tree)
    git(folder, 'init', '--quiet')
    const { code, stderr } = await unroot(folder, ['services/api', '--image', 'api=services/api', '--write'])
    expect(code).toBe(0)
    expect(readText(folder, 'k8s/api.yaml')).toBe(tree['k8s/api.yaml'])
    expect(readText(folder, 'services/api/Dockerfile')).toContain('USER 10001:10001')
    expect(stderr).toMatch(
      /^services\/api\/Dockerfile:1: manifest-left: k8s\/api\.yaml line 5: Pod api: runAsNonRoot: true/m
    )
  })

  it('stay as they are with --no-companions', async () => {
    const args = ['--image', 'api=services/api', '--no-companions', '--format', 'json']
    const { stdout } = await unroot(createFolder(tree), args)
    const report = JSON.parse(stdout)
    expect(report.companions).toEqual([])
    expect(report.files[0].verdict).toBe('needs-review')
    expect(report.files[0].findings.map((finding: { rule: string }) => finding.rule)).toContain('manifest-left')
  })
})

describe('strategies', () => {
  it('arbitrary-user gives the rights to group 0, also in a file that was converted before', async () => {
    const folder = createFolder({ Dockerfile: rootDockerfile, 'b/Dockerfile': rootDockerfile })
    await unroot(folder, ['--write', 'b'])
    const { code, stderr } = await unroot(folder, ['--write', '--strategy', 'arbitrary-user'])
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: '2 files: 1 converted, 1 already-non-root; 2 changed\n'
    })
    for (const file of ['Dockerfile', 'b/Dockerfile'])
      expect(readText(folder, file)).toMatch(
        /COPY --chown=10001:0 \. \.\nRUN find \/app -type d -exec chmod g=u \{\} \+\n[\s\S]*USER 10001:0\n/
      )
    const again = await unroot(folder, ['--check', '--strategy', 'arbitrary-user'])
    expect(again).toMatchObject({ code: 0, stdout: '' })
  })

  it('can differ from path to path', async () => {
    const config = { overrides: [{ files: 'openshift/**', strategy: 'arbitrary-user' }] }
    const folder = createFolder({
      Dockerfile: rootDockerfile,
      'openshift/Dockerfile': rootDockerfile,
      '.unrootrc.json': JSON.stringify(config)
    })
    const { stdout } = await unroot(folder, [])
    expect(stdout.match(/^\+USER .*/gm)).toEqual(['+USER 10001:10001', '+USER 10001:0'])
  })

  it.each([
    [['--umask', '027'], 'umask 027 takes the rights of the group away', 'use umask 007'],
    [['--umask', '077'], 'umask 077 takes the rights of the group away', 'use umask 007'],
    [['--gid', '10001'], 'gid 10001', 'leave gid out']
  ])('arbitrary-user does not go together with %j', async (args, cause, remedy) => {
    const folder = createFolder({ Dockerfile: rootDockerfile })
    const { code, stdout, stderr } = await unroot(folder, ['--strategy', 'arbitrary-user', ...args])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^error: /)
    expect(stderr).toContain(cause)
    expect(stderr).toContain(remedy)
  })

  it('arbitrary-user goes together with a umask that closes files to others', async () => {
    const folder = createFolder({ Dockerfile: rootDockerfile })
    const { code, stdout } = await unroot(folder, ['--strategy', 'arbitrary-user', '--umask', '007'])
    expect(code).toBe(0)
    expect(stdout).toContain('umask 007')
  })
})

describe('standard input', () => {
  it('comes back rewritten, whole', async () => {
    const { code, stdout, stderr } = await unroot(createFolder(), ['-'], { stdin: rootDockerfile })
    expect(code).toBe(0)
    expect(stdout).toMatch(/^FROM python.*\nUSER 10001.*CMD \["python", "app.py"\]\n$/s)
    expect(stderr).toContain('1 file: 1 ')
  })

  it('comes back as it was when it is refused or cannot be parsed', async () => {
    const refused = await unroot(createFolder(), ['-'], { stdin: refusedDockerfile })
    expect(refused).toMatchObject({ code: 0, stdout: refusedDockerfile })
    const broken = await unroot(createFolder(), ['-'], { stdin: brokenDockerfile })
    expect(broken).toMatchObject({ code: 2, stdout: brokenDockerfile })
    expect(broken.stderr).toMatch(/^Dockerfile:2: /)
  })

  it('gives a JSON report, a diff or an exit code when asked to', async () => {
    const options = { stdin: rootDockerfile }
    const name = ['--stdin-filename', 'api/Dockerfile']
    const json = await unroot(createFolder(), ['-', '--format', 'json', ...name], options)
    expect(JSON.parse(json.stdout).files).toMatchObject([{ path: 'api/Dockerfile', changed: true }])
    const diff = await unroot(createFolder(), ['-', '--format', 'diff', ...name], options)
    expect(diff.stdout).toMatch(/^--- a\/api\/Dockerfile\n/)
    expect(await unroot(createFolder(), ['-', '--check', ...name], options)).toMatchObject({ code: 1, stdout: '' })
    const list = await unroot(createFolder(), ['-', '-l', ...name], options)
    expect(list).toEqual({ code: 0, stdout: 'api/Dockerfile\n', stderr: '' })
  })

  it('must be UTF-8 text', async () => {
    const { code, stdout, stderr } = await unroot(createFolder(), ['-'], { stdin: Buffer.from([0x46, 0xff, 0x0a]) })
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain('is not valid UTF-8')
  })
})

describe('wrong usage', () => {
  it.each([
    [['--prot', '80=8080'], "unknown option '--prot'\n(Did you mean --port?)"],
    [['--port', '80'], 'must be two ports, such as 80=8080'],
    [['--port', '0=8080'], 'must be two ports'],
    [['--uid', '0'], '0 is root'],
    [['--uid', '1e3'], 'whole number'],
    [['--gid', '-1'], 'whole number'],
    [['--user', 'root'], 'account name'],
    [['--umask', '999'], 'octal mode'],
    [['--format', 'xml'], 'Allowed choices are diff, json'],
    [['--concurrency', '0'], 'whole number'],
    [['--only', 'create-usr'], 'there is no transform "create-usr". Did you mean "create-user"?'],
    [['--skip', 'create-user,chown-copied-file'], 'Did you mean "chown-copied-files"?'],
    [['--write', '--check'], '--write and --check exclude each other'],
    [['-', '-w'], '--write cannot be combined with -'],
    [['-', '.'], 'cannot be combined with other paths'],
    [['--stdin-filename', 'x'], '--stdin-filename needs the path -'],
    [['explain', 'create-usr'], 'Did you mean "create-user"?'],
    [['explain'], "missing required argument 'name'"],
    [['--config', 'nowhere.json'], 'nowhere.json: no such config file; `unroot init` writes one'],
    [['--context', 'nowhere'], '--context nowhere: no such folder'],
    [['verify', '--http', 'health'], 'Run `unroot verify --help`']
  ])('%j', async (args, message) => {
    const { code, stdout, stderr } = await unroot(createFolder({ Dockerfile: rootDockerfile }), args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^error: /)
    expect(stderr).toContain(message)
  })
})

it('names the command that a path may have meant', async () => {
  const folder = createFolder({ Dockerfile: rootDockerfile })
  const { code, stderr } = await unroot(folder, ['explan', 'low-port'])
  expect(code).toBe(2)
  expect(stderr).toMatch(/^hint: there is a command `unroot explain`$/m)
  expect((await unroot(folder, ['./explan'])).stderr).not.toContain('hint:')
})

describe('bad input', () => {
  const bad: Record<string, [(folder: string) => undefined | Record<string, string | Uint8Array>, RegExp]> = {
    'a path that does not exist': [
      () => undefined,
      /^bad:1: unreadable-file: cannot read bad: no such file or directory$/m
    ],
    'invalid UTF-8': [() => ({ bad: Buffer.from('FROM a\nRUN \xff\n', 'latin1') }), /^bad:2: not-text: .*UTF-8$/m],
    'UTF-16': [() => ({ bad: Buffer.from('\ufeffFROM a\n', 'utf16le') }), /^bad:1: not-text: bad is UTF-16/m],
    'NUL bytes': [() => ({ bad: 'FROM a\n\nRUN a\0b\n' }), /^bad:3: not-text: bad contains a NUL byte/m],
    'more than 5 MiB': [() => ({ bad: `FROM a\n${'# x\n'.repeat(1_400_000)}` }), /^bad:1: unreadable-file: .*5 MiB/m],
    'an unknown instruction': [() => ({ bad: brokenDockerfile }), /^bad:2: /m],
    'a link in a circle': [
      (folder) => void symlinkSync('bad', path.join(folder, 'bad')),
      /^bad:1: unreadable-file: .*leads in a circle$/m
    ],
    'a link to nowhere': [
      (folder) => void symlinkSync('nowhere', path.join(folder, 'bad')),
      /^bad:1: unreadable-file: /m
    ],
    'a pipe': [
      (folder) => void execFileSync('mkfifo', [path.join(folder, 'bad')]),
      /^bad:1: unreadable-file: bad is not a regular file$/m
    ]
  }

  it.each(Object.entries(bad))('%s', async (_, [create, message]) => {
    const folder = createFolder({ good: rootDockerfile })
    const files = create(folder)
    const cwd = files ? createFolder({ good: rootDockerfile, ...files }) : folder
    const { code, stderr } = await unroot(cwd, ['-w', 'bad', 'good'])
    expect(stderr).toMatch(message)
    expect(code).toBe(2)
    expect(readText(cwd, 'good')).toContain('\nUSER 10001')
    expect(listFolder(cwd).filter((name) => name !== 'bad')).toEqual(['good'])
  })

  it('an empty file, or one without FROM', async () => {
    const folder = createFolder({ Dockerfile: '', 'b.Dockerfile': '# to do\n', good: rootDockerfile })
    const { code, stdout } = await unroot(folder, ['--format', 'summary', '.', 'good'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^not-applicable +Dockerfile\nnot-applicable +b.Dockerfile\n\S+ +good\n/)
  })

  it('a file that may not be read', async () => {
    const folder = createFolder({ Dockerfile: rootDockerfile, 'b.Dockerfile': rootDockerfile })
    if (process.getuid?.() === 0) return
    chmodSync(path.join(folder, 'Dockerfile'), 0)
    const { code, stdout, stderr } = await unroot(folder, [])
    expect(code).toBe(2)
    expect(stderr).toMatch(/^Dockerfile:1: unreadable-file: cannot read Dockerfile: permission denied$/m)
    expect(stdout).toContain('+++ b/b.Dockerfile')
  })

  it('a directory named Dockerfile', async () => {
    const folder = createFolder({ 'b.Dockerfile': rootDockerfile })
    mkdirSync(path.join(folder, 'Dockerfile'))
    for (const prepare of [() => undefined, () => git(folder, 'init', '-q')]) {
      prepare()
      const { code, stdout, stderr } = await unroot(folder, [])
      expect(code).toBe(2)
      expect(stderr).toMatch(/^Dockerfile:1: unreadable-file: cannot read Dockerfile: it is a directory$/m)
      expect(stdout).toContain('+++ b/b.Dockerfile')
    }
  })

  it('a directory named Dockerfile that holds Dockerfiles', async () => {
    const folder = createFolder({ 'Dockerfile/web.Dockerfile': rootDockerfile })
    const { code, stdout } = await unroot(folder, [])
    expect(code).toBe(0)
    expect(stdout).toContain('+++ b/Dockerfile/web.Dockerfile')
  })

  it('a loop of linked directories', async () => {
    const folder = createFolder({ 'a/Dockerfile': rootDockerfile })
    symlinkSync('..', path.join(folder, 'a/loop'))
    for (const prepare of [() => undefined, () => git(folder, 'init', '-q')]) {
      prepare()
      const { code, stdout } = await unroot(folder, ['-l'])
      expect({ code, stdout }).toEqual({ code: 0, stdout: 'a/Dockerfile\n' })
    }
  })

  it('a single line of almost 5 MB', async () => {
    const folder = createFolder({ Dockerfile: `FROM alpine:3.20\nRUN ${'x'.repeat(5_000_000)}\n`, b: rootDockerfile })
    const { code, stdout } = await unroot(folder, ['--format', 'json', 'Dockerfile', 'b'])
    expect(code === 0 || code === 2).toBe(true)
    expect(JSON.parse(stdout).files.map(({ path }: { path: string }) => path)).toEqual(['Dockerfile', 'b'])
  }, 60_000)

  it('is named on standard error in every format', async () => {
    const folder = createFolder({ Dockerfile: 'FROM a\n\0', 'b.Dockerfile': rootDockerfile })
    for (const args of [['--format', 'json'], ['--format', 'summary'], ['-l'], ['--quiet']]) {
      const { code, stderr } = await unroot(folder, args)
      expect(code).toBe(2)
      expect(stderr).toMatch(/^Dockerfile:2: not-text: /m)
    }
  })
})

describe('companions', () => {
  const withScript = {
    'api/Dockerfile': [
      'FROM alpine:3.20',
      'COPY entrypoint.sh /entrypoint.sh',
      'ENTRYPOINT ["/entrypoint.sh"]',
      'CMD ["sleep", "60"]',
      ''
    ].join('\n'),
    'api/entrypoint.sh': '#!/bin/sh\nset -e\nexec "$@"\n'
  }

  it('are shown, reported and written with the Dockerfile', async () => {
    const folder = createFolder(withScript)
    git(folder, 'init', '-q')
    const { stdout } = await unroot(folder, ['--umask', '027'])
    expect(stdout).toContain('+++ b/api/entrypoint.sh')
    expect(stdout).toContain('+umask 027')
    const { companions } = JSON.parse((await unroot(folder, ['--umask', '027', '--format', 'json'])).stdout)
    expect(companions).toMatchObject([
      { path: 'api/entrypoint.sh', for: ['api/Dockerfile'], changed: true, created: false }
    ])
    await unroot(folder, ['--umask', '027', '-w'])
    const written = readText(folder, 'api/entrypoint.sh')
    const other = createFolder(withScript)
    execFileSync('git', ['apply'], { cwd: other, input: stdout })
    expect(readText(other, 'api/entrypoint.sh')).toBe(written)
    expect(written).toContain('umask 027\n')
  })

  it('stay as they are with --no-companions', async () => {
    const { stdout } = await unroot(createFolder(withScript), ['--umask', '027', '--no-companions'])
    expect(stdout).not.toContain('entrypoint.sh\n@@')
  })

  it('are named once when two Dockerfiles share them', async () => {
    const folder = createFolder({ ...withScript, 'api/web.Dockerfile': withScript['api/Dockerfile'] })
    for (const args of [[], ['-w']]) {
      const { stdout } = await unroot(folder, ['--umask', '027', '--format', 'json', ...args])
      expect(JSON.parse(stdout).companions).toMatchObject([
        { path: 'api/entrypoint.sh', for: ['api/Dockerfile', 'api/web.Dockerfile'] }
      ])
    }
  })

  it('are never written outside the given paths', async () => {
    const folder = createFolder({
      'api/Dockerfile': withScript['api/Dockerfile'].replace('COPY entrypoint.sh', 'COPY scripts/entrypoint.sh'),
      'scripts/entrypoint.sh': withScript['api/entrypoint.sh']
    })
    git(folder, 'init', '-q')
    const { stderr } = await unroot(folder, ['-w', '--umask', '027', 'api'])
    expect(stderr).toMatch(/^api\/Dockerfile:1: companion-outside-paths: scripts\/entrypoint\.sh would be changed/m)
    expect(readText(folder, 'scripts/entrypoint.sh')).toBe(withScript['api/entrypoint.sh'])
  })
})

describe('the terminal', () => {
  it('may close the pipe early', async () => {
    const files = Array.from({ length: 400 }, (_, index) => [`${index}/Dockerfile`, rootDockerfile])
    const folder = createFolder(Object.fromEntries(files))
    const result = execFileSync('bash', ['-c', `set -o pipefail; "$0" "${cli}" . | head -1`, process.execPath], {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe']
    })
    expect(result).toBe('--- a/0/Dockerfile\n')
  })

  it('gets help with examples, and the version', async () => {
    const help = await unroot(createFolder(), ['--help'])
    expect(help).toMatchObject({ code: 0, stderr: '' })
    expect(help.stdout).toContain('Examples:')
    const answer = { code: 0, stdout: `${version}\n`, stderr: '' }
    expect(await unroot(createFolder(), ['--version'])).toEqual(answer)
    expect(await unroot(createFolder(), ['--version', '.'])).toEqual(answer)
  })

  it('gets control characters of file names as escapes', async () => {
    const folder = createFolder({ 'a\u001b[31mb\n.Dockerfile': brokenDockerfile })
    const { stderr } = await unroot(folder, [])
    expect(stderr).toMatch(/^a\\x1b\[31mb\\n\.Dockerfile:2: /)
  })
})

describe('the catalogue', () => {
  it('lists every transform and rule in one line each', async () => {
    const { code, stdout } = await unroot(createFolder(), ['list'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^transform +create-user +\S/m)
    expect(stdout).toMatch(/^error +unreadable-file +\S/m)
    const { transforms, guides, rules } = JSON.parse(
      (await unroot(createFolder(), ['list', '--format', 'json'])).stdout
    )
    expect(stdout.trimEnd().split('\n').length).toBe(transforms.length + guides.length + rules.length)
  })

  it('explains each of them', async () => {
    const { transforms, guides, rules } = JSON.parse(
      (await unroot(createFolder(), ['list', '--format', 'json'])).stdout
    )
    const names: string[] = [...transforms, ...guides, ...rules].map(({ name }) => name)
    const pages = await Promise.all(names.map((name) => unroot(createFolder(), ['explain', name])))
    for (const [index, page] of pages.entries()) {
      expect(page).toMatchObject({ code: 0, stderr: '' })
      expect(page.stdout).toMatch(new RegExp(`^# ${names[index]}\n\n\\S`))
    }
  }, 120_000)
})

describe('explain running-as-root --for', () => {
  const cron = 'FROM debian:12-slim\nRUN apt-get update && apt-get install -y cron\nCMD ["cron", "-f"]\n'
  const explain = (folder: string, ...args: string[]) => unroot(folder, ['explain', 'running-as-root', ...args])

  it('names the reason and the capabilities of the image at hand', async () => {
    const { code, stdout } = await explain(createFolder({ 'Jobs/Dockerfile': cron }), '--for', 'Jobs/Dockerfile')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^Jobs\/Dockerfile stays root's because:\n\n- line 3, needs-root-service: /)
    expect(stdout).toContain(
      'docker run --cap-drop=ALL --cap-add=SETGID --cap-add=SETUID --security-opt=no-new-privileges jobs\n'
    )
    expect(stdout).toContain('# unroot: ignore needs-root-service -- ')
  })

  it('reads the scripts of the build context', async () => {
    const folder = createFolder({
      Dockerfile: 'FROM alpine:3.20\nCOPY run.sh /run.sh\nENTRYPOINT ["sh", "/run.sh"]\n',
      'run.sh': '#!/bin/sh\nexec su-exec nobody sleep 9\n'
    })
    const { stdout } = await explain(folder, '--for', '.')
    expect(stdout).toContain('run.sh line 2 runs `su-exec nobody sleep`')
    expect(stdout).toContain('cap_add: [CHOWN, DAC_OVERRIDE, FOWNER, SETGID, SETUID]\n')
  })

  it('says so where nothing needs root', async () => {
    const { stdout } = await explain(createFolder({ Dockerfile: rootDockerfile }), '--for', 'Dockerfile')
    expect(stdout).toMatch(/^Dockerfile does not have to run as root: `unroot Dockerfile` shows/)
  })

  it.each([
    [['running-as-root', '--for', 'nowhere'], 'error: cannot read nowhere: no such file or directory\n'],
    [['low-port', '--for', 'Dockerfile'], 'error: --for belongs to `unroot explain running-as-root`\n']
  ])('%s is an error', async (args, message) => {
    const { code, stderr } = await unroot(createFolder({ Dockerfile: cron }), ['explain', ...args])
    expect({ code, stderr }).toEqual({ code: 2, stderr: message })
  })

  it('is what the help of a refusal points at', async () => {
    const { stderr } = await unroot(createFolder({ Dockerfile: cron }), ['--verbose'])
    expect(stderr).toContain('`unroot explain running-as-root`')
  })
})

describe('examples', () => {
  it('ship with the repository and show diffs in colour', async () => {
    const { code, stdout } = await unroot(repository, ['examples'], { env: { FORCE_COLOR: '1', NO_COLOR: '' } })
    expect(code).toBe(0)
    expect(stdout.match(/\+\+\+ b\/examples\//g)?.length).toBeGreaterThanOrEqual(5)
    expect(stdout).toContain('\u001b[32m+USER ')
  })
})
