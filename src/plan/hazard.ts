import type { Dockerfile, Stage } from '../dockerfile/dockerfile.ts'
import type { Instruction } from '../dockerfile/instruction.ts'
import type { StageImage } from '../image/image.ts'
import type { RewriteOptions, Severity } from '../types.ts'
import type { Copy } from './copies.ts'
import type { HomeMove } from './home-move.ts'
import type { RunFacts } from './run-facts.ts'
import type { ServerSetup } from './server.ts'
import type { StartUp } from './startup.ts'
import type { PlannedUser } from './user.ts'

/** What `unroot explain` prints and what findings refer to. */
export interface Rule {
  /** Kebab-case. */
  readonly name: string
  /** The severity it most often has. */
  readonly severity: Severity
  /** One line. */
  readonly summary: string
  /** Markdown: when it is reported, why, what to do. */
  readonly description: string
}

/** A finding before it has a place: `at` is an instruction or offsets; without it, the shipped stage's `FROM`. */
export interface RawFinding {
  rule: string
  severity: Severity
  message: string
  help: string
  at?: Instruction | readonly [number, number]
}

export interface HazardContext {
  dockerfile: Dockerfile
  stage: Stage
  image: StageImage
  copies: readonly Copy[]
  runFacts: RunFacts
  startUp: StartUp
  /** Who the image will run as. */
  user: PlannedUser
  /** What leaves `/root`; the rest of the context is read as if it had. */
  homeMove: HomeMove | undefined
  /** The servers that the image runs, where their configuration can be edited. */
  servers?: readonly ServerSetup[]
  options: RewriteOptions
}

/** Something that stands against running the image as another user. */
export interface Hazard extends Rule {
  /** A guide that goes on where the help of an error ends. */
  readonly guide?: string
  find(context: HazardContext): Iterable<Omit<RawFinding, 'rule' | 'severity'> & { severity?: Severity }>
}

/** Gives a hazard its type. */
export const defineHazard = (hazard: Hazard): Hazard => hazard
