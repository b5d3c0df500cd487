// Runs the unit tests with other versions of Node: node scripts/node-versions.mjs [--reports <folder>] [22 24]
// The versions come from npm, where each is a package, into a temporary folder. One that cannot be fetched is skipped, and
// the last lines say so.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const repository = fileURLToPath(new URL('..', import.meta.url))
const { values, positionals } = parseArgs({ allowPositionals: true, options: { reports: { type: 'string' } } })
const versions = positionals.length > 0 ? positionals : ['22', '24']
const folder = mkdtempSync(path.join(tmpdir(), 'unroot-node-'))

/** The folder of a Node's programs, or why there is none. */
function fetchNode(version) {
  const name = `node${version}`
  writeFileSync(path.join(folder, 'package.json'), '{ "private": true }')
  const quiet = ['--no-save', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel', 'error']
  const source = `${name}@npm:node-${process.platform}-${process.arch}@${version}`
  const npm = spawnSync('npm', ['install', ...quiet, source], { cwd: folder, encoding: 'utf8' })
  const bin = path.join(folder, 'node_modules', name, 'bin')
  const found = spawnSync(path.join(bin, 'node'), ['--version'], { encoding: 'utf8' })
  if (found.status === 0) return { bin, exact: found.stdout.trim() }
  const [problem = 'npm install failed'] = `${npm.stderr ?? ''}`
    .split('\n')
    .filter((line) => /\bE[A-Z0-9]+\b/.test(line))
  return { problem: npm.error?.message ?? problem }
}

function runTests(version, bin) {
  const vitest = path.join(repository, 'node_modules/vitest/vitest.mjs')
  const reports =
    values.reports === undefined
      ? []
      : [
          '--reporter=default',
          '--reporter=json',
          `--outputFile.json=${path.join(values.reports, `node-${version}.json`)}`
        ]
  // What the tests start finds this version too.
  const env = { ...process.env, PATH: `${bin}${path.delimiter}${process.env.PATH}` }
  const { status } = spawnSync(path.join(bin, 'node'), [vitest, 'run', ...reports], {
    cwd: repository,
    env,
    stdio: 'inherit'
  })
  return status === 0
}

const outcomes = []
try {
  for (const version of versions) {
    const { bin, exact, problem } = fetchNode(version)
    if (bin === undefined) {
      outcomes.push(`Node ${version}: skipped, not fetched: ${problem}`)
      continue
    }
    console.log(`\nUnit tests with Node ${exact}`)
    const hasPassed = runTests(version, bin)
    outcomes.push(`Node ${exact}: ${hasPassed ? 'passed' : 'failed'}`)
    if (!hasPassed) process.exitCode = 1
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
console.log(`\n${outcomes.join('\n')}`)
