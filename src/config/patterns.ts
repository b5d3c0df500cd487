import ignore from 'ignore'
import { isInside, relativePath } from '../node/paths.ts'

/**
 * Whether a path matches one of the patterns, which are written as in `.gitignore` and relative to a folder; `{a,b}`
 * works too.
 *
 * @example
 * createMatcher(['services/**', '*.dev.Dockerfile'], '/repo')('/repo/services/api/Dockerfile') // => true
 */
export function createMatcher(patterns: string | readonly string[], folder: string): (file: string) => boolean {
  const rules = ignore({ ignorecase: false }).add([patterns].flat().flatMap(expandBraces).map(withoutDot))
  return (file) => {
    const relative = relativePath(folder, file)
    return relative !== '' && isInside(folder, file) && rules.ignores(relative)
  }
}

/** People write `./services`; in `.gitignore` that matches nothing. */
function withoutDot(pattern: string): string {
  return pattern.startsWith('./') ? pattern.slice(1) : pattern
}

function expandBraces(pattern: string): string[] {
  const braces = /\{([^{}]*,[^{}]*)\}/.exec(pattern)
  if (braces === null) return [pattern]
  const before = pattern.slice(0, braces.index)
  const after = pattern.slice(braces.index + braces[0].length)
  return (braces[1] as string).split(',').flatMap((choice) => expandBraces(before + choice + after))
}
