import { execFileSync, spawnSync } from 'node:child_process'
import path from 'node:path'
import type { TestProject } from 'vitest/node'
import { repository } from '../../support/cli.ts'
import { baseImages, loadScenarios } from './scenario.ts'

/** How an engine is reached: variables for processes that use it. */
export type EngineEnvironment = Record<string, string>

declare module 'vitest' {
  interface ProvidedContext {
    /** null: there is no engine here, and none can be started. */
    engine: EngineEnvironment | null
  }
}

/** What the tests use beside the scenarios' base images. */
const furtherImages = ['alpine:3.20', 'busybox:latest', 'debian:12-slim', 'gcr.io/distroless/nodejs22-debian12:latest']

const script = (name: string) => path.join(repository, 'scripts/engine', name)

/** Starts an engine where none answers, and makes the base images that the scenarios name. */
export default function setup(project: TestProject): (() => void) | undefined {
  const isPossible = spawnSync('bash', [script('engine.sh'), 'possible'], { stdio: 'ignore' }).status === 0
  if (!isPossible) {
    console.log('skipped: no engine')
    project.provide('engine', null)
    return undefined
  }
  // What runs already is somebody else's, and stays.
  const wasRunning = spawnSync('bash', [script('engine.sh'), 'status'], { stdio: 'ignore' }).status === 0
  execFileSync('bash', [script('engine.sh'), 'start'], { stdio: 'inherit' })
  const images = new Set([...baseImages(loadScenarios()), ...furtherImages])
  execFileSync('bash', [script('bases.sh'), ...images], { stdio: 'inherit' })
  project.provide('engine', readEnvironment())
  if (wasRunning || process.env.KEEP_ENGINE) return undefined
  return () => {
    execFileSync('bash', [script('engine.sh'), 'stop'], { stdio: 'inherit' })
  }
}

function readEnvironment(): EngineEnvironment {
  const program =
    'eval "$("$1" env)"; printf "%s\\0" "DOCKER_HOST=$DOCKER_HOST" "DOCKER_CONFIG=$DOCKER_CONFIG" "PATH=$PATH"'
  const text = execFileSync('bash', ['-c', program, 'bash', script('engine.sh')], { encoding: 'utf8' })
  const pairs = text.split('\0').filter((pair) => pair !== '' && !pair.endsWith('='))
  return Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]))
}
