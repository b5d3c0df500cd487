import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { createFileSettings } from '../src/config/file-options.ts'
import { findConfig, loadConfig } from '../src/config/load.ts'
import { nearestWords } from '../src/config/nearest.ts'
import { createMatcher } from '../src/config/patterns.ts'
import { validateConfig } from '../src/config/validate.ts'
import { createFolder, listFolder, removeFoldersAfterTests, rootDockerfile, unroot } from './support/cli.ts'

removeFoldersAfterTests()

describe('the config file', () => {
  const json = '{ "uid": 2000 }'
  it.each([
    ['package.json', '{ "name": "x", "unroot": { "uid": 2000 } }'],
    ['.unrootrc', 'uid: 2000\n'],
    ['.unrootrc.json', json],
    ['.unrootrc.yaml', 'uid: 2000\n'],
    ['.unrootrc.yml', 'uid: 2000\n'],
    ['.config/unrootrc', json],
    ['.config/unrootrc.json', json],
    ['unroot.config.json', json],
    ['unroot.config.yaml', 'uid: 2000\n']
  ])('may be %s', async (name, content) => {
    const folder = createFolder({ [name]: content, 'a/b/Dockerfile': rootDockerfile })
    const { stdout } = await unroot(path.join(folder, 'a/b'), [])
    expect(stdout).toContain('+USER 2000')
    expect((await findConfig(folder))?.folder).toBe(folder)
  })

  it('nearest to the working directory wins', async () => {
    const folder = createFolder({
      '.unrootrc': 'uid: 2000',
      'a/package.json': '{"name":"unroot"}',
      'a/.unrootrc': 'uid: 3000'
    })
    expect((await findConfig(path.join(folder, 'a')))?.config).toEqual({ uid: 3000 })
  })

  it('is not a package.json that only mentions unroot', async () => {
    const folder = createFolder({
      'package.json': '{ "devDependencies": { "unroot": "1" } }',
      Dockerfile: rootDockerfile
    })
    expect((await unroot(folder, [])).stdout).toContain('+USER 10001')
  })

  it('is never a program, unless it is named', async () => {
    const program = 'import { writeFileSync } from "node:fs"\nwriteFileSync("ran", "")\nexport default { uid: 2000 }\n'
    const files = Object.fromEntries(
      [
        'unroot.config.mjs',
        'unroot.config.js',
        '.unrootrc.mjs',
        '.unrootrc.cjs',
        // What cosmiconfig would run for its own sake.
        '.config/config.js',
        '.config/config.mjs',
        '.config/unrootrc.js'
      ].map((name) => [name, program])
    )
    const folder = createFolder({ ...files, Dockerfile: rootDockerfile, '.unrootrc': 'gid: 4000' })
    expect((await unroot(folder, [])).stdout).toContain('+USER 10001')
    expect(listFolder(folder)).not.toContain('ran')
    expect((await unroot(folder, ['--config', 'unroot.config.mjs'])).stdout).toContain('+USER 2000')
    expect(listFolder(folder)).toContain('ran')
  })

  it('cannot import a program either', async () => {
    const folder = createFolder({
      '.unrootrc.json': '{ "$import": "./evil.js" }',
      'evil.js': 'require("node:fs").writeFileSync("ran", "")\nmodule.exports = {}\n',
      Dockerfile: rootDockerfile
    })
    expect((await unroot(folder, [])).code).toBe(2)
    expect(listFolder(folder)).not.toContain('ran')
  })

  it('is left alone with --no-config, and loses against flags', async () => {
    const folder = createFolder({ '.unrootrc': 'uid: 2000', Dockerfile: rootDockerfile })
    expect((await unroot(folder, ['--no-config'])).stdout).toContain('+USER 10001')
    expect((await unroot(folder, ['--uid', '3000'])).stdout).toContain('+USER 3000')
  })

  it('sets the format and what happens without files', async () => {
    const folder = createFolder({ '.unrootrc': 'format: json\nfailOnNoFiles: true' })
    const { code, stdout } = await unroot(folder, [])
    expect(code).toBe(2)
    expect(JSON.parse(stdout).summary.files).toBe(0)
  })
})

