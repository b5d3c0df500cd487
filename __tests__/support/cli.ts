import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll } from 'vitest'

export const repository = fileURLToPath(new URL('../..', import.meta.url))
export const cli = path.join(repository, 'dist/cli.js')

/** Converted without review: its base image, what it writes and its port are all known. */
export const rootDockerfile = 'FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nEXPOSE 8000\nCMD ["python", "app.py"]\n'
export const nonRootDockerfile = 'FROM alpine:3.20\nUSER 1000:1000\nCMD ["sleep", "60"]\n'
/** Nobody can know whether a user other than root may do this. */
export const refusedDockerfile =
  'FROM debian:12-slim\nCOPY site /srv/site\nCMD ["clickhouse-server", "--config-file=/srv/site/config.xml"]\n'
export const brokenDockerfile = 'FROM alpine:3.20\nRUNN echo\n'

const folders: string[] = []

/** A new folder with these files; it is removed after the tests. */
export function createFolder(files: Record<string, string | Uint8Array> = {}): string {
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'unroot-')))
  folders.push(folder)
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true })
    writeFileSync(path.join(folder, name), content)
  }
  return folder
}

export function removeFoldersAfterTests(): void {
  afterAll(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
  })
}

export interface Outcome {
  code: number | null
  stdout: string
  stderr: string
}

interface RunOptions {
  stdin?: string | Uint8Array
  env?: Record<string, string>
}

/** Runs the built command line. */
export function unroot(cwd: string, args: readonly string[], { stdin, env }: RunOptions = {}): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const { FORCE_COLOR: _, ...inherited } = process.env
    const child = spawn(process.execPath, [cli, ...args], { cwd, env: { ...inherited, ...env } })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, stdout, stderr }))
    child.stdin.end(stdin ?? '')
  })
}

export function git(cwd: string, ...args: string[]): string {
  const identity = ['-c', 'user.name=test', '-c', 'user.email=test@example.org', '-c', 'core.autocrlf=false']
  return execFileSync('git', [...identity, ...args], { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

export function readText(folder: string, name: string): string {
  return readFileSync(path.join(folder, name), 'utf8')
}

/** Names in a folder, temporary files included. */
export function listFolder(folder: string): string[] {
  return readdirSync(folder).sort()
}
