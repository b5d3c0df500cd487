/**
 * The script of the package in `codemod/`. codemod's engine calls it for each file that the workflow names, in a fresh
 * realm. It takes a thrown error for a success and loses a byte order mark, so nothing is thrown and such files are left.
 */
import { jssgTransform, type Root, type RunOptions } from 'codemod:ast-grep'
import ignore from 'ignore'
import * as yaml from 'yaml'
import { isIgnored } from '../node/folder-walk.ts'
import { foldersUpward, relativePath } from '../node/paths.ts'
import { type RewrittenFile, rewritePaths } from '../node/rewrite-paths.ts'
import { formatFinding, printable } from '../report/summary.ts'
import type { CompanionReport, FileReport } from '../types.ts'
import { provideYaml } from '../yaml.ts'
import { existsSync, readFileSync, writeFileSync } from './fs.ts'
import { readSettings } from './parameters.ts'
import path from './path.ts'

provideYaml(yaml)

/** The new text of a Dockerfile; null: it stays. What there is to say is printed below the file's name. */
export default async function convert(root: Root, options: RunOptions = {}): Promise<string | null> {
  try {
    return await convertFile(root, options)
  } catch (error) {
    say(`unroot: nothing is changed: ${error instanceof Error ? error.message : String(error)}`)
    return null
  }
}

async function convertFile(root: Root, { params = {}, dryRun = false, targetDir }: RunOptions): Promise<string | null> {
  const file = root.filename()
  const cwd = targetDir ?? path.dirname(file)
  const name = relativePath(cwd, file)
  const { isExcluded, optionsFor } = readSettings(params, cwd)
  if (isExcluded(file)) return null
  // The engine enters no ignored folder, but takes an ignored file whose name the workflow lists.
  if (isGitIgnored(file, cwd)) return null
  // Read here: the engine's own text is that of a YAML tree, without blank lines at the beginning.
  if ((readFileSync(file, 'utf8') as string).startsWith('\ufeff'))
    return leave(`${name}: it begins with a byte order mark, which codemod would lose`)

  let rewritten: RewrittenFile | undefined
  const run = await rewritePaths([file], { cwd, optionsFor, onRewrite: (each) => (rewritten = each) })
  const reports: FileReport[] = []
  for await (const report of run.reports) reports.push(report)
  const companions = run.companions().filter(({ changed }) => changed)
  for (const report of reports) describe(report, companions, dryRun)
  if (rewritten === undefined || !rewritten.result.changed) return null

  const { result, context } = rewritten
  const edits = [...result.companions].map(([inContext, after]) => ({ file: context.file(inContext), after }))
  const marked = edits.find(
    (edit) => existsSync(edit.file) && (readFileSync(edit.file, 'utf8') as string).startsWith('\ufeff')
  )
  // Half a conversion would not start.
  if (marked)
    return leave(`${name}: ${relativePath(cwd, marked.file)} begins with a byte order mark, which codemod would lose`)
  for (const edit of edits) await changeBeside(edit.file, edit.after, dryRun)
  return result.text
}

/** A file beside the Dockerfile. The engine writes it together with the Dockerfile; what is new, it cannot write. */
async function changeBeside(file: string, after: string, dryRun: boolean): Promise<void> {
  if (existsSync(file)) await jssgTransform(() => after, file, 'yaml')
  else if (!dryRun) writeFileSync(file, after)
}

function describe(report: FileReport, companions: readonly CompanionReport[], withDiff: boolean): void {
  say(`unroot: ${report.verdict}`)
  for (const finding of report.findings) {
    say(formatFinding(report.path, finding))
    if (finding.severity === 'error') say(printable(finding.help))
  }
  // codemod counts what it would change, but does not show it.
  if (withDiff) for (const { diff } of [report, ...companions]) if (diff !== '') say(diff.trimEnd())
  if (!withDiff) for (const companion of companions) say(`${companion.path} changes with it`)
}

function leave(message: string): null {
  say(`${printable(message)}; left as it is. The command line of unroot converts it.`)
  return null
}

/** codemod shows what a script prints, without a level, below the file's name. */
function say(text: string): void {
  console.log(text)
}

function isGitIgnored(file: string, top: string): boolean {
  const ignoreFiles = foldersUpward(path.dirname(file), top)
    .reverse()
    .flatMap((folder) => {
      const name = path.join(folder, '.gitignore')
      if (!existsSync(name)) return []
      return [{ folder, rules: ignore({ ignorecase: false }).add(readFileSync(name, 'utf8') as string) }]
    })
  return isIgnored(file, false, ignoreFiles)
}
