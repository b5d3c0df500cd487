import path from 'node:path'
import { transforms } from '../../transforms/index.ts'
import { nearestWords } from '../config/nearest.ts'
import { UnrootError } from '../errors.ts'
import { rewritePaths } from '../node/rewrite-paths.ts'
import { guides } from '../report/guides.ts'
import { readRootImage, runningAsRootPage } from '../report/running-as-root.ts'
import type { Severity } from '../types.ts'
import { createColours, hasColours } from './colours.ts'
import { standardOutput } from './output.ts'
import type { PageOptions } from './page.ts'
import { allRules } from './rules.ts'
import { readSettings } from './settings.ts'
import { textWidth } from './terminal.ts'

/** `unroot list`: one line for each transform, in the order in which they run, and for each rule. */
export async function listCommand(format: 'text' | 'json'): Promise<void> {
  const output = standardOutput()
  const person = format === 'text' ? await readerAtTerminal() : undefined
  if (person) output.write(cataloguePage(person))
  else for (const line of format === 'json' ? [catalogueJson()] : catalogueLines()) output.write(line)
  output.close()
}

/** How a person reads standard output; undefined for a file or a pipe, which get plain text. */
async function readerAtTerminal(): Promise<Reader | undefined> {
  if (!process.stdout.isTTY) return undefined
  const colours = createColours(hasColours(process.stdout, process.env, true))
  const { hang, inline, renderPage } = await import('./page.ts')
  return { colours, width: textWidth(process.stdout), hang, inline, renderPage }
}

interface Reader extends PageOptions, Pick<typeof import('./page.ts'), 'hang' | 'inline' | 'renderPage'> {}

function cataloguePage({ colours, width, hang, inline }: Reader): string {
  const { bold, red, yellow, cyan } = colours
  const byRun = 'in the order in which they run'
  const of = (wanted: Severity) => allRules.filter(({ severity }) => severity === wanted)
  const groups: [string, readonly { name: string; summary: string }[], (name: string) => string][] = [
    [`Transforms, ${byRun}`, transforms, bold],
    ['Guides', guides, bold],
    ['Rules: error, the file is refused', of('error'), red],
    ['Rules: warning, the file is converted and needs a review', of('warning'), yellow],
    ['Rules: info, good to know', of('info'), cyan]
  ]
  const nameWidth = Math.max(...groups.flatMap(([, entries]) => entries.map(({ name }) => name.length)))
  const pages = groups.map(([title, entries, colour]) => {
    const lines = entries.flatMap(({ name, summary }) =>
      hang(inline(summary, colours), `  ${colour(name.padEnd(nameWidth))}  `, nameWidth + 4, width)
    )
    return [bold(title), ...lines].join('\n')
  })
  return `${pages.join('\n\n')}\n\nThe page of one: ${cyan('unroot explain NAME')}\n`
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
export async function explainCommand(name: string): Promise<void> {
  const transform = transforms.find((candidate) => candidate.name === name)
  const rule = allRules.find((candidate) => candidate.name === name)
  const page = transform ?? rule ?? guides.find((candidate) => candidate.name === name)
  if (page === undefined) throw unknownName(name)
  const kind = transform ? 'Transform' : rule ? `Rule (${rule.severity})` : 'Guide'
  await printPage(`# ${name}\n\n${kind}: ${page.summary}\n\n${page.description.trim()}\n`)
}

async function printPage(markdown: string): Promise<void> {
  const person = await readerAtTerminal()
  const output = standardOutput()
  output.write(person ? person.renderPage(markdown, person) : markdown)
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
  await printPage(page)
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
