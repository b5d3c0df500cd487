import { PassThrough, Writable } from 'node:stream'
import type { Terminal } from '../../src/cli/terminal.ts'

/** What is typed when something appears on the screen; `end` closes the input instead. */
export type Step = [appears: string, typed: string | { end: true }]

export interface FakeTerminal extends Terminal {
  /** What was written so far, without colours and cursor movements unless asked for. */
  screen(): string
  raw(): string
  isRaw(): boolean
  /** Steps that nobody has waited for. */
  left(): readonly Step[]
}

/** A terminal whose user follows a script. */
export function createTerminal(steps: readonly Step[], { columns = 80, isColoured = false } = {}): FakeTerminal {
  const waiting = [...steps]
  let written = ''
  let unread = ''
  let isRaw = false
  const input = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode(value: boolean) {
      isRaw = value
    }
  })
  const output = Object.assign(
    new Writable({
      decodeStrings: false,
      write(chunk: string | Uint8Array, _encoding, done) {
        written += String(chunk)
        unread += String(chunk)
        const [step] = waiting
        if (step && withoutEscapes(unread).includes(step[0])) {
          waiting.shift()
          unread = ''
          const [, typed] = step
          // A question is complete, and listens, when it has been written.
          setTimeout(() => (typeof typed === 'string' ? input.write(typed) : input.end()), 5)
        }
        done()
      }
    }),
    { isTTY: true, columns, rows: 50 }
  )
  return {
    input,
    output,
    isColoured,
    screen: () => withoutEscapes(written),
    raw: () => written,
    isRaw: () => isRaw,
    left: () => waiting
  }
}

function withoutEscapes(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
  return text.replace(/\u001b\[[?\d;]*[A-Za-z]/g, '')
}
