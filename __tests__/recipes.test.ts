/** The recipes of docs/bots.md, docs/fleets.md and docs/pre-commit.md, as far as they can be run without the services. */
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { createContext, runInContext } from 'node:vm'
import { Ajv } from 'ajv'
import { beforeAll, describe, expect, it, test } from 'vitest'
import { parse } from 'yaml'
import {
  cli,
  createFolder,
  git,
  nonRootDockerfile,
  readText,
  refusedDockerfile,
  removeFoldersAfterTests,
  repository,
  rootDockerfile,
  unroot
} from './support/cli.ts'
import { installPackage } from './support/registry.ts'

removeFoldersAfterTests()

const { version } = JSON.parse(readText(repository, 'package.json')) as { version: string }

/** The fenced block of a page that contains a text. */
function block(page: string, language: string, containing: string): string {
  const fence = new RegExp(String.raw`^\x60\x60\x60${language}\n([\s\S]*?)^\x60\x60\x60$`, 'gm')
  const blocks = [...readText(repository, `docs/${page}`).matchAll(fence)].map((match) => match[1] as string)
  const found = blocks.filter((text) => text.includes(containing))
  expect(found.length).toBe(1)
  return found[0] as string
}

/** A folder with an `npx` that runs the built command line, and with other programs. */
function createPrograms(programs: Record<string, string> = {}): string {
  const npx = `#!/bin/sh\n[ "$1 $2" = "--yes unroot@${version}" ] || exit 99\nshift 2\nexec '${process.execPath}' '${cli}' "$@"\n`
  const folder = createFolder({ npx, ...programs })
  for (const name of readdirSync(folder)) chmodSync(path.join(folder, name), 0o755)
  return folder
}

interface ShellOptions {
  cwd: string
  programs?: string
  env?: Record<string, string>
  input?: string
  args?: string[]
}

function shell(script: string, { cwd, programs = createPrograms(), env = {}, input = '', args = [] }: ShellOptions) {
  const home = createFolder({
    '.gitconfig': '[user]\n\tname = bot\n\temail = bot@example.org\n[init]\n\tdefaultBranch = main\n'
  })
  const PATH = `${programs}:${path.dirname(process.execPath)}:${process.env.PATH}`
  const result = spawnSync('bash', ['-c', script, 'script', ...args], {
    cwd,
    input,
    encoding: 'utf8',
    env: { ...process.env, PATH, HOME: home, ...env }
  })
  return { code: result.status, stdout: result.stdout, stderr: result.stderr }
}

function createRepository(files: Record<string, string>): string {
  const folder = createFolder(files)
  git(folder, 'init', '-q', '-b', 'main')
  git(folder, 'add', '--all')
  git(folder, 'commit', '-q', '-m', 'before')
  return folder
}

let title = ''

beforeAll(async () => {
  const folder = createFolder({ Dockerfile: rootDockerfile })
  await unroot(folder, ['--pr-body-file', 'text.md', 'Dockerfile'])
  const [first = '', second] = readText(folder, 'text.md').split('\n')
  expect([first.length > 10, second]).toEqual([true, ''])
  title = first
})

test('the recipes run the version of this repository', () => {
  for (const page of ['bots.md', 'fleets.md', 'pre-commit.md'])
    for (const [, named] of readText(repository, `docs/${page}`).matchAll(/(?:unroot@v?|rev: v)(\d[\d.]*\d)/g))
      expect(named).toBe(version)
})

describe('a workflow on GitHub', () => {
  const workflow = parse(block('bots.md', 'yaml', 'create-pull-request'))
  const [, convert, open] = workflow.jobs.unroot.steps

  it('changes the files and hands title and text over', () => {
    const folder = createRepository({ Dockerfile: rootDockerfile })
    const temporary = createFolder({ output: '' })
    const env = { RUNNER_TEMP: temporary, GITHUB_OUTPUT: path.join(temporary, 'output') }
    const { code } = shell(`set -e\n${convert.run}`, { cwd: folder, env })
    expect(code).toBe(0)
    expect(git(folder, 'diff', '--name-only')).toBe('Dockerfile\n')
    expect(git(folder, 'status', '--short').trim()).toBe('M Dockerfile')
    expect(readText(temporary, 'output')).toBe(`title=${title}\n`)
    const body = readText(temporary, path.relative('/t', open.with['body-path'].replace('${{ runner.temp }}', '/t')))
    expect(body).toContain('Dockerfile')
    expect(body).not.toContain(title)
    expect(open.with.title).toBe(`\${{ steps.${convert.id}.outputs.title }}`)
  })

  // source: action.yml of peter-evans/create-pull-request v8
  it('uses inputs that the action has', () => {
    const inputs = ['branch', 'delete-branch', 'title', 'commit-message', 'body-path']
    expect(Object.keys(open.with)).toEqual(inputs)
  })
})

