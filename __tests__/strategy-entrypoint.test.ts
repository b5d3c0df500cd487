import { spawnSync } from 'node:child_process'
import { describe, expect, it, test } from 'vitest'
import { parseDockerfile } from '../src/dockerfile/dockerfile.ts'
import { type RewriteOptions, rewrite, rewriteFiles } from '../src/index.ts'
import { createFolder, listFolder, readText, removeFoldersAfterTests, rootDockerfile, unroot } from './support/cli.ts'
import { readFixtures, runFixture } from './support/fixtures.ts'

removeFoldersAfterTests()

const convert = (text: string, options: RewriteOptions = {}) => rewrite(text, { strategy: 'entrypoint', ...options })
const rulesOf = ({ findings }: { findings: readonly { rule: string }[] }) => findings.map(({ rule }) => rule)
const scriptOf = (text: string): string => {
  const [copy] = parseDockerfile(text).instructions.filter(({ heredocs }) => heredocs.length > 0)
  const heredoc = copy?.heredocs[0]
  if (copy === undefined || heredoc === undefined) throw new Error(`no script in\n${text}`)
  return copy.heredocBody(heredoc)
}

/** Scripts that the fixtures make: files and heredocs, put in front and merged. */
const scripts = readFixtures()
  .cases.filter(({ group }) => group === 'drop-privileges-in-entrypoint')
  .flatMap((fixture) => {
    const result = runFixture(fixture)
    return [...result.files].flatMap(([name, text]) => {
      if (fixture.before.get(name) === text) return []
      if (text.includes("COPY --chmod=0755 <<'EOF'")) return [[`${fixture.id}/${name}`, scriptOf(text)]]
      return name.endsWith('.sh') ? [[`${fixture.id}/${name}`, text]] : []
    })
  })
  // A line in somebody's own script is not ours to judge.
  .filter(([name]) => name !== 'drop-privileges-in-entrypoint/umask-later/docker-entrypoint.sh') as [string, string][]

const has = (program: string) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0

describe('the scripts', () => {
  it('are some', () => expect(scripts.length).toBeGreaterThan(30))

  for (const [program, args] of [
    ['shellcheck', ['--norc', '-']],
    ['dash', ['-n']],
    ['busybox', ['sh', '-n']]
  ] as const) {
    if (!has(program)) continue
    test.each(scripts)(`%s passes ${program}`, (_, text) => {
      // dash has no pipefail, which is bash's script's own.
      const input = program === 'shellcheck' ? text : text.replace(/^set -euo pipefail$/m, 'set -eu')
      const { status, stdout, stderr } = spawnSync(program, args, { input, encoding: 'utf8' })
      expect(stdout + stderr).toBe('')
      expect(status).toBe(0)
    })
  }

  it('only start the command when they do not run as root', () => {
    const script = scriptOf(convert('FROM debian:12\nCMD ["true"]\n').text)
    const options = { input: '', encoding: 'utf8' as const, ...(process.getuid?.() === 0 && { uid: 4242, gid: 4242 }) }
    const { stdout, stderr } = spawnSync('sh', ['-c', script, 'x.sh', 'echo', 'a b', '$HOME'], options)
    expect([stdout, stderr]).toEqual(['a b $HOME\n', ''])
  })
})

