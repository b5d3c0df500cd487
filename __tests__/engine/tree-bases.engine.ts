import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createFolder, removeFoldersAfterTests, unroot } from '../support/cli.ts'
import { engineEnvironment } from './support/engine.ts'

removeFoldersAfterTests()

const environment = { ...process.env, ...engineEnvironment }
const run = `unroot-bases-${randomBytes(4).toString('hex')}`
const base = `${run}/app-base`
const images = new Set<string>()

const baseDockerfile = `FROM debian:12-slim
WORKDIR /srv/app
COPY start /usr/local/bin/start
CMD ["start"]
`
const start = '#!/bin/sh\nset -e\ndate > /srv/app/started\ncat /srv/app/config\nid -u\n'
const childDockerfile = `FROM ${base}
RUN touch /usr/local/installed
COPY config .
`

const build = (tag: string, folder: string, dockerfile: string) => {
  images.add(tag)
  return spawnSync('docker', ['build', '--pull=false', '--network', 'none', '--tag', tag, '--file', '-', folder], {
    encoding: 'utf8',
    input: dockerfile,
    env: environment
  })
}
const startImage = (tag: string) =>
  spawnSync('docker', ['run', '--rm', '--network', 'none', '--cap-drop', 'ALL', tag], {
    encoding: 'utf8',
    env: environment
  })

describe.skipIf(engineEnvironment === undefined)('a base image that the same tree builds', () => {
  afterAll(() => {
    for (const image of images) execFileSync('docker', ['rmi', '--force', image], { env: environment, stdio: 'ignore' })
  })

  it('is converted together with what is built on it', async () => {
    const folder = createFolder({
      'app-base/Dockerfile': baseDockerfile,
      'app-base/start': start,
      'api/Dockerfile': childDockerfile,
      'api/config': 'configured\n'
    })
    execFileSync('chmod', ['755', path.join(folder, 'app-base', 'start')])
    const { code, stderr } = await unroot(folder, ['--write', '--image', `${base}=app-base/Dockerfile`])
    expect(code, stderr).toBe(0)
    const convertedBase = readFileSync(path.join(folder, 'app-base', 'Dockerfile'), 'utf8')
    const convertedChild = readFileSync(path.join(folder, 'api', 'Dockerfile'), 'utf8')
    const inBase = path.join(folder, 'app-base')
    const inChild = path.join(folder, 'api')

    expect(build(base, inBase, baseDockerfile).status).toBe(0)
    const onOld = build(`${run}/on-old`, inChild, convertedChild)
    expect(onOld.status, onOld.stderr).toBe(0)

    expect(build(base, inBase, convertedBase).status).toBe(0)
    const unconverted = build(`${run}/unconverted`, inChild, childDockerfile)
    expect(unconverted.status, 'only the base converted: a step of the other file is no longer root').not.toBe(0)
    expect(unconverted.stderr).toMatch(/installed.*Permission denied/)

    const converted = build(`${run}/converted`, inChild, convertedChild)
    expect(converted.status, converted.stderr).toBe(0)
    const started = startImage(`${run}/converted`)
    expect(started.stdout, started.stderr).toBe('configured\n10001\n')
  })
})