describe('Renovate', () => {
  const config = JSON.parse(block('bots.md', 'json', 'customManagers'))
  const [rule] = config.packageRules
  const [manager] = config.customManagers

  it('takes the configuration', async () => {
    const folder = await installPackage('renovate', '44.121.2', { alone: true })
    const schema = JSON.parse(readFileSync(path.join(folder, 'package/renovate-schema.json'), 'utf8'))
    const validate = new Ajv({ strict: false, validateFormats: false, logger: false }).compile(schema)
    expect(validate(config) || validate.errors).toBe(true)
    expect(validate({ ...config, customManagers: [{ ...manager, customType: 'regexp' }] })).toBe(false)
    // What a rule holds, the schema only checks at the top.
    const { matchDepNames: _, ...options } = rule
    expect(validate(options) || validate.errors).toBe(true)
    // Which the schema does not look into. source: docs/usage/configuration-options.md of renovatebot/renovate
    expect(Object.keys(rule.postUpgradeTasks)).toEqual(['commands', 'fileFilters', 'executionMode'])
    expect(rule.postUpgradeTasks.executionMode).toBe('branch')
    expect(validate({ prBodyNotes: [1] })).toBe(false)
  }, 120_000)

  it('finds the version in the pinned file, which is a config of unroot', () => {
    const file = block('bots.md', 'yaml', '# .unrootrc.yaml')
    const [pattern] = manager.managerFilePatterns
    expect(new RegExp(pattern.slice(1, -1)).test('services/.unrootrc.yaml')).toBe(true)
    expect(new RegExp(manager.matchStrings[0]).exec(file)?.groups?.currentValue).toBe(version)
    const folder = createRepository({ Dockerfile: rootDockerfile, '.unrootrc.yaml': file })
    const command = rule.postUpgradeTasks.commands[0].replaceAll('{{{newVersion}}}', version)
    expect(shell(command, { cwd: folder }).code).toBe(0)
    expect(readText(folder, 'Dockerfile')).toContain('USER 20001:20001')

    const context = createContext({ module: {} as { exports?: { allowedCommands: string[] } } })
    runInContext(block('bots.md', 'js', 'allowedCommands'), context)
    const [allowed] = (context.module as { exports: { allowedCommands: string[] } }).exports.allowedCommands
    expect(new RegExp(allowed as string).test(command)).toBe(true)
    expect(new RegExp(allowed as string).test(`${command}; rm -rf /`)).toBe(false)
  })
})

