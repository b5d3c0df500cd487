/** Stages that are images of their own, which nobody has named as shipped. */
import type { Dockerfile, Stage } from '../dockerfile/dockerfile.ts'
import { expand } from '../dockerfile/words.ts'
import { findParent, isRoot, readImage } from '../image/image.ts'

/** By their name they serve the work on the program. */
const isForDevelopment =
  /(?:^|[-_.])(?:dev|devel|development|debug|local|watch|tests?|testing|lint|checks?|ci|e2e|specs?|bench|docs?|builds?|builder|base)(?:$|[-_.\d])/

/** Named stages with a command that no other stage is built on or copies from, and that run as root. */
export function findStagesLeft(dockerfile: Dockerfile, targets: readonly Stage[]): Stage[] {
  const { stages, escape } = dockerfile
  const candidates = stages.filter(
    (stage) => stage.name !== undefined && !targets.includes(stage) && !isForDevelopment.test(stage.name)
  )
  if (candidates.length === 0) return []
  const used = new Set<string>()
  for (const stage of stages) {
    const parent = findParent(dockerfile, stage)
    if (parent !== undefined) used.add(String(parent.index))
    for (const { flags } of stage.instructions)
      for (const { name, value = '' } of flags) {
        const from = name === 'from' ? value : name === 'mount' ? /(?:^|,)from=([^,]+)/.exec(value)?.[1] : undefined
        if (from !== undefined)
          used.add(expand(from, readImage(dockerfile, stage).initial.variables, escape).value.toLowerCase())
      }
  }
  return candidates.filter((stage) => {
    if (used.has(String(stage.index)) || used.has(stage.name as string)) return false
    const image = readImage(dockerfile, stage)
    return (
      isRoot(image.final) &&
      image.base.distribution !== 'windows' &&
      image.lineage.some(({ instructions }) =>
        instructions.some(({ keyword }) => keyword === 'CMD' || keyword === 'ENTRYPOINT')
      )
    )
  })
}
