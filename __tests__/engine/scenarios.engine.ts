import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RewrittenFile, rewritePaths } from '../../src/node/rewrite-paths.ts'
import type { Session } from '../../src/verify/session.ts'
import { defaultSettings, type VerifySettings } from '../../src/verify/types.ts'
import { toCandidate, toImageJob } from '../../src/verify/verify-files.ts'
import { type Candidate, verifyImage } from '../../src/verify/verify-image.ts'
import { createFolder, removeFoldersAfterTests, repository } from '../support/cli.ts'
import { engineEnvironment, openSession } from './support/engine.ts'
import { copyScenario, insertUser, loadScenarios, type Scenario } from './support/scenario.ts'
import { formatVerifiedPage, hasPassed, hasStarted, type ScenarioResult } from './support/verified-page.ts'

removeFoldersAfterTests()

const scenarios = loadScenarios()
const results: ScenarioResult[] = []

describe.skipIf(engineEnvironment === undefined)('scenarios', () => {
  let session: Session

  beforeAll(async () => {
    session = await openSession()
  })

  afterAll(async () => {
    await session.close()
  })

  it.each(scenarios)('$name: $title', async (scenario) => {
    const folder = createFolder()
    copyScenario(scenario, folder)
    buildBases(scenario, folder)
    const file = await rewriteScenario(scenario, folder)
    const isRefused = file.result.text === file.text
    if (isRefused) expect(scenario.pending, explain(file)).toBeDefined()

    const settings = settingsOf(scenario)
    const candidates = [naiveCandidate(scenario), ...(isRefused ? [] : [toCandidate(file, undefined)])]
    const { original, candidates: tried } = await verifyImage(
      toImageJob(file, undefined, settings),
      candidates,
      session
    )
    const [naive, unroot] = tried
    if (naive === undefined)
      throw new Error(`the original must build and start:\n${(original.run?.log ?? original.build.log).join('\n')}`)
    results.push({ scenario, root: original, naive, unroot })

    // Some servers start workers of their own account.
    const isRoot = original.run?.processes?.some(({ uid }) => uid === 0) ?? true
    expect(isRoot || scenario.stepsDown === true, 'the original runs as root').toBe(true)
    if (scenario.http)
      expect(
        original.run?.http?.some(({ status }) => status > 0 && status < 400),
        'the original serves'
      ).toBe(true)
    expect(hasPassed(naive) ? 'works' : 'fails', `only USER 10001: ${JSON.stringify(naive.checks, null, 1)}`).toBe(
      scenario.naive
    )
    if (scenario.pending !== undefined) {
      expect(unroot !== undefined && hasPassed(unroot), 'a pending scenario that passes: remove "pending"').toBe(false)
      return
    }
    const report = `${unroot?.checks
      .filter(({ status }) => status === 'failed')
      .map(({ name, message }) => `${name}: ${message}`)
      .join('\n')}\n${unroot?.log.join('\n')}`
    expect(unroot !== undefined && hasPassed(unroot) && hasStarted(unroot), `${report}\n${file.result.diff()}`).toBe(
      true
    )
    if (scenario.log) expect(unroot?.observation.run?.log.join('\n')).toContain(scenario.log)
  })

  it('are enough, and so are the negative controls', () => {
    expect(scenarios.filter(({ pending }) => pending === undefined).length).toBeGreaterThanOrEqual(26)
    expect(
      scenarios.filter(({ naive, pending }) => naive === 'fails' && pending === undefined).length
    ).toBeGreaterThanOrEqual(8)
  })

  it('are those of docs/verified.md', () => {
    // With a filter, or after a failure, there is no whole table.
    if (results.length < scenarios.length) return
    const page = path.join(repository, 'docs/verified.md')
    const text = formatVerifiedPage(results, readFileSync(path.join(import.meta.dirname, 'stand-ins.md'), 'utf8'))
    if (process.env.UPDATE_VERIFIED) writeFileSync(page, text)
    const current = existsSync(page) ? readFileSync(page, 'utf8') : ''
    expect(current, 'out of date: UPDATE_VERIFIED=1 npm run test:engine').toBe(text)
  })
})

function buildBases({ bases = {} }: Scenario, folder: string): void {
  for (const [image, name] of Object.entries(bases)) {
    const args = ['build', '--quiet', '--pull=false', '--network', 'none', '--tag', image, path.join(folder, name)]
    execFileSync('docker', args, { env: { ...process.env, ...engineEnvironment }, stdio: 'pipe' })
  }
}

async function rewriteScenario({ rewriteOptions }: Scenario, folder: string): Promise<RewrittenFile> {
  const files: RewrittenFile[] = []
  const run = await rewritePaths(['Dockerfile'], {
    cwd: folder,
    optionsFor: () => rewriteOptions,
    onRewrite: (file) => files.push(file)
  })
  for await (const report of run.reports)
    if (report.verdict === 'failed') throw new Error(JSON.stringify(report.findings))
  return files[0] as RewrittenFile
}

const explain = ({ result }: RewrittenFile): string =>
  `${result.verdict}: ${result.findings.map(({ rule, message }) => `${rule}: ${message}`).join('; ')}`

function settingsOf({ http, network: buildNetwork = 'none', readOnly = false }: Scenario): VerifySettings {
  return { ...defaultSettings, http, readOnly, buildNetwork, stay: 2, wait: 6, timeout: 180, maxGrowth: 1 }
}

function naiveCandidate({ dockerfile }: Scenario): Candidate {
  return { text: insertUser(dockerfile), files: new Map(), uid: 10001, ports: [], writablePaths: [] }
}
