import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { createComposeReader } from '../src/node/compose.ts'
import { createBuildContext } from '../src/node/context.ts'
import { discoverDockerfiles } from '../src/node/discover.ts'
import { createFolders, findTopFolder } from '../src/node/folders.ts'
import { rewriteDirectory } from '../src/node/index.ts'
import { decodeDockerfile } from '../src/node/read.ts'
import { rewritePaths } from '../src/node/rewrite-paths.ts'
import { writeTexts } from '../src/node/write.ts'
import { isDockerfileName } from '../src/rewrite-files.ts'
import {
  createFolder,
  git,
  listFolder,
  nonRootDockerfile,
  readText,
  removeFoldersAfterTests,
  rootDockerfile
} from './support/cli.ts'

removeFoldersAfterTests()

describe('names of Dockerfiles', () => {
  it.each([
    'Dockerfile',
    'Dockerfile.dev',
    'Dockerfile.a.b',
    'api.Dockerfile',
    'api.dockerfile',
    'Containerfile',
    'Containerfile.x'
  ])('%s is one', (name) => expect(isDockerfileName(name)).toBe(true))

  it.each([
    'dockerfile',
    'Dockerfile-dev',
    'MyDockerfile',
    'Dockerfile.dockerignore',
    'api.Dockerfile.dockerignore',
    '.dockerignore',
    'api.Containerfile',
    'Dockerfiles',
    'docker-compose.yml'
  ])('%s is none', (name) => expect(isDockerfileName(name)).toBe(false))
})

describe('discovery', () => {
  const tree = {
    Dockerfile: '',
    'z.Dockerfile': '',
    'a/Containerfile': '',
    'a/readme.md': '',
    'node_modules/x/Dockerfile': '',
    'a/node_modules/y/Dockerfile': '',
    'out/Dockerfile': '',
    'a/tmp.dockerfile': '',
    'a/keep.dockerfile': '',
    '.gitignore': 'out/\n*.dockerfile\n',
    'a/.gitignore': '!keep.dockerfile\n',
    '.hidden/Dockerfile': ''
  }
  const expected = ['.hidden/Dockerfile', 'Dockerfile', 'a/Containerfile', 'a/keep.dockerfile', 'z.Dockerfile']
  const find = async (folder: string, ...paths: string[]) =>
    (await discoverDockerfiles(paths.length > 0 ? paths : ['.'], { cwd: folder, folders: createFolders() })).files.map(
      (file) => file.path
    )

  it('respects .gitignore in a repository, tracked or not', async () => {
    const folder = createFolder(tree)
    git(folder, 'init', '-q')
    expect(await find(folder)).toEqual(expected)
    git(folder, 'add', 'Dockerfile')
    expect(await find(folder)).toEqual(expected)
  })

  it('finds the same outside a repository', async () => {
    expect(await find(createFolder(tree))).toEqual(expected)
  })

  it('finds the same when git is missing', async () => {
    const folder = createFolder(tree)
    git(folder, 'init', '-q')
    const { PATH } = process.env
    process.env.PATH = '/nowhere'
    try {
      expect(await find(folder)).toEqual(expected)
      expect(await find(folder, 'a')).toEqual(['a/Containerfile', 'a/keep.dockerfile'])
    } finally {
      process.env.PATH = PATH
    }
  })

  it('never enters .git and tracked node_modules', async () => {
    const folder = createFolder({ 'node_modules/x/Dockerfile': '', 'a/Dockerfile': '' })
    git(folder, 'init', '-q')
    git(folder, 'add', '-f', '.')
    writeFileSync(path.join(folder, '.git/Dockerfile'), '')
    expect(await find(folder)).toEqual(['a/Dockerfile'])
  })

  it('leaves out what is deleted but still in the index', async () => {
    const folder = createFolder({ 'a/Dockerfile': '', 'b/Dockerfile': '' })
    git(folder, 'init', '-q')
    git(folder, 'add', '.')
    git(folder, 'rm', '-q', '--cached', 'b/Dockerfile')
    git(
      folder,
      'update-index',
      '--add',
      '--cacheinfo',
      '100644,e69de29bb2d1d6434b8b29ae775ad8c2e48c5391,gone/Dockerfile'
    )
    expect(await find(folder)).toEqual(['a/Dockerfile', 'b/Dockerfile'])
  })

  it('searches repositories inside a repository', async () => {
    const folder = createFolder({
      Dockerfile: '',
      'clone/api/Dockerfile': '',
      'clone/.gitignore': 'x\n',
      'clone/x/Dockerfile': ''
    })
    git(folder, 'init', '-q')
    git(path.join(folder, 'clone'), 'init', '-q')
    expect(await find(folder)).toEqual(['Dockerfile', 'clone/api/Dockerfile'])
  })

  it('searches a directory that is named although git ignores it', async () => {
    const folder = createFolder({ 'build/Dockerfile': '', '.gitignore': 'build/\n' })
    git(folder, 'init', '-q')
    expect(await find(folder)).toEqual([])
    expect(await find(folder, 'build')).toEqual(['build/Dockerfile'])
  })

  it('runs nothing that the repository configures', async () => {
    const folder = createFolder({ Dockerfile: '', 'monitor.sh': '#!/bin/sh\ntouch "$(dirname "$0")/ran"\n' })
    chmodSync(path.join(folder, 'monitor.sh'), 0o755)
    git(folder, 'init', '-q')
    git(folder, 'config', 'core.fsmonitor', path.join(folder, 'monitor.sh'))
    expect(await find(folder)).toEqual(['Dockerfile'])
    expect(listFolder(folder)).not.toContain('ran')
  })

  it('searches submodules', async () => {
    const folder = createFolder({ '.gitmodules': '[submodule "lib"]\n\tpath = lib\n\turl = x\n', 'lib/Dockerfile': '' })
    git(folder, 'init', '-q')
    git(path.join(folder, 'lib'), 'init', '-q')
    git(folder, 'update-index', '--add', '--cacheinfo', '160000,e69de29bb2d1d6434b8b29ae775ad8c2e48c5391,lib')
    expect(await find(folder)).toEqual(['lib/Dockerfile'])
  })

  it('names each real file once, the link last, ordered by path', async () => {
    const folder = createFolder({ 'b/Dockerfile': '', 'c/real.txt': '' })
    mkdirSync(path.join(folder, 'a'))
    symlinkSync('../b/Dockerfile', path.join(folder, 'a/Dockerfile'))
    symlinkSync('../c/real.txt', path.join(folder, 'a/Dockerfile.linked'))
    expect(await find(folder, '.', 'b', 'b/Dockerfile', 'a')).toEqual(['a/Dockerfile.linked', 'b/Dockerfile'])
  })

  it('lists paths that do not exist, and leaves out what is excluded', async () => {
    const folder = createFolder({ 'a/Dockerfile': '', 'b/Dockerfile': '' })
    const excluded = await discoverDockerfiles(['.', 'b/Dockerfile', 'none'], {
      cwd: folder,
      folders: createFolders(),
      isExcluded: (file) => file.includes('/b/')
    })
    expect(excluded.files.map((file) => file.path)).toEqual(['a/Dockerfile', 'none'])
  })
})

