import { describe, expect, it } from 'vitest'
import { reviewPaths } from '../src/cli/review.ts'
import type { FileReport } from '../src/types.ts'
import {
  createFolder,
  listFolder,
  readText,
  refusedDockerfile,
  removeFoldersAfterTests,
  rootDockerfile,
  unroot
} from './support/cli.ts'
import { createTerminal, type Step } from './support/terminal.ts'

removeFoldersAfterTests()

async function review(folder: string, steps: Step[], { write = true, isColoured = false } = {}) {
  const terminal = createTerminal(steps, { isColoured })
  const reports: FileReport[] = []
  const outcome = await reviewPaths(
    ['.'],
    { cwd: folder, write },
    {
      terminal,
      colourDiff: (diff) => diff,
      isVerbose: false,
      program: 'unroot',
      report: (report) => reports.push(report)
    }
  )
  expect(terminal.left()).toEqual([])
  expect(terminal.isRaw()).toBe(false)
  return { ...outcome, screen: terminal.screen(), reports }
}

const three = { 'a/Dockerfile': rootDockerfile, 'b/Dockerfile': rootDockerfile, 'c/Dockerfile': rootDockerfile }
const isChanged = (folder: string, name: string) => readText(folder, name).includes('\nUSER ')
const changed = (folder: string) => Object.keys(three).filter((name) => isChanged(folder, name))

describe('--interactive', () => {
  it('shows each diff with its findings, and writes what is accepted', async () => {
    const folder = createFolder({ ...three, 'd/Dockerfile': refusedDockerfile })
    const { screen, reports, isStopped } = await review(folder, [
      ['Change a/Dockerfile?', 'y'],
      ['Change b/Dockerfile?', 'n'],
      ['Change c/Dockerfile?', 'Y']
    ])
    expect(changed(folder)).toEqual(['a/Dockerfile', 'c/Dockerfile'])
    expect(isStopped).toBe(false)
    expect(screen).toMatch(/a\/Dockerfile {2}converted {2}file 1 of 4\n.*--- a\/a\/Dockerfile\n.*\+USER 10001/s)
    expect(screen).toMatch(/\nd\/Dockerfile {2}refused\n +\d+ {2}error /)
    expect(screen).toMatch(/\n4 files; 2 changed\n {2}2 {2}converted\n {2}1 {2}refused\n {2}1 {2}skipped\n/)
    expect(reports.map(({ path }) => path)).toEqual(['a/Dockerfile', 'c/Dockerfile', 'd/Dockerfile'])
  })

  it('asks no more after `a`, and looks no further after `q`', async () => {
    const all = createFolder(three)
    await review(all, [
      ['Change a/Dockerfile?', 'n'],
      ['Change b/Dockerfile?', 'a']
    ])
    expect(changed(all)).toEqual(['b/Dockerfile', 'c/Dockerfile'])
    const quit = createFolder(three)
    const { screen, isStopped } = await review(quit, [
      ['Change a/Dockerfile?', 'y'],
      ['Change b/Dockerfile?', 'q']
    ])
    expect(changed(quit)).toEqual(['a/Dockerfile'])
    expect(isStopped).toBe(false)
    expect(screen).toContain('The files after b/Dockerfile were not looked at.')
  })

  it.each([
    ['Ctrl-C', '\u0003'],
    ['Ctrl-D', '\u0004'],
    ['the end of input', { end: true } as const]
  ])('keeps what was accepted, whole, after %s', async (_, typed) => {
    const folder = createFolder(three)
    const { isStopped } = await review(folder, [
      ['Change a/Dockerfile?', 'y'],
      ['Change b/Dockerfile?', typed]
    ])
    expect(isStopped).toBe(true)
    expect(changed(folder)).toEqual(['a/Dockerfile'])
    for (const name of ['a', 'b', 'c']) expect(listFolder(`${folder}/${name}`)).toEqual(['Dockerfile'])
  })

  it('takes no other key for an answer', async () => {
    const folder = createFolder({ Dockerfile: rootDockerfile })
    await review(folder, [['Change Dockerfile?', '\r x\u001b[Bn']])
    expect(readText(folder, 'Dockerfile')).toBe(rootDockerfile)
  })

  it('writes nothing in a dry run', async () => {
    const folder = createFolder(three)
    const { screen } = await review(folder, [['Change a/Dockerfile?', 'a']], { write: false })
    expect(changed(folder)).toEqual([])
    expect(screen).toContain('3 files; 3 would change')
    expect(screen).toContain('DRY_RUN=true: nothing was written.')
  })

  it('escapes control characters of file names', async () => {
    const folder = createFolder({ 'a\u001b[31m/Dockerfile': rootDockerfile })
    const { screen } = await review(folder, [['Change a\\x1b[31m/Dockerfile?', 'n']])
    expect(screen).toContain('a\\x1b[31m/Dockerfile  converted')
  })
})

