import path from 'node:path'
import { transforms } from '../../transforms/index.ts'
import { nearestWords } from '../config/nearest.ts'
import { UnrootError } from '../errors.ts'
import { rewritePaths } from '../node/rewrite-paths.ts'
import { guides } from '../report/guides.ts'
import { readRootImage, runningAsRootPage } from '../report/running-as-root.ts'
import { standardOutput } from './output.ts'
import { allRules } from './rules.ts'
import { readSettings } from './settings.ts'

/** `unroot list`: one line for each transform, in the order in which they run, and for each rule. */
export function listCommand(format: 'text' | 'json'): void {
  const output = standardOutput()
  for (const line of format === 'json' ? [catalogueJson()] : catalogueLines()) output.write(line)
  output.close()
}

function catalogueJson(): string {
  const catalogue = {
    transforms: transforms.map(({ name, summary }) => ({ name, summary })),
    guides: guides.map(({ name, summary }) => ({ name, summary })),
    rules: allRules.map(({ name, severity, summary }) => ({ name, severity, summary }))
  }
  return `${JSON.stringify(catalogue, null, 2)}\n`
}

function catalogueLines(): string[] {
  const width = Math.max(...[...transforms, ...guides, ...allRules].map(({ name }) => name.length))
  const line = (kind: string, name: string, summary: string) => `${kind.padEnd(9)}  ${name.padEnd(width)}  ${summary}\n`
  return [
    ...transforms.map(({ name, summary }) => line('transform', name, summary)),
    ...guides.map(({ name, summary }) => line('guide', name, summary)),
    ...allRules.map(({ name, severity, summary }) => line(severity, name, summary))
  ]
}

/**
 * `unroot explain <name>`
 *
 * @throws {UnrootError} `INVALID_OPTION` for an unknown name
 */
export function explainCommand(name: string): void {
  const transform = transforms.find((candidate) => candidate.name === name)
  const rule = allRules.find((candidate) => candidate.name === name)
  const page = transform ?? rule ?? guides.find((candidate) => candidate.name === name)
  if (page === undefined) throw unknownName(name)
  const kind = transform ? 'Transform' : rule ? `Rule (${rule.severity})` : 'Guide'
  const output = standardOutput()
  output.write(`# ${name}\n\n${kind}: ${page.summary}\n\n${page.description.trim()}\n`)
  output.close()
}

/**
 * `unroot explain running-as-root --for <Dockerfile>`
 *
 * @throws {UnrootError} `INVALID_OPTION` for another name, or a path that is no readable Dockerfile
 */
export async function explainFor(name: string, dockerfile: string): Promise<void> {
  if (name !== 'running-as-root')
    throw new UnrootError('INVALID_OPTION', '--for belongs to `unroot explain running-as-root`')
  const cwd = process.cwd()
  const settings = await readSettings({ companions: true, config: true, color: true }, cwd)
  let page: string | undefined
  const { reports } = await rewritePaths([dockerfile], {
    cwd,
    ...settings,
    onRewrite({ path: shown, text, file, context, targets }) {
      const { context: _, ...options } = settings.optionsFor(file)
      const image = readRootImage(text, imageNameOf(file), {
        ...options,
        path: shown,
        ...(targets && { targets }),
        readContext: context.read,
        listContext: context.list,
        contextMode: context.mode
      })
      page ??= runningAsRootPage(image)
    }
  })
  for await (const { path: shown, findings, verdict } of reports)
    if (verdict === 'failed') throw new UnrootError('INVALID_OPTION', findings[0]?.message ?? `cannot read ${shown}`)
  if (page === undefined) throw new UnrootError('INVALID_OPTION', `no Dockerfile found in ${dockerfile}`)
  const output = standardOutput()
  output.write(page)
  output.close()
}

/** As compose names an image: after the folder. */
const imageNameOf = (file: string): string =>
  path
    .basename(path.dirname(file))
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[._-]+/, '') || 'image'

function unknownName(name: string): UnrootError {
  const near = nearestWords(
    name,
    [...transforms, ...guides, ...allRules].map((page) => page.name)
  )
  const hint = near.length > 0 ? ` Did you mean ${near.map((word) => `"${word}"`).join(' or ')}?` : ''
  return new UnrootError(
    'INVALID_OPTION',
    `there is no transform, rule or guide "${name}".${hint} \`unroot list\` names them all`
  )
}