describe('compose files', () => {
  it('name context and targets of the Dockerfiles that they build', async () => {
    const folder = createFolder({
      'docker/api/Dockerfile': '',
      'web/Dockerfile': '',
      'docker-compose.yml': [
        'services:',
        '  api: { build: { context: ., dockerfile: docker/api/Dockerfile, target: runtime } }',
        '  worker: { build: { context: ., dockerfile: docker/api/Dockerfile, target: worker } }',
        '  web: { build: ./web }',
        '  db: { image: postgres }'
      ].join('\n'),
      'docker-compose.override.yml':
        'services:\n  api: { build: { context: ., dockerfile: docker/api/Dockerfile, target: "${TARGET:-dev}" } }\n'
    })
    const read = createComposeReader(createFolders(), folder)
    expect(await read(path.join(folder, 'docker/api/Dockerfile'), folder)).toEqual({
      built: [],
      context: folder,
      targets: ['runtime', 'worker', 'dev'],
      files: expect.any(Array),
      ports: [],
      mounts: [],
      grants: [],
      buildArgs: {}
    })
    expect(await read(path.join(folder, 'web/Dockerfile'), folder)).toEqual({
      built: [],
      context: path.join(folder, 'web'),
      targets: [],
      files: expect.any(Array),
      ports: [],
      mounts: [],
      grants: [],
      buildArgs: {}
    })
    expect(await read(path.join(folder, 'web/Dockerfile'), path.join(folder, 'web'))).toEqual({
      built: [],
      context: undefined,
      targets: [],
      files: expect.any(Array),
      ports: [],
      mounts: [],
      grants: [],
      buildArgs: {}
    })
  })

  it('name what they mount', async () => {
    const folder = createFolder({
      Dockerfile: 'FROM python:3.12-slim\nCMD ["python", "app.py"]\n',
      'compose.yaml': [
        'services:',
        '  app:',
        '    build: .',
        '    volumes:',
        '      - data:/data',
        '      - ./uploads:/uploads:z',
        '      - ./settings:/settings:ro',
        '      - /cache',
        '      - ${LOGS:-./logs}:/logs',
        '      - { type: volume, source: media, target: /media }',
        '      - { type: bind, source: ./in, target: /in, read_only: true }',
        '      - { type: tmpfs, target: /scratch }',
        '      - /var/run/docker.sock:/var/run/docker.sock'
      ].join('\n')
    })
    const { mounts } = await createComposeReader(createFolders(), folder)(path.join(folder, 'Dockerfile'), folder)
    expect(mounts.map(({ path: target, kind }) => `${kind} ${target}`)).toEqual([
      'volume /data',
      'bind /uploads',
      'read-only /settings',
      'bind /logs',
      'volume /media',
      'read-only /in',
      'bind /var/run/docker.sock'
    ])
    const [report] = (await rewriteDirectory(folder)).files
    expect(report?.diff).toContain('mkdir -p /data')
    expect(report?.findings.map(({ rule }) => rule)).toContain('docker-socket')
    expect(report?.findings.map(({ message }) => message)).toContain(
      'compose.yaml mounts a directory of the host at /uploads: it keeps the owner that it has there'
    )
  })

  it('name what they give, for the stage that they start', async () => {
    const folder = createFolder({
      Dockerfile: 'FROM python:3.12-slim AS dev\nCMD ["python"]\nFROM python:3.12-slim\nCMD ["python", "app.py"]\n',
      'compose.yaml': [
        'services:',
        '  app:',
        '    build: .',
        '    privileged: true',
        '    cap_add: [NET_ADMIN, NET_BIND_SERVICE]',
        '    devices: [/dev/ttyUSB0:/dev/ttyUSB0]',
        '    volumes: ["./keys:/etc/app/keys:ro", "./docs:/docs:ro"]',
        '  tools:',
        '    build: { context: ., target: dev }',
        '    volumes: ["./work:/work"]'
      ].join('\n')
    })
    const [report] = (await rewriteDirectory(folder)).files
    const messages = report?.findings.map(({ message }) => message) ?? []
    expect(messages.filter((message) => message.includes('gives the container'))).toEqual([
      'compose.yaml gives the container privileged: a process that is not root has no use of it',
      'compose.yaml gives the container cap_add: NET_ADMIN: a process that is not root has no use of it',
      'compose.yaml gives the container the device /dev/ttyUSB0: a process that is not root has no use of it'
    ])
    expect(messages).toContain('compose.yaml mounts /etc/app/keys read-only: until now root read it, whatever its mode')
    expect(messages.some((message) => message.includes('/docs'))).toBe(false)
  })

  it('that say nothing usable are passed over', async () => {
    const folder = createFolder({
      Dockerfile: '',
      'compose.yaml': 'services:\n  a: { build: [broken\n',
      'compose.dev.yaml': [
        'services:',
        '  a: { build: "https://example.org/repo.git" }',
        '  b: { build: { context: "${NOWHERE}" } }',
        '  c: { build: { context: ., dockerfile_inline: "FROM alpine" } }',
        '  d: 1'
      ].join('\n'),
      'compose.prod.yaml': '- build\n'
    })
    const read = createComposeReader(createFolders(), folder)
    expect(await read(path.join(folder, 'Dockerfile'), folder)).toEqual({
      built: [],
      context: undefined,
      targets: [],
      files: expect.any(Array),
      ports: [],
      mounts: [],
      grants: [],
      buildArgs: {}
    })
  })

  it.each([
    ['"8000:80"', '"8000:8080"', []],
    ['{ target: 80, published: 80 }', '{ target: 8080, published: 80 }', []],
    ['"3000:3000"', undefined, ['port 80 becomes 8080: publish it as -p 80:8080']]
  ])('with port %s change with it', async (port, after, messages) => {
    const folder = createFolder({
      Dockerfile: 'FROM node:22-slim\nENV PORT=80\nEXPOSE 80\nCMD ["node", "server.js"]\n',
      'compose.yaml': `services:\n  web:\n    build: .\n    ports: [${port}]\n`
    })
    const report = await rewriteDirectory(folder)
    expect(report.files[0]?.findings.map((finding) => finding.message)).toEqual(messages)
    expect(report.files[0]?.verdict).toBe('converted')
    expect(report.companions.map(({ path: name, changed }) => [name, changed])).toEqual(
      after === undefined ? [] : [['compose.yaml', true]]
    )
    if (after !== undefined) expect(report.companions[0]?.diff).toContain(`+    ports: [${after}]\n`)
  })

  it('add their targets to the last stage', async () => {
    const stages = [
      'FROM python:3.12-slim AS web',
      'CMD ["python"]',
      'FROM python:3.12-slim AS worker',
      'CMD ["python"]',
      ''
    ]
    const folder = createFolder({
      Dockerfile: stages.join('\n'),
      'compose.yaml': 'services:\n  web: { build: { context: ., target: web } }\n'
    })
    const report = await rewriteDirectory(folder)
    expect(report.files[0]?.diff.match(/^\+USER /gm)?.length).toBe(2)
  })
})

