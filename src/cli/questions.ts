import { Writable } from 'node:stream'
import { isCancel, select as selectOne, text as textLine, updateSettings } from '@clack/prompts'
import type { Terminal } from './terminal.ts'

export interface Choice<Value> {
  value: Value
  label: string
  hint?: string
}

/** Asks one question after the other. An answer is undefined when there will be none: Ctrl-C, Ctrl-D, Escape, end of input. */
export interface Questions {
  select<Value extends string | boolean>(message: string, choices: readonly Choice<Value>[]): Promise<Value | undefined>
  text(message: string, initial: string, validate: (text: string) => string | undefined): Promise<string | undefined>
  close(): void
}

export function askAt({ input, output, isColoured }: Terminal): Questions {
  updateSettings({ aliases: { '\u0004': 'cancel' } })
  const ended = new AbortController()
  const end = () => ended.abort()
  for (const event of ['end', 'close']) input.once(event, end)
  const common = { input, output: isColoured ? output : withoutColours(output), signal: ended.signal }
  const orUndefined = <Value>(answer: Value | symbol): Value | undefined =>
    isCancel(answer) ? undefined : (answer as Value)
  return {
    async select<Value extends string | boolean>(message: string, choices: readonly Choice<Value>[]) {
      const options = [...choices] as Parameters<typeof selectOne<Value>>[0]['options']
      return orUndefined<Value>(await selectOne<Value>({ ...common, message, options }))
    },
    async text(message, initial, validate) {
      const answer = await textLine({
        ...common,
        message,
        placeholder: initial,
        defaultValue: initial,
        validate: (text) => validate(text === undefined || text === '' ? initial : text)
      })
      return orUndefined<string>(answer)
    },
    close() {
      for (const event of ['end', 'close']) input.off(event, end)
      input.pause()
    }
  }
}

/** The prompts colour what they write as they see fit. */
function withoutColours(output: Terminal['output']): Writable {
  const plain = new Writable({
    decodeStrings: false,
    write(chunk: string | Uint8Array, _encoding, done) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
      output.write(String(chunk).replace(/\u001b\[[\d;]*m/g, ''))
      done()
    }
  })
  return Object.assign(plain, { columns: output.columns, rows: output.rows })
}
