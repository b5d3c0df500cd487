import picocolors from 'picocolors'

export type Colours = ReturnType<typeof picocolors.createColors>

/**
 * Whether a stream gets colours. Not picocolors' own answer: that one colours pipes whenever `CI` is set, and
 * `unroot | git apply` is run in CI.
 */
export function hasColours(stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv, isAllowed: boolean): boolean {
  if (!isAllowed || env.NO_COLOR) return false
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false'
  return stream.isTTY === true && env.TERM !== 'dumb'
}

/** Colours by name, which do nothing when they are off. */
export function createColours(isOn: boolean): Colours {
  return picocolors.createColors(isOn)
}

/** A unified diff in the colours that git uses. */
export function colourDiff(diff: string, colours: Colours): string {
  if (!colours.isColorSupported || diff === '') return diff
  const lines = diff.split('\n')
  return lines.map((line, index) => (index < 2 ? colours.bold(line) : colourLine(line, colours))).join('\n')
}

function colourLine(line: string, { cyan, green, red }: Colours): string {
  if (line.startsWith('@@')) return cyan(line)
  if (line.startsWith('+')) return green(line)
  if (line.startsWith('-')) return red(line)
  return line
}
