import { execFile } from 'node:child_process'
import { readdirSync, symlinkSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { createContext, runInContext } from 'node:vm'
import { rolldown } from 'rolldown'
import ts from 'typescript'
import { beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { createFolder, git, readText, removeFoldersAfterTests, repository, rootDockerfile } from './support/cli.ts'

removeFoldersAfterTests()

const run = promisify(execFile)

/** What the README shows to each of its three callers. */
function readmeBlock(heading: string): string {
  const section = readText(repository, 'README.md')
    .split(/^##+ /m)
    .find((text) => text.startsWith(`${heading}\n`))
  const block = /^```(?:sh|ts)\n([\s\S]*?)^```$/m.exec(section ?? '')?.[1]
  if (block === undefined) throw new Error(`README.md has no code under "${heading}"`)
  return block
}

const shipped =
  /^(LICENSE|README\.md|CHANGELOG\.md|package\.json|\w+\.schema\.json|dist\/(licences\.txt|(cli|index|node|transforms)\.js|[\w-]+\.d\.ts|chunks\/[\w-]+\.js))$/

describe('the packed tarball', () => {
  let folder: string
  let packed: { filename: string; unpackedSize: number; files: { path: string; size: number }[] }
  const inFolder = (...command: [string, ...string[]]) => run(command[0], command.slice(1), { cwd: folder })
  const npx = (...args: string[]) => inFolder('npx', '--no-install', '--', ...args)

  beforeAll(async () => {
    folder = createFolder({ 'package.json': '{ "private": true, "type": "module" }', Dockerfile: rootDockerfile })
    // dist is built already; its prepare script would build it a second time under the other tests.
    const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], {
      cwd: repository
    })
    const [first] = Object.values<typeof packed>(JSON.parse(stdout))
    if (first === undefined) throw new Error('npm pack made no tarball')
    packed = first
    // It has no dependencies, so nothing has to be fetched.
    const quiet = ['--offline', '--no-audit', '--no-fund', '--loglevel', 'error']
    await run('npm', ['install', ...quiet, path.join(folder, packed.filename)], { cwd: folder })
  }, 180_000)

  it('holds what is shipped and nothing else', () => {
    const files = packed.files.map((file) => file.path)
    expect(files.filter((file) => !shipped.test(file))).toEqual([])
    const { exports, bin } = JSON.parse(readText(repository, 'package.json')) as {
      exports: Record<string, string | Record<string, string>>
      bin: Record<string, string>
    }
    const named = [...Object.values(exports).flatMap((each) => Object.values(typeof each === 'string' ? [each] : each))]
    const expected = [...named, ...Object.values(bin)].map((file) => file.replace('./', ''))
    expect(files).toEqual(expect.arrayContaining([...expected, 'README.md', 'LICENSE', 'dist/licences.txt']))
  })

  it('stays small, and brings no other package', () => {
    const largest = packed.files.toSorted((a, b) => b.size - a.size).slice(0, 5)
    expect(packed.unpackedSize, JSON.stringify(largest)).toBeLessThan(1_600_000)
    expect(readdirSync(path.join(folder, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual(['unroot'])
  })

  it('hands on the licences of what it contains', () => {
    const licences = readText(repository, 'dist/licences.txt')
    for (const name of ['yaml', 'unbash', 'dockerfile-ast', '@balena/dockerignore', 'commander'])
      expect(licences).toMatch(new RegExp(`^## ${name}@\\d`, 'm'))
    expect(licences.match(/^Permission is hereby granted/gim)?.length).toBeGreaterThan(0)
    expect(licences).toContain('Copyright Eemeli Aro')
  })

  it('keeps the library free of Node: it runs in a browser', () => {
    const seen = new Set<string>()
    const follow = (file: string) => {
      if (seen.has(file)) return
      seen.add(file)
      for (const { fileName: name } of ts.preProcessFile(readText(repository, file)).importedFiles) {
        expect(name, file).toMatch(/^\.\.?\//)
        follow(path.posix.join(path.posix.dirname(file), name))
      }
    }
    follow('dist/index.js')
    follow('dist/transforms.js')
    expect(seen.size).toBeGreaterThan(4)
  })

  it('can be bundled for a browser', async () => {
    await writeFile(path.join(folder, 'browser.js'), "export { rewrite } from 'unroot'\n")
    const bundle = await rolldown({ input: path.join(folder, 'browser.js'), platform: 'browser', cwd: folder })
    const { output } = await bundle.generate({ format: 'iife', name: 'unroot' })
    await bundle.close()
    expect(output.map(({ fileName }) => fileName)).toEqual(['browser.js'])
    // Nothing but the language, and the decoder that browsers have too.
    const { verdict, text } = runInContext(
      `${output[0].code}\nunroot.rewrite('FROM node:22-slim\\nCMD ["node", "server.js"]\\n')`,
      createContext({ TextDecoder })
    ) as { verdict: string; text: string }
    expect([verdict, text]).toEqual(['converted', 'FROM node:22-slim\nUSER 1000:1000\nCMD ["node", "server.js"]\n'])
  })

  it('runs', async () => {
    const { version } = JSON.parse(readText(repository, 'package.json')) as { version: string }
    expect((await npx('unroot', '--version')).stdout).toBe(`${version}\n`)
    expect((await npx('unroot', 'Dockerfile')).stdout).toContain('+USER 10001')
  }, 60_000)

  it('writes a config whose schema is there', async () => {
    await npx('unroot', 'init')
    const { $schema } = parse(readText(folder, '.unrootrc.yaml')) as { $schema: string }
    expect(JSON.parse(readText(folder, $schema))).toMatchObject({ title: 'unroot config' })
  }, 60_000)

  it('tells the names of functions when something unexpected happens', async () => {
    // A stack trace is what somebody can report.
    const code = `import { rewrite } from 'unroot'
      const options = { get strategy() { throw new Error('thrown by a getter') } }
      try { rewrite('FROM alpine', options) } catch (error) { console.log(error.stack) }`
    const { stdout } = await inFolder(process.execPath, '--input-type=module', '-e', code)
    expect(stdout).toMatch(/at (rewrite|checkOptions)\b/)
  })

  const uses = `
      function use([{ rewrite, presets, defineTransform }, { chownCopiedFiles, transforms }, { rewriteDirectory }, ...data]) {
        rewriteDirectory('.').then((report) => console.log(JSON.stringify([
          rewrite('FROM alpine:3.20\\nCMD ["sleep", "1"]\\n').changed,
          presets.user.includes(chownCopiedFiles),
          presets.user.length === transforms.length,
          typeof defineTransform,
          data[0].name,
          data[1].title,
          data[2].title,
          report.files.map((file) => file.path)
        ])))
      }`
  const answers = [true, true, true, 'function', 'unroot', 'unroot report', 'unroot config', ['Dockerfile']]

  it('can be imported by each of its names', async () => {
    const program = `
      import * as unroot from 'unroot'
      import * as transforms from 'unroot/transforms'
      import * as node from 'unroot/node'
      import manifest from 'unroot/package.json' with { type: 'json' }
      import schema from 'unroot/report.schema.json' with { type: 'json' }
      import configSchema from 'unroot/config.schema.json' with { type: 'json' }
      use([unroot, transforms, node, manifest, schema, configSchema])
      ${uses}`
    const { stdout } = await inFolder(process.execPath, '--input-type=module', '--no-warnings', '-e', program)
    expect(JSON.parse(stdout)).toEqual(answers)
  })

  it('can be required by each of its names', async () => {
    const names = [
      'unroot',
      'unroot/transforms',
      'unroot/node',
      'unroot/package.json',
      'unroot/report.schema.json',
      'unroot/config.schema.json'
    ]
    const program = `use(${JSON.stringify(names)}.map((name) => require(name)))\n${uses}`
    await writeFile(path.join(folder, 'required.cjs'), program)
    const { stdout } = await inFolder(process.execPath, '--no-warnings', 'required.cjs')
    expect(JSON.parse(stdout)).toEqual(answers)
  })

  it('has types for each of its names', async () => {
    const consumer = `import { rewrite, type RewriteResult } from 'unroot'
       import { createUser } from 'unroot/transforms'
       import { rewriteDirectory } from 'unroot/node'
       export const result: RewriteResult = rewrite('FROM alpine', { uid: 10001, transforms: [createUser] })
       export const name: string = createUser.name
       export const files: Promise<number> = rewriteDirectory('.').then((report) => report.summary.files)\n`
    await writeFile(path.join(folder, 'types.ts'), consumer)
    // A CommonJS module; TypeScript knows since 5.8 that Node can require this.
    await writeFile(path.join(folder, 'types.cts'), consumer)
    const tsc = path.join(repository, 'node_modules/typescript/bin/tsc')
    const resolutions = [
      { module: 'node16', moduleResolution: 'node16', files: ['types.ts'] },
      { module: 'nodenext', moduleResolution: 'nodenext', files: ['types.ts', 'types.cts'] },
      { module: 'esnext', moduleResolution: 'bundler', files: ['types.ts'] }
    ]
    for (const { files, ...resolution } of resolutions) {
      const strict = { strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false }
      const compilerOptions = { ...resolution, ...strict, noEmit: true, target: 'es2022', types: [] }
      await writeFile(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }))
      await inFolder(process.execPath, tsc, '--pretty', 'false').catch((error: { stdout: string }) => {
        throw new Error(`${resolution.moduleResolution}: ${error.stdout}`)
      })
    }
  }, 120_000)

  describe('does for each caller what the README shows', () => {
    /** A repository of somebody else, where the package is installed. */
    const createProject = () => {
      const project = createFolder({
        '.gitignore': 'node_modules/\n',
        'package.json': '{ "private": true, "type": "module" }\n',
        Dockerfile: rootDockerfile
      })
      symlinkSync(path.join(folder, 'node_modules'), path.join(project, 'node_modules'), 'dir')
      git(project, 'init', '-q', '-b', 'main')
      git(project, 'config', 'user.email', 'bot@example.org')
      git(project, 'config', 'user.name', 'bot')
      git(project, 'add', '--all')
      git(project, 'commit', '-q', '-m', 'before')
      return project
    }
    const shell = (cwd: string, script: string) =>
      run('bash', ['-euo', 'pipefail', '-c', script.replaceAll('npx unroot', 'npx --no-install unroot')], { cwd })

    it('a person', async () => {
      const project = createProject()
      const lines = readmeBlock('A person').trim().split('\n')
      expect(lines.length).toBeLessThan(10)
      const [show = '', write = '', , check = ''] = lines
      expect((await shell(project, show)).stdout).toContain('+USER 10001:10001')
      expect(git(project, 'status', '--porcelain')).toBe('')
      await expect(shell(project, check)).rejects.toMatchObject({ code: 1 })
      await shell(project, write)
      expect(git(project, 'status', '--porcelain')).toBe(' M Dockerfile\n')
      expect((await shell(project, check)).stdout).toBe('')
    }, 60_000)

    it('a program', async () => {
      const project = createProject()
      const block = readmeBlock('A program')
      expect(block.trim().split('\n').length).toBeLessThan(10)
      await writeFile(path.join(project, 'program.mjs'), block)
      // An empty FORCE_COLOR colours numbers.
      const { FORCE_COLOR: _, ...env } = process.env
      const { stdout } = await run(process.execPath, ['program.mjs'], { cwd: project, env })
      expect(stdout).toBe('converted 10001\n')
    }, 60_000)

    it('a bot', async () => {
      const project = createProject()
      const block = readmeBlock('A bot')
      expect(block.trim().split('\n').length).toBeLessThan(10)
      await shell(project, block)
      expect(git(project, 'log', '--format=%s', 'main..unroot').split('\n').filter(Boolean)).toHaveLength(1)
      expect(git(project, 'show', 'unroot:Dockerfile')).toContain('USER 10001:10001')
      expect(git(project, 'status', '--porcelain')).toBe('')
      expect(git(project, 'log', '-1', '--format=%B', 'unroot').split('\n').length).toBeGreaterThan(3)
      // The next run finds nothing to do, and says so by its exit code and by leaving no branch.
      git(project, 'checkout', '-q', 'unroot')
      const before = git(project, 'rev-parse', 'HEAD')
      await shell(project, block)
      expect(git(project, 'rev-parse', 'HEAD')).toBe(before)
    }, 60_000)
  })
})

describe('package-lock.json', () => {
  interface LockedPackage {
    optionalDependencies?: Record<string, string>
  }

  /** npm drops entries that its registry or machine lacks, and then `npm ci` refuses the lock elsewhere. */
  it('holds the packages of every platform', () => {
    const { packages } = JSON.parse(readText(repository, 'package-lock.json')) as {
      packages: Record<string, LockedPackage>
    }
    const missing = Object.entries(packages).flatMap(([name, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter(
        (dependency) => !packages[`${name}/node_modules/${dependency}`] && !packages[`node_modules/${dependency}`]
      )
    )
    expect(missing).toEqual([])
  })
})
