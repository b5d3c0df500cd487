/**
 * The one place that knows unbash: the simple commands of a shell text, in order, with exact offsets.
 */
import {
  type AndOr,
  type Command,
  forEachChild,
  type PipelineNode,
  parse,
  type Redirection,
  type SyntaxNode,
  type Word as SyntaxWord
} from 'unbash'
import { createRootTestReader, type Guard, mentionsUser, opposite } from './guards.ts'

export interface ShellWord {
  /** As written. */
  text: string
  /** Quotes removed; variables stand as `$NAME` where `isStatic` is false. */
  value: string
  /** Holds no variable, substitution, brace list or glob. */
  isStatic: boolean
  start: number
  end: number
}

export interface ShellRedirect {
  operator: string
  target: ShellWord
}

export type { Guard } from './guards.ts'

/**
 * What becomes of a script when a command of it fails: `accepted` by what stands behind `||` or around it as a
 * condition; `unnoticed` as a part of a list or pipe whose end counts; `required` by what stands behind `&&`; else
 * `set -e` decides.
 */
export type Failure = 'accepted' | 'unnoticed' | 'required' | 'plain'

export interface ShellCommand {
  /** The command's word, quotes removed; '' for bare assignments and redirections. */
  name: string
  nameWord: ShellWord | undefined
  args: readonly ShellWord[]
  assignments: readonly { name: string; value: ShellWord | undefined }[]
  redirects: readonly ShellRedirect[]
  /** Text of the here-document that feeds the command. */
  heredocBody: string | undefined
  start: number
  end: number
  guard: Guard
  /** It may not run: a branch, a loop, the right side of `||`. */
  isConditional: boolean
  /** A function's body; it runs where the function is called. */
  inFunction: string | undefined
  failure: Failure
  /** `set -e` is in force. */
  stopsOnError: boolean
  /** The subshell in which it runs; '' outside, `1.2` inside of `1`. */
  subshell: string
}

export interface ShellScript {
  commands: readonly ShellCommand[]
  /** The text could not be read in full. */
  hasErrors: boolean
}

const expansionTypes = new Set([
  'SimpleExpansion',
  'ParameterExpansion',
  'CommandExpansion',
  'ArithmeticExpansion',
  'ProcessSubstitution',
  'BraceExpansion',
  'ExtendedGlob',
  'Glob'
])

const hasExpansion = (node: SyntaxNode): boolean => {
  if (expansionTypes.has(node.type)) return true
  const parts = 'parts' in node ? (node.parts as readonly SyntaxNode[] | undefined) : undefined
  return parts?.some(hasExpansion) ?? false
}

const toWord = (word: SyntaxWord): ShellWord => ({
  text: word.text,
  value: word.value,
  isStatic: !hasExpansion(word as unknown as SyntaxNode),
  start: word.pos,
  end: word.end
})

interface Context {
  guard: Guard
  isConditional: boolean
  inFunction: string | undefined
  failure: Failure
  subshell: string
  /** Nothing but the guard decides whether it runs. */
  isOnlyGuarded: boolean
}

/** Commands that prepare something; where one of them fails, the next of the same kind has nothing to do. */
const preparing = /^(?:chown|chmod|chgrp|mkdir|cp|mv|ln|touch|echo|printf|rm|sed|true|:)$/
const leaving = /\b(?:exit|return|die|fail\w*|fatal|abort|error_exit|bail)\b/

/** A message that speaks of failing does not leave. */
const withoutStrings = (text: string): string => text.replace(/"(?:[^"\\]|\\.)*"|'[^']*'/g, '')

