/** Edits of ports in what compose files and manifests have in common: commands, health checks, single values. */
import type { ParsedNode, Scalar } from 'yaml'
import { findArgumentPorts, findLocalPorts } from '../plan/ports.ts'
import type { YamlEditor } from './yaml-editor.ts'
import { listItems, scalarText } from './yaml-nodes.ts'

/** Old port of the container to new one. */
export type MovedPorts = ReadonlyMap<number, number>

export interface CommandWord {
  text: string
  scalar: Scalar.Parsed
  /** Where the word begins in the text of the scalar. */
  offset: number
}

export interface PortEdits {
  /** Replaces `[from, to)` of a scalar's value where the source has the same characters. */
  replaceInValue(scalar: Scalar.Parsed, from: number, to: number, insert: string, port: number): void
  /** Replaces a value that is a moved port and nothing else. */
  replaceWhole(node: unknown, moved: MovedPorts): boolean
  /** The command of a health check or probe: what it asks of its own host. */
  editCheck(node: unknown, moved: MovedPorts): void
  /** Where a program is told to listen. */
  editWords(words: readonly CommandWord[], moved: MovedPorts): void
}

/** @param left says that an edit has to be made by hand: offset, message, help */
export function createPortEdits(
  text: string,
  editor: YamlEditor,
  left: (at: number, message: string, help: string) => void
): PortEdits {
  const edits: PortEdits = {
    replaceInValue(scalar, from, to, insert, port) {
      const [start, end] = scalar.range
      const value = scalarText(scalar) as string
      const raw = text.slice(start, end)
      const shift = raw.indexOf(value)
      const message = `port ${value.slice(from, to) || 'implied'} becomes ${port}`
      if (shift === -1) left(start, `${raw.trim()} has to say ${port}`, `Write ${port} there.`)
      else editor.replaceInside(scalar, start + shift + from, start + shift + to, `${insert}${port}`, message)
    },
    replaceWhole(node, moved) {
      const value = scalarText(node)
      const to = /^\d+$/.test(value ?? '') ? moved.get(Number(value)) : undefined
      if (value === undefined || to === undefined) return false
      edits.replaceInValue(node as Scalar.Parsed, 0, value.length, '', to)
      return true
    },
    editCheck(node, moved) {
      const items = listItems(node)
      for (const [index, item] of items.entries()) {
        const [start, end] = item.range
        for (const found of findLocalPorts(text.slice(start, end))) {
          const to = moved.get(found.port)
          if (to !== undefined)
            editor.replaceInside(
              item as Scalar.Parsed,
              start + found.start,
              start + found.end,
              `${found.insert}${to}`,
              'the health check asks the new port'
            )
        }
        // ["CMD", "nc", "-z", "localhost", "80"]
        const before = scalarText(items[index - 1]) ?? ''
        if (/^(?:localhost|127\.0\.0\.1|0\.0\.0\.0|::1|-p|--port)$/.test(before)) edits.replaceWhole(item, moved)
      }
    },
    editWords(words, moved) {
      for (const { port, word, from, to: end } of findArgumentPorts(words.map((each) => each.text))) {
        const to = moved.get(port)
        const { scalar, offset } = words[word] as CommandWord
        if (to !== undefined) edits.replaceInValue(scalar, offset + from, offset + end, '', to)
      }
    }
  }
  return edits
}

/** The words of a command with the scalar that holds each; a string is taken apart at blanks. */
export function commandWords(node: ParsedNode | undefined): CommandWord[] {
  const split = (scalar: ParsedNode, whole: string): CommandWord[] =>
    [...whole.matchAll(/[^\s"']+/g)].map((match) => ({
      text: match[0],
      scalar: scalar as Scalar.Parsed,
      offset: match.index
    }))
  const whole = scalarText(node)
  if (node !== undefined && whole !== undefined) return split(node, whole)
  return listItems(node).flatMap((item) => {
    const text = scalarText(item)
    if (text === undefined) return []
    // ["sh", "-c", "gunicorn --bind 0.0.0.0:80 app"]
    return /\s/.test(text) ? split(item, text) : [{ text, scalar: item as Scalar.Parsed, offset: 0 }]
  })
}
