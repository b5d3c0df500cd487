import { emitKeypressEvents } from 'node:readline'
import { createColours } from './colours.ts'
import type { Terminal } from './terminal.ts'

interface Key {
  name?: string
  ctrl?: boolean
}

/** A question that one key answers. */
export interface KeyQuestion<Answer extends string> {
  /** Undefined when there will be no answer: Ctrl-C, Ctrl-D, Escape, end of input. */
  answer: Promise<Answer | undefined>
  /** Takes the question back. */
  stop(): void
}

/**
 * Asks, and takes the first key that is a choice; others, Enter too, do nothing, so that nobody says yes by holding a
 * key down.
 *
 * @param choices What each key means.
 */
export function askForKey<Answer extends string>(
  { input, output, isColoured }: Terminal,
  question: string,
  choices: Readonly<Record<Answer, string>>
): KeyQuestion<Answer> {
  const { bold, cyan } = createColours(isColoured)
  const offered = Object.entries<string>(choices).map(([key, meaning]) => `${cyan(key)} ${meaning}`)
  output.write(`${bold(question)}\n  ${offered.join('   ')}   `)
  let stop: () => void = () => undefined
  const answer = new Promise<Answer | undefined>((resolve) => {
    const finish = (key: Answer | undefined) => {
      input.off('keypress', onKey)
      for (const event of ['end', 'close']) input.off(event, stop)
      input.setRawMode?.(false)
      input.pause()
      output.write(`${key === undefined ? '' : bold(key)}\n`)
      resolve(key)
    }
    stop = () => finish(undefined)
    const onKey = (text: string | undefined, { name, ctrl }: Key) => {
      if ((ctrl && (name === 'c' || name === 'd')) || name === 'escape') return finish(undefined)
      const key = text?.toLowerCase()
      if (key !== undefined && Object.hasOwn(choices, key)) finish(key as Answer)
    }
    emitKeypressEvents(input)
    input.on('keypress', onKey)
    for (const event of ['end', 'close']) input.once(event, stop)
    input.setRawMode?.(true)
    input.resume()
  })
  return { answer, stop }
}
