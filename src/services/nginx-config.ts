/** Reads nginx configuration with exact offsets. Knows the syntax and what directives mean; nothing about Docker. */

export interface ConfigWord {
  /** Quotes and escapes removed. */
  value: string
  /** Range without the quotes. */
  start: number
  end: number
}

export interface NginxDirective {
  name: string
  args: readonly ConfigWord[]
  start: number
  /** Behind `;`, or behind `{` of a block. */
  end: number
  hasBlock: boolean
  /** Offset of the closing brace of a block. */
  blockEnd: number
  /** The directive that this one stands in. */
  parent: NginxDirective | undefined
}

const isSpace = (character: string | undefined): boolean => character !== undefined && /\s/.test(character)

/**
 * The directives of a configuration or a piece of one, in order; undefined where nginx would refuse it.
 *
 * source: nginx src/core/ngx_conf_file.c, ngx_conf_read_token: `#` and quotes count at the beginning of a word only,
 * `${` belongs to the word, a backslash takes the next character.
 */
export function readNginxConfig(text: string): NginxDirective[] | undefined {
  // Templates of other languages; their braces are none of nginx's.
  if (/\{\{|\{%|<%/.test(text)) return undefined
  const directives: NginxDirective[] = []
  let parent: NginxDirective | undefined
  let words: ConfigWord[] = []
  let start = 0
  let index = text.charCodeAt(0) === 0xfeff ? 1 : 0
  const finish = (hasBlock: boolean): NginxDirective | undefined => {
    const [first, ...args] = words
    if (first === undefined) return undefined
    words = []
    const directive: NginxDirective = {
      name: first.value,
      args,
      start,
      end: index,
      hasBlock,
      blockEnd: -1,
      parent
    }
    directives.push(directive)
    return directive
  }
  while (index < text.length) {
    const character = text[index] as string
    if (isSpace(character)) index++
    else if (character === '#') {
      while (index < text.length && text[index] !== '\n') index++
    } else if (character === ';') {
      index++
      if (finish(false) === undefined) return undefined
    } else if (character === '{') {
      index++
      const block = finish(true)
      if (block === undefined) return undefined
      if (block.name.endsWith('_by_lua_block')) {
        const end = skipLua(text, index)
        if (end === undefined) return undefined
        block.blockEnd = end
        index = end + 1
      } else parent = block
    } else if (character === '}') {
      if (parent === undefined || words.length > 0) return undefined
      parent.blockEnd = index
      parent = parent.parent
      index++
    } else {
      const word = readWord(text, index)
      if (word === undefined) return undefined
      if (words.length === 0) start = index
      words.push(word)
      const quote = text[index]
      index = quote === '"' || quote === "'" ? word.end + 1 : word.end
    }
  }
  return parent === undefined && words.length === 0 ? directives : undefined
}

function readWord(text: string, start: number): ConfigWord | undefined {
  const quote = text[start] === '"' || text[start] === "'" ? text[start] : undefined
  let index = start + (quote === undefined ? 0 : 1)
  let value = ''
  while (index < text.length) {
    const character = text[index] as string
    if (character === '\\' && index + 1 < text.length) {
      const next = text[index + 1] as string
      value += /["'\\]/.test(next) ? next : character + next
      index += 2
    } else if (quote !== undefined) {
      if (character === quote) {
        const after = text[index + 1]
        if (after !== undefined && !isSpace(after) && !/[;{)]/.test(after)) return undefined
        return { value, start: start + 1, end: index }
      }
      value += character
      index++
    } else if (character === '$' && text[index + 1] === '{') {
      value += '${'
      index += 2
    } else if (isSpace(character) || character === ';' || character === '{') return { value, start, end: index }
    else {
      value += character
      index++
    }
  }
  return quote === undefined ? { value, start, end: index } : undefined
}

/** The closing brace of a Lua block. source: lua-nginx-module, ngx_http_lua_lex.rl: strings and comments are skipped */
function skipLua(text: string, from: number): number | undefined {
  let depth = 1
  for (let index = from; index < text.length; index++) {
    const rest = text.slice(index, index + 4)
    const long = /^(?:--)?\[(=*)\[/.exec(text.slice(index, index + 12))
    if (long !== null) {
      const end = text.indexOf(`]${long[1]}]`, index)
      if (end === -1) return undefined
      index = end + 1 + (long[1] as string).length
    } else if (rest.startsWith('--')) {
      const end = text.indexOf('\n', index)
      if (end === -1) return undefined
      index = end
    } else if (text[index] === '"' || text[index] === "'") {
      const quote = text[index]
      for (index++; index < text.length && text[index] !== quote && text[index] !== '\n'; index++)
        if (text[index] === '\\') index++
    } else if (text[index] === '{') depth++
    else if (text[index] === '}' && --depth === 0) return index
  }
  return undefined
}