describe('a wrong config', () => {
  it.each([
    ['{ "uuid": 5 }', '.unrootrc.json: unknown key "uuid". Did you mean "uid"', 'Allowed: strategy, user, uid'],
    ['{ "uid": "5" }', '.unrootrc.json: "uid" must be a number, but is "5"'],
    ['{ "uid": 0 }', '"uid" must be at least 1 (0 is root), but is 0'],
    ['{ "chown": "ap" }', '"chown" must be app, all or none, but is "ap". Did you mean "app"?'],
    ['{ "strategy": "entry-point" }', 'Did you mean "entrypoint"?'],
    ['{ "port": "80" }', '"port" must be "80=8080"'],
    ['{ "port": { "80": 0 } }', 'must be "80=8080", a list of such strings, or { "80": 8080 }'],
    ['{ "only": "create-usr" }', '.unrootrc.json: there is no transform "create-usr". Did you mean "create-user"?'],
    ['{ "ignore": [{ "path": "x", "rule": "low-port" }] }', '"reason" is missing in ignore[0]'],
    ['{ "ignore": [{ "path": "x", "rule": "low-port", "reason": " " }] }', '"ignore[0].reason" must not be empty'],
    [
      '{ "overrides": [{ "files": "x", "uid": 1, "gidd": 2 }] }',
      'unknown key "gidd" in overrides[0]. Did you mean "gid"'
    ],
    ['{ "overrides": [{ "files": "x", "format": "json" }] }', 'unknown key "format" in overrides[0]'],
    ['[]', 'must be an object'],
    ['"x"', 'must be an object'],
    ['{ "context": "nowhere" }', '.unrootrc.json: context nowhere: no such folder'],
    ['{ "image": "a=b" }', '.unrootrc.json: image a=b: no such Dockerfile; the path is relative to the config file'],
    ['{ "uid": ', '.unrootrc.json: is no valid JSON: '],
    ['{ "uid": 1, }\n', '.unrootrc.json: is no valid JSON: Expected double-quoted property name\n> 1 | {']
  ])('%s', async (content, ...messages) => {
    const folder = createFolder({ '.unrootrc.json': content, Dockerfile: rootDockerfile })
    const { code, stdout, stderr } = await unroot(folder, [])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^error: /)
    for (const message of messages) expect(stderr).toContain(message)
  })

  it('names every mistake', () => {
    expect(() => validateConfig({ uid: 'x', gid: 'y' }, 'rc')).toThrow(/rc: "uid" .*\nrc: "gid" /)
  })

  it.each([
    ['rc.yaml', 'uid: [1', 'rc.yaml: is no valid YAML: unexpected end'],
    ['rc.mjs', 'throw new Error("boo")', 'rc.mjs: the program fails: boo']
  ])('%s names the file once and the cause', async (name, content, message) => {
    const folder = createFolder({ [name]: content })
    const { code, stderr } = await unroot(folder, ['--config', name])
    expect(code).toBe(2)
    expect(stderr).toContain(`error: ${message}`)
    expect(stderr).not.toContain(folder)
  })

  it('that is a folder', async () => {
    const folder = createFolder({ '.unrootrc/x': '' })
    const { code, stderr } = await unroot(folder, [])
    expect({ code, stderr }).toEqual({ code: 2, stderr: 'error: .unrootrc: cannot be read: it is a directory\n' })
  })

  it('that is named but not there', async () => {
    await expect(loadConfig('none.json', createFolder())).rejects.toMatchObject({ code: 'CONFIG_NOT_FOUND' })
  })
})

describe('options of a path', () => {
  const folder = '/repo'
  const settings = createFileSettings({
    file: '/repo/.unrootrc',
    folder,
    config: {
      uid: 2000,
      target: 'runtime',
      port: ['80=8080', '443=9443'],
      skip: 'create-user, set-umask',
      context: 'src',
      exclude: ['legacy/', '*.test.Dockerfile'],
      ignore: [{ path: ['site/**'], rule: 'low-port', reason: 'host network' }],
      overrides: [
        { files: 'services/{api,web}/**', uid: 3000, target: ['a', 'b'] },
        { files: './services/api/Dockerfile', port: { '80': 80 } }
      ]
    }
  })

  it('are those of the config, then of the overrides that match, in order', () => {
    expect(settings.optionsFor('/repo/Dockerfile')).toEqual({
      uid: 2000,
      targets: ['runtime'],
      ports: { 80: 8080, 443: 9443 },
      skip: ['create-user', 'set-umask'],
      context: '/repo/src'
    })
    expect(settings.optionsFor('/repo/services/api/Dockerfile')).toMatchObject({
      uid: 3000,
      targets: ['a', 'b'],
      ports: { 80: 80 },
      skip: ['create-user', 'set-umask']
    })
    expect(settings.optionsFor('/repo/services/web/Dockerfile')).toMatchObject({ ports: { 80: 8080, 443: 9443 } })
  })

  it('hold the findings that are accepted there', () => {
    expect(settings.optionsFor('/repo/site/a/Dockerfile').ignore).toEqual([
      { rule: 'low-port', reason: 'host network' }
    ])
    expect(settings.optionsFor('/repo/Dockerfile').ignore).toBeUndefined()
    expect(settings.optionsFor('/elsewhere/site/Dockerfile').ignore).toBeUndefined()
  })

  it('do not matter where a file is excluded', async () => {
    expect(settings.isExcluded('/repo/legacy/a/Dockerfile')).toBe(true)
    expect(settings.isExcluded('/repo/a/x.test.Dockerfile')).toBe(true)
    expect(settings.isExcluded('/repo/a/Dockerfile')).toBe(false)
    const files = { '.unrootrc': 'exclude: old', 'old/Dockerfile': 'broken', 'new/Dockerfile': rootDockerfile }
    expect(await unroot(createFolder(files), ['-l', '.', 'old/Dockerfile'])).toEqual({
      code: 0,
      stdout: 'new/Dockerfile\n',
      stderr: ''
    })
  })
})

describe('patterns', () => {
  it.each([
    ['Dockerfile', 'a/b/Dockerfile', true],
    ['/Dockerfile', 'a/Dockerfile', false],
    ['./Dockerfile', 'Dockerfile', true],
    ['services', 'services/api/Dockerfile', true],
    ['services/*/Dockerfile', 'services/api/Dockerfile', true],
    ['services/*/Dockerfile', 'services/a/b/Dockerfile', false],
    ['**/dev/**', 'x/dev/Dockerfile', true],
    ['*.{dev,test}', 'a/Dockerfile.test', true],
    ['*.{dev,test}', 'a/Dockerfile.prod', false]
  ])('%s on %s: %s', (pattern, file, expected) => {
    expect(createMatcher(pattern, '/repo')(`/repo/${file}`)).toBe(expected)
  })
})

describe('the nearest words', () => {
  const words = ['create-user', 'own-writable-paths', 'chown-copied-files', 'remap-ports', 'switch-user']
  it.each([
    ['create-usr', ['create-user']],
    ['chown-copied-file', ['chown-copied-files']],
    ['remapPorts', ['remap-ports']],
    ['user', ['create-user', 'switch-user']],
    ['xyzzy', []]
  ])('of %s', (word, expected) => expect(nearestWords(word, words)).toEqual(expected))
})
