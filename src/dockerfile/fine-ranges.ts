/**
 * The one place that knows dockerfile-ast. It is asked about one instruction at a time, and only when somebody needs
 * the parts of that instruction. It sees the logical line (no continuations, comments or heredoc bodies, which it
 * misreads), so what it answers is exact; where its reading and BuildKit's rules differ, ours is used.
 */
import { DockerfileParser, type From, type ModifiableInstruction, type PropertyInstruction } from 'dockerfile-ast'
import type { Flag, FromParts, Instruction } from './instruction.ts'
import { splitWords, type Word } from './words.ts'

export interface Property {
  name: Word
  /** As written, quotes included; undefined for `ARG NAME`. */
  value: Word | undefined
  /** The old form, `ENV NAME value with spaces`. */
  isOldForm: boolean
}

interface ColumnRange {
  start: { line: number; character: number }
  end: { line: number; character: number }
}

/** Parses one logical line. Its first line is a directive when the file has another escape character. */
const parseLine = <T>(instruction: Instruction): { parsed: T; line: number } | undefined => {
  const { logical } = instruction.raw
  const isBacktick = instruction.escape === '`'
  // A stray `<<` makes it look for a heredoc: blanked, same length.
  const text = logical.replaceAll('<<', '  ')
  const parsed = DockerfileParser.parse(isBacktick ? `# escape=\`\n${text}` : text).getInstructions()
  return parsed.length === 1 ? { parsed: parsed[0] as T, line: isBacktick ? 1 : 0 } : undefined
}

const wordAt = (instruction: Instruction, range: ColumnRange | null): Word | undefined => {
  if (range === null) return undefined
  const from = range.start.character
  const to = range.end.character
  const [start, end] = instruction.sourceRange(from, to)
  return { text: instruction.raw.logical.slice(from, to), start, end }
}

export function readFlags(instruction: Instruction): readonly Flag[] {
  const { logical, keyword } = instruction.raw
  if (!logical.includes('--') || !/^\s*--[a-zA-Z]/.test(logical.slice(keyword.length))) return []
  const flags = parseLine<ModifiableInstruction>(instruction)?.parsed.getFlags?.() ?? []
  const found = flags.flatMap((flag): Flag[] => {
    const whole = wordAt(instruction, flag.getRange())
    if (whole === undefined) return []
    const value = wordAt(instruction, flag.getValueRange())
    const text = value?.text.replace(/^(["'])(.*)\1$/, '$2')
    return [
      {
        name: flag.getName(),
        value: text,
        start: whole.start,
        end: whole.end,
        valueStart: value?.start ?? whole.end,
        valueEnd: value?.end ?? whole.end
      }
    ]
  })
  const expected = splitWords(logical.slice(0, instruction.argumentsLogicalStart), instruction.escape).length - 1
  return found.length === expected ? found : readFlagsPlainly(instruction)
}

/** Flags of instructions for which dockerfile-ast knows none (`CMD --x`), and those that it reads otherwise. */
const readFlagsPlainly = (instruction: Instruction): Flag[] =>
  splitWords(
    instruction.raw.logical.slice(0, instruction.argumentsLogicalStart),
    instruction.escape,
    instruction.raw.keyword.length
  ).map(({ text, start: from, end: to }) => {
    const [start, end] = instruction.sourceRange(from, to)
    const equals = text.indexOf('=')
    const valueStart = equals === -1 ? end : instruction.toSource(from + equals + 1)
    return {
      name: text.slice(2, equals === -1 ? undefined : equals),
      value: equals === -1 ? undefined : text.slice(equals + 1).replace(/^(["'])(.*)\1$/, '$2'),
      start,
      end,
      valueStart,
      valueEnd: end
    }
  })

export function readProperties(instruction: Instruction): readonly Property[] | undefined {
  const start = instruction.argumentsLogicalStart
  const words = splitWords(instruction.raw.logical, instruction.escape, start)
  const first = words[0]
  if (first === undefined) return undefined
  if (instruction.keyword !== 'ARG' && !first.text.includes('=')) {
    const second = words[1]
    if (second === undefined) return undefined
    const { logical } = instruction.raw
    const end = logical.trimEnd().length
    const [valueStart, valueEnd] = instruction.sourceRange(second.start, end)
    const [nameStart, nameEnd] = instruction.sourceRange(first.start, first.end)
    return [
      {
        name: { text: first.text, start: nameStart, end: nameEnd },
        value: { text: logical.slice(second.start, end), start: valueStart, end: valueEnd },
        isOldForm: true
      }
    ]
  }
  if (instruction.keyword !== 'ARG' && words.some((word) => !word.text.includes('='))) return undefined
  const parsed = parseLine<PropertyInstruction>(instruction)?.parsed.getProperties?.() ?? []
  return words.map(({ text, start: from, end: to }, index): Property => {
    const property = parsed[index]
    const equals = text.indexOf('=')
    const nameEnd = equals === -1 ? to : from + equals
    const own = {
      start: { line: 0, character: from },
      end: { line: 0, character: nameEnd }
    }
    const ownValue =
      equals === -1 ? null : { start: { line: 0, character: nameEnd + 1 }, end: { line: 0, character: to } }
    // dockerfile-ast's value range is finer (it ends before a comment); it is used where both agree on the name.
    const agrees =
      property?.getNameRange().start.character === from && property.getNameRange().end.character === nameEnd
    return {
      name: wordAt(instruction, agrees ? property.getNameRange() : own) as Word,
      value: wordAt(instruction, agrees ? (property.getValueRange() ?? ownValue) : ownValue),
      isOldForm: false
    }
  })
}

export function readFrom(instruction: Instruction): FromParts | undefined {
  const { words } = instruction
  const image = words[0]
  if (image === undefined || (words.length !== 1 && words.length !== 3)) return undefined
  if (words.length === 3 && words[1]?.text.toUpperCase() !== 'AS') return undefined
  const from = parseLine<From>(instruction)?.parsed
  return {
    image: wordAt(instruction, from?.getImageRange() ?? null) ?? image,
    stageName: words.length === 3 ? (wordAt(instruction, from?.getBuildStageRange() ?? null) ?? words[2]) : undefined,
    platform: instruction.flag('platform')?.value
  }
}
