/** Texts from Dockerfiles in Markdown: they must not become markup of the page. */
import { rulePage } from './links.ts'
import { printable } from './summary.ts'

/** On one line; code in backticks stays code. */
export function plain(text: string): string {
  const line = printable(text.replace(/\s+/g, ' ').trim())
  // Runs of backticks can open code where a single one seems to close it.
  if (line.includes('``')) return escapeMarkup(line.replaceAll('`', "'"))
  return line
    .split(/(`[^`]*`)/)
    .map((part, index) => (index % 2 === 1 ? part : escapeMarkup(part)))
    .join('')
}

// An at sign calls a person, a number sign another pull request.
const entities: Record<string, string> = { '<': '&lt;', '>': '&gt;', '@': '&#64;', '#': '&#35;' }

const escapeMarkup = (text: string): string =>
  text.replace(/[\\*_[\]~`]/g, '\\$&').replace(/[<>@]|#(?=\d)/g, (character) => entities[character] as string)

/** As code. */
export function code(text: string): string {
  const line = printable(text.replace(/\s+/g, ' '))
  if (!line.includes('`')) return `\`${line}\``
  const runs = [...line.matchAll(/`+/g)].map(([run]) => run.length)
  const fence = '`'.repeat(Math.max(...runs) + 1)
  return `${fence} ${line} ${fence}`
}

/** In a table. */
export const cell = (text: string): string => text.replaceAll('|', '\\|')

/** A block of code that its own content cannot end. */
export function codeBlock(language: string, text: string): string {
  const runs = [...text.matchAll(/`{3,}/g)].map(([run]) => run.length)
  const fence = '`'.repeat(Math.max(3, ...runs.map((length) => length + 1)))
  return `${fence}${language}\n${text.replace(/\n$/, '')}\n${fence}`
}

export const ruleLink = (rule: string): string => `[${code(rule)}](${rulePage(rule)})`
