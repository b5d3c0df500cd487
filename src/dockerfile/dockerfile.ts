import type { Position, Range } from '../types.ts'
import { Instruction } from './instruction.ts'
import { type Escape, type ReadError, readLines } from './line-reader.ts'

/** `FROM` and what follows up to the next one. */
export interface Stage {
  /** Counts from 0. */
  index: number
  /** As BuildKit compares it: lower case. */
  name: string | undefined
  /** The stage's first instruction. */
  from: Instruction
  /** `FROM` left out. */
  instructions: readonly Instruction[]
}

/** Place of an instruction in its stage; -1 when it stands in another one. */
export function positionOf(stage: Stage, instruction: Instruction): number {
  // The instructions of a stage follow its FROM without gaps, except in files that BuildKit refuses.
  const position = instruction.index - stage.from.index - 1
  if (stage.instructions[position] === instruction) return position
  return stage.instructions.indexOf(instruction)
}

/** The stage in which an instruction stands. */
export const stageOf = (stages: readonly Stage[], instruction: Instruction): Stage | undefined =>
  stages.findLast((stage) => stage.from.index < instruction.index && positionOf(stage, instruction) !== -1)

/** A Dockerfile as it was read: text and places, nothing about their meaning. */
export interface Dockerfile {
  /** The whole file. */
  text: string
  /** What continues a line: a backslash, or what `# escape=` says. */
  escape: Escape
  /** Line terminator of the file's first line. */
  eol: '\n' | '\r\n'
  /** `# syntax=`, `# escape=` and `# check=`, by name. */
  directives: ReadonlyMap<string, string>
  /** All of them, over the whole file. */
  instructions: readonly Instruction[]
  /** `ARG`s before the first `FROM`. */
  globalArguments: readonly Instruction[]
  /** In the order of the file; the last one is shipped unless `targets` says otherwise. */
  stages: readonly Stage[]
  /** BuildKit would refuse the file. */
  error: ReadError | undefined
  /**
   * What the room above has read from it, kept for the Dockerfile's lifetime.
   *
   * @internal
   */
  memo: unknown
}

const keywords = new Set(
  'ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER VOLUME WORKDIR'.split(
    ' '
  )
)

/**
 * A mistyped word, the sign of a template. Anything else is not repeated: a link named `Dockerfile` may lead to a file of keys,
 * and reports are read by others.
 */
const quotable = /^(?:[a-z]{1,20}|[^\w/]{1,3})$/i

/**
 * Reads a Dockerfile. Never throws; what BuildKit would refuse stands in `error`.
 *
 * @example
 * parseDockerfile('FROM alpine\nUSER 1\n').stages[0]?.instructions[0]?.keyword // => 'USER'
 */
export function parseDockerfile(text: string): Dockerfile {
  const { escape, directives, instructions: raw, error: readError } = readLines(text)
  const instructions = raw.map((instruction, index) => new Instruction(instruction, index, escape, text))
  const stages: { index: number; name: string | undefined; from: Instruction; instructions: Instruction[] }[] = []
  const globalArguments: Instruction[] = []
  let error = readError
  const refuse = (instruction: Instruction, message: string) => {
    if (error === undefined || instruction.startLine < error.line) error = { message, line: instruction.startLine }
  }
  for (const instruction of instructions) {
    const stage = stages.at(-1)
    if (!keywords.has(instruction.keyword)) {
      const { keyword } = instruction.raw
      refuse(
        instruction,
        quotable.test(keyword) ? `unknown instruction: ${keyword}` : 'a line that begins with no instruction'
      )
      continue
    }
    if (instruction.keyword === 'FROM') {
      const words = instruction.words
      if (words.length !== 1 && (words.length !== 3 || words[1]?.text.toUpperCase() !== 'AS')) {
        refuse(instruction, 'FROM requires either one or three arguments')
        continue
      }
      const name = words[2]?.text.toLowerCase()
      if (name !== undefined && !/^[a-z][a-z0-9-_.]*$/.test(name))
        refuse(instruction, `invalid name for build stage: "${name}"`)
      stages.push({ index: stages.length, name, from: instruction, instructions: [] })
    } else if (stage !== undefined) stage.instructions.push(instruction)
    else if (instruction.keyword === 'ARG') globalArguments.push(instruction)
    else refuse(instruction, `no build stage in current context: ${instruction.keyword} stands before the first FROM`)
    if (instruction.argumentText === '' && instruction.keyword !== 'RUN' && instruction.heredocs.length === 0)
      if (!['CMD', 'ENTRYPOINT', 'SHELL', 'MAINTAINER'].includes(instruction.keyword))
        refuse(instruction, `${instruction.keyword} requires an argument`)
    if (instruction.keyword === 'ENV' && instruction.argumentText !== '' && instruction.properties === undefined)
      refuse(instruction, 'ENV must have the form NAME=value')
  }
  const newline = text.indexOf('\n')
  return {
    text,
    escape,
    eol: newline > 0 && text[newline - 1] === '\r' ? '\r\n' : '\n',
    directives,
    instructions,
    globalArguments,
    stages,
    error,
    memo: undefined
  }
}

export interface Locator {
  position(offset: number): Position
  range(from: number, to: number): Range
}

/** Turns offsets into lines and columns, both counted from 1; built for many look-ups in one text. */
export function createLocator(text: string): Locator {
  let starts: number[] | undefined
  const position = (offset: number): Position => {
    if (starts === undefined) {
      starts = [0]
      for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
    }
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((starts[middle] as number) <= offset) low = middle
      else high = middle - 1
    }
    return { line: low + 1, column: offset - (starts[low] as number) + 1 }
  }
  return { position, range: (from, to) => ({ start: position(from), end: position(to) }) }
}
