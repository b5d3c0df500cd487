/** `node:path` for codemod's engine, which lacks `sep` and `posix`. */
// biome-ignore lint/style/useNodejsImportProtocol: `node:path` is this file
import path from 'path'

const sep = path.join('a', 'b').charAt(1)

/** As `path.posix.normalize` does it. */
function normalizePosix(name: string): string {
  const parts: string[] = []
  for (const part of name.split('/')) {
    if (part === '' || part === '.') continue
    if (part !== '..') parts.push(part)
    else if (parts.length > 0 && parts.at(-1) !== '..') parts.pop()
    else if (!name.startsWith('/')) parts.push('..')
  }
  const joined = `${name.startsWith('/') ? '/' : ''}${parts.join('/')}${name.endsWith('/') && parts.length > 0 ? '/' : ''}`
  return joined === '' ? '.' : joined
}

/** By name too: that is what `require` gives CommonJS packages. */
export const { dirname, basename, extname, join, normalize, relative, resolve, isAbsolute } = path
export { sep }
export const posix = { ...path, sep: '/', normalize: normalizePosix }

export default { ...path, sep, posix }
