import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import ts from 'typescript'
import { beforeAll, describe, expect, it, test } from 'vitest'
import type { Report } from '../src/types.ts'
import { createFolder, readText, removeFoldersAfterTests, repository, rootDockerfile, unroot } from './support/cli.ts'

removeFoldersAfterTests()

const run = promisify(execFile)
const pages = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'examples/README.md', ...markdownIn('docs')]

function markdownIn(folder: string): string[] {
  const names = readdirSync(path.join(repository, folder)).filter((name) => name.endsWith('.md'))
  return names.map((name) => `${folder}/${name}`)
}

/** The fenced blocks of a page whose info string is exactly `language`. */
function codeBlocks(page: string, language: string): string[] {
  const fence = new RegExp(String.raw`^\x60\x60\x60${language}\n([\s\S]*?)^\x60\x60\x60$`, 'gm')
  return [...readText(repository, page).matchAll(fence)].map((match) => match[1] as string)
}

describe('the examples', () => {
  const folders = readdirSync(path.join(repository, 'examples'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
  const rows = [...readText(repository, 'examples/README.md').matchAll(/^\| \[(\S+)\]\((\S+)\) .* \| `([\w-]+)` \|$/gm)]
  let report: Report

  beforeAll(async () => {
    report = JSON.parse((await unroot(repository, ['--no-config', '--format', 'json', 'examples'])).stdout) as Report
  })

  it('are all in the table of examples/README.md', () => {
    expect(rows.map(([, name, link]) => [name, link])).toEqual(folders.sort().map((name) => [name, name]))
  })

  it('get the verdicts that the table says', () => {
    const found = report.files.map((file) => [file.path, file.verdict])
    expect(found).toEqual(rows.map(([, name, , verdict]) => [`examples/${name}/Dockerfile`, verdict]))
  })

  it('show something to a newcomer: most of them change, some are refused', () => {
    const { summary } = report
    expect(summary.files).toBeGreaterThanOrEqual(8)
    expect(summary.converted + summary['needs-review']).toBeGreaterThan(summary.files / 2)
    expect(summary.refused).toBeGreaterThan(0)
  })

  it('hold every file that their Dockerfiles copy', () => {
    const missing: string[] = []
    for (const folder of folders)
      for (const [, words = ''] of readText(repository, `examples/${folder}/Dockerfile`).matchAll(/^COPY (.*)$/gm)) {
        const sources = words.split(' ').slice(0, -1)
        if (sources.some((word) => word.startsWith('--from='))) continue
        for (const source of sources.filter((word) => !word.startsWith('--'))) {
          const pattern = new RegExp(`^${source.replaceAll('.', '\\.').replaceAll('*', '.*')}$`)
          const names = readdirSync(path.join(repository, 'examples', folder))
          if (source !== '.' && !names.some((name) => pattern.test(name))) missing.push(`${folder}: ${source}`)
        }
      }
    expect(missing).toEqual([])
  })

  it('are stable: what was written is left alone', async () => {
    const folder = createFolder()
    cpSync(path.join(repository, 'examples'), folder, { recursive: true })
    const first = await unroot(folder, ['--no-config', '--write', '--format', 'json', '.'])
    expect(first.code).toBe(0)
    const second = JSON.parse((await unroot(folder, ['--no-config', '--format', 'json', '.'])).stdout) as Report
    expect(second.files.filter((file) => file.changed)).toEqual([])
    expect(second.summary['already-non-root']).toBe(report.summary.files - report.summary.refused)
  })
})

describe('the code in README.md', () => {
  const blocks = codeBlocks('README.md', 'ts')
  let folder: string

  beforeAll(() => {
    folder = createFolder({
      'package.json': '{ "private": true, "type": "module" }',
      'services/api/Dockerfile': rootDockerfile,
      ...Object.fromEntries(blocks.map((block, index) => [`block-${index}.ts`, block]))
    })
    mkdirSync(path.join(folder, 'node_modules'))
    symlinkSync(repository, path.join(folder, 'node_modules/unroot'), 'dir')
  })

  it('is there', () => expect(blocks.length).toBeGreaterThanOrEqual(4))

  it('has the right types', async () => {
    const compilerOptions = {
      ...{ module: 'nodenext', moduleResolution: 'nodenext', target: 'es2022', lib: ['es2022', 'dom'] },
      ...{ strict: true, noUncheckedIndexedAccess: true, noEmit: true, types: [] }
    }
    const files = blocks.map((_, index) => `block-${index}.ts`)
    writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }))
    const tsc = path.join(repository, 'node_modules/typescript/bin/tsc')
    await run(process.execPath, [tsc, '--pretty', 'false'], { cwd: folder }).catch((error: { stdout: string }) => {
      throw new Error(error.stdout)
    })
  }, 60_000)

  it.each(blocks.map((block, index) => ({ index, block })))('runs and prints what it says: $index', async (each) => {
    const { outputText } = ts.transpileModule(each.block, { compilerOptions: { target: 9, module: 99 } })
    writeFileSync(path.join(folder, `block-${each.index}.js`), outputText)
    // An empty FORCE_COLOR colours numbers.
    const { FORCE_COLOR: _, ...env } = process.env
    const { stdout } = await run(process.execPath, [`block-${each.index}.js`], { cwd: folder, env })
    const promised = [...each.block.matchAll(/^console\.log\(.*\) \/\/ (.*)$/gm)].map((match) => match[1])
    expect(stdout.split('\n').filter((line) => line !== '')).toEqual(promised)
  })
})

