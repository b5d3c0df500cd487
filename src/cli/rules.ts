import { fileRules } from '../node/rules.ts'
import type { Rule } from '../plan/hazard.ts'
import { rules } from '../plan/rules.ts'
import { pendingRule } from '../report/pending.ts'

/** Every rule that a report can name, by name. */
export const allRules: readonly Rule[] = [...rules, ...fileRules, pendingRule].sort((a, b) =>
  a.name < b.name ? -1 : 1
)
