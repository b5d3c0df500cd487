/** What pre-commit and the container image need of this repository. */
import { execFile } from 'node:child_process'
import { cpSync, existsSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it, test } from 'vitest'
import { parse } from 'yaml'
import { isDockerfileName } from '../src/rewrite-files.ts'
import type { Report } from '../src/types.ts'
import {
  createFolder,
  git,
  readText,
  removeFoldersAfterTests,
  repository,
  rootDockerfile,
  unroot
} from './support/cli.ts'

removeFoldersAfterTests()

const run = promisify(execFile)

describe('the hooks for pre-commit', () => {
  interface Hook {
    id: string
    entry: string
    language: string
    files: string
    exclude: string
    require_serial: boolean
  }

  const hooks = parse(readText(repository, '.pre-commit-hooks.yaml')) as Hook[]

  test.each(hooks.map((hook) => [hook.id, hook] as const))('%s takes the files that a search finds', (_, hook) => {
    const names = [
      ...['Dockerfile', 'Dockerfile.dev', 'api.Dockerfile', 'api.dockerfile', 'Containerfile', 'Containerfile.x'],
      ...['a/b/Dockerfile', 'a/x.dockerfile', 'Dockerfile.dockerignore', 'Dockerfile.x.dockerignore', '.dockerignore'],
      ...['myDockerfile', 'Dockerfile/x', 'a.Dockerfile.bak', 'dockerfile.md', 'Containerfile.dockerignore']
    ]
    const taken = names.filter((name) => new RegExp(hook.files).test(name) && !new RegExp(hook.exclude).test(name))
    expect(taken).toEqual(names.filter(isDockerfileName))
    expect(hook.language).toBe('node')
    expect(hook.require_serial).toBe(true)
  })

  test.each(hooks.map((hook) => [hook.id, hook] as const))('%s does what it says', async (id, { entry }) => {
    const [program, ...args] = entry.split(' ')
    expect(program).toBe('unroot')
    const folder = createFolder({ Dockerfile: rootDockerfile, 'x.dockerfile': rootDockerfile })
    const { code } = await unroot(folder, [...args, 'Dockerfile'])
    expect(code).toBe(id === 'unroot-check' ? 1 : 0)
    expect(readText(folder, 'Dockerfile') === rootDockerfile).toBe(id === 'unroot-check')
    expect(readText(folder, 'x.dockerfile')).toBe(rootDockerfile)
  })

  // pre-commit runs `npm pack` in a clone and takes all that is printed for the tarball's name.
  it('a clone packs itself, and prints nothing but the name of the tarball', async () => {
    const clone = createFolder()
    for (const name of git(repository, 'ls-files', '-co', '--exclude-standard').trim().split('\n')) {
      if (/^(__fixtures__|__tests__|docs|examples|bench)\//.test(name) || !existsSync(path.join(repository, name)))
        continue
      cpSync(path.join(repository, name), path.join(clone, name))
    }
    symlinkSync(path.join(repository, 'node_modules'), path.join(clone, 'node_modules'))
    const { stdout } = await run('npm', ['pack'], { cwd: clone })
    const { version } = JSON.parse(readText(repository, 'package.json')) as { version: string }
    expect(stdout).toBe(`unroot-${version}.tgz\n`)
    const { stdout: names } = await run('tar', ['tzf', stdout.trim()], { cwd: clone })
    expect(names.split('\n')).toEqual(expect.arrayContaining(['package/dist/cli.js', 'package/dist/node.js']))
    expect(existsSync(path.join(clone, 'codemod/scripts/unroot.mjs'))).toBe(true)
  }, 120_000)
})

describe('the Dockerfile of the tool', () => {
  it('is already non-root, without a remark', async () => {
    const { stdout } = await unroot(repository, ['--no-config', '--format', 'json', 'Dockerfile'])
    const [file] = (JSON.parse(stdout) as Report).files
    expect(file).toMatchObject({ verdict: 'already-non-root', findings: [], user: { uid: 1000, gid: 1000 } })
  })

  it('copies only what .dockerignore lets through', () => {
    const allowed = readText(repository, '.dockerignore').match(/(?<=^!).+$/gm) ?? []
    const copied = [...readText(repository, 'Dockerfile').matchAll(/^COPY (?!--from)(.+) \S+$/gm)]
    const sources = copied.flatMap(([, words]) => (words as string).split(' '))
    expect([...new Set(sources)].sort()).toEqual(allowed.sort())
    for (const name of sources) expect(existsSync(path.join(repository, name))).toBe(true)
  })
})
