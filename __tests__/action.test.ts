/** `action.yml`: its steps run in bash with the environment that GitHub's runner would give them. */
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { describe, expect, it, test } from 'vitest'
import { parse } from 'yaml'
import {
  createFolder,
  nonRootDockerfile,
  readText,
  refusedDockerfile,
  removeFoldersAfterTests,
  repository,
  rootDockerfile
} from './support/cli.ts'

removeFoldersAfterTests()

interface Step {
  id?: string
  run: string
  shell: string
  env: Record<string, string>
  'working-directory'?: string
}

const action = parse(readText(repository, 'action.yml')) as {
  inputs: Record<string, { description: string; default: string }>
  outputs: Record<string, { description: string; value: string }>
  runs: { using: string; steps: Step[] }
}

/** Runs the action's steps in a workspace, as the runner does it. */
function runAction(workspace: string, given: Record<string, string> = {}) {
  const files = createFolder({ output: '', summary: '' })
  const values: Record<string, string> = { 'github.action_path': repository.replace(/\/$/, '') }
  for (const [name, input] of Object.entries(action.inputs)) values[`inputs.${name}`] = given[name] ?? input.default
  const fill = (text: string) => text.replace(/\$\{\{ (\S+) \}\}/g, (_, name: string) => values[name] as string)
  let code: number | null = 0
  let log = ''
  for (const step of action.runs.steps) {
    expect(step.shell).toBe('bash')
    const env = Object.fromEntries(Object.entries(step.env).map(([name, value]) => [name, fill(value)]))
    const result = spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', fill(step.run)], {
      cwd: path.join(workspace, fill(step['working-directory'] ?? '.')),
      encoding: 'utf8',
      env: {
        ...process.env,
        GITHUB_OUTPUT: path.join(files, 'output'),
        GITHUB_STEP_SUMMARY: path.join(files, 'summary'),
        ...env
      }
    })
    log += result.stdout + result.stderr
    code = result.status
    if (code !== 0) break
  }
  const outputs = Object.fromEntries(readText(files, 'output').split('\n').filter(Boolean).map(splitPair))
  return { code, log, outputs, summary: readText(files, 'summary') }
}

function splitPair(line: string): [string, string] {
  const equals = line.indexOf('=')
  return [line.slice(0, equals), line.slice(equals + 1)]
}

describe('the action', () => {
  it('fails by default while something is left to do, and says what', () => {
    const workspace = createFolder({ Dockerfile: rootDockerfile })
    const { code, log, outputs, summary } = runAction(workspace)
    expect(code).toBe(1)
    expect(log).toContain('+USER 10001:10001')
    expect(outputs).toEqual({ changed: 'true', summary: '1 file: 1 converted; 1 would change' })
    expect(summary).toBe('**unroot** (check): 1 file: 1 converted; 1 would change\n')
    expect(readText(workspace, 'Dockerfile')).toBe(rootDockerfile)
  })

  it('passes when nothing is left to do', () => {
    const { code, outputs } = runAction(createFolder({ Dockerfile: nonRootDockerfile }))
    expect({ code, changed: outputs.changed }).toEqual({ code: 0, changed: 'false' })
  })

  it('fails on a refusal, which changes nothing', () => {
    const { code, outputs } = runAction(createFolder({ Dockerfile: refusedDockerfile }))
    expect({ code, changed: outputs.changed }).toEqual({ code: 1, changed: 'false' })
  })

  it('writes, and a second time there is nothing to write', () => {
    const workspace = createFolder({ 'a b/Dockerfile': rootDockerfile, 'c/Dockerfile': rootDockerfile })
    const given = { mode: 'write', paths: 'a b\nc/Dockerfile\n', args: '--uid=20001\n--user\nweb' }
    expect(runAction(workspace, given)).toMatchObject({ code: 0, outputs: { changed: 'true' } })
    for (const name of ['a b/Dockerfile', 'c/Dockerfile'])
      expect(readText(workspace, name)).toContain('useradd --uid 20001 --gid web')
    expect(runAction(workspace, given)).toMatchObject({ code: 0, outputs: { changed: 'false' } })
  })

  it('looks for files and config in the working directory that is named', () => {
    const workspace = createFolder({ 'deploy/Dockerfile': rootDockerfile, 'deploy/.unrootrc.json': '{ "uid": 30001 }' })
    runAction(workspace, { mode: 'write', 'working-directory': 'deploy' })
    expect(readText(workspace, 'deploy/Dockerfile')).toContain('USER 30001:30001')
  })

  it('verifies', () => {
    const given = { mode: 'verify', args: '--engine=/nonexistent/docker' }
    const { code, log, outputs } = runAction(createFolder({ Dockerfile: rootDockerfile }), given)
    expect(code).toBe(2)
    expect(log).toContain('/nonexistent/docker')
    expect(outputs.changed).toBe('false')
    const none = runAction(createFolder({ 'a/Dockerfile': nonRootDockerfile }), { mode: 'verify', paths: 'b' })
    expect(none.log).toContain('b: no such file or directory')
  })

  it('takes what it is given for text, never for code or for options', () => {
    const workspace = createFolder({
      '--write/Dockerfile': rootDockerfile,
      '$(touch hacked)/Dockerfile': rootDockerfile
    })
    const { outputs } = runAction(workspace, { paths: '--write\n$(touch hacked)' })
    expect(outputs.summary).toBe('2 files: 2 converted; 2 would change')
    expect(() => readText(workspace, 'hacked')).toThrow('ENOENT')
    expect(runAction(workspace, { mode: 'toString' })).toMatchObject({ code: 2, outputs: {} })
  })

  test('every input is used, every output is written', () => {
    const used = JSON.stringify(action.runs)
    for (const name of Object.keys(action.inputs)) expect(used).toContain(`\${{ inputs.${name} }}`)
    const written = Object.keys(runAction(createFolder()).outputs)
    const promised = Object.entries(action.outputs).map(([name, { value }]) => {
      expect(value).toBe(`\${{ steps.unroot.outputs.${name} }}`)
      return name
    })
    expect(written).toEqual(promised)
    expect(action.runs.using).toBe('composite')
  })
})
