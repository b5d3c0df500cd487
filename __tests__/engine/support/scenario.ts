import { chmodSync, cpSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import * as v from 'valibot'
import type { RewriteOptions } from '../../../src/types.ts'

const folder = fileURLToPath(new URL('../scenarios', import.meta.url))

/** What `scenario.json` may say. */
const schema = v.strictObject({
  /** One line: what the application does that a `USER` line could break. */
  title: v.string(),
  /** Numbers of the list of traps. */
  traps: v.array(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(35))),
  /** Does the image start and serve when only `USER 10001` is inserted? */
  naive: v.picklist(['works', 'fails']),
  /** A title of an issue: unroot cannot do it yet. A pending scenario that passes is an error. */
  pending: v.optional(v.string()),
  /** Path of a request that the original answers with a status below 400. */
  http: v.optional(v.string()),
  /** `host` where a RUN installs packages. */
  network: v.optional(v.picklist(['none', 'host'])),
  /** Options of the rewrite. */
  options: v.optional(v.record(v.string(), v.unknown())),
  /** The original changes to an account of its own: none of its processes is root once it has started. */
  stepsDown: v.optional(v.boolean()),
  /** Start the rewritten version with a read-only root. */
  readOnly: v.optional(v.boolean()),
  /** Octal modes of files, which git does not keep. */
  modes: v.optional(v.record(v.string(), v.pipe(v.string(), v.regex(/^0[0-7]{3}$/)))),
  /** Images that are built first, from a folder of the scenario. */
  bases: v.optional(v.record(v.string(), v.string())),
  /** What the log of the rewritten version must contain. */
  log: v.optional(v.string())
})

export interface Scenario extends v.InferOutput<typeof schema> {
  name: string
  /** Absolute. */
  folder: string
  dockerfile: string
  rewriteOptions: RewriteOptions
}

/** Every scenario, by name; a mistake in one of them is an error of all tests. */
export function loadScenarios(): Scenario[] {
  return readdirSync(folder)
    .sort()
    .map((name) => {
      if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name)) throw new Error(`${name}: names of scenarios are kebab-case`)
      const own = path.join(folder, name)
      const result = v.safeParse(schema, JSON.parse(readFileSync(path.join(own, 'scenario.json'), 'utf8')))
      if (!result.success) throw new Error(`${name}/scenario.json: ${JSON.stringify(v.flatten(result.issues))}`)
      const dockerfile = readFileSync(path.join(own, 'Dockerfile'), 'utf8')
      const rewriteOptions = (result.output.options ?? {}) as RewriteOptions
      return { ...result.output, name, folder: own, dockerfile, rewriteOptions }
    })
}

/** The public base images that scenarios stand on. */
export function baseImages(scenarios: readonly Scenario[]): string[] {
  const images = new Set<string>()
  for (const { dockerfile, bases = {}, folder: own } of scenarios) {
    const texts = [
      dockerfile,
      ...Object.values(bases).map((base) => readFileSync(path.join(own, base, 'Dockerfile'), 'utf8'))
    ]
    for (const text of texts) {
      const stages = new Set([...text.matchAll(/^FROM \S+ AS (\S+)/gim)].map(([, name]) => name))
      for (const [, image = ''] of text.matchAll(/^FROM (\S+)/gim))
        if (image !== 'scratch' && !stages.has(image) && !(image in bases)) images.add(withTag(image))
    }
  }
  return [...images].sort()
}

const withTag = (image: string): string => (/:[^/]*$/.test(image) ? image : `${image}:latest`)

/** A copy of a scenario's files with their modes; `scenario.json` is no part of the application. */
export function copyScenario(scenario: Scenario, to: string): void {
  cpSync(scenario.folder, to, { recursive: true })
  rmSync(path.join(to, 'scenario.json'))
  for (const [name, mode] of Object.entries(scenario.modes ?? {})) {
    const file = path.join(to, name)
    if (!existsSync(file)) throw new Error(`${scenario.name}: modes names ${name}, which does not exist`)
    chmodSync(file, Number.parseInt(mode, 8))
  }
}

/** What people do first: one `USER` line before the command of the last stage, or at its end. */
export function insertUser(dockerfile: string): string {
  const lines = dockerfile.trimEnd().split('\n')
  const lastFrom = lines.findLastIndex((line) => /^FROM /i.test(line))
  const command = lines.findIndex((line, index) => index > lastFrom && /^(CMD|ENTRYPOINT) ?/i.test(line))
  lines.splice(command === -1 ? lines.length : command, 0, 'USER 10001')
  return `${lines.join('\n')}\n`
}