describe('the build context', () => {
  const contextOf = (folder: string, dockerfile: string, text: string, top = folder, given?: string) =>
    createBuildContext({ dockerfile: path.join(folder, dockerfile), text, given, top })

  it('is the nearest folder in which the sources exist', () => {
    const folder = createFolder({ 'services/api/Dockerfile': '', 'services/api/run.sh': 'a', 'lib/x.sh': 'b' })
    const near = contextOf(folder, 'services/api/Dockerfile', 'FROM a\nCOPY run.sh .\n')
    expect(near.folder()).toBe(path.join(folder, 'services/api'))
    const far = contextOf(folder, 'services/api/Dockerfile', 'FROM a\nCOPY --chown=1 services/api/run.sh lib/*.sh ./\n')
    expect(far.folder()).toBe(folder)
    expect(far.read('services/api/run.sh')).toBe('a')
    expect(far.read('/lib/x.sh')).toBe('b')
  })

  it('is not above the top, and the own folder when nothing tells', () => {
    const folder = createFolder({ 'a/b/Dockerfile': '', 'x.sh': '' })
    const text = 'FROM a\nCOPY x.sh dist ./\nCOPY --from=build /y /y\nCOPY $Z .\nADD https://example.org/f /f\n'
    expect(contextOf(folder, 'a/b/Dockerfile', text).folder()).toBe(folder)
    expect(contextOf(folder, 'a/b/Dockerfile', text, path.join(folder, 'a')).folder()).toBe(path.join(folder, 'a/b'))
    expect(contextOf(folder, 'a/b/Dockerfile', 'FROM a\nCOPY . .\n').folder()).toBe(path.join(folder, 'a/b'))
  })

  it('is the one that is given', () => {
    const folder = createFolder({ Dockerfile: '', 'sub/x.sh': 'x' })
    const context = contextOf(folder, 'Dockerfile', 'FROM a\nCOPY x.sh .\n', folder, path.join(folder, 'sub'))
    expect(context.read('x.sh')).toBe('x')
  })

  it('leaves out what .dockerignore names; the one of the Dockerfile comes first', () => {
    const folder = createFolder({
      Dockerfile: '',
      'other.Dockerfile': '',
      'a.sh': 'a',
      'b.sh': 'b',
      '.dockerignore': '*.sh\n!b.sh\n',
      'other.Dockerfile.dockerignore': 'b.sh\n'
    })
    const text = 'FROM a\nCOPY *.sh ./\n'
    const common = contextOf(folder, 'Dockerfile', text)
    expect([common.read('a.sh'), common.read('./b.sh')]).toEqual([undefined, 'b'])
    const own = contextOf(folder, 'other.Dockerfile', text)
    expect([own.read('a.sh'), own.read('b.sh')]).toEqual(['a', undefined])
  })

  it('reads patterns of .dockerignore as Docker does: literal signs, case told apart, a broken one without effect', () => {
    const files = { Dockerfile: '', '+.x': 'x', 'a(1).sh': 'a', 'README.md': 'r', 'readme.md': 'r' }
    const readable = (rules: string) => {
      const context = contextOf(createFolder({ ...files, '.dockerignore': rules }), 'Dockerfile', 'FROM a\n')
      return ['+.x', 'a(1).sh', 'README.md', 'readme.md'].filter((name) => context.read(name) !== undefined)
    }
    expect(readable('+.*\na(1).sh\nREADME.md\n')).toEqual(['readme.md'])
    expect(readable('[z-a]\n')).toHaveLength(4)
  })

  it('does not answer for what is outside, missing, a folder or no text', () => {
    const folder = createFolder({
      'in/Dockerfile': '',
      secret: 's',
      'in/binary': 'a\0b',
      'in/latin': Buffer.from([0xe4])
    })
    symlinkSync('../secret', path.join(folder, 'in/link'))
    const context = contextOf(path.join(folder, 'in'), 'Dockerfile', 'FROM a\n')
    for (const name of ['../secret', 'link', 'missing', '.', '', 'binary', 'latin'])
      expect(context.read(name)).toBeUndefined()
  })

  it('is looked for up to the repository, else the working directory, else the named path', () => {
    const folder = createFolder({ 'repo/.git/HEAD': '', 'repo/a/Dockerfile': '', 'b/c/Dockerfile': '' })
    const top = (file: string, cwd: string, named: string) =>
      findTopFolder(path.join(folder, file), cwd, named, createFolders())
    expect(top('repo/a/Dockerfile', path.join(folder, 'repo/a'), folder)).toBe(path.join(folder, 'repo'))
    expect(top('b/c/Dockerfile', folder, path.join(folder, 'b'))).toBe(folder)
    expect(top('b/c/Dockerfile', '/nowhere', path.join(folder, 'b'))).toBe(path.join(folder, 'b'))
  })
})

