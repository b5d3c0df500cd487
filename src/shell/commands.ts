/**
 * The one place that knows unbash: the simple commands of a shell text, in order, with exact offsets.
 */
import { type Command, forEachChild, parse, type SyntaxNode, type Word as SyntaxWord } from 'unbash'

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

/** Whether a command runs whoever the user is, or only as root or not as root (`if [ "$(id -u)" = 0 ]`). */
export type Guard = 'none' | 'root' | 'non-root'

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

/** `[ "$(id -u)" = 0 ]` and its relatives; undefined when the test says nothing about root. */
const readRootTest = (text: string): Guard | undefined => {
  if (!/\bid -u|\$\{?E?UID\b|\bwhoami\b|\bid -un\b|\$\{?USER\b/.test(text)) return undefined
  if (/(?:(?<!!)==?|-eq)\s*["']?(?:0|root)["']?/.test(text)) return /^\s*!/.test(text) ? 'non-root' : 'root'
  if (/(?:!=|-ne|-gt)\s*["']?(?:0|root)["']?/.test(text)) return /^\s*!/.test(text) ? 'root' : 'non-root'
  return undefined
}

const opposite = (guard: Guard | undefined): Guard | undefined =>
  guard === 'root' ? 'non-root' : guard === 'non-root' ? 'root' : undefined

interface Context {
  guard: Guard
  isConditional: boolean
  inFunction: string | undefined
}

/**
 * Reads a script or the shell form of an instruction.
 *
 * @example
 * readShell('mkdir -p /data && exec app').commands.map((command) => command.name) // ['mkdir', 'exec']
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
  const withGuard = (context: Context, guard: Guard | undefined): Context => ({
    ...context,
    isConditional: true,
    guard: guard ?? context.guard
  })

  const add = (node: Command, context: Context) => {
    const redirects: ShellRedirect[] = []
    let heredocBody: string | undefined
    for (const redirect of node.redirects) {
      if (redirect.type === 'HereDoc') heredocBody = redirect.body.text
      else if (redirect.target !== undefined)
        redirects.push({ operator: redirect.operator, target: toWord(redirect.target) })
    }
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
    commands.push({
      name: node.name?.value ?? '',
      nameWord: node.name === undefined ? undefined : toWord(node.name),
      args,
      assignments,
      redirects,
      heredocBody,
      start: node.pos,
      end: node.end,
      ...context
    })
  }

  const visit = (node: SyntaxNode, context: Context): void => {
    switch (node.type) {
      case 'Command':
        add(node, context)
        return
      case 'If': {
        visit(node.clause as unknown as SyntaxNode, context)
        const guard = readRootTest(source(node.clause))
        visit(node.then as unknown as SyntaxNode, withGuard(context, guard))
        for (const branch of node.elif) {
          visit(branch.clause as unknown as SyntaxNode, withGuard(context, opposite(guard)))
          visit(branch.then as unknown as SyntaxNode, withGuard(context, readRootTest(source(branch.clause))))
        }
        if (node.else !== undefined) visit(node.else as unknown as SyntaxNode, withGuard(context, opposite(guard)))
        return
      }
      case 'AndOr': {
        let running = context
        node.commands.forEach((command, index) => {
          visit(command as unknown as SyntaxNode, running)
          const operator = node.operators[index]
          const guard = readRootTest(source(command))
          if (operator === '||') running = withGuard(context, opposite(guard))
          else if (operator === '&&' && guard !== undefined) running = withGuard(running, guard)
        })
        return
      }
      case 'Function':
        forEachChild(node, (child) => {
          if (child.type !== 'Word') visit(child, { ...context, inFunction: node.name.value })
        })
        return
      case 'For':
      case 'While':
      case 'Case':
      case 'Select':
      case 'ArithmeticFor':
        forEachChild(node, (child) => {
          if (child.type !== 'Word') visit(child, { ...context, isConditional: true })
        })
        return
      case 'Word':
        return
      default:
        forEachChild(node, (child) => visit(child, context))
    }
  }
  forEachChild(script as unknown as SyntaxNode, (node) =>
    visit(node, { guard: 'none', isConditional: false, inFunction: undefined })
  )
  return { commands, hasErrors: (script.errors?.length ?? 0) > 0 }
}
