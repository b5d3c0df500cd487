import type { Dockerfile } from './dockerfile/dockerfile.ts'

/** Paths of the build context that a Dockerfile surely copies; of a pattern, the folder in front of it. */
export function contextSources(dockerfile: Dockerfile): string[] {
  const sources = new Set<string>()
  for (const instruction of dockerfile.instructions) {
    if ((instruction.keyword !== 'COPY' && instruction.keyword !== 'ADD') || instruction.flag('from') !== undefined)
      continue
    for (const { text } of instruction.copy?.sources ?? []) {
      if (/^<<|^[a-z+]+:\/\/|^git@|\$/i.test(text)) continue
      const wildcard = text.search(/[*?[]/)
      const literal = wildcard === -1 ? text : text.slice(0, text.lastIndexOf('/', wildcard) + 1)
      const name = literal
        .split('/')
        .filter((part) => part !== '' && part !== '.')
        .join('/')
      if (name !== '' && !name.split('/').includes('..')) sources.add(name)
    }
  }
  return [...sources]
}

/**
 * The first of `folders` in which most of the sources exist. Most, not all: what a build step outside Docker makes
 * (`dist/`, `target/app.jar`) is in no repository.
 *
 * @param folders nearest to the Dockerfile first
 */
export function nearestContext(
  folders: readonly string[],
  sources: readonly string[],
  exists: (path: string) => boolean
): string {
  let best = { folder: folders[0] ?? '', existing: 0 }
  for (const folder of folders) {
    const existing = sources.filter((source) => exists(folder === '' ? source : `${folder}/${source}`)).length
    if (existing > best.existing) best = { folder, existing }
    if (existing === sources.length) break
  }
  return best.folder
}
