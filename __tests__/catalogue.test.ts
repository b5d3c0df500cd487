import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import type { Hazard } from '../src/plan/hazard.ts'
import { allHazards, rules } from '../src/plan/rules.ts'
import { isDockerfileName } from '../src/rewrite-files.ts'
import type { Transform } from '../src/transform.ts'
import { transforms } from '../transforms/index.ts'
import { type Fixture, readFixtures, runFixture } from './support/fixtures.ts'

const repository = fileURLToPath(new URL('..', import.meta.url))
const baseNames = (folder: string): string[] =>
  readdirSync(path.join(repository, folder))
    .filter((name) => name.endsWith('.ts') && name !== 'index.ts')
    .map((name) => name.slice(0, -'.ts'.length))
    .sort()

/** In the order of the preset; those of later subjects are missing yet. */
const contractOrder = [
  'create-user',
  'leave-root-home',
  'own-writable-paths',
  'chown-copied-files',
  'own-cache-mounts',
  'remap-ports',
  'set-umask',
  'switch-user',
  'pin-numeric-user',
  'prepare-server',
  'open-program-modes',
  'drop-privileges-in-entrypoint',
  'allow-arbitrary-user',
  'keep-steps-root',
  'update-compose',
  'update-kubernetes'
]

const { cases } = readFixtures()
const passing = cases.filter(({ file }) => file.pending === undefined)
const changesDockerfile = ({ after }: Fixture) => [...after.keys()].some(isDockerfileName)

describe('transforms', () => {
  test('the names and the order are those of the contract', () => {
    const names = transforms.map(({ name }) => name)
    expect(names).toEqual(contractOrder.filter((name) => names.includes(name)))
    expect([...names].sort()).toEqual(baseNames('transforms'))
  })

  test.each(baseNames('transforms'))('%s is exported by its file under its name', async (name) => {
    const exported: Record<string, unknown> = await import(`../transforms/${name}.ts`)
    const found = Object.values(exported).filter(
      (value): value is Transform => typeof value === 'object' && value !== null && 'apply' in value
    )
    expect(found.map((transform) => transform.name)).toEqual([name])
    const [transform] = found
    expect(transforms).toContain(transform)
    const camelCase = name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
    expect(exported[camelCase]).toBe(transform)
    expect(transform?.summary).toMatch(/^[A-Z][^\n]+[^.\n]$/)
  })

  test.each(transforms.map(({ name }) => name))('%s has a case that changes and one that does not', (name) => {
    const own = passing.filter(({ group }) => group === name)
    const edits = own.filter((fixture) =>
      runFixture(fixture).reports.some(({ changes }) => changes.some(({ transform }) => transform === name))
    )
    expect(edits.filter(({ after }) => after.size > 0).length).toBeGreaterThan(0)
    expect(own.filter(({ after }) => after.size === 0).length).toBeGreaterThan(0)
  })
})

describe('hazards', () => {
  test('each file has a hazard of its name, and all are asked', async () => {
    const found: string[] = []
    for (const name of baseNames('src/plan/hazards')) {
      const exported: Record<string, unknown> = await import(`../src/plan/hazards/${name}.ts`)
      const own = Object.values(exported).filter(
        (value): value is Hazard =>
          typeof value === 'object' && value !== null && 'find' in value && 'severity' in value
      )
      expect(own.map((hazard) => hazard.name)).toEqual([name])
      expect(allHazards).toContain(own[0])
      found.push(name)
    }
    expect(allHazards.map(({ name }) => name).sort()).toEqual(found)
  })

  test('rules have names of their own', () => {
    const names = rules.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    for (const { name, summary, description } of rules) {
      expect(name).toMatch(/^[a-z]+(-[a-z0-9]+)*$/)
      expect(summary).not.toMatch(/\.$/)
      expect(description).not.toBe('')
    }
  })

  const reported = new Map<string, string>()
  for (const fixture of passing)
    for (const { findings } of runFixture(fixture).reports)
      for (const { rule } of findings) if (!reported.has(rule)) reported.set(rule, fixture.id)

  test('findings name known rules', () => {
    const known = rules.map(({ name }) => name)
    for (const [rule, id] of reported) expect(known, id).toContain(rule)
  })

  test.each(rules.map(({ name }) => name).filter((name) => !unreportable(name)))('%s is reported in a case', (name) => {
    expect([...reported.keys()]).toContain(name)
  })
})

/** Bugs of our own, and what happens before there is a text. */
function unreportable(rule: string): boolean {
  const nodeRules = readFileSync(path.join(repository, 'src/node/rules.ts'), 'utf8')
  return rule === 'self-check' || nodeRules.includes(`'${rule}'`)
}

describe('traps', () => {
  const traps = Array.from({ length: 35 }, (_, index) => index + 1)
  const showing = (trap: number) => passing.filter(({ file }) => file.traps?.includes(trap) === true)

  test.each(traps)('trap %i is met by a case that changes', (trap) =>
    expect(showing(trap).filter(changesDockerfile)).not.toEqual([])
  )
  test.each(traps)('trap %i is left alone or refused by a case that stays as it is', (trap) =>
    expect(showing(trap).filter(({ after }) => after.size === 0)).not.toEqual([])
  )

  /** Those that a container can show. */
  const shownByContainers = [1, 2, 3, 9, 11, 13, 15, 16, 17, 18, 19, 22, 34, 35]
  test.each(shownByContainers)('trap %i has a scenario for the engine', (trap) => {
    const folder = path.join(repository, '__tests__/engine/scenarios')
    const files = readdirSync(folder).map((name) => readFileSync(path.join(folder, name, 'scenario.json'), 'utf8'))
    const scenarios = files.map((text) => JSON.parse(text) as { traps?: number[]; pending?: string })
    expect(scenarios.some((each) => each.pending === undefined && each.traps?.includes(trap) === true)).toBe(true)
  })

  test('most groups have cases that change the Dockerfile', () => {
    for (const group of ['whole', 'reading', ...transforms.map(({ name }) => name)])
      expect(passing.filter((fixture) => fixture.group === group && changesDockerfile(fixture)).length).toBeGreaterThan(
        0
      )
    for (const group of ['refused', 'untouched'])
      for (const { id, after } of passing.filter((fixture) => fixture.group === group))
        expect([...after.keys()], id).toEqual([])
  })
})
