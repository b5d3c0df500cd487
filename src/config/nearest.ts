/** How many single-character edits (a swap of neighbours counts as one) lead from one word to the other. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const isSame = a[row - 1] === b[column - 1]
      let cost = Math.min(
        (last[column] as number) + 1,
        (current[column - 1] as number) + 1,
        (last[column - 1] as number) + (isSame ? 0 : 1)
      )
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1])
        cost = Math.min(cost, (beforeLast[column - 2] as number) + 1)
      current.push(cost)
    }
    beforeLast = last
    last = current
  }
  return last[b.length] as number
}

/**
 * The words that somebody may have meant, the nearest first; empty when none is near.
 *
 * @example
 * nearestWords('chown-copied-file', ['chown-copied-files', 'create-user']) // => ['chown-copied-files']
 */
export function nearestWords(word: string, words: readonly string[], limit = 3): string[] {
  const plain = normalize(word)
  const allowed = Math.max(1, Math.floor(plain.length * 0.4))
  return words
    .map((candidate) => ({ candidate, distance: distanceOrContained(plain, normalize(candidate)) }))
    .filter(({ distance }) => distance <= allowed)
    .sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, limit)
    .map(({ candidate }) => candidate)
}

/** ` Did you mean "x"?`, or '' when nothing is near. */
export function didYouMean(word: string, words: readonly string[]): string {
  const near = nearestWords(word, words)
  return near.length === 0 ? '' : ` Did you mean ${near.map((candidate) => `"${candidate}"`).join(' or ')}?`
}

function normalize(word: string): string {
  return word.toLowerCase().replace(/[-_ ]/g, '')
}

/** `user` is meant for `create-user`, although five letters are missing. */
function distanceOrContained(word: string, candidate: string): number {
  const distance = editDistance(word, candidate)
  return word.length >= 4 && candidate.includes(word) ? Math.min(distance, 1) : distance
}
