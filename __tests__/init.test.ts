import { readFileSync } from 'node:fs'
import path from 'node:path'
import { toJsonSchema } from '@valibot/to-json-schema'
import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { initCommand } from '../src/cli/init-command.ts'
import { findConfig } from '../src/config/load.ts'
import { configSchema } from '../src/config/schema.ts'
import { defaultAnswers, writeConfig } from '../src/config/template.ts'
import { validateConfig } from '../src/config/validate.ts'
import {
  createFolder,
  listFolder,
  readText,
  removeFoldersAfterTests,
  repository,
  rootDockerfile,
  unroot
} from './support/cli.ts'
import { createTerminal, type Step } from './support/terminal.ts'

removeFoldersAfterTests()

const shipped = JSON.parse(readFileSync(path.join(repository, 'config.schema.json'), 'utf8'))
const isValid = new Ajv({ strictTypes: false, allowUnionTypes: true }).compile(shipped)

const enter = '\r'
const down = '\u001b[B'

async function init(folder: string, steps: Step[], options: { isDryRun?: boolean; isColoured?: boolean } = {}) {
  const terminal = createTerminal(steps, options)
  const code = await initCommand({ cwd: folder, terminal, program: 'npx unroot', ...options })
  return { code, terminal }
}

describe('unroot init without a terminal', () => {
  it('writes the defaults, and says what and what comes next', async () => {
    const folder = createFolder({
      Dockerfile: rootDockerfile,
      'web/Dockerfile': 'FROM node:22-slim\nWORKDIR /app\nCOPY . .\nCMD ["node", "server.js"]\n'
    })
    const { code, stdout, stderr } = await unroot(folder, ['init'], { env: { npm_command: '' } })
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
    expect(stderr).toBe(
      'Wrote .unrootrc.yaml with the defaults.\nNext: `unroot` shows what would change; nothing is written without --write.\n'
    )
    const { config } = (await findConfig(folder)) ?? {}
    expect(config).toMatchObject({ strategy: 'user', companions: true })
    // Said in a config, they would take the place of the account that an image has.
    expect(Object.keys(config ?? {})).toEqual(['$schema', 'strategy', 'companions', 'harden'])
    // The defaults change nothing.
    const [plain, configured] = await Promise.all([unroot(folder, ['--no-config']), unroot(folder, [])])
    expect(configured).toEqual(plain)
    expect(plain.stdout).toContain('+USER 1000:1000')
  })

  it.each([
    ['.unrootrc.yaml', 'uid: 2000\n', /^error: \.unrootrc\.yaml: it exists already, .*; edit it, or remove it/],
    ['.config/unrootrc.json', '{}', /^error: \.config\/unrootrc\.json: it exists already/],
    ['package.json', '{ "unroot": {} }', /^error: package\.json: it has a config .* take the key out/]
  ])('leaves %s as it is', async (name, content, message) => {
    const folder = createFolder({ [name]: content })
    const { code, stderr } = await unroot(folder, ['init', '--yes'])
    expect(code).toBe(2)
    expect(stderr).toMatch(message)
    expect(readText(folder, name)).toBe(content)
    expect(listFolder(folder)).not.toContain(name === '.unrootrc.yaml' ? '' : '.unrootrc.yaml')
  })

  it('takes a package.json without the key for none, and names the config that it hides', async () => {
    const folder = createFolder({ 'unroot.config.json': '{}', 'api/package.json': '{ "name": "unroot" }' })
    const { code, stderr } = await unroot(path.join(folder, 'api'), ['init'])
    expect(code).toBe(0)
    expect(stderr).toContain('In this folder it counts instead of ../unroot.config.json.')
  })

  it('writes nothing with DRY_RUN=true', async () => {
    const folder = createFolder()
    const { code, stderr } = await unroot(folder, ['init'], { env: { DRY_RUN: 'true' } })
    expect(code).toBe(0)
    expect(stderr).toContain('\nstrategy: user\n')
    expect(listFolder(folder)).toEqual([])
  })

  it('points to the schema of the installed package, else to the project', async () => {
    const installed = createFolder({ 'node_modules/unroot/config.schema.json': '{}', 'a/Dockerfile': rootDockerfile })
    await unroot(installed, ['init'])
    expect(readText(installed, '.unrootrc.yaml')).toContain('\n$schema: ./node_modules/unroot/config.schema.json\n')
    await unroot(path.join(installed, 'a'), ['init'])
    expect(readText(installed, 'a/.unrootrc.yaml')).toContain('\n$schema: ../node_modules/unroot/config.schema.json\n')
    const elsewhere = createFolder()
    await unroot(elsewhere, ['init'])
    expect(readText(elsewhere, '.unrootrc.yaml')).toMatch(/^\$schema: https:\/\/.*\/config\.schema\.json$/m)
  })
})

