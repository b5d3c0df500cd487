import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { createContext, runInContext } from 'node:vm'
import { rolldown } from 'rolldown'
import { beforeAll, describe, expect, test } from 'vitest'
import { rewrite } from '../src/rewrite.ts'
import { rewriteFiles } from '../src/rewrite-files.ts'
import { readFixtures } from './support/fixtures.ts'

const repository = fileURLToPath(new URL('..', import.meta.url))

/** The rooms that run in a browser. */
const pureFolders = ['compose', 'kubernetes', 'dockerfile', 'shell', 'image', 'services', 'plan', 'edit', 'report']

const sourceFiles = (folder: string): string[] =>
  readdirSync(path.join(repository, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => path.join(folder, name))

const pureFiles = [
  ...pureFolders.flatMap((folder) => sourceFiles(path.join('src', folder))),
  ...sourceFiles('transforms'),
  ...readdirSync(path.join(repository, 'src'), { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map(({ name }) => path.join('src', name))
]

const importPattern = /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)(['"])([^'"]+)\1/g

/**
 * A global object that has what the language has, and nothing of Node. Of what browsers and Node have in common, one
 * thing is there: unbash makes a TextDecoder when it is loaded, for `$'\\x41'`.
 */
const emptyContext = () => createContext({ TextDecoder, console: undefined })

describe('the core', () => {
  let code = ''
  let core: { rewrite: typeof rewrite; rewriteFiles: typeof rewriteFiles; presets: { user: { name: string }[] } }

  beforeAll(async () => {
    const bundle = await rolldown({
      input: path.join(repository, 'src/index.ts'),
      platform: 'browser'
    })
    const { output } = await bundle.generate({ format: 'iife', name: 'unroot' })
    await bundle.close()
    expect(output.length).toBe(1)
    expect([...output[0].imports, ...output[0].dynamicImports]).toEqual([])
    code = output[0].code
    core = runInContext(`${code}\nunroot`, emptyContext())
  })

  test('imports no module of Node, with all its dependencies', () => {
    const imported = [...code.matchAll(importPattern)].map((match) => match[2] as string)
    expect(imported.filter((name) => name.startsWith('node:') || /^(fs|path|os|util|url|process)$/.test(name))).toEqual(
      []
    )
  })

  test('runs without process, require, Buffer, console and timers', () => {
    const missing = ['process', 'require', 'Buffer', 'console', 'setTimeout', 'URL', 'TextEncoder', 'structuredClone']
    const context = emptyContext()
    for (const name of missing) expect(runInContext(`typeof ${name}`, context)).toBe('undefined')

    const text = 'FROM node:22-slim\nWORKDIR /app\nCOPY . .\nEXPOSE 80\nCMD ["node", "server.js", "--port=80"]\n'
    const { diff, ...result } = core.rewrite(text, { umask: '027' })
    const { diff: directDiff, ...direct } = rewrite(text, { umask: '027' })
    expect(result.verdict).toBe('converted')
    expect(toJson(result)).toEqual(toJson(direct))
    expect(diff()).toBe(directDiff())
  })

  test('answers there as it does here, for every fixture', () => {
    for (const { id, before, file } of readFixtures().cases) {
      const options = file.context === undefined ? { ...file.options } : { ...file.options, context: file.context }
      const there = core.rewriteFiles(before, options)
      const here = rewriteFiles(before, options)
      expect([...there.files], id).toEqual([...here.files])
      expect(toJson(there.reports), id).toEqual(toJson(here.reports))
    }
  })

  test.each(pureFiles)('%s imports neither Node nor the outer rooms', (file) => {
    // Types are gone when it runs.
    const source = readFileSync(path.join(repository, file), 'utf8').replace(
      /^(?:import|export) type [^;]*? from .*$/gm,
      ''
    )
    for (const [, , name = ''] of source.matchAll(importPattern)) {
      expect(name).not.toMatch(/^node:/)
      if (name.startsWith('.')) {
        const target = path.relative(repository, path.resolve(repository, path.dirname(file), name))
        expect(target.replaceAll(path.sep, '/')).not.toMatch(/^src\/(node|cli|config|verify)\//)
      }
    }
  })
})

/** Without the realm that objects come from. */
function toJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}