describe('decoding', () => {
  it('keeps a byte order mark', () => {
    expect(decodeDockerfile(Buffer.from('\ufeffFROM a\n'), 'x').text).toBe('\ufeffFROM a\n')
  })

  it('says where the first wrong byte is', () => {
    const bytes = Buffer.concat([Buffer.from('FROM ä\nRUN é'), Buffer.from([0xc3, 0x28])])
    expect(decodeDockerfile(bytes, 'x').problem?.range.start).toEqual({ line: 2, column: 6 })
  })
})

describe('writing', () => {
  it('changes nothing when one of the texts cannot be written', async () => {
    const folder = createFolder({ 'in/a': 'old', 'out/b': 'old' })
    const texts = [
      { file: path.join(folder, 'in/a'), name: 'in/a', text: 'new' },
      { file: path.join(folder, 'out/b'), name: 'out/b', text: 'new' }
    ]
    await expect(writeTexts(texts, [path.join(folder, 'in')])).rejects.toMatchObject({ code: 'FILE_UNWRITABLE' })
    expect([readText(folder, 'in/a'), listFolder(path.join(folder, 'in'))]).toEqual(['old', ['a']])
  })

  it('does not take a neighbour with the same beginning for a folder inside', async () => {
    const folder = createFolder({ 'app-secret/a': 'old', 'app/b': '' })
    const texts = [{ file: path.join(folder, 'app-secret/a'), name: 'a', text: 'new' }]
    await expect(writeTexts(texts, [path.join(folder, 'app')])).rejects.toMatchObject({ code: 'FILE_UNWRITABLE' })
  })

  it('makes new files', async () => {
    const folder = createFolder()
    await writeTexts(
      [{ file: path.join(folder, 'entrypoint.sh'), name: 'entrypoint.sh', text: '#!/bin/sh\n' }],
      [folder]
    )
    expect(readText(folder, 'entrypoint.sh')).toBe('#!/bin/sh\n')
  })
})

