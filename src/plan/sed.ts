/** What a simple `sed` does to a known text. */

/**
 * The text after `sed -i`; undefined where the script is not one of the simple kinds.
 *
 * @param words arguments of `sed`; undefined ones hold what only a shell can tell
 */
export function applySed(text: string, words: readonly (string | undefined)[], path: string): string | undefined {
  const scripts: string[] = []
  let isExtended = false
  let hasScriptFlag = false
  const plain: string[] = []
  for (let index = 0; index < words.length; index++) {
    const word = words[index]
    if (word === undefined) return undefined
    if (/^(?:-e|--expression)$/.test(word)) {
      hasScriptFlag = true
      scripts.push(words[++index] ?? '')
    } else if (word.startsWith('--expression=')) {
      hasScriptFlag = true
      scripts.push(word.slice(13))
    } else if (/^-[a-zA-Z]+$|^--/.test(word)) {
      if (/^-[a-zA-Z]*[fnsz]|^--(?:file|quiet|silent)/.test(word)) return undefined
      if (/^-[a-zA-Z]*[rE]|^--regexp-extended/.test(word)) isExtended = true
      if (/^-[a-zA-Z]*e$/.test(word)) {
        hasScriptFlag = true
        scripts.push(words[++index] ?? '')
      }
    } else plain.push(word)
  }
  if (!hasScriptFlag) scripts.push(plain[0] ?? '')
  let result = text
  for (const script of scripts) {
    const after = applyScript(result, script, isExtended)
    if (after !== undefined) {
      result = after
      continue
    }
    // What never speaks of ports or settings leaves them as they are.
    if (isUnrelated(script)) continue
    return undefined
  }
  return path === '' ? undefined : result
}

const isUnrelated = (script: string): boolean =>
  !/listen|virtualhost|port|80|443|user|pid|include|server|[{}]|\$|\bd$/i.test(script)

function applyScript(text: string, script: string, isExtended: boolean): string | undefined {
  const insertion = /^1i ?\\?(.*)$/.exec(script)
  if (insertion !== null) return `${insertion[1]}\n${text}`
  const removal = /^\/((?:[^/\\]|\\.)+)\/d;?$/s.exec(script)
  if (removal !== null) {
    const expression = toRegExp(removal[1] as string, isExtended, '')
    if (expression === undefined) return undefined
    return text
      .split(/(?<=\n)/)
      .filter((line) => !expression.test(line.replace(/\r?\n$/, '')))
      .join('')
  }
  const delimiter = /^s(.)/s.exec(script)?.[1]
  if (delimiter === undefined || /[\w\s\\]/.test(delimiter)) return undefined
  const parts = splitAt(script.slice(2), delimiter)
  if (parts.length !== 3) return undefined
  const [pattern, replacement, flags] = parts as [string, string, string]
  if (!/^[gIi]*;?$/.test(flags)) return undefined
  const expression = toRegExp(pattern, isExtended, flags.includes('g') ? 'g' : '', /i/i.test(flags))
  if (expression === undefined || /\\[^\d&/\\.\-n]/.test(replacement)) return undefined
  const replaced = (line: string) =>
    line.replace(expression, (...match: unknown[]) =>
      replacement.replaceAll(/\\(\d)|\\(.)|&/gs, (whole: string, group?: string, escaped?: string) => {
        if (group !== undefined) return String(match[Number(group)] ?? '')
        if (escaped !== undefined) return escaped === 'n' ? '\n' : escaped
        return whole === '&' ? String(match[0]) : whole
      })
    )
  return text
    .split(/(?<=\n)/)
    .map((line) => {
      const end = /\r?\n$/.exec(line)?.[0] ?? ''
      return replaced(line.slice(0, line.length - end.length)) + end
    })
    .join('')
}

function splitAt(text: string, delimiter: string): string[] {
  const parts = ['']
  for (let index = 0; index < text.length; index++) {
    const character = text[index] as string
    if (character === '\\' && text[index + 1] === delimiter) {
      parts[parts.length - 1] += delimiter
      index++
    } else if (character === '\\') {
      parts[parts.length - 1] += character + (text[index + 1] ?? '')
      index++
    } else if (character === delimiter) parts.push('')
    else parts[parts.length - 1] += character
  }
  return parts
}

/** A POSIX expression as one of JavaScript's; undefined for what both read differently. */
function toRegExp(pattern: string, isExtended: boolean, flags: string, isCaseless = false): RegExp | undefined {
  let source = ''
  for (let index = 0; index < pattern.length; index++) {
    const character = pattern[index] as string
    if (character === '[') {
      const end = pattern.indexOf(']', index + (/^\[\^?\]/.test(pattern.slice(index)) ? 3 : 1))
      if (end === -1) return undefined
      const set = pattern.slice(index, end + 1)
      if (set.includes('[:')) {
        const close = pattern.indexOf(':]]', index)
        if (close === -1) return undefined
        const name = pattern.slice(index, close + 3)
        const known = new Map([
          ['[[:space:]]', '\\s'],
          ['[[:blank:]]', '[ \\t]'],
          ['[[:digit:]]', '\\d'],
          ['[[:alnum:]]', '[A-Za-z0-9]']
        ]).get(name)
        if (known === undefined) return undefined
        source += known
        index = close + 2
        continue
      }
      source += set.replaceAll('\\', '\\\\')
      index = end
    } else if (character === '\\') {
      const next = pattern[++index]
      if (next === undefined) return undefined
      if (/[(){}|+?]/.test(next)) source += isExtended ? `\\${next}` : next
      else if (/[sSwWbB]/.test(next)) source += `\\${next}`
      else if (/[a-zA-Z0-9<>]/.test(next)) return undefined
      else source += `\\${next}`
    } else if (!isExtended && /[(){}|+?]/.test(character)) source += `\\${character}`
    else source += character === '/' ? '\\/' : character
  }
  try {
    return new RegExp(source, flags + (isCaseless ? 'i' : ''))
  } catch {
    return undefined
  }
}
