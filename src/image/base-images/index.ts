import type { BaseImage, ResolvedBaseImage } from '../base-image.ts'
import { familiarName } from '../reference.ts'
import { ci } from './ci.ts'
import { databases } from './databases.ts'
import { distributions } from './distributions.ts'
import { languages } from './languages.ts'
import { platforms } from './platforms.ts'
import { projects } from './projects.ts'
import { servers } from './servers.ts'

/** Every known base image. Within a name the first row whose `tag` matches counts. */
export const baseImages: readonly BaseImage[] = [
  ...distributions,
  ...languages,
  ...servers,
  ...databases,
  ...ci,
  ...platforms,
  ...projects
]

let exact: Map<string, BaseImage[]> | undefined
let wildcards: readonly (readonly [RegExp, BaseImage])[] = []

function buildIndex(): Map<string, BaseImage[]> {
  const byName = new Map<string, BaseImage[]>()
  const patterns: (readonly [RegExp, BaseImage])[] = []
  for (const row of baseImages) {
    for (const name of row.names) {
      if (name.includes('*')) {
        const source = name.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^/]*')
        patterns.push([new RegExp(`^${source}$`), row])
      } else {
        const rows = byName.get(name)
        if (rows) rows.push(row)
        else byName.set(name, [row])
      }
    }
  }
  wildcards = patterns
  return byName
}

/** The row of an image, with what depends on the tag decided; a missing tag counts as `latest`. */
export function findBaseImage(reference: { name: string; tag: string | undefined }): ResolvedBaseImage | undefined {
  exact ??= buildIndex()
  const name = familiarName(reference.name)
  const tag = reference.tag ?? 'latest'
  const row =
    exact.get(name)?.find((candidate) => matchesTag(candidate, tag)) ??
    wildcards.find(([pattern, candidate]) => matchesTag(candidate, tag) && pattern.test(name))?.[1]
  return row && resolve(row, name, reference.tag)
}

function matchesTag(row: BaseImage, tag: string): boolean {
  return row.tag === undefined || row.tag.test(tag)
}

function resolve(row: BaseImage, name: string, tag: string | undefined): ResolvedBaseImage {
  const { names: _names, tag: _tag, distributionByTag, accountByTag, userByTag, ...facts } = row
  const resolved: ResolvedBaseImage = { ...facts, name, tag }
  const wanted = tag ?? 'latest'
  const distribution = distributionByTag?.find(([pattern]) => pattern.test(wanted))
  if (distribution) resolved.distribution = distribution[1]
  const account = accountByTag?.find(([pattern]) => pattern.test(wanted))
  if (account) resolved.account = account[1]
  const user = userByTag?.find(([pattern]) => pattern.test(wanted))
  if (user) {
    if (user[1] === undefined) delete resolved.user
    else resolved.user = user[1]
  }
  return resolved
}