describe('rewriteDirectory', () => {
  it('answers with the report, its paths relative to the directory, and writes on request', async () => {
    const folder = createFolder({
      'b/Dockerfile': rootDockerfile,
      'a/Dockerfile': nonRootDockerfile,
      'c/Dockerfile': '\0'
    })
    const dry = await rewriteDirectory(folder)
    expect(dry.files.map((file) => [file.path, file.changed])).toEqual([
      ['a/Dockerfile', false],
      ['b/Dockerfile', true],
      ['c/Dockerfile', false]
    ])
    expect(dry.summary).toMatchObject({ files: 3, 'already-non-root': 1, failed: 1 })
    expect(readText(folder, 'b/Dockerfile')).toBe(rootDockerfile)
    await rewriteDirectory(folder, { write: true, uid: 2000 })
    expect(readText(folder, 'b/Dockerfile')).toContain('\nUSER 2000')
  })

  it('throws for options that make no sense', async () => {
    const folder = createFolder({ Dockerfile: rootDockerfile })
    await expect(rewriteDirectory(folder, { uid: -1 })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  })

  it('keeps the order whatever the concurrency', async () => {
    const names = Array.from({ length: 60 }, (_, index) => `${index}/Dockerfile`)
    const folder = createFolder(Object.fromEntries(names.map((name) => [name, nonRootDockerfile])))
    const one = await rewriteDirectory(folder, { concurrency: 1 })
    expect(one.files.map((file) => file.path)).toEqual([...names].sort())
    expect(await rewriteDirectory(folder, { concurrency: 64 })).toEqual(one)
  })

  it('stops reading when nobody takes the reports', async () => {
    const folder = createFolder({ 'a/Dockerfile': rootDockerfile, 'b/Dockerfile': rootDockerfile })
    const run = await rewritePaths(['.'], { cwd: folder, write: true })
    for await (const report of run.reports) {
      expect(report.path).toBe('a/Dockerfile')
      break
    }
    expect(readText(folder, 'b/Dockerfile')).toBe(rootDockerfile)
  })
})
