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