describe('multi-gitter', () => {
  const script = block('bots.md', 'sh', '# unroot-commit.sh')

  it('finds title and text in the commit, also in a dry run', () => {
    for (const env of [{}, { DRY_RUN: 'true' }] as Record<string, string>[]) {
      const folder = createRepository({ Dockerfile: rootDockerfile })
      expect(shell(script, { cwd: folder, env })).toEqual({ code: 0, stdout: '', stderr: '' })
      expect(git(folder, 'log', '-1', '--format=%s')).toBe(`${title}\n`)
      expect(git(folder, 'log', '-1', '--format=%b')).toMatch(/^#+ .*Dockerfile/m)
      expect(git(folder, 'status', '--short')).toBe('')
    }
  })

  it('makes no commit where nothing changes', () => {
    const folder = createRepository({ Dockerfile: nonRootDockerfile, 'x.Dockerfile': refusedDockerfile })
    expect(shell(script, { cwd: folder }).code).toBe(0)
    expect(git(folder, 'log', '--format=%s')).toBe('before\n')
  })

  // source: README of lindell/multi-gitter, "All available run options"
  it('has a configuration with the options of multi-gitter', () => {
    const known = ['org', 'branch', 'manual-commit', 'conflict-strategy', 'concurrent', 'skip-forks', 'labels']
    expect(Object.keys(parse(block('bots.md', 'yaml', 'manual-commit')))).toEqual(known)
  })
})

describe('updatecli', () => {
  const { targets, actions, scms } = parse(block('bots.md', 'yaml', 'updatecli.d'))
  const { command } = targets.dockerfiles.spec

  it('prints the diff and writes, or only prints it', () => {
    const folder = createRepository({ Dockerfile: rootDockerfile })
    const dry = shell(command, { cwd: folder, env: { DRY_RUN: 'true' } })
    expect(dry).toMatchObject({ code: 0, stdout: expect.stringContaining('+USER 10001:10001') })
    expect(git(folder, 'status', '--short')).toBe('')
    expect(shell(command, { cwd: folder, env: { DRY_RUN: 'false' } }).stdout).toBe(dry.stdout)
    expect(git(folder, 'status', '--short').trim()).toBe('M Dockerfile')
  })

  it('prints nothing when nothing changes', () => {
    const folder = createRepository({ Dockerfile: nonRootDockerfile, 'x.Dockerfile': refusedDockerfile })
    expect(shell(command, { cwd: folder })).toMatchObject({ code: 0, stdout: '' })
  })

  it('names the repository that it knows', () => {
    expect(Object.keys(scms)).toContain(targets.dockerfiles.scmid)
    expect(Object.keys(scms)).toContain(actions.default.scmid)
  })
})

describe('a matrix in CI', () => {
  const script = block('fleets.md', 'sh', 'convert-shard.sh')
  const workflow = parse(block('fleets.md', 'yaml', 'unroot-fleet.yaml'))
  const names = ['org/one', 'org/two', 'org/three', 'org/missing', 'org/five']

  /** Bare repositories in a folder, and a `git` that finds them where GitHub would have them. */
  function createHost() {
    const host = createFolder()
    const texts: Record<string, string> = {
      'org/one': rootDockerfile,
      'org/two': nonRootDockerfile,
      'org/three': refusedDockerfile,
      'org/five': rootDockerfile
    }
    for (const [name, text] of Object.entries(texts)) {
      const source = createRepository({ Dockerfile: text })
      mkdirSync(path.join(host, path.dirname(name)), { recursive: true })
      git(host, 'clone', '-q', '--bare', source, `${name}.git`)
    }
    const real = execFileSync('which', ['git'], { encoding: 'utf8' }).trim()
    const programs = createPrograms({
      git: `#!/bin/sh\nexec ${real} -c url.file://${host}/.insteadOf=https://github.com/ "$@"\n`,
      gh: `#!/bin/sh\necho "$@" >> '${host}/gh.log'\n[ "$2" = edit ] || [ ! -e '${host}/exists' ]\n`
    })
    return { host, programs }
  }

  it('takes each repository once', () => {
    const { shard } = workflow.jobs.convert.strategy.matrix
    const [, , run] = /convert-shard\.sh \$\{\{ (\S+) \}\} (\d+)/.exec(workflow.jobs.convert.steps[1].run) ?? []
    expect(Number(run)).toBe(shard.length)
    const select = /awk .*'$/m.exec(script.replace(/\)$/gm, ''))?.[0].replace(/^.*?awk/, 'awk') as string
    const all = Array.from({ length: 47 }, (_, index) => `org/r${index}`)
    const taken = shard.flatMap((number: number) => {
      const { stdout } = shell(select, { cwd: repository, input: `${all.join('\n')}\n`, args: [String(number), run!] })
      return stdout.split('\n').filter(Boolean)
    })
    expect(taken.sort()).toEqual(all.sort())
  }, 60_000)

  it('pushes a branch and opens a pull request where something changes; a failure does not end the others', () => {
    const { host, programs } = createHost()
    const folder = createFolder()
    const run = () => shell(script, { cwd: folder, programs, input: `${names.join('\n')}\n`, args: ['1', '1'] })
    const { code, stderr } = run()
    expect(stderr).toContain('failed: org/missing')
    expect(code).toBe(1)
    const branches = ['one', 'two', 'three', 'five'].map((name) =>
      git(path.join(host, `org/${name}.git`), 'branch', '--list', 'unroot')
    )
    expect(branches.map((text) => text.trim())).toEqual(['unroot', '', '', 'unroot'])
    expect(git(path.join(host, 'org/five.git'), 'show', 'unroot:Dockerfile')).toContain('USER 10001:10001')
    expect(readText(host, 'gh.log')).toContain(`pr create --head unroot --title ${title} --body-file `)
    expect(listReports(folder)).toEqual(['org+five.json', 'org+one.json', 'org+three.json', 'org+two.json'])

    // Again, with the pull requests open: they are brought up to date.
    writeFileSync(path.join(host, 'exists'), '')
    run()
    expect(readText(host, 'gh.log')).toContain(`pr edit unroot --title ${title} --body-file`)
    expectTotals(folder)
  }, 60_000)

  const listReports = (folder: string) => readdirSync(path.join(folder, 'reports')).sort()

  function expectTotals(folder: string): void {
    const [totals, refusals] = block('fleets.md', 'sh', 'jq --slurp').trim().split('\n') as [string, string]
    const hasJq = existsSync('/usr/bin/jq') || shell('command -v jq', { cwd: folder }).code === 0
    expect(hasJq).toBe(true)
    const { stdout } = shell(totals, { cwd: folder })
    expect(JSON.parse(stdout)).toMatchObject({
      repositories: 4,
      files: 4,
      converted: 2,
      refused: 1,
      'already-non-root': 1
    })
    expect(shell(refusals, { cwd: folder }).stdout).toMatch(/^ +1 [a-z-]+\n$/)
  }
})