describe('unroot init at a terminal', () => {
  const all: Step[] = [
    ['How shall images', enter],
    ['Name of the account', enter],
    ['Its uid?', enter],
    ['A umask', enter],
    ['Change compose files', enter],
    ['A path that', enter]
  ]

  it('takes Enter for the default', async () => {
    const folder = createFolder()
    const { code, terminal } = await init(folder, all)
    expect(code).toBe(0)
    expect(terminal.left()).toEqual([])
    expect(terminal.screen()).toContain('Wrote .unrootrc.yaml.\nNext: `npx unroot` shows')
    expect(terminal.isRaw()).toBe(false)
    expect(readText(folder, '.unrootrc.yaml')).toBe(
      writeConfig(defaultAnswers, 'https://github.com/unroot/unroot/raw/main/config.schema.json')
    )
  })

  it('writes what was answered', async () => {
    const folder = createFolder()
    const { code } = await init(folder, [
      ['How shall images', down],
      ['starts as root', enter],
      ['Name of the account', `web${enter}`],
      ['Its uid?', `2000${enter}`],
      ['A umask', `${down}${enter}`],
      ['Change compose files', `${down}${enter}`],
      ['A path that', `/health${enter}`]
    ])
    expect(code).toBe(0)
    expect((await findConfig(folder))?.config).toEqual({
      $schema: expect.stringContaining('config.schema.json'),
      strategy: 'entrypoint',
      user: 'web',
      uid: 2000,
      umask: '027',
      companions: true,
      harden: true,
      verify: { http: '/health' }
    })
  })

  it('asks for no account where none is made, and offers a umask that goes with it', async () => {
    const folder = createFolder()
    await init(folder, [
      ['How shall images', `${down}${down}${enter}`],
      ['Its uid?', enter],
      ['A umask', `${down}${enter}`],
      ['Change compose files', enter],
      ['A path that', enter]
    ])
    const config = (await findConfig(folder))?.config
    expect(config).toMatchObject({ strategy: 'arbitrary-user', umask: '007' })
    expect(config).not.toHaveProperty('user')
  })

  it('says what is wrong with an answer, and asks again', async () => {
    const folder = createFolder()
    const { terminal } = await init(folder, [
      ...all.slice(0, 2),
      ['Its uid?', `0${enter}`],
      ['0 is root', `\u007f5${enter}`],
      ...all.slice(3)
    ])
    expect(terminal.left()).toEqual([])
    expect((await findConfig(folder))?.config.uid).toBe(5)
  })

  it.each([
    ['Ctrl-C', '\u0003'],
    ['Ctrl-D', '\u0004'],
    ['the end of input', { end: true } as const]
  ])('writes nothing after %s', async (_, typed) => {
    const folder = createFolder()
    const { code, terminal } = await init(folder, [...all.slice(0, 2), ['Its uid?', typed]])
    expect(code).toBe(130)
    expect(terminal.screen()).toContain('Nothing was written.')
    expect(terminal.isRaw()).toBe(false)
    expect(listFolder(folder)).toEqual([])
  })

  it('uses no colours where there shall be none', async () => {
    const { terminal } = await init(createFolder(), all)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
    expect(terminal.raw()).not.toMatch(/\u001b\[\d+m/)
  })
})

describe('config.schema.json', () => {
  it('is generated from the schema that validates configs', () => {
    expect(shipped).toEqual({
      $schema: 'http://json-schema.org/draft-07/schema#',
      ...toJsonSchema(configSchema, { target: 'draft-07' })
    })
  })

  const text = writeConfig({ ...defaultAnswers, umask: '027', http: '/' }, './config.schema.json')
  const uncommented = text.replace(/^# ?((?:\w+:(?: [^.]*)?$)|(?: {2}.*$))/gm, '$1')

  it.each([
    ['what init writes', writeConfig(defaultAnswers, './config.schema.json')],
    ['the same with every example', uncommented]
  ])('holds for %s', (_, yaml) => {
    const config: unknown = parse(yaml)
    expect(isValid(config), JSON.stringify(isValid.errors)).toBe(true)
    expect(validateConfig(config, 'x')).toEqual(config)
  })

  it('holds for every example', () => {
    expect(Object.keys(parse(uncommented))).toEqual([
      ...['$schema', 'strategy', 'user', 'uid', 'umask', 'companions', 'harden', 'verify'],
      ...['exclude', 'overrides', 'ignore']
    ])
  })

  it.each([
    '{ "uuid": 5 }',
    '{ "uid": 0 }',
    '{ "port": "80" }',
    '{ "port": "80=8080=1" }',
    '{ "port": { "80": 0 } }',
    '{ "ignore": [{ "path": "x", "rule": "low-port" }] }',
    '{ "ignore": [{ "path": "x", "rule": "low-port", "reason": " " }] }',
    '{ "overrides": [{ "files": "x", "format": "json" }] }',
    '{ "verify": { "http": "health" } }'
  ])('rejects %s as the config does', (json) => {
    expect(isValid(JSON.parse(json))).toBe(false)
    expect(() => validateConfig(JSON.parse(json), 'x')).toThrow()
  })
})
