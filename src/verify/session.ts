import { randomBytes } from 'node:crypto'
import type { RunCommand } from './command.ts'
import type { Engine } from './engine.ts'
import type { Workbench } from './observe.ts'
import { createProbe } from './probe.ts'

/** A run of `verify`: what it makes has names of its own, and goes with it. */
export interface Session extends Workbench {
  newImage(): string
  removeImages(tags: readonly string[]): Promise<void>
  /** Removes whatever is left. */
  close(): Promise<void>
}

/** @param helperImage Its `cat` and `wget` are used where the engine is another machine. */
export function createSession(engine: Engine, run: RunCommand, signal: AbortSignal, helperImage: string): Session {
  const id = randomBytes(4).toString('hex')
  const label = `unroot.verify=${id}`
  const images = new Set<string>()
  let count = 0
  return {
    engine,
    probe: createProbe(engine, run, helperImage),
    signal,
    label,
    newContainer: () => `unroot-verify-${id}-${++count}`,
    newImage() {
      const tag = `unroot-verify:${id}-${++count}`
      images.add(tag)
      return tag
    },
    async removeImages(tags) {
      await engine.removeImages(tags)
      for (const tag of tags) images.delete(tag)
    },
    async close() {
      await engine.removeLabelled(label)
      await engine.removeImages([...images])
      images.clear()
    }
  }
}
