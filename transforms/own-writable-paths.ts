import type { Instruction } from '../src/dockerfile/instruction.ts'
import { addSetup, findSetupPlace } from '../src/edit/setup-run.ts'
import { readImage } from '../src/image/image.ts'
import { readCopies } from '../src/plan/copies.ts'
import { isInside } from '../src/plan/paths.ts'
import { readRunFacts } from '../src/plan/run-facts.ts'
import { canRun } from '../src/plan/user.ts'
import { isOwnedAlready, type PlannedPath } from '../src/plan/writable-paths.ts'
import { defineTransform } from '../src/transform.ts'

export const ownWritablePaths = defineTransform({
  name: 'own-writable-paths',
  summary: 'Make and own the directories that the running process writes',
  description: `\`mkdir -p\` and \`chown\` for the working directory, volumes, and the data, log and run directories that the Dockerfile,
its \`ENV\` and the start scripts name. Never with \`-R\` on what a \`COPY\` brings (that would store every file twice:
\`chown-copied-files\` does it with a flag), before any \`VOLUME\` of that path, and after a \`RUN mkdir\` of the file's own.

Left alone: system directories, \`/tmp\`, what belongs to the user already.`,
  apply({ dockerfile, stage, image, stagePlan, edit, report }) {
    const { user, paths } = stagePlan
    const { accounts } = image.final
    const facts = readRunFacts(dockerfile, image.lineage)
    const copies = readCopies(dockerfile, image.lineage)
    const baseOwned = image.base.image?.account?.uid === user.uid ? (image.base.image?.owned ?? []) : []
    const home = user.home
    const needed = paths.filter(({ path }) => {
      if (baseOwned.some((directory) => directory === path) || path === home) return false
      const made = facts.findLast((fact) => fact.kind === 'make' && fact.path === path)
      return !isOwnedAlready(path, facts, user, accounts, made?.instruction)
    })
    if (needed.length === 0) return
    if (!canRun(image)) {
      for (const { path, reason } of needed) {
        const isVolume = reason.startsWith('VOLUME')
        report({
          rule: 'path-left-to-root',
          severity: isVolume || image.base.distribution !== 'none' ? 'warning' : 'info',
          message: `${path} (${reason}) stays root's: no RUN can be added to this image`,
          help: `If the program writes there: make it in a build stage, then COPY --from=build --chown=${user.text} /empty ${path}.`
        })
      }
      return
    }
    const instructions = new Set(stage.instructions)
    const makers = (each: PlannedPath) =>
      facts
        .filter((fact) => fact.kind === 'make' && isInside(fact.path, each.path) && instructions.has(fact.instruction))
        .map((fact) => fact.instruction)
    const volumes = stage.instructions.filter((instruction) => instruction.keyword === 'VOLUME')
    const account = stage.instructions.filter(
      (instruction) =>
        instruction.keyword === 'RUN' &&
        user.source === 'dockerfile' &&
        image.states[stage.instructions.indexOf(instruction)]?.accounts.users.has(user.name ?? '') === true
    )[0]

    /** Paths that a RUN behind a VOLUME or USER makes can't go into the setup: they get a RUN of their own. */
    const firstHard = stage.instructions.findIndex(({ keyword }) => keyword === 'VOLUME')
    const isLate = (each: PlannedPath) => {
      const last = Math.max(-1, ...makers(each).map((maker) => stage.instructions.indexOf(maker)))
      return firstHard !== -1 && last > firstHard && !volumes.some((volume) => volume.argumentText.includes(each.path))
    }
    const late = needed.filter(isLate)
    const early = needed.filter((each) => !isLate(each))
    const add = (group: readonly PlannedPath[], after: Instruction[]) => {
      if (group.length === 0) return
      if (account !== undefined && user.uid === undefined) after.push(account)
      const place = findSetupPlace(dockerfile, stage, stagePlan, after)
      const boundary =
        place.join !== undefined
          ? stage.instructions.indexOf(place.join)
          : place.before === undefined
            ? stage.instructions.length
            : stage.instructions.indexOf(place.before)
      const exists = (path: string) => {
        if (image.lineage.slice(0, -1).some((earlier) => existsIn(earlier.instructions, path))) return true
        return existsIn(stage.instructions.slice(0, boundary), path)
      }
      const existsIn = (before: readonly Instruction[], path: string) =>
        facts.some((fact) => fact.kind === 'make' && before.includes(fact.instruction) && isInside(fact.path, path)) ||
        before.some((instruction) => {
          if (instruction.keyword !== 'WORKDIR') return false
          const owner = image.lineage.find((each) => each.instructions.includes(instruction))
          if (owner === undefined) return false
          return readImage(dockerfile, owner).states[owner.instructions.indexOf(instruction)]?.workdir === path
        })
      const directories = group.filter((each) => each.kind === 'directory').map((each) => each.path)
      const files = group.filter((each) => each.kind === 'file').map((each) => each.path)
      const missing = directories.filter(
        (path) => !exists(path) && !directories.some((other) => other !== path && isInside(other, path))
      )
      const all = [...directories, ...files]
      addSetup(
        edit,
        dockerfile,
        stage,
        place,
        [
          ...(missing.length > 0 ? [`mkdir -p ${missing.join(' ')}`] : []),
          ...(files.length > 0 ? [`touch ${files.join(' ')}`] : []),
          `chown ${user.text} ${all.join(' ')}`
        ],
        `own ${all.join(', ')}`
      )
    }
    add(early, early.flatMap(makers))
    for (const each of late) add([each], makers(each))
    void copies
  }
})
