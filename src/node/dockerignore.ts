import createDockerignore from '@balena/dockerignore'

/**
 * Which names of a build context its `.dockerignore` leaves out.
 *
 * The package takes `+`, brackets and bars for a regular expression's and does not tell case apart; Docker does neither.
 * source: moby/patternmatcher patternmatcher.go, escapeBytes
 */
export function createIgnore(rules: string | undefined): (name: string) => boolean {
  if (rules === undefined) return () => false
  const literal = rules.replace(/\\.|[+(){}|]/g, (character) => (character.length === 1 ? `[${character}]` : character))
  const ignore = createDockerignore({ ignorecase: false }).add(literal)
  return (name) => {
    try {
      return ignore.ignores(name)
    } catch {
      // A pattern that Docker rejects too: nothing that we know of is left out.
      return false
    }
  }
}
