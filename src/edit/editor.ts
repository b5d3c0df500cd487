/** Text edits addressed by instruction. */
import type { Dockerfile } from '../dockerfile/dockerfile.ts'
import type { Instruction } from '../dockerfile/instruction.ts'
import { createTextEdits, type TextEdits } from './text-edits.ts'

/**
 * How a transform changes a Dockerfile. Every edit has a message for the report, one line. What is inserted gets the file's own
 * line endings and indentation.
 */
export interface Editor extends TextEdits {
  /** Adds lines above an instruction and above the comment that belongs to it. */
  insertBefore(instruction: Instruction, lines: string, message: string): void
  /** Adds lines below an instruction. */
  insertAfter(instruction: Instruction, lines: string, message: string): void
  /** Adds a flag behind the instruction's flags. */
  addFlag(instruction: Instruction, flag: string, message: string): void
  /** A keyword in the file's own case. */
  keyword(name: string): string
  /** `RUN a && b` in the file's own layout: on one line where it is short, else a command a line. */
  formatRun(commands: readonly string[]): string
  /** Puts `command && ` in front of the shell form of a `RUN`. */
  prependCommands(instruction: Instruction, commands: readonly string[], message: string): void
  /** Adds `&& command` to a `RUN`. */
  appendCommands(instruction: Instruction, commands: readonly string[], message: string): void
}

/** Makes an editor for one text. */
export function createEditor(dockerfile: Dockerfile): Editor {
  const { text, eol, escape } = dockerfile
  const textEdits = createTextEdits(text)
  const { replace } = textEdits
  const lineStart = (offset: number) => text.lastIndexOf('\n', offset - 1) + 1
  /** Start of the line of an instruction, or of the comment block directly above it. */
  const blockStart = (instruction: Instruction): number => {
    let start = lineStart(instruction.start)
    // A byte order mark stays in front of everything.
    if (start === 0 && text.charCodeAt(0) === 0xfeff) start = 1
    while (start > 1) {
      const previous = lineStart(start - 1)
      const line = text.slice(previous, start).trim()
      if (!line.startsWith('#') || isDirectiveLine(previous)) break
      start = previous
    }
    return start
  }
  const isDirectiveLine = (offset: number) => {
    const first = dockerfile.instructions[0]
    return (
      dockerfile.directives.size > 0 &&
      (first === undefined || offset < first.start) &&
      /^#\s*(syntax|escape|check)\s*=/i.test(text.slice(offset, offset + 40).trimStart())
    )
  }
  const withEol = (lines: string) => (eol === '\n' ? lines : lines.replaceAll('\n', eol))

  // The file's habits.
  const isLowerCase = dockerfile.stages[0] !== undefined && /^[a-z]+$/.test(dockerfile.stages[0].from.raw.keyword)
  const keyword = (name: string) => (isLowerCase ? name.toLowerCase() : name)
  const indentation = readIndentation(dockerfile)
  const continued = (commands: readonly string[]) =>
    commands.map((command) => ` ${escape}\n${indentation}&& ${command}`).join('')

  return {
    // Its `edits` is a getter, which a spread would read once.
    get edits() {
      return textEdits.edits
    },
    finish: textEdits.finish,
    replace,
    keyword,
    insertBefore(instruction, lines, message) {
      const at = blockStart(instruction)
      const previousLine = at <= 1 ? '' : text.slice(lineStart(at - 1), at).trim()
      const isSeparated = at > 1 && previousLine === '' && !/^USER /i.test(lines)
      const indent = /^[ \t]*/.exec(text.slice(lineStart(instruction.start), instruction.start))?.[0] ?? ''
      const indented = indent === '' ? lines : lines.replace(/^(?=.)/gm, indent)
      replace(at, at, withEol(`${indented}\n${isSeparated ? '\n' : ''}`), message)
    },
    insertAfter(instruction, lines, message) {
      const { dangling } = instruction.raw
      if (dangling !== undefined) {
        // A continuation mark with nothing behind it would take the new line in.
        const blanks = /[ \t]*$/.exec(text.slice(instruction.start, dangling))?.[0].length ?? 0
        replace(dangling - blanks, dangling + 1, '', 'a continuation mark with nothing behind it')
      }
      replace(instruction.end, instruction.end, withEol(`\n${lines}`), message)
    },
    addFlag(instruction, flag, message) {
      const at = instruction.argumentsStart
      replace(at, at, `${flag} `, message)
    },
    formatRun(commands) {
      const line = `${keyword('RUN')} ${commands.join(' && ')}`
      const isShort = commands.length <= 2 && line.length <= 100 && !/^(groupadd|addgroup)/.test(commands[0] ?? '')
      return isShort ? line : `${keyword('RUN')} ${commands[0]}${continued(commands.slice(1))}`
    },
    prependCommands(instruction, commands, message) {
      const at = instruction.argumentsStart
      replace(at, at, commands.map((command) => `${command} && `).join(''), message)
    },
    appendCommands(instruction, commands, message) {
      const end = instruction.raw.headEnd
      const trimmed = end - (/[ \t\r]*$/.exec(text.slice(instruction.start, end))?.[0].length ?? 0)
      replace(trimmed, trimmed, withEol(continued(commands)), message)
    }
  }
}

/** Indentation of the first continuation line of a `RUN`, four spaces where there is none. */
function readIndentation(dockerfile: Dockerfile): string {
  for (const instruction of dockerfile.instructions) {
    if (instruction.keyword !== 'RUN' || instruction.startLine === instruction.endLine) continue
    const second = instruction.raw.segments[1]
    if (second === undefined) continue
    const match = /^([ \t]+)\S/.exec(dockerfile.text.slice(second.source, second.source + 40))
    if (match !== null) return match[1] as string
  }
  return '    '
}
