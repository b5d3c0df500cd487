import { inject } from 'vitest'
import { createRunCommand } from '../../../src/verify/command.ts'
import { createEngine, findEngine } from '../../../src/verify/engine.ts'
import { createSession, type Session } from '../../../src/verify/session.ts'

/** undefined: there is none here. */
export const engineEnvironment = inject('engine') ?? undefined

/** A session on the engine of the tests. */
export async function openSession(): Promise<Session> {
  Object.assign(process.env, engineEnvironment)
  const { signal } = new AbortController()
  const run = createRunCommand(signal, () => undefined)
  return createSession(createEngine(await findEngine(undefined, run), run), run, signal, 'busybox')
}
