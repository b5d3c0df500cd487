import { execFileSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { repository } from './support/cli.ts'

const sources = ['src', 'transforms', 'package.json', 'tsdown.config.ts']
const outputs = ['dist/cli.js', 'dist/index.js', 'dist/transforms.js', 'dist/node.js', 'codemod/scripts/unroot.mjs']

/** The tests of the command line run what is shipped; it is built when a source is newer. */
export default function setup(): void {
  const built = Math.min(...outputs.map((file) => newest(path.join(repository, file))))
  if (built > Math.max(...sources.map((file) => newest(path.join(repository, file))))) return
  execFileSync(process.execPath, [path.join(repository, 'node_modules/tsdown/dist/run.mjs')], {
    cwd: repository,
    stdio: ['ignore', 'ignore', 'inherit']
  })
}

function newest(file: string): number {
  const stats = statSync(file, { throwIfNoEntry: false })
  if (stats === undefined) return 0
  if (!stats.isDirectory()) return stats.mtimeMs
  return Math.max(0, ...readdirSync(file).map((name) => newest(path.join(file, name))))
}
