/** Tests of who runs a script: `[ "$(id -u)" = 0 ]` and its relatives. */

/** Whether a command runs whoever the user is, or only as root or not as root. */
export type Guard = 'none' | 'root' | 'non-root'

export interface RootTest {
  /** What holds where the test succeeds; undefined: it does not say. */
  whenTrue: Guard | undefined
  /** What holds where it fails. */
  whenFalse: Guard | undefined
  /** Nothing else is asked. */
  isAlone: boolean
}

export const opposite = (guard: Guard | undefined): Guard | undefined =>
  guard === 'root' ? 'non-root' : guard === 'non-root' ? 'root' : undefined

/** `id -u`, `id -un`, `whoami`, as a substitution. */
const question = [
  String.raw`(?:\$\(\s*(?:\S*/)?(?:id\s+-(?:u|un|nu)|id\s+-u\s+-n|whoami)\b[^)]*\)`,
  '`(?:id -un?|whoami)`)'
].join('|')
const assigned = new RegExp(`\\b(\\w+)=["']?${question}`, 'g')

/** Texts without it need no reader. */
export const mentionsUser = /\bid\s+-\w*u|\bE?UID\b|\bwhoami\b|\$\{?USER\b/

/** Makes the reader for one script; what it keeps in variables (`uid="$(id -u)"`) counts too. */
export function createRootTestReader(script: string): (text: string) => RootTest | undefined {
  const names = ['E?UID', 'USER', ...[...script.matchAll(assigned)].map((match) => match[1] as string)]
  const mention = String.raw`(?:${question}|\$\{?(?:${names.join('|')})(?![\w])(?::?-[^}]*)?\}?)`
  const inParentheses = String.raw`(?:${mention}|\b(?:EUID|UID)\b)`
  const operators = '(==?|-eq|!=|-ne|-gt|-ge|>)'
  const forms = [mention, inParentheses].map((user) => ({
    forward: new RegExp(String.raw`(!\s*)?x?["']?x?${user}["']?\s*${operators}\s*["']?x?(0|root|1)\b`),
    backward: new RegExp(String.raw`(!\s*)?["']?x?(0|root)["']?\s*${operators}\s*["']?x?${user}`)
  }))
  const mentioned = new RegExp(inParentheses)
  return (text) => {
    if (!mentioned.test(text)) return undefined
    const form = forms[/\(\(/.test(text) ? 1 : 0] as (typeof forms)[number]
    const forward = form.forward.exec(text)
    const backward = forward === null ? form.backward.exec(text) : null
    const operator = forward?.[2] ?? backward?.[3]
    if (operator === undefined) return undefined
    const value = forward?.[3] ?? backward?.[2]
    if ((value === '1') !== (operator === '-ge')) return undefined
    let guard: Guard = /^(?:==?|-eq)$/.test(operator) ? 'root' : 'non-root'
    const at = (forward ?? backward)?.index ?? 0
    const isNegated =
      (forward ?? backward)?.[1] !== undefined || /!\s*(?:\[{1,2}|test|\(\()?\s*$/.test(text.slice(0, at))
    if (isNegated) guard = opposite(guard) as Guard
    const hasAnd = /&&|\s-a\s/.test(text)
    const hasOr = /\|\||\s-o\s/.test(text)
    return {
      whenTrue: hasOr ? undefined : guard,
      whenFalse: hasAnd ? undefined : opposite(guard),
      isAlone: !hasAnd && !hasOr
    }
  }
}
