import type { Instruction } from '../dockerfile/instruction.ts'
import { readShell, type ShellScript } from '../shell/commands.ts'

/** A piece of shell text inside a Dockerfile, with the way back to the source. */
export interface ShellSource {
  text: string
  script: ShellScript
  toSource(offset: number): number
}

/** `["sh", "-c", "text"]` and its relatives: the place of the text. */
const shellCommandIndex = (words: readonly string[]): number | undefined => {
  if (!/(^|\/)(ba|da|a|z|k)?sh$/.test(words[0] ?? '')) return undefined
  for (let index = 1; index < words.length - 1; index++) {
    const word = words[index] as string
    if (/^-[a-z]*c$/.test(word)) return index + 1
    if (!word.startsWith('-') && !(words[index - 1] === '-o')) return undefined
  }
  return undefined
}

/**
 * The shell texts that an instruction runs: its shell form, the text of `["sh", "-c", "..."]`, the bodies of
 * `RUN <<EOF`. Empty for an exec form that calls a program directly and for shells that are not POSIX.
 */
export function shellSources(instruction: Instruction): readonly ShellSource[] {
  // On the instruction itself: thousands of entries in a WeakMap cost more than what they save.
  instruction.memo ??= readSources(instruction)
  return instruction.memo as readonly ShellSource[]
}

function readSources(instruction: Instruction): ShellSource[] {
  const { json, heredocs } = instruction
  if (json !== undefined) {
    const index = shellCommandIndex(json.map((string) => string.value))
    const string = index === undefined ? undefined : json[index]
    if (string === undefined) return []
    // Offsets are exact as long as the JSON string holds no escapes.
    const isPlain = string.text.slice(1, -1) === string.value
    return [
      {
        text: string.value,
        script: readShell(string.value),
        toSource: (offset) => (isPlain ? string.start + 1 + offset : string.start)
      }
    ]
  }
  const sources: ShellSource[] = []
  let from = instruction.argumentsLogicalStart
  const { logical } = instruction.raw
  if (instruction.keyword === 'HEALTHCHECK') {
    const match = /^CMD\s+/i.exec(logical.slice(from))
    if (match === null) return []
    from += match[0].length
  }
  const text = logical.slice(from).trimEnd()
  const isScript = heredocs.length > 0 && /^\d*<<-?\S+$/.test(text)
  if (text !== '' && !isScript)
    sources.push({ text, script: readShell(text), toSource: (offset) => instruction.toSource(from + offset) })
  if (heredocs.length > 0 && (isScript || /^(\S*\/)?(ba|da|a)?sh\b[^|&;]*<</.test(text))) {
    for (const heredoc of heredocs) {
      const body = instruction.heredocBody(heredoc)
      // Another interpreter (`#!/usr/bin/env python3`) is none of ours.
      if (/^#!(?!.*\b(ba|da|a)?sh\b)/.test(body)) continue
      sources.push({ text: body, script: readShell(body), toSource: (offset) => heredoc.bodyStart + offset })
    }
  }
  return sources
}
