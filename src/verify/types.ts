import type { Verdict } from '../types.ts'

/** A TCP port on which something in the container listens. */
export interface Listener {
  port: number
  /** Only the container itself can reach it. */
  isLoopback: boolean
}

/** A process as it was seen, with the uid that it has inside the container. */
export interface SeenProcess {
  uid: number
  name: string
}

/** What one port answered; 0: it did not speak HTTP. */
export interface HttpAnswer {
  port: number
  status: number
}

export type HealthState = 'healthy' | 'unhealthy' | 'starting'

/** How building one image went. */
export interface BuildOutcome {
  isBuilt: boolean
  /** Bytes; null where there is no image. */
  size: number | null
  /** `USER` of the image, as it says. */
  user: string
  /** The engine's last words when it failed. */
  log: string[]
}

/** What was seen of one container. */
export interface RunOutcome {
  state: 'running' | 'exited' | 'not-started'
  exitCode: number | null
  /** Every process that was seen; null: none could be looked at. */
  processes: SeenProcess[] | null
  /** null: they could not be looked at. */
  listeners: Listener[] | null
  /** null: nobody asked. */
  http: HttpAnswer[] | null
  /** null: the image has no health check. */
  health: HealthState | null
  log: string[]
  /** Until ports and health check had settled. */
  milliseconds: number
}

/** Everything that was seen of one version of an image. */
export interface Observation {
  build: BuildOutcome
  /** null: it was not built. */
  run: RunOutcome | null
}

export const checkNames = ['builds', 'starts', 'user', 'log', 'ports', 'http', 'health', 'size'] as const
export type CheckName = (typeof checkNames)[number]

/** One line of the comparison. */
export interface Check {
  name: CheckName
  status: 'passed' | 'failed' | 'skipped'
  /** What the original did, in a few words. */
  before: string
  /** What the rewritten version did. */
  after: string
  /** For `failed` and `skipped`: why. */
  message: string
}

/** The answer for one stage of one Dockerfile. */
export interface FileVerification {
  path: string
  /** The stage that was built; null: the last one. */
  target: string | null
  /** That of the rewrite. */
  verdict: Verdict
  status: 'verified' | 'failed' | 'not-verified'
  /** Why it failed or was not verified; '' when it is verified. */
  reason: string
  checks: Check[]
  /** What a reader could take for proved and is not. */
  notVerified: string[]
  /** What was done otherwise than a plain build and start. */
  notes: string[]
  /** The last lines of what failed. */
  log: string[]
}

/** The report of a whole run. */
export interface Verification {
  version: 1
  tool: { name: 'unroot'; version: string }
  engine: { name: string; version: string } | null
  summary: { files: number; verified: number; failed: number; 'not-verified': number }
  files: FileVerification[]
}

/** How images are built and started. Paths and names only; nothing in here is read by a shell on this machine. */
export interface VerifySettings {
  buildArgs: readonly string[]
  env: readonly string[]
  runArgs: readonly string[]
  /** Replaces the image's command. */
  command: readonly string[]
  /** Path of a request to every port that the original answers on. */
  http: string | undefined
  /** Seconds. */
  stay: number
  /** Seconds that ports and health checks are given to come up. */
  wait: number
  /** Seconds that one step may take. */
  timeout: number
  buildNetwork: string
  runNetwork: string
  readOnly: boolean
  /** Leave `# syntax=` lines out without trying them. */
  withoutSyntaxLine: boolean
  /** Percent by which the image may grow. */
  maxGrowth: number
}

export const defaultSettings: VerifySettings = {
  buildArgs: [],
  env: [],
  runArgs: [],
  command: [],
  http: undefined,
  stay: 3,
  wait: 30,
  timeout: 600,
  buildNetwork: 'none',
  runNetwork: 'none',
  readOnly: false,
  withoutSyntaxLine: false,
  maxGrowth: 5
}
