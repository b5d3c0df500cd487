/** The image of the tool itself, built from this repository and used on a folder. */
import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createFolder, readText, removeFoldersAfterTests, repository, rootDockerfile } from '../support/cli.ts'
import { engineEnvironment } from './support/engine.ts'

removeFoldersAfterTests()

const image = 'unroot-test-tool'

const docker = (...args: string[]): string =>
  execFileSync('docker', args, { encoding: 'utf8', env: { ...process.env, ...engineEnvironment } })

describe.skipIf(engineEnvironment === undefined)('the image of the tool', () => {
  beforeAll(() => {
    docker('build', '--quiet', '--pull=false', '--network', 'host', '--tag', image, repository)
  }, 240_000)

  afterAll(() => {
    docker('rmi', '--force', image)
  })

  const tool = (folder: string, ...args: string[]): string =>
    docker('run', '--rm', '--network', 'none', '--cap-drop', 'ALL', '--volume', `${folder}:/work`, ...args)

  it('prints the diff of a folder and runs as 1000:1000', () => {
    const folder = createFolder({ Dockerfile: rootDockerfile })
    execFileSync('chmod', ['-R', 'a+rX', folder])
    expect(tool(folder, '--read-only', image)).toContain('+USER 10001:10001')
    expect(readText(folder, 'Dockerfile')).toBe(rootDockerfile)
    expect(docker('inspect', '--format', '{{.Config.User}}', image).trim()).toBe('1000:1000')
  })

  it('writes as the user who runs it', () => {
    const folder = createFolder({ Dockerfile: rootDockerfile })
    execFileSync('chown', ['-R', '2000:2000', folder])
    tool(folder, '--user', '2000:2000', image, '--write')
    expect(readText(folder, 'Dockerfile')).toContain('USER 10001:10001')
  })
})
