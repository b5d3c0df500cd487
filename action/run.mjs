// What the GitHub Action does: runs the command line, passes its exit code on, and writes outputs and the job summary.
import { spawn } from 'node:child_process'
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const { UNROOT_PATHS = '', UNROOT_MODE = '', UNROOT_ARGS = '', GITHUB_OUTPUT, GITHUB_STEP_SUMMARY } = process.env

const linesOf = (text) =>
  text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '')

const mode = UNROOT_MODE.trim() || 'check'
const modes = { check: ['--check'], write: ['--write'], verify: ['verify'] }
const modeArguments = Object.hasOwn(modes, mode) ? modes[mode] : undefined

if (modeArguments === undefined) {
  console.log(`::error title=unroot::mode must be check, write or verify, not ${JSON.stringify(mode)}`)
  process.exit(2)
}

const folder = mkdtempSync(path.join(tmpdir(), 'unroot-action-'))
const reportFile = path.join(folder, 'report.json')
const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url))
const report = mode === 'verify' ? [] : ['--summary-file', reportFile]
// Never an option, and no `--` in front: what stands behind one is the container's command for verify.
const paths = linesOf(UNROOT_PATHS).map((name) => (name.startsWith('-') ? `./${name}` : name))

const { code, lastLine } = await run([cli, ...modeArguments, ...linesOf(UNROOT_ARGS), ...report, ...paths])
const changed = existsSync(reportFile) && hasChanges(JSON.parse(readFileSync(reportFile, 'utf8')))
rmSync(folder, { recursive: true, force: true })
if (GITHUB_OUTPUT) appendFileSync(GITHUB_OUTPUT, `changed=${changed}\nsummary=${lastLine}\n`)
if (GITHUB_STEP_SUMMARY) appendFileSync(GITHUB_STEP_SUMMARY, `**unroot** (${mode}): ${lastLine}\n`)
process.exitCode = code

function hasChanges({ files, companions }) {
  return [...files, ...companions].some((file) => file.changed)
}

/** The last line on standard error is the summary. */
function run(args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'pipe'] })
    let tail = ''
    child.stderr.setEncoding('utf8').on('data', (text) => {
      process.stderr.write(text)
      tail = (tail + text).slice(-4096)
    })
    child.on('error', reject)
    child.on('close', (status) => resolve({ code: status ?? 2, lastLine: linesOf(tail).at(-1) ?? '' }))
  })
}
