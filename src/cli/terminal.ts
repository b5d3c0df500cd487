import type { Readable, Writable } from 'node:stream'
import { hasColours } from './colours.ts'

/** Where questions are asked and answered. */
export interface Terminal {
  input: Readable & { isTTY?: boolean; setRawMode?: (isRaw: boolean) => unknown }
  output: Writable & { isTTY?: boolean; columns?: number; rows?: number }
  isColoured: boolean
}

export function terminalOf(input: Terminal['input'], output: Terminal['output'], isColourAllowed = true): Terminal {
  return { input, output, isColoured: hasColours(output, process.env, isColourAllowed) }
}

/** Whether somebody is there to answer. */
export function canAsk({ input, output }: Terminal): boolean {
  return input.isTTY === true && output.isTTY === true
}

/** Longer lines of prose are hard to read. */
const widest = 100

/** How many columns text may take. */
export function textWidth({ columns }: { columns?: number }): number {
  return Math.max(40, Math.min(columns || 80, widest))
}
