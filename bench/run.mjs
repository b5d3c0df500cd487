// Prints how fast the built package is: node bench/run.mjs [--markdown]
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { generate } from './generate.mjs'

const repository = fileURLToPath(new URL('..', import.meta.url))
const cli = path.join(repository, 'dist/cli.js')
if (!existsSync(cli)) {
  console.error('dist/cli.js is missing: run `npm run build` first')
  process.exit(2)
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]

/** Milliseconds that one run of a program takes. */
function time([command, ...args], { cwd, exitCodes = [0] }) {
  const started = performance.now()
  const result = spawnSync(command, args, { cwd, stdio: ['ignore', 'ignore', 'pipe'], maxBuffer: 1 << 28 })
  const took = performance.now() - started
  if (result.error || !exitCodes.includes(result.status))
    throw new Error(`${command} ${args.join(' ')}: ${result.error ?? `exit ${result.status} ${result.stderr}`}`)
  return took
}

/** The medians of programs that take turns, so that other work on the machine hits all of them. */
function timeInTurns(programs, runs, options) {
  // The first run fills the file cache.
  for (const program of programs) time(program, options)
  const times = programs.map(() => [])
  for (let run = 0; run < runs; run++)
    for (const [index, program] of programs.entries()) times[index].push(time(program, options))
  return times.map(median)
}

const rows = []
const show = (name, value) => {
  rows.push(`| ${name} | ${value} |`)
  console.log(`${name.padEnd(52)} ${value}`)
}
const milliseconds = (value) => `${value.toFixed(0)} ms`
const rate = (count, took) => `${milliseconds(took)}, ${((count / took) * 1_000).toFixed(0)} files/s`

function measureStart(folder) {
  const { execPath: node } = process
  const programs = [
    [node, '-e', '0'],
    [node, cli, '--version'],
    [node, cli, 'team-0/service-0/Dockerfile']
  ]
  const [bare, version, file] = timeInTurns(programs, 15, { cwd: folder })
  show('start: node -e 0', milliseconds(bare))
  show('start: unroot --version', `${milliseconds(version)} (+${(version - bare).toFixed(0)} ms)`)
  show('start: unroot, one small file', `${milliseconds(file)} (+${(file - bare).toFixed(0)} ms)`)
}

/** Tally is the only other linter with rules on this subject; it runs with nothing but those rules. */
function tallyCommand() {
  const tally = process.env.TALLY ?? path.join(repository, 'node_modules/@wharflab/tally-linux-x64/bin/tally')
  if (!existsSync(tally)) return undefined
  const rules = ['hadolint/DL3002', 'tally/copy-after-user-without-chown', 'tally/user-created-but-never-used']
  const selected = rules.flatMap((rule) => ['--select', rule])
  return [tally, 'lint', '--no-config', '--slow-checks=off', '--ignore', '*', ...selected, '--format', 'json', '.']
}

function measureCommandLine(folder, scratch, count) {
  const report = path.join(scratch, 'report.json')
  const tally = tallyCommand()
  const own = [process.execPath, cli, '--format', 'json', '-o', report, '.']
  const programs = tally === undefined ? [own] : [own, tally]
  const [took, tallyTook] = timeInTurns(programs, 7, { cwd: folder, exitCodes: [0, 1] })
  show(`${count} files, unroot --format json`, rate(count, took))
  const { files: _, ...verdicts } = JSON.parse(readFileSync(report, 'utf8')).summary
  const counts = Object.entries(verdicts).filter(([, number]) => number > 0)
  show('verdicts', counts.map(([verdict, number]) => `${number} ${verdict}`).join(', '))
  if (tallyTook === undefined) return console.log('tally: skipped, it is not installed (see bench/README.md)')
  show(`${count} files, tally with its three rules`, rate(count, tallyTook))
  show('time of unroot / time of tally', (took / tallyTook).toFixed(2))
}

async function measureInProcess(folder, count) {
  const { rewrite } = await import(pathToFileURL(path.join(repository, 'dist/index.js')).href)
  const texts = readdirSync(folder, { recursive: true })
    .filter((file) => path.basename(file) === 'Dockerfile')
    .map((file) => readFileSync(path.join(folder, file), 'utf8'))
  const pass = () => {
    const started = performance.now()
    for (const text of texts) rewrite(text).diff()
    return performance.now() - started
  }
  show(`${count} files, rewrite() in process, first pass`, rate(count, pass()))
  show(`${count} files, rewrite() in process, warm`, rate(count, median(Array.from({ length: 7 }, pass))))
}

function measureMemory(scratch) {
  const folder = path.join(scratch, 'many')
  generate(folder, 5_000)
  const hook = pathToFileURL(path.join(repository, 'bench/report-memory.mjs')).href
  for (const format of ['json', 'diff']) {
    const memory = path.join(scratch, 'memory')
    const env = { ...process.env, BENCH_MEMORY_FILE: memory }
    const args = ['--import', hook, cli, '--format', format, '-o', path.join(scratch, 'out'), '.']
    spawnSync(process.execPath, args, { cwd: folder, stdio: 'ignore', env })
    show(
      `5000 files, --format ${format}, most memory`,
      `${(Number(readFileSync(memory, 'utf8')) / 1024).toFixed(0)} MB`
    )
  }
}

const scratch = mkdtempSync(path.join(tmpdir(), 'unroot-bench-'))
try {
  const count = 1_000
  const folder = path.join(scratch, 'files')
  generate(folder, count)
  const [cpu] = cpus()
  const machine = `${cpu?.model.trim()}, ${cpus().length} CPUs, ${process.platform} ${process.arch}`
  console.log(`${machine}, Node ${process.versions.node}\n`)
  measureStart(folder)
  measureCommandLine(folder, scratch, count)
  await measureInProcess(folder, count)
  measureMemory(scratch)
  if (process.argv.includes('--markdown')) console.log(`\n| what | figure |\n| --- | --- |\n${rows.join('\n')}`)
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
