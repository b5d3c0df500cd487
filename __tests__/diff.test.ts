import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { unifiedDiff } from '../src/report/diff.ts'
import { createFolder, git, readText, removeFoldersAfterTests } from './support/cli.ts'

removeFoldersAfterTests()

const lines = (count: number) => Array.from({ length: count }, (_, index) => `RUN step ${index}\n`).join('')

const cases: Record<string, { path?: string; before: string; after: string; created?: boolean }> = {
  'an inserted line': { before: 'FROM a\nCMD x\n', after: 'FROM a\nUSER 1\nCMD x\n' },
  'two hunks': {
    before: lines(30),
    after: lines(30).replace('step 2\n', 'step two\n').replace('step 25\n', 'step\nRUN 25\n')
  },
  'changes at both ends': { before: lines(20), after: `# first\n${lines(20)}# last\n` },
  CRLF: { before: 'FROM a\r\nCMD x\r\n', after: 'FROM a\r\nUSER 1\r\nCMD x\r\n' },
  'CRLF without a final newline': { before: 'FROM a\r\nCMD x', after: 'FROM a\r\nUSER 1\r\nCMD x' },
  'no final newline': { before: 'FROM a\nCMD x', after: 'FROM a\nUSER 1\nCMD x' },
  'a final newline that is added': { before: 'FROM a\nCMD x', after: 'FROM a\nCMD x\nUSER 1\n' },
  'a final newline that is taken away': { before: 'FROM a\nCMD x\n', after: 'FROM a\nCMD x' },
  'a byte order mark': { before: '\ufeffFROM a\nCMD x\n', after: '\ufeffFROM a\nUSER 1\nCMD x\n' },
  'lines that look like headers': { before: '-- a/x\nFROM a\n', after: '++ b/x\nFROM a\nUSER 1\n' },
  'repeated lines': { before: 'A\nA\nA\nA\nA\nA\nA\nA\nA\n', after: 'A\nA\nA\nA\nA\nA\nA\nA\nA\nA\n' },
  'lone carriage returns and other line separators': {
    before: 'FROM a\rb\u2028c\nCMD x\n',
    after: 'FROM a\rb\u2028d\nCMD x\n'
  },
  'an empty file': { before: '', after: 'FROM a\n' },
  'a file that becomes empty': { before: 'FROM a\n', after: '' },
  'a subfolder': { path: 'services/api/Dockerfile', before: 'FROM a\n', after: 'FROM a\nUSER 1\n' },
  'a name with spaces': { path: 'my api/Docker file', before: 'FROM a\n', after: 'FROM a\nUSER 1\n' },
  'a name that ends like a date': { path: 'a 2024-01-02 03:04:05', before: 'FROM a\n', after: 'FROM a\nUSER 1\n' },
  'a name with a tab, quotes and a backslash': { path: 'a\t"b"\\c', before: 'FROM a\n', after: 'FROM a\nUSER 1\n' },
  'a non-ASCII name': { path: 'größe/日本 🐳', before: 'FROM a\n', after: 'FROM a\nUSER 1\n' },
  'a new file': { path: 'docker/entrypoint.sh', before: '', after: '#!/bin/sh\nexec "$@"\n', created: true },
  'a new file without a final newline': { path: 'neu/ä b', before: '', after: 'x', created: true },
  'everything replaced': { before: lines(1_500), after: lines(1_500).replaceAll('step', 'other') }
}

describe('git apply takes the diff of', () => {
  it.each(Object.entries(cases))('%s', (_, { path: name = 'Dockerfile', before, after, created = false }) => {
    const folder = createFolder()
    git(folder, 'init', '-q')
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true })
    if (!created) writeFileSync(path.join(folder, name), before)
    execFileSync('git', ['apply', '--whitespace=nowarn'], {
      cwd: folder,
      input: unifiedDiff(name, before, after, { created })
    })
    expect(existsSync(path.join(folder, name)) ? readText(folder, name) : '').toBe(after)
  })
})

describe('unifiedDiff', () => {
  it('has plain headers and three lines of context', () => {
    const before = 'one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\n'
    expect(unifiedDiff('api/Dockerfile', before, before.replace('five', '5'))).toBe(
      [
        '--- a/api/Dockerfile',
        '+++ b/api/Dockerfile',
        '@@ -2,7 +2,7 @@',
        ' two',
        ' three',
        ' four',
        '-five',
        '+5',
        ' six',
        ' seven',
        ' eight',
        ''
      ].join('\n')
    )
  })

  it('is empty when nothing changes', () => {
    expect(unifiedDiff('Dockerfile', 'FROM a\n', 'FROM a\n')).toBe('')
  })

  it('applies in a subfolder of a repository, where git ignores diffs with git headers', () => {
    const folder = createFolder({ 'services/api/Dockerfile': 'FROM a\n' })
    git(folder, 'init', '-q')
    const input = unifiedDiff('api/Dockerfile', 'FROM a\n', 'FROM a\nUSER 1\n')
    execFileSync('git', ['apply'], { cwd: path.join(folder, 'services'), input })
    expect(readText(folder, 'services/api/Dockerfile')).toBe('FROM a\nUSER 1\n')
  })

  it('does not search for long in texts that share nothing', () => {
    const before = Array.from({ length: 60_000 }, (_, index) => `a ${index * 7}\n`).join('')
    const after = Array.from({ length: 60_000 }, (_, index) => `b ${index * 3}\n`).join('')
    const started = performance.now()
    const diff = unifiedDiff('Dockerfile', before, after)
    expect(performance.now() - started).toBeLessThan(5_000)
    expect(diff.split('\n').length).toBe(120_000 + 4)
  })
})
