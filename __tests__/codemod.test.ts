/** The package in `codemod/`, run by codemod itself. */
import { execFile } from 'node:child_process'
import { cpSync, readFileSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it, test } from 'vitest'
import { parse } from 'yaml'
import { configSchema } from '../src/config/schema.ts'
import { isDockerfileName } from '../src/rewrite-files.ts'
import {
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

const run = promisify(execFile)
const packageFolder = path.join(repository, 'codemod')
const version = '1.18.3'

/** A repository in which a conversion reads and changes files beside the Dockerfile. */
const tree: Record<string, string> = {
  'app/Dockerfile':
    '\n\n# syntax: none\n  FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nENTRYPOINT ["/app/start.sh"]\n',
  'app/.dockerignore': 'secrets\n*.md\n',
  'app/start.sh': '#!/bin/sh\nmkdir -p /var/lib/jobs\nexec python app.py\n',
  'web/Dockerfile': 'FROM nginx:1.27\nCOPY nginx.conf /etc/nginx/nginx.conf\nEXPOSE 80\n',
  'web/nginx.conf': 'events {}\nhttp {\n  server {\n    listen 80;\n  }\n}\n',
  'compose.yaml': 'services:\n  web:\n    build: ./web\n    ports:\n      - "8081:80"\n  app:\n    build: app\n',
  'crlf/api.Dockerfile': rootDockerfile.replaceAll('\n', '\r\n'),
  'marked/Dockerfile': `\ufeff${rootDockerfile}`,
  'refused/Containerfile': refusedDockerfile,
  'done/Dockerfile.prod': nonRootDockerfile,
  'done/Dockerfile.prod.dockerignore': 'node_modules\n',
  'excluded/Dockerfile': rootDockerfile,
  'deploy/web.yaml':
    'apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  template:\n    spec:\n      containers:\n        - name: web\n          image: team/web:1.2\n          ports:\n            - containerPort: 80\n',
  '.unrootrc.yaml': 'exclude: excluded\nimage: team/web=web/Dockerfile\n',
  '.gitignore': 'vendor/\nlocal.dockerfile\nnode_modules\n',
  'vendor/Dockerfile': rootDockerfile,
  'local.dockerfile': rootDockerfile,
  'node_modules/x/Dockerfile': rootDockerfile
}

const changed = [
  'app/Dockerfile',
  'compose.yaml',
  'crlf/api.Dockerfile',
  'deploy/web.yaml',
  'web/Dockerfile',
  'web/nginx.conf'
]

function createRepository(files: Record<string, string> = tree): string {
  const folder = createFolder(files)
  git(folder, 'init', '-q')
  git(folder, 'add', '--all')
  git(folder, 'commit', '-q', '-m', 'before')
  return folder
}

describe('codemod', () => {
  let program: string
  /** codemod keeps its state and its packages there. */
  let home: string

  beforeAll(async () => {
    home = createFolder()
    program = path.join(await installPackage('codemod', version), 'node_modules/codemod/codemod')
  }, 300_000)

  async function codemod(target: string, ...args: string[]): Promise<string> {
    const always = ['--no-interactive', '--disable-analytics', '--no-color']
    const { stdout, stderr } = await run(program, ['run', packageFolder, '-t', target, ...always, ...args], {
      cwd: target,
      env: { ...process.env, HOME: home }
    })
    return stdout + stderr
  }

  it('converts a tree as the command line does, but for files with a byte order mark', async () => {
    const folder = createRepository()
    symlinkSync('app/start.sh', path.join(folder, 'link'))
    const expected = createFolder()
    cpSync(folder, expected, { recursive: true, verbatimSymlinks: true })
    await unroot(expected, ['--write', '--quiet', '.'])
    git(expected, 'checkout', '-q', 'marked')

    const output = await codemod(folder, '--allow-dirty')
    const diff = git(folder, 'diff')
    expect(diff).toBe(git(expected, 'diff'))
    for (const name of changed) expect(diff).toContain(`+++ b/${name}`)
    expect(readText(folder, 'app/Dockerfile')).toContain('/var/lib/jobs')
    for (const name of ['vendor/Dockerfile', 'local.dockerfile', 'node_modules/x/Dockerfile', 'marked/Dockerfile'])
      expect(readText(folder, name)).toBe(tree[name])
    expect(output).toContain(
      'marked/Dockerfile: it begins with a byte order mark, which codemod would lose; left as it is'
    )
    expect(output).toMatch(/refused\/Containerfile:3: [a-z-]+: /)
    expect(output).toContain('web/nginx.conf changes with it')
    expect(output).not.toContain('error')

    git(folder, 'add', '--all')
    git(folder, 'commit', '-qm', 'after')
    await codemod(folder)
    expect(git(folder, 'diff')).toBe('')
  }, 120_000)

  it('shows with --dry-run what it would change, and changes nothing', async () => {
    const folder = createRepository({
      'web/Dockerfile': tree['web/Dockerfile']!,
      'web/nginx.conf': tree['web/nginx.conf']!
    })
    const output = await codemod(folder, '--dry-run')
    expect(output).toContain('+++ b/web/nginx.conf')
    expect(output).toContain('+USER 101:101')
    expect(git(folder, 'status', '--short')).toBe('')
  }, 60_000)

  it('takes parameters, whatever type they arrive as', async () => {
    const folder = createRepository({ Dockerfile: rootDockerfile, 'start.sh': '' })
    await codemod(
      folder,
      '--param',
      'uid=20001',
      '--param',
      'user=web',
      '--param',
      'umask=27',
      '--param',
      'port=80=9000'
    )
    const text = readText(folder, 'Dockerfile')
    expect(text).toContain('useradd --uid 20001 --gid web')
    expect(text).toContain('umask 027')
  }, 60_000)

  it('writes new files', async () => {
    const files = { 'app/Dockerfile': tree['app/Dockerfile']!, 'app/start.sh': tree['app/start.sh']! }
    const [folder, expected] = [createRepository(files), createRepository(files)]
    await unroot(expected, ['--write', '--quiet', '--strategy', 'entrypoint', '.'])
    await codemod(folder, '--dry-run', '--param', 'strategy=entrypoint')
    expect(git(folder, 'status', '--short')).toBe('')
    await codemod(folder, '--param', 'strategy=entrypoint')
    for (const each of [folder, expected]) git(each, 'add', '--all')
    expect(git(folder, 'diff', '--cached')).toBe(git(expected, 'diff', '--cached'))
    expect(git(folder, 'diff', '--cached', '--name-status')).toContain('A\t')
  }, 60_000)

  it('changes nothing and names the mistake when a parameter is wrong', async () => {
    const folder = createRepository({ Dockerfile: rootDockerfile })
    expect(await codemod(folder, '--param', 'uid=0')).toContain('"uid" must be at least 1 (0 is root)')
    expect(await codemod(folder, '--param', 'uuid=5')).toContain(
      'there is no parameter "uuid"; known are strategy, user,'
    )
    expect(git(folder, 'status', '--short')).toBe('')
  }, 60_000)

  it('splits a large repository into shards', async () => {
    const folder = createRepository()
    await codemod(folder, '--workflow', 'sharded')
    expect(git(folder, 'diff', '--name-only').trim().split('\n')).toEqual(changed)
  }, 60_000)
})

describe('the codemod package', () => {
  const read = (name: string) => parse(readFileSync(path.join(packageFolder, name), 'utf8'))
  const steps = (name: string) => {
    interface Scan {
      include: string[]
      exclude: string[]
    }
    const { nodes } = read(name) as { nodes: { steps: { 'js-ast-grep'?: Scan; shard?: { 'js-ast-grep': Scan } }[] }[] }
    return nodes.flatMap((node) =>
      node.steps.flatMap((step) => step['js-ast-grep'] ?? step.shard?.['js-ast-grep'] ?? [])
    )
  }

  test('has the version of the tool', () => {
    expect(read('codemod.yaml').version).toBe(JSON.parse(readText(repository, 'package.json')).version)
  })

  test.each(['workflow.yaml', 'sharded.yaml'])('%s looks at the files that the command line looks at', (name) => {
    for (const { include, exclude } of steps(name)) {
      expect(include.every((glob) => isDockerfileName(glob.replaceAll('*', 'x')))).toBe(true)
      for (const file of [
        'Dockerfile',
        'Dockerfile.x',
        'x.Dockerfile',
        'x.dockerfile',
        'Containerfile',
        'Containerfile.x'
      ])
        expect(include).toContain(`**/${file.replaceAll('x.', '*.').replaceAll('.x', '.*')}`)
      expect(exclude).toEqual(['**/*.dockerignore', '**/node_modules/**'])
    }
    expect(steps(name).length).toBe(name === 'workflow.yaml' ? 1 : 2)
  })

  test('names its parameters as the config file does', () => {
    for (const name of ['workflow.yaml', 'sharded.yaml'])
      for (const parameter of Object.keys(read(name).params.schema))
        expect(Object.keys(configSchema.entries)).toContain(parameter)
  })
})
