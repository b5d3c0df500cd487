/**
 * Flags and properties with their ranges, and the one place that knows dockerfile-ast. That is asked about one
 * instruction at a time, and only where an edit is about to be made. It sees the logical line (no continuations, comments or heredoc bodies, which it
 * misreads), so what it answers is exact; where its reading and BuildKit's rules differ, ours is used.
 */
import { DockerfileParser, type PropertyInstruction } from 'dockerfile-ast'
import type { Flag, Instruction } from './instruction.ts'
import { splitWords, type Word } from './words.ts'

/** A `NAME=value` of `ENV`, `ARG` or `LABEL`. */
export interface Property {
  /** As written. */
  name: Word
  /** As written, quotes included; undefined for `ARG NAME`. */
  value: Word | undefined
}

/** Parses one logical line. Its first line is a directive when the file has another escape character. */
const parseLine = <T>(instruction: Instruction): T | undefined => {
  const { logical } = instruction.raw
  const isBacktick = instruction.escape === '`'
  // A stray `<<` makes it look for a heredoc: blanked, same length.
  const text = logical.replaceAll('<<', '  ')
  const parsed = DockerfileParser.parse(isBacktick ? `# escape=\`\n${text}` : text).getInstructions()
  return parsed.length === 1 ? (parsed[0] as T) : undefined
}

/** A piece of the logical line as a word of the source. */
const place = (instruction: Instruction, from: number, to: number): Word => {
  const [start, end] = instruction.sourceRange(from, to)
  return { text: instruction.raw.logical.slice(from, to), start, end }
}

/** Flags are what stands between the keyword and the arguments; BuildKit takes them off every instruction. */
export const readFlags = (instruction: Instruction): Flag[] =>
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
        value: { text: logical.slice(second.start, end), start: valueStart, end: valueEnd }
      }
    ]
  }
  if (instruction.keyword !== 'ARG' && words.some((word) => !word.text.includes('='))) return undefined
  return words.map(({ text, start: from, end: to }): Property => {
    const equals = text.indexOf('=')
    const nameEnd = equals === -1 ? to : from + equals
    return {
      name: place(instruction, from, nameEnd),
      value: equals === -1 ? undefined : place(instruction, nameEnd + 1, to)
    }
  })
}

/**
 * The same with dockerfile-ast's ranges, for edits: where the two readings of a value differ, nobody should edit it.
 *
 * @returns undefined for a property on which they differ
 */
export function readFineProperties(instruction: Instruction): readonly (Property | undefined)[] {
  const own = readProperties(instruction) ?? []
  // dockerfile-ast 0.7.1 asks Node's Buffer for the byte order mark; in a browser our own reading stands alone.
  if (!('Buffer' in globalThis)) return own
  const parsed = parseLine<PropertyInstruction>(instruction)?.getProperties?.() ?? []
  return own.map((property, index) => {
    const found = parsed[index]
    if (found === undefined || property.value === undefined) return undefined
    const range = found.getValueRange()
    const value = range === null ? undefined : place(instruction, range.start.character, range.end.character)
    const agrees = value?.start === property.value.start && value.text === property.value.text
    return agrees && found.getName() === property.name.text ? property : undefined
  })
}