describe('what README.md and docs/ say', () => {
  it('is generated anew where it comes from the code', async () => {
    const script = path.join(repository, 'scripts/docs.mjs')
    await run(process.execPath, [script, '--check'], { cwd: repository }).catch((error: { stdout: string }) => {
      throw new Error(error.stdout)
    })
  }, 60_000)

  /** As code hosts make them of headings. */
  const anchorsOf = (text: string) =>
    [...text.matchAll(/^#+ (.+)$/gm)].map((match) =>
      (match[1] as string)
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s-]/gu, '')
        .trim()
        .replaceAll(/\s/g, '-')
    )

  test.each(pages)('links in %s lead somewhere', (page) => {
    const text = readText(repository, page).replaceAll(/^```[\s\S]*?^```$/gm, '')
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] as string)
    const dead = links.filter((link) => {
      if (link.startsWith('https://')) return false
      const [target = '', anchor] = link.split('#')
      const file = target === '' ? page : path.join(path.dirname(page), target)
      if (!existsSync(path.join(repository, file))) return true
      return anchor !== undefined && !anchorsOf(readText(repository, file)).includes(anchor)
    })
    expect(dead).toEqual([])
  })

  it('are valid configs', async () => {
    const [yaml = ''] = codeBlocks('README.md', 'yaml')
    const [json = ''] = codeBlocks('docs/config.md', 'json')
    for (const [name, text] of [
      ['.unrootrc.yaml', yaml],
      ['package.json', json]
    ] as const) {
      const folder = createFolder({
        [name]: text,
        Dockerfile: rootDockerfile,
        'services/web/Dockerfile': 'FROM node:22-slim AS runtime\nENV PORT=80\nEXPOSE 80\nCMD ["node", "x.js"]\n',
        'legacy/Dockerfile': rootDockerfile,
        'tools/backup/Dockerfile': 'FROM debian:12\nCMD ["cron", "-f"]\n'
      })
      const { code, stdout, stderr } = await unroot(folder, ['--format', 'json'])
      expect([code, stderr]).toEqual([0, ''])
      const { files } = JSON.parse(stdout) as Report
      expect(
        files.map((file) => [file.path, file.user?.uid, file.ports[0]?.to, file.findings[0]?.accepted?.reason])
      ).toEqual([
        ['Dockerfile', 20001, undefined, undefined],
        ['services/web/Dockerfile', 20001, 9000, undefined],
        ['tools/backup/Dockerfile', 20001, undefined, 'cron starts jobs of several users']
      ])
    }
  })

  it('is a part of the real JSON report', async () => {
    const [json = '{}'] = codeBlocks('README.md', 'json')
    const { stdout } = await unroot(repository, ['--no-config', '--format', 'json', 'examples/go-distroless'])
    expect(JSON.parse(stdout)).toMatchObject(JSON.parse(json) as object)
  })

  it('is what an accepted finding looks like', async () => {
    const [comment = ''] = codeBlocks('README.md', 'dockerfile')
    const folder = createFolder({ Dockerfile: `FROM debian:12\n${comment}CMD ["cron", "-f"]\n` })
    expect((await unroot(folder, ['--check'])).code).toBe(0)
  })
})

describe('npm run new', () => {
  const copyTree = () => {
    const folder = createFolder()
    for (const name of ['transforms', 'scripts'])
      cpSync(path.join(repository, name), path.join(folder, name), { recursive: true })
    return folder
  }
  const create = (folder: string, ...names: string[]) =>
    run(process.execPath, [path.join(folder, 'scripts/new-transform.mjs'), ...names], { cwd: folder })

  it('writes a transform, registers it and makes two cases', async () => {
    const folder = copyTree()
    const { stdout } = await create(folder, 'scaffold-under-test')
    expect(stdout).toContain('npm run docs')
    const index = readText(folder, 'transforms/index.ts')
    expect(index).toContain("import { scaffoldUnderTest } from './scaffold-under-test.ts'")
    expect(index).toMatch(/^ {2}scaffoldUnderTest\n\]$/m)
    const source = readText(folder, 'transforms/scaffold-under-test.ts')
    const { diagnostics } = ts.transpileModule(source, { reportDiagnostics: true })
    expect(diagnostics).toEqual([])
    const fixtures = path.join(folder, '__fixtures__/scaffold-under-test')
    expect(readdirSync(fixtures).sort()).toEqual(['changes', 'stays-untouched'])
    expect(existsSync(path.join(fixtures, 'stays-untouched/after'))).toBe(false)
    expect(readFileSync(path.join(fixtures, 'changes/after/Dockerfile'), 'utf8')).toContain('TMPDIR')
  })

  it.each([[], ['Bad_Name'], ['oneword'], ['create-user'], ['../escape-it']])('refuses %s', async (...names) => {
    const folder = copyTree()
    const index = readText(folder, 'transforms/index.ts')
    await expect(create(folder, ...names)).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('error: ')
    })
    expect(readText(folder, 'transforms/index.ts')).toBe(index)
  })
})
