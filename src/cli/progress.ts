/** One line on standard error that tells how far the work is. */
export interface Progress {
  step(path: string): void
  /** Takes the line away. */
  clear(): void
}

const quietMilliseconds = 1_000
const redrawMilliseconds = 100

/** Shows nothing during the first second, which is all that most runs need. */
export function createProgress(
  stream: { write(text: string): unknown; columns?: number },
  total: number,
  isShown: boolean
): Progress {
  if (!isShown) return { step: () => undefined, clear: () => undefined }
  const started = Date.now()
  let drawn = 0
  let done = 0
  return {
    step(path) {
      done++
      const now = Date.now()
      if (now - started < quietMilliseconds || now - drawn < redrawMilliseconds) return
      drawn = now
      const line = `${done}/${total} ${path}`
      stream.write(`\r\u001b[K${line.slice(0, (stream.columns || 80) - 1)}`)
    },
    clear() {
      if (drawn > 0) stream.write('\r\u001b[K')
    }
  }
}
