import { wrapAnsi } from 'fast-wrap-ansi'
import { colourDiff } from './colour-diff.ts'
import type { Colours } from './colours.ts'

export interface PageOptions {
  colours: Colours
  width: number
}

const codeIndent = '    '

/** A page in Markdown as a terminal shows it: the forms that the pages of rules, transforms and guides have. */
export function renderPage(markdown: string, options: PageOptions): string {
  const rendered = blocksOf(markdown).map((block) => renderBlock(block, options))
  return `${rendered.join('\n\n')}\n`
}

/** Text behind a head, and below itself where it needs more lines. */
export function hang(text: string, head: string, indent: number, width: number): string[] {
  const wrapped = wrapAnsi(text, Math.max(20, width - indent)).split('\n')
  return wrapped.map((line, index) => `${index === 0 ? head : ' '.repeat(indent)}${line}`)
}

type Block =
  | { kind: 'heading' | 'text' | 'list'; lines: string[] }
  | { kind: 'code'; language: string; lines: string[] }

function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = []
  let open: Block | undefined
  const begin = (block: Block) => {
    blocks.push(block)
    open = block
  }
  for (const line of markdown.trim().split('\n')) {
    const fence = /^```(\w*)/.exec(line)
    if (open?.kind === 'code') {
      if (fence) open = undefined
      else open.lines.push(line)
    } else if (fence) begin({ kind: 'code', language: fence[1] as string, lines: [] })
    else if (line.trim() === '') open = undefined
    else if (/^#+ /.test(line)) {
      begin({ kind: 'heading', lines: [line.replace(/^#+ /, '')] })
      open = undefined
    } else if (/^(?:- |\d+\. )/.test(line)) {
      if (open?.kind === 'list') open.lines.push(line)
      else begin({ kind: 'list', lines: [line] })
    } else if (open) open.lines.push(line)
    else begin({ kind: 'text', lines: [line] })
  }
  return blocks
}

function renderBlock(block: Block, { colours, width }: PageOptions): string {
  if (block.kind === 'code') {
    const text = block.lines.join('\n')
    // The first two lines of a whole diff are its headers; examples have none.
    const coloured =
      block.language === 'diff' && colours.isColorSupported
        ? colourDiff(`\n\n${text}`, colours).split('\n').slice(2).join('\n')
        : text.replace(/^.+$/gm, (line) => colours.cyan(line))
    return coloured.replace(/^/gm, codeIndent)
  }
  if (block.kind === 'heading') return wrapAnsi(colours.bold(inline(block.lines[0] as string, colours)), width)
  if (block.kind === 'text') return wrapAnsi(inline(block.lines.join(' '), colours), width)
  return itemsOf(block.lines)
    .map(([mark, text]) => {
      const indent = `  ${mark} `.length
      return hang(inline(text, colours), `  ${mark} `, indent, width).join('\n')
    })
    .join('\n')
}

/** Marks and texts of a list; what is indented below an item belongs to it. */
function itemsOf(lines: readonly string[]): [mark: string, text: string][] {
  const items: [string, string][] = []
  for (const line of lines) {
    const [, mark, text] = /^(-|\d+\.) (.*)$/.exec(line) ?? []
    const last = items.at(-1)
    if (mark !== undefined && text !== undefined) items.push([mark, text])
    else if (last) last[1] += ` ${line.trim()}`
  }
  return items
}

/** Words with their code and emphasis in colour. */
export function inline(text: string, { cyan, bold, isColorSupported }: Colours): string {
  const plain = text.replace(/\[([^\]]+)\]\([^)]+\)/g, '$1')
  // Without colours the marks are all that tells code from words.
  if (!isColorSupported) return plain
  return plain
    .split(/(`[^`]+`)/)
    .map((part) =>
      part.startsWith('`') && part.length > 1
        ? cyan(part.slice(1, -1))
        : part.replace(/\*\*([^*]+)\*\*/g, (_, strong: string) => bold(strong))
    )
    .join('')
}
