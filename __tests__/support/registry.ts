import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { repository } from './cli.ts'

const run = promisify(execFile)

/**
 * A package that only a test needs and that is too large for every contributor's `npm ci`: installed once, kept until
 * `node_modules` goes. Answers with the folder that holds its `node_modules`; with `alone`, that of the package is
 * called `package` and its dependencies are left out.
 */
export async function installPackage(name: string, version: string, { alone = false } = {}): Promise<string> {
  const cache = path.join(repository, 'node_modules/.cache/unroot-tests')
  const folder = path.join(cache, `${name.replaceAll('/', '+')}@${version}`)
  if (existsSync(folder)) return folder
  mkdirSync(cache, { recursive: true })
  const temporary = mkdtempSync(path.join(cache, 'install-'))
  if (alone) {
    const { stdout } = await run('npm', ['pack', '--prefer-offline', '--silent', `${name}@${version}`], {
      cwd: temporary
    })
    await run('tar', ['xzf', stdout.trim()], { cwd: temporary })
  } else await install(temporary, `${name}@${version}`)
  try {
    renameSync(temporary, folder)
  } catch (error) {
    // Another test file was faster.
    rmSync(temporary, { recursive: true, force: true })
    if (!existsSync(folder)) throw error
  }
  return folder
}

async function install(folder: string, packageName: string): Promise<void> {
  writeFileSync(path.join(folder, 'package.json'), '{ "private": true }')
  const quiet = [
    '--no-audit',
    '--no-fund',
    '--ignore-scripts',
    '--no-save',
    '--prefer-offline',
    '--loglevel',
    'error',
    '--legacy-peer-deps'
  ]
  await run('npm', ['install', ...quiet, packageName], { cwd: folder })
}