const isTest = (node: PipelineNode): boolean =>
  node.type === 'TestCommand' || (node.type === 'Command' && /^(?:\[|test)$/.test(node.name?.value ?? ''))

/** What the failure of each part of `a && b || c` does; read from the end, in one pass. */
function readFailures(node: AndOr, source: (node: SyntaxNode) => string): Failure[] {
  const failures: Failure[] = []
  let handler: Failure | undefined
  let isPreparing = true
  for (let index = node.commands.length - 1; index >= 0; index--) {
    const next = node.commands[index + 1]
    if (next !== undefined) {
      if (node.operators[index] === '||')
        handler = leaving.test(withoutStrings(source(next as unknown as SyntaxNode))) ? 'required' : 'accepted'
      isPreparing &&= next.type === 'Command' && preparing.test(next.name?.value ?? '')
    }
    failures.push(handler ?? (next === undefined ? 'plain' : isPreparing ? 'unnoticed' : 'required'))
  }
  return failures.reverse()
}

/**
 * Reads a script or the shell form of an instruction.
 *
 * @example
 * readShell('mkdir -p /data && exec app').commands.map((command) => command.name) // => ['mkdir', 'exec']
 */
export function readShell(text: string): ShellScript {
  const known = recent.get(text)
  if (known !== undefined) return known
  const script = readScript(text)
  if (recent.size >= mostRecent) recent.clear()
  recent.set(text, script)
  return script
}

/** Between transforms the same texts are read again; a few hundred of them cover one file. */
const recent = new Map<string, ShellScript>()
const mostRecent = 300

function readScript(written: string): ShellScript {
  // CRLF of the same length: the continuation mark moves next to the line feed.
  const text = written.includes('\r') ? written.replaceAll('\\\r\n', ' \\\n').replaceAll('\r\n', ' \n') : written
  const script = parse(text)
  const commands: ShellCommand[] = []
  const source = (node: { pos: number; end: number }) => text.slice(node.pos, node.end)
  const asksForRoot = mentionsUser.test(text)
  const readRootTest = asksForRoot ? createRootTestReader(text) : () => undefined
  const withGuard = (context: Context, guard: Guard | undefined, isAlone = true): Context => ({
    ...context,
    isConditional: true,
    guard: guard ?? context.guard,
    isOnlyGuarded: context.isOnlyGuarded && guard !== undefined && isAlone
  })
  let stopsOnError = /^#![^\n]*sh\s+-\w*e/.test(text)
  const hasPipefail = /\bpipefail\b/.test(text)
  let subshells = 0
  // Behind `if [ "$(id -u)" != 0 ]; then exec app; fi` everything is root's.
  let rest: Guard = 'none'

  const push = (
    node: { pos: number; end: number },
    context: Context,
    name: SyntaxWord | undefined,
    args: readonly ShellWord[],
    assignments: ShellCommand['assignments'],
    all: readonly Redirection[]
  ) => {
    const redirects: ShellRedirect[] = []
    let heredocBody: string | undefined
    for (const redirect of all) {
      if (redirect.type === 'HereDoc') heredocBody = redirect.body.text
      else if (redirect.target !== undefined)
        redirects.push({ operator: redirect.operator, target: toWord(redirect.target) })
    }
    commands.push({
      name: name?.value ?? '',
      nameWord: name === undefined ? undefined : toWord(name),
      args,
      assignments,
      redirects,
      heredocBody,
      start: node.pos,
      end: node.end,
      guard: context.guard === 'none' && context.inFunction === undefined ? rest : context.guard,
      isConditional: context.isConditional,
      inFunction: context.inFunction,
      failure: context.failure,
      stopsOnError,
      subshell: context.subshell
    })
  }

  const add = (node: Command, context: Context) => {
    const args: ShellWord[] = []
    for (const argument of node.args)
      args.push(
        argument.type === 'Word'
          ? toWord(argument)
          : { text: argument.text, value: argument.text, isStatic: false, start: argument.pos, end: argument.end }
      )
    const assignments = node.prefix.flatMap((part) =>
      part.type === 'Assignment'
        ? [{ name: part.name, value: part.value.type === 'Word' ? toWord(part.value) : undefined }]
        : []
    )
    const name = node.name?.value ?? ''
    push(node, context, node.name, args, assignments, node.redirects)
    if (name === 'set') {
      const words = args.map((word) => word.value)
      const named = words.indexOf('errexit')
      if (words.some((word) => /^-\w*e/.test(word)) || words[named - 1] === '-o') stopsOnError = true
      else if (words.some((word) => /^\+\w*e/.test(word)) || words[named - 1] === '+o') stopsOnError = false
    }
    const leaves = (name === 'exec' && args.length > 0) || (name === 'exit' && args[0]?.value === '0')
    if (leaves && context.guard !== 'none' && context.isOnlyGuarded && context.inFunction === undefined)
      rest = opposite(context.guard) ?? 'none'
  }

  const visit = (node: SyntaxNode, context: Context): void => {
    switch (node.type) {
      case 'Command':
        add(node, context)
        return
      case 'If': {
        const asked = { ...context, failure: 'accepted' } as const
        visit(node.clause as unknown as SyntaxNode, asked)
        const test = readRootTest(source(node.clause))
        visit(node.then as unknown as SyntaxNode, withGuard(context, test?.whenTrue, test?.isAlone))
        // Each further branch runs only where no earlier test held.
        let otherwise = withGuard(context, test?.whenFalse)
        for (const branch of node.elif) {
          visit(branch.clause as unknown as SyntaxNode, { ...otherwise, failure: 'accepted' })
          const next = readRootTest(source(branch.clause))
          visit(branch.then as unknown as SyntaxNode, withGuard(otherwise, next?.whenTrue, false))
          otherwise = withGuard(otherwise, next?.whenFalse, false)
        }
        if (node.else !== undefined) visit(node.else as unknown as SyntaxNode, otherwise)
        return
      }
      case 'AndOr': {
        let running = context
        const failures = readFailures(node, source)
        node.commands.forEach((command, index) => {
          const failure = failures[index] as Failure
          const isNoticed = failure === 'plain' || context.failure === 'accepted'
          visit(command as unknown as SyntaxNode, isNoticed ? running : { ...running, failure })
          const operator = node.operators[index]
          if (operator === undefined) return
          const test = asksForRoot ? readRootTest(source(command)) : undefined
          if (operator === '||') running = withGuard(context, test?.whenFalse)
          else if (operator === '&&' && test?.whenTrue !== undefined)
            running = withGuard(running, test.whenTrue, test.isAlone)
          else if (operator === '&&' && isTest(command)) running = withGuard(running, undefined)
        })
        return
      }
      case 'Pipeline': {
        const isNegated = node.prefixes.some((prefix) => prefix.type === 'Negation')
        node.commands.forEach((command, index) => {
          const isPart = index < node.commands.length - 1 && !hasPipefail && context.failure !== 'accepted'
          const failure = isNegated ? 'accepted' : isPart ? 'unnoticed' : context.failure
          visit(command as unknown as SyntaxNode, { ...context, failure })
        })
        return
      }
      case 'Redirected':
        visit(node.command as unknown as SyntaxNode, context)
        push(node, context, undefined, [], [], node.redirects)
        return
      case 'Subshell': {
        subshells++
        const subshell = context.subshell === '' ? String(subshells) : `${context.subshell}.${subshells}`
        visit(node.body as unknown as SyntaxNode, { ...context, subshell, isOnlyGuarded: false })
        return
      }
      case 'Function':
        forEachChild(node, (child) => {
          if (child.type !== 'Word') visit(child, { ...context, inFunction: node.name.value, isOnlyGuarded: false })
        })
        return
      case 'While':
        visit(node.clause as unknown as SyntaxNode, { ...context, failure: 'accepted' })
        visit(node.body as unknown as SyntaxNode, withGuard(context, undefined))
        return
      case 'Case': {
        const isUser = readRootTest(`[ ${node.word.text} = 0 ]`)?.whenTrue === 'root'
        let isRootNamed = false
        for (const item of node.items) {
          const patterns = item.pattern.map((word) => word.value)
          const isRoot = patterns.every((pattern) => /^(?:0|root)$/.test(pattern))
          isRootNamed ||= isRoot
          const guard = !isUser ? undefined : isRoot ? 'root' : isRootNamed ? 'non-root' : undefined
          visit(item.body as unknown as SyntaxNode, withGuard(context, guard))
        }
        return
      }
      case 'For':
      case 'Select':
      case 'ArithmeticFor':
        forEachChild(node, (child) => {
          if (child.type !== 'Word') visit(child, withGuard(context, undefined))
        })
        return
      case 'Word':
        return
      default:
        forEachChild(node, (child) => visit(child, context))
    }
  }
  const top: Context = {
    guard: 'none',
    isConditional: false,
    inFunction: undefined,
    failure: 'plain',
    subshell: '',
    isOnlyGuarded: true
  }
  forEachChild(script as unknown as SyntaxNode, (node) => visit(node, top))
  return { commands, hasErrors: (script.errors?.length ?? 0) > 0 }
}
