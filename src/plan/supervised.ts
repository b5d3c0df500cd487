/** What supervisord starts. */
import type { Dockerfile } from '../dockerfile/dockerfile.ts'
import { resolvePath, type StageImage } from '../image/image.ts'
import { lineOf } from '../services/server-config.ts'
import { readSupervisedPrograms, supervisord } from '../services/supervisord.ts'
import type { RewriteOptions } from '../types.ts'
import { readConfigFiles } from './config-files.ts'
import { layoutQuestion } from './layout-question.ts'
import { baseName, isInside, parentDirectory } from './paths.ts'

export interface SupervisedCommand {
  text: string
  /** `supervisord.conf line 12`. */
  place: string
  directory: string | undefined
}

/** The commands of the programs in supervisord's configuration, as far as the files tell. */
export function readSupervised(
  dockerfile: Dockerfile,
  image: StageImage,
  args: readonly string[],
  options: RewriteOptions
): SupervisedCommand[] {
  const layout = supervisord.findLayout(layoutQuestion(image, { name: 'supervisord', args }))
  if (layout === undefined) return []
  const { config } = supervisord.readArguments(args)
  const candidates =
    config === undefined ? [...(layout.roots ?? []), layout.root] : [resolvePath(image.final.workdir, config)]
  const roots = [...new Set([...candidates, ...layout.directories])]
  const found = new Map<string, SupervisedCommand[]>()
  for (let round = 0; round < 3; round++) {
    const files = readConfigFiles(dockerfile, image, layout, roots, options)
    const outside: string[] = []
    const visit = (path: string): void => {
      const file = files.get(path)
      if (file?.text === undefined || found.has(path)) return
      const { text } = file
      found.set(
        path,
        readSupervisedPrograms(text).map(({ command, directory, offset }) => ({
          text: command,
          place: `${baseName(path)} line ${lineOf(text, offset)}`,
          directory
        }))
      )
      for (const include of supervisord.read(text, 'main')?.includes ?? []) {
        const target = resolvePath(parentDirectory(path), include.path)
        const folder = parentDirectory(target.replace(/[*?[].*$/, 'x'))
        if (!roots.some((each) => isInside(folder, each))) outside.push(folder)
        for (const each of files.match(target)) visit(each)
      }
    }
    found.clear()
    visit(candidates.find((path) => files.get(path) !== undefined) ?? layout.root)
    if (outside.length === 0) break
    roots.push(...outside)
  }
  return [...found.values()].flat()
}
