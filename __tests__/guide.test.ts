/** docs/first-transform.md, followed step by step in an empty project. */
import { execFile } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it, test } from 'vitest'
import { createFolder, readText, removeFoldersAfterTests, repository } from './support/cli.ts'

removeFoldersAfterTests()

const run = promisify(execFile)

interface Step {
  title: string
  /** `` `name`: `` in front of a block makes it a file; `sh` is run; `text` is what the `sh` in front of it prints. */
  kind: 'file' | 'run'
  name: string
  text: string
  output: string | undefined
}

function readSteps(page: string): Step[] {
  const steps: Step[] = []
  const pattern = /^## (.+)$|(?:`([\w./-]+)`:\n\n)?^```(\w+)\n([\s\S]*?)^```$/gm
  let title = ''
  for (const [, heading, name, language, text = ''] of page.matchAll(pattern)) {
    if (heading !== undefined) title = heading
    else if (name !== undefined) steps.push({ title, kind: 'file', name, text, output: undefined })
    else if (language === 'sh') steps.push({ title, kind: 'run', name: text, text, output: undefined })
    else if (language === 'text') (steps.at(-1) as Step).output = text
    else throw new Error(`a block that is neither file nor command nor output: ${text}`)
  }
  return steps
}

describe('docs/first-transform.md', () => {
  const steps = readSteps(readText(repository, 'docs/first-transform.md'))
  let folder: string

  beforeAll(() => {
    folder = createFolder()
  })

  it('has files, commands and outputs', () => {
    expect(steps.filter(({ kind }) => kind === 'file').length).toBeGreaterThanOrEqual(5)
    expect(steps.filter(({ output }) => output !== undefined).length).toBeGreaterThanOrEqual(5)
  })

  test.each(steps.map((step) => [step.title, step.name.split('\n')[0] as string, step] as const))(
    '%s: %s',
    async (_, __, { kind, name, text, output }) => {
      if (kind === 'file') return writeFileSync(path.join(folder, name), text)
      // What an installed package looks like; the real one is installed by package.test.ts.
      const install = 'npm install --save-dev unroot'
      if (text.includes(install)) {
        mkdirSync(path.join(folder, 'node_modules'))
        symlinkSync(repository, path.join(folder, 'node_modules/unroot'), 'dir')
      }
      const script = text.replace(install, '')
      const { FORCE_COLOR: _color, NODE_OPTIONS: _options, ...env } = process.env
      const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', script], { cwd: folder, env })
      if (output !== undefined) expect(stdout.trimEnd()).toBe(output.trimEnd())
    },
    30_000
  )
})