describe('files that accepted and skipped Dockerfiles share', () => {
  const web = 'FROM node:22-slim\nENV PORT=80\nEXPOSE 80\nCMD ["node", "server.js"]\n'
  const service = (name: string, port: number) => `  ${name}:\n    build: ${name}\n    ports:\n      - "${port}:80"\n`
  const tree = {
    'api/Dockerfile': web,
    'web/Dockerfile': web,
    'compose.yaml': `services:\n${service('api', 81)}${service('web', 82)}`
  }

  it('hold accepted changes only', async () => {
    const folder = createFolder(tree)
    const { companions, screen } = await review(folder, [
      ['Change api/Dockerfile and compose.yaml?', 'n'],
      ['Change web/Dockerfile and compose.yaml?', 'y']
    ])
    expect(readText(folder, 'api/Dockerfile')).toBe(web)
    expect(readText(folder, 'compose.yaml')).toBe(tree['compose.yaml'].replace('82:80', '82:8080'))
    expect(companions).toMatchObject([{ path: 'compose.yaml', for: ['web/Dockerfile'] }])
    // Each question shows what it would add, no more.
    expect(screen.match(/^\+ +- "8\d:8080"$/gm)).toEqual(['+      - "81:8080"', '+      - "82:8080"'])
  })

  it('hold the changes of both when both are accepted', async () => {
    const folder = createFolder(tree)
    await review(folder, [
      ['Change api/Dockerfile and compose.yaml?', 'y'],
      ['Change web/Dockerfile and compose.yaml?', 'y']
    ])
    const once = createFolder(tree)
    await unroot(once, ['--write'])
    expect(readText(folder, 'compose.yaml')).toBe(readText(once, 'compose.yaml'))
  })

  it('stay as they are when both are skipped', async () => {
    const folder = createFolder(tree)
    const { companions } = await review(folder, [
      ['Change api/Dockerfile and compose.yaml?', 'n'],
      ['Change web/Dockerfile and compose.yaml?', 'n']
    ])
    expect(companions).toEqual([])
    for (const [name, text] of Object.entries(tree)) expect(readText(folder, name)).toBe(text)
  })

  it('are named where they serve an image that was skipped', async () => {
    const config = 'server {\n  listen 80;\n}\n'
    const dockerfile = 'FROM nginx:1.27\nCOPY default.conf /etc/nginx/conf.d/default.conf\nEXPOSE 80\n'
    const folder = createFolder({
      'default.conf': config,
      'a.Dockerfile': dockerfile,
      'b.Dockerfile': dockerfile
    })
    const { screen, reports } = await review(folder, [
      ['Change a.Dockerfile and default.conf?', 'y'],
      ['Change b.Dockerfile?', 'n']
    ])
    expect(readText(folder, 'default.conf')).toContain('listen 8080;')
    expect(readText(folder, 'b.Dockerfile')).toBe(dockerfile)
    expect(reports.map(({ path }) => path)).toEqual(['a.Dockerfile'])
    expect(screen).toContain('[shared-server-config]')
  })
})

describe('--interactive without a terminal', () => {
  it('names the remedy', async () => {
    const folder = createFolder({ Dockerfile: rootDockerfile })
    const { code, stdout, stderr } = await unroot(folder, ['--interactive'])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^error: --interactive needs a terminal .*; use --write .*, or --check .*\n$/)
    expect(readText(folder, 'Dockerfile')).toBe(rootDockerfile)
  })

  it.each([
    [['--check'], '--interactive and --check exclude each other'],
    [['-l'], '--interactive and --list-different exclude each other'],
    [['-q'], '--interactive and --quiet exclude each other'],
    [['-'], '--interactive cannot be combined with -']
  ])('and with %j is an error', async (args, message) => {
    const { code, stderr } = await unroot(createFolder({ Dockerfile: rootDockerfile }), ['--interactive', ...args])
    expect(code).toBe(2)
    expect(stderr).toContain(message)
  })
})
