import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { createFolder, readText, removeFoldersAfterTests, repository, rootDockerfile } from './support/cli.ts'

removeFoldersAfterTests()

const run = promisify(execFile)

describe('the packed tarball', () => {
  let folder: string
  let files: string[]

  beforeAll(async () => {
    folder = createFolder({ 'package.json': '{ "private": true, "type": "module" }', Dockerfile: rootDockerfile })
    // dist is built already; its prepare script would build it a second time under the other tests.
    const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], {
      cwd: repository
    })
    const [packed] = Object.values<{ filename: string; files: { path: string }[] }>(JSON.parse(stdout))
    if (packed === undefined) throw new Error('npm pack made no tarball')
    files = packed.files.map((file) => file.path)
    const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline', '--loglevel', 'error']
    await run('npm', ['install', ...quiet, path.join(folder, packed.filename)], { cwd: folder })
  }, 180_000)

  it('holds what is shipped and nothing else', () => {
    expect(files).toEqual(
      expect.arrayContaining([
        'dist/cli.js',
        'dist/index.d.ts',
        'config.schema.json',
        'report.schema.json',
        'README.md'
      ])
    )
    expect(files.filter((file) => /^(src|transforms|__tests__|__fixtures__|bench|scripts)\//.test(file))).toEqual([])
  })

  it('runs', async () => {
    const { version } = JSON.parse(readText(repository, 'package.json')) as { version: string }
    expect((await run('npx', ['--no', '--', 'unroot', '--version'], { cwd: folder })).stdout).toBe(`${version}\n`)
    const { stdout } = await run('npx', ['--no', '--', 'unroot', 'Dockerfile'], { cwd: folder })
    expect(stdout).toContain('+USER 10001')
  }, 60_000)

  it('writes a config whose schema is there', async () => {
    await run('npx', ['--no', '--', 'unroot', 'init'], { cwd: folder })
    const { $schema } = parse(readText(folder, '.unrootrc.yaml')) as { $schema: string }
    expect(JSON.parse(readText(folder, $schema))).toMatchObject({ title: 'unroot config' })
  }, 60_000)

  it('can be imported by each of its names', async () => {
    const program = `
      import { rewrite, presets, defineTransform } from 'unroot'
      import { chownCopiedFiles, transforms } from 'unroot/transforms'
      import { rewriteDirectory } from 'unroot/node'
      import manifest from 'unroot/package.json' with { type: 'json' }
      import schema from 'unroot/report.schema.json' with { type: 'json' }
      import configSchema from 'unroot/config.schema.json' with { type: 'json' }
      const report = await rewriteDirectory('.')
      console.log(JSON.stringify([
        rewrite('FROM alpine:3.20\\nCMD ["sleep", "1"]\\n').changed,
        presets.user.includes(chownCopiedFiles),
        presets.user.length === transforms.length,
        typeof defineTransform,
        manifest.name,
        schema.title,
        configSchema.title,
        report.files.map((file) => file.path)
      ]))`
    const { stdout } = await run(process.execPath, ['--input-type=module', '--no-warnings', '-e', program], {
      cwd: folder
    })
    expect(JSON.parse(stdout)).toEqual([
      true,
      true,
      true,
      'function',
      'unroot',
      'unroot report',
      'unroot config',
      ['Dockerfile']
    ])
  })

  it('has types for each of its names', async () => {
    await writeFile(
      path.join(folder, 'types.ts'),
      `import { rewrite, type RewriteResult } from 'unroot'
       import { createUser } from 'unroot/transforms'
       import { rewriteDirectory } from 'unroot/node'
       export const result: RewriteResult = rewrite('FROM alpine', { uid: 10001, transforms: [createUser] })
       export const name: string = createUser.name
       export const files: Promise<number> = rewriteDirectory('.').then((report) => report.summary.files)\n`
    )
    const tsc = path.join(repository, 'node_modules/typescript/bin/tsc')
    const resolutions = [
      { module: 'nodenext', moduleResolution: 'nodenext' },
      { module: 'esnext', moduleResolution: 'bundler' }
    ]
    for (const resolution of resolutions) {
      const compilerOptions = { ...resolution, noEmit: true, strict: true, target: 'es2022', types: [] }
      await writeFile(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['types.ts'] }))
      await run(process.execPath, [tsc, '--pretty', 'false'], { cwd: folder }).catch((error: { stdout: string }) => {
        throw new Error(error.stdout)
      })
    }
  }, 60_000)
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