describe('where the script goes', () => {
  it('is the Dockerfile itself where there is nothing but its text', () => {
    const { text, companions, verdict } = convert(rootDockerfile)
    expect(verdict).toBe('converted')
    expect(text).toContain("COPY --chmod=0755 <<'EOF' /usr/local/bin/docker-entrypoint.sh\n#!/bin/sh\n")
    expect(companions.size).toBe(0)
  })

  it('is the Dockerfile on standard input, and where .dockerignore leaves new files out', async () => {
    const piped = await unroot(createFolder(), ['--strategy', 'entrypoint', '-'], { stdin: rootDockerfile })
    expect(piped.stdout).toContain("COPY --chmod=0755 <<'EOF'")
    const folder = createFolder({ Dockerfile: rootDockerfile, 'app.py': '', '.dockerignore': '*\n!app.py\n' })
    await unroot(folder, ['--strategy', 'entrypoint', '--write'])
    expect(readText(folder, 'Dockerfile')).toContain("COPY --chmod=0755 <<'EOF'")
    expect(listFolder(folder)).toEqual(['.dockerignore', 'Dockerfile', 'app.py'])
  })

  it('is a file beside the Dockerfile, which the diff creates and the second run leaves', async () => {
    const folder = createFolder({ 'api/Dockerfile': rootDockerfile, 'api/app.py': '' })
    const { stdout } = await unroot(folder, ['--strategy', 'entrypoint'])
    expect(stdout).toContain('--- /dev/null\n+++ b/api/docker-entrypoint.sh\n@@ -0,0 +1,25 @@\n+#!/bin/sh\n')
    await unroot(folder, ['--strategy', 'entrypoint', '--write'])
    expect(listFolder(`${folder}/api`)).toEqual(['Dockerfile', 'app.py', 'docker-entrypoint.sh'])
    for (const args of [['--strategy', 'entrypoint'], []]) {
      const again = await unroot(folder, args)
      expect(again.stdout).toBe('')
      expect(again.stderr).toContain('steps-down-at-start')
    }
  })

  it('is one file for two Dockerfiles that need the same, and two where they differ', () => {
    const same = { 'a.Dockerfile': 'FROM debian:12\nCMD ["a"]\n', 'b.Dockerfile': 'FROM debian:12\nCMD ["b"]\n' }
    const names = (files: Record<string, string>) => {
      const { companions } = rewriteFiles(new Map(Object.entries(files)), { strategy: 'entrypoint' })
      return companions.map(({ path, for: users }) => [path, ...users])
    }
    expect(names(same)).toEqual([['docker-entrypoint.sh', 'a.Dockerfile', 'b.Dockerfile']])
    expect(names({ ...same, 'b.Dockerfile': 'FROM alpine:3.20\nCMD ["b"]\n' })).toEqual([
      ['docker-entrypoint.sh', 'a.Dockerfile'],
      ['user-entrypoint.sh', 'b.Dockerfile']
    ])
  })

  it('is not indented with the file', () => {
    const { text, verdict } = convert('FROM debian:12\n  WORKDIR /work\n  CMD ["true"]\n')
    expect(verdict).toBe('converted')
    expect(text).toContain('\nexec "$@"\nEOF\n')
  })
})

describe('what the result says', () => {
  it('is that it starts as root', () => {
    expect(convert(rootDockerfile)).toMatchObject({ startsAsRoot: true, user: { uid: 10001, gid: 10001 } })
    expect(rewrite(rootDockerfile).startsAsRoot).toBe(false)
    expect(rewrite(convert(rootDockerfile).text)).toMatchObject({
      startsAsRoot: true,
      verdict: 'already-non-root',
      user: { uid: 10001, gid: 10001, name: 'app' }
    })
  })

  it('is a review where only a part was asked for', () => {
    const alone = convert(rootDockerfile, { only: ['drop-privileges-in-entrypoint'] })
    expect(alone).toMatchObject({ verdict: 'needs-review', changed: true })
    expect(rulesOf(alone)).toContain('partial-run')
    expect(rulesOf(convert(rootDockerfile, { skip: ['drop-privileges-in-entrypoint'] }))).toContain('partial-run')
  })

  it.each([
    ['a user that no variable of the image holds', 'exec gosu "$WHO" "$@"'],
    ['an id that is 0', 'exec gosu "$ZERO:$ZERO" "$@"'],
    ['a fixed account', 'exec gosu app "$@"'],
    ['a step of root in front', 'exec gosu "$UID:$GID" "$@"', 'chown -R app /data\n'],
    ['a second condition', 'exec gosu "$UID:$GID" "$@"', '', ' && [ -n "$DROP" ]']
  ])('is no step down of our form for %s', (_, command, before = '', condition = '') => {
    const script = `#!/bin/sh\n${before}if [ "$(id -u)" = 0 ]${condition}; then\n  ${command}\nfi\nexec "$@"\n`
    const text =
      'FROM debian:12\nENV UID=1000 GID=1000 ZERO=0\nRUN useradd --uid 1000 app\nCOPY x.sh /x.sh\nENTRYPOINT ["/x.sh"]\nCMD ["true"]\n'
    const result = rewrite(text, { readContext: (path) => (path === 'x.sh' ? script : undefined) })
    expect(result.verdict).not.toBe('already-non-root')
  })

  it.each([
    ['bullseye', 'setpriv'],
    ['stretch', 'gosu']
  ])('is the tool that debian:%s has: %s', (tag, tool) => {
    expect(scriptOf(convert(`FROM debian:${tag}\nCMD ["true"]\n`).text)).toContain(`exec ${tool} `)
  })

  it('takes over a directory once, and quotes what needs it', () => {
    const { text } = convert('FROM debian:12\nVOLUME ["/data", "/data/deep", "/my data"]\nCMD ["true"]\n')
    expect(text).toContain("for path in /data '/my data' /home/app ${UNROOT_CHOWN:-}; do")
  })
})
