/**
 * Reading and writing directories: the part of unroot that touches the disk.
 *
 * @module unroot/node
 */
import path from 'node:path'
import { buildReport } from '../report/json.ts'
import type { FileReport, Report } from '../types.ts'
import { type FileOptions, rewritePaths } from './rewrite-paths.ts'

/** Options of `rewriteDirectory`: those of `rewrite`, and how the directory is read and written. */
export interface DirectoryOptions extends FileOptions {
  /** Write the changes, atomically for each file. Default `false`: nothing is written. */
  write?: boolean
  /** How many files are fetched at the same time where reading is slow. Default 16. */
  concurrency?: number
}

/**
 * Converts every Dockerfile in a directory (found as on the command line) and answers with the JSON report. Paths in
 * the report and in its diffs are relative to the directory. Files that cannot be read or written are reported as
 * `failed`; the others are still converted. No config file is read.
 *
 * @throws {UnrootError} `INVALID_OPTION` or `UNKNOWN_TRANSFORM` for options that make no sense.
 * @example
 * ```ts
 * import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
 * import { rewriteDirectory } from 'unroot/node'
 *
 * mkdirSync('services')
 * writeFileSync('services/Dockerfile', 'FROM node:22-slim\nCMD ["node", "server.js"]\n')
 * const report = await rewriteDirectory('services', { write: true })
 * report.summary.converted // => 1
 * readFileSync('services/Dockerfile', 'utf8').includes('USER 1000:1000') // => true
 * ```
 */
export async function rewriteDirectory(directory: string, options: DirectoryOptions = {}): Promise<Report> {
  const { write = false, concurrency = 16, context, ...rest } = options
  const cwd = path.resolve(directory)
  const fileOptions: FileOptions = { ...rest, ...(context !== undefined && { context: path.resolve(context) }) }
  const run = await rewritePaths([cwd], { cwd, write, concurrency, optionsFor: () => fileOptions })
  const files: FileReport[] = []
  for await (const report of run.reports) files.push(report)
  return buildReport(files, run.companions())
}

export { UnrootError } from '../errors.ts'
export type { CompanionReport, FileReport, Finding, Report, Verdict } from '../types.ts'
export type { FileOptions } from './rewrite-paths.ts'
