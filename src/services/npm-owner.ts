import type { ImageReference } from '../image/reference.ts'

/**
 * npm 7 and 8, run as root, start each install script as the owner of the directory in which it works, with `HOME=/root`:
 * a directory that belongs to the user already makes scripts fail that write below their home.
 * source: npm/promise-spawn 1.x to 3.x `inferOwner.sync(cwd)`, gone in 4.0 (npm 9); measured with npm 8.19.4 and 10.8.2
 */
export function runsScriptsAsOwner(base: ImageReference, runs: readonly string[]): boolean {
  if (runs.some((text) => /\bnpm@(?:\^|~)?[78]\b/.test(text))) return true
  // source: nodejs.org/dist/index.json: npm 7.0 came with 15.0, 9.3 with 18.14
  return (
    /(?:^|\/)node$/.test(base.name) &&
    /^(?:15|16|17|18\.(?:[0-9]|1[0-3])(?!\d)|(?:lts-)?gallium)(?:[.-]|$)/.test(base.tag ?? '')
  )
}
