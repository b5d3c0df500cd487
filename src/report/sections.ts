/** Markdown in sections that share a limited number of characters. */

/** What belongs together in a text. */
export interface Section {
  /** Heading and introduction. */
  head: string
  /** What follows, each about one file. */
  entries: readonly Entry[]
  /** Between entries; lists have no empty line. Default: an empty line. */
  separator?: string
  /** How the files that are left out are called: `12 more files`. */
  noun?: string
  /** Text behind the entries that is never left out. */
  tail?: string
}

export interface Entry {
  path: string
  text: string
}

/** Entries as they come; of what no text could show any more, only the path is kept. */
export function createEntries(limit: number): { list: Entry[]; add(path: string, text: string): void } {
  const list: Entry[] = []
  const tooLong = ' '.repeat(limit)
  let length = 0
  return {
    list,
    add(path, text) {
      length += text.length
      list.push({ path, text: length > limit ? tooLong : text })
    }
  }
}

/** Room for the sentence that tells what is left out. */
const cutLength = 120

/**
 * Lays sections out in at most `limit` characters. Short sections are whole; long ones share what is left, and say how
 * many files they leave out.
 */
export function layOut(sections: readonly Section[], limit: number): string {
  const filled = sections.filter(({ entries, tail, head }) => entries.length > 0 || head !== '' || tail !== undefined)
  const allowed = new Map<Section, number>()
  let rest = limit - 2 * filled.length
  const byLength = [...filled].sort((a, b) => fullLength(a) - fullLength(b))
  for (const [index, section] of byLength.entries()) {
    const share = Math.min(fullLength(section), Math.floor(rest / (byLength.length - index)))
    allowed.set(section, share)
    rest -= share
  }
  return filled.map((section) => fill(section, allowed.get(section) ?? 0)).join('\n\n')
}

function fullLength({ head, entries, separator = '\n\n', tail }: Section): number {
  const fixed = head.length + 2 + (tail === undefined ? 0 : tail.length + 2)
  return entries.reduce((sum, { text }) => sum + text.length + separator.length, fixed)
}

function fill(section: Section, limit: number): string {
  const { head, entries, separator = '\n\n', noun = 'file', tail } = section
  const isWhole = fullLength(section) <= limit
  let rest = limit - fullLength({ ...section, entries: [] }) - cutLength
  let count = 0
  for (const { text } of entries) {
    rest -= text.length + separator.length
    if (!isWhole && rest < 0) break
    count++
  }
  const shown = entries.slice(0, count)
  const left = new Set(entries.slice(count).map(({ path }) => path)).size
  const cut =
    left === 0
      ? []
      : [`**${left} more ${noun}${left === 1 ? '' : 's'} left out here: this text has a limit of its length.**`]
  const list = shown.map(({ text }) => text).join(separator)
  return [head, ...(list === '' ? [] : [list]), ...cut, ...(tail === undefined ? [] : [tail])]
    .filter((text) => text !== '')
    .join('\n\n')
}
