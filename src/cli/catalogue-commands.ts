import { transforms } from '../../transforms/index.ts'
import { nearestWords } from '../config/nearest.ts'
import { UnrootError } from '../errors.ts'
import { fileRules } from '../node/rules.ts'
import type { Rule } from '../plan/hazard.ts'
import { rules } from '../plan/rules.ts'
import { standardOutput } from './output.ts'

const allRules: readonly Rule[] = [...rules, ...fileRules].sort((a, b) => (a.name < b.name ? -1 : 1))

/** `unroot list`: one line for each transform, in the order in which they run, and for each rule. */
export function listCommand(format: 'text' | 'json'): void {
  const output = standardOutput()
  for (const line of format === 'json' ? [catalogueJson()] : catalogueLines()) output.write(line)
  output.close()
}

function catalogueJson(): string {
  const catalogue = {
    transforms: transforms.map(({ name, summary }) => ({ name, summary })),
    rules: allRules.map(({ name, severity, summary }) => ({ name, severity, summary }))
  }
  return `${JSON.stringify(catalogue, null, 2)}\n`
}

function catalogueLines(): string[] {
  const width = Math.max(...[...transforms, ...allRules].map(({ name }) => name.length))
  const line = (kind: string, name: string, summary: string) => `${kind.padEnd(9)}  ${name.padEnd(width)}  ${summary}\n`
  return [
    ...transforms.map(({ name, summary }) => line('transform', name, summary)),
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
  const page = transform ?? rule
  if (page === undefined) throw unknownName(name)
  const kind = transform ? 'Transform' : `Rule (${rule?.severity})`
  const output = standardOutput()
  output.write(`# ${name}\n\n${kind}: ${page.summary}\n\n${page.description.trim()}\n`)
  output.close()
}

function unknownName(name: string): UnrootError {
  const near = nearestWords(
    name,
    [...transforms, ...allRules].map((page) => page.name)
  )
  const hint = near.length > 0 ? ` Did you mean ${near.map((word) => `"${word}"`).join(' or ')}?` : ''
  return new UnrootError(
    'INVALID_OPTION',
    `there is no transform or rule "${name}".${hint} \`unroot list\` names them all`
  )
}
