/** Findings that somebody accepts, by a comment in the Dockerfile or by an option. */
import type { Locator } from '../dockerfile/dockerfile.ts'
import type { Finding, RewriteOptions } from '../types.ts'
import { rules } from './rules.ts'

/** `# unroot: ignore <rule> -- reason` */
const ignoreComment =
  /^[ \t\ufeff]*#[ \t]*unroot:[ \t]*ignore[ \t]+([a-z][a-z0-9-]*)[ \t]+--[ \t]+(\S[^\r\n]*?)[ \t\r]*$/gm

/** Any comment that begins like an acceptance. */
const anyIgnoreComment = /^[ \t\ufeff]*#[ \t]*unroot:[^\n]*/gm

/** What is accepted, by rule. */
export function readAcceptances(text: string, options: RewriteOptions): Map<string, NonNullable<Finding['accepted']>> {
  const accepted = new Map<string, NonNullable<Finding['accepted']>>()
  for (const { rule, reason } of options.ignore ?? []) accepted.set(rule, { reason, by: 'config' })
  if (text.includes('unroot:'))
    for (const match of text.matchAll(ignoreComment))
      accepted.set(match[1] as string, { reason: match[2] as string, by: 'comment' })
  return accepted
}

/** Acceptances that accept nothing: somebody wanted to say something, and must not be left in the dark. */
export function readMistakenComments(text: string, locator: Locator): Finding[] {
  if (!text.includes('unroot:')) return []
  return [...text.matchAll(anyIgnoreComment)].flatMap((match): Finding[] => {
    const [comment] = match
    const name = new RegExp(ignoreComment.source, 'm').exec(comment)?.[1]
    if (name !== undefined && rules.some((rule) => rule.name === name)) return []
    return [
      {
        rule: 'ignored-comment',
        severity: 'info',
        message:
          name === undefined
            ? 'this comment accepts nothing: it must read `# unroot: ignore <rule> -- <reason>`'
            : `this comment accepts nothing: there is no rule "${name}"`,
        help: 'Write the rule of the finding and, behind two dashes, a reason. `unroot list` names all rules.',
        range: locator.range(match.index, match.index + comment.length)
      }
    ]
  })
}
