import type { Instruction } from '../src/dockerfile/instruction.ts'
import { readSetupPaths } from '../src/edit/setup-paths.ts'
import { addSetup, findSetupPlace } from '../src/edit/setup-run.ts'
import { readImage } from '../src/image/image.ts'
import { isInside } from '../src/plan/paths.ts'
import { canRun } from '../src/plan/user.ts'
import type { PlannedPath } from '../src/plan/writable-paths.ts'
import { defineTransform } from '../src/transform.ts'

export const ownWritablePaths = defineTransform({
  name: 'own-writable-paths',
  summary: 'Make and own the directories that the running process writes',
  description: `\`mkdir -p\` and \`chown\` for the working directory, volumes, and the data, log and run directories that the Dockerfile,
its \`ENV\` and the start scripts name. Never with \`-R\` on what a \`COPY\` brings (that would store every file twice:
\`chown-copied-files\` does it with a flag), before any \`VOLUME\` of that path, and after a \`RUN mkdir\` of the file's own.

Left alone: system directories, \`/tmp\`, what belongs to the user already.

\`\`\`diff
 FROM node:22-slim
+RUN mkdir -p /usr/src/app && chown 1000:1000 /usr/src/app
 WORKDIR /usr/src/app
\`\`\``,
  apply({ dockerfile, stage, image, stagePlan, edit, report }) {
    const { user } = stagePlan
    const { facts, needed, together, late, makers, after } = readSetupPaths(dockerfile, stage, image, stagePlan)
    if (needed.length === 0) return
    if (!canRun(image)) {
      for (const { path, reason } of needed)
        report({
          rule: 'path-left-to-root',
          severity: reason.startsWith('VOLUME') || image.base.distribution !== 'none' ? 'warning' : 'info',
          message: `${path} (${reason}) stays root's: no RUN can be added to this image`,
          help: `If the program writes there: make it in a build stage, then COPY --from=build --chown=${user.text} /empty ${path}.`
        })
      return
    }
    const madeIn = (before: readonly Instruction[], path: string) =>
      facts.some((fact) => fact.kind === 'make' && before.includes(fact.instruction) && isInside(fact.path, path)) ||
      image.lineage.some((owner) => {
        const { states } = readImage(dockerfile, owner)
        return owner.instructions.some(
          (instruction, index) =>
            instruction.keyword === 'WORKDIR' && before.includes(instruction) && states[index]?.workdir === path
        )
      })
    const inherited = image.lineage.slice(0, -1).flatMap((earlier) => earlier.instructions)
    const own = (group: readonly PlannedPath[], behind: readonly Instruction[]) => {
      if (group.length === 0) return
      const place = findSetupPlace(dockerfile, stage, stagePlan, behind)
      // What the RUN that is joined makes itself is there.
      const end =
        place.join !== undefined
          ? stage.instructions.indexOf(place.join) + 1
          : place.before !== undefined
            ? stage.instructions.indexOf(place.before)
            : stage.instructions.length
      const before = [...inherited, ...stage.instructions.slice(0, end)]
      const directories = group.filter((each) => each.kind === 'directory').map((each) => each.path)
      const files = group.filter((each) => each.kind === 'file').map((each) => each.path)
      const missing = directories.filter(
        (path) => !madeIn(before, path) && !directories.some((other) => other !== path && isInside(other, path))
      )
      const missingFiles = files.filter((path) => !madeIn(before, path))
      const all = [...directories, ...files].join(' ')
      const commands = [
        ...(missing.length > 0 ? [`mkdir -p ${missing.join(' ')}`] : []),
        ...(missingFiles.length > 0 ? [`touch ${missingFiles.join(' ')}`] : []),
        `chown ${user.text} ${all}`
      ]
      addSetup(edit, dockerfile, stage, place, commands, `own ${all}`)
    }
    own(together, after)
    // One RUN for what one of the file's own RUNs makes.
    const groups = new Map<Instruction | undefined, PlannedPath[]>()
    for (const each of late) {
      const maker = makers([each]).at(-1)
      groups.set(maker, [...(groups.get(maker) ?? []), each])
    }
    for (const [maker, group] of groups) own(group, maker === undefined ? [] : [maker])
  }
})
