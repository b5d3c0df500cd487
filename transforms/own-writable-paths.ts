import { type Dockerfile, positionOf } from '../src/dockerfile/dockerfile.ts'
import type { Instruction } from '../src/dockerfile/instruction.ts'
import { quotePath } from '../src/edit/quote-path.ts'
import { readSetupPaths } from '../src/edit/setup-paths.ts'
import { addSetup, findSetupPlace, type SetupPlace } from '../src/edit/setup-run.ts'
import { findOwningWorkdir } from '../src/edit/user-place.ts'
import { readImage, type StageImage } from '../src/image/image.ts'
import { readCopies } from '../src/plan/copies.ts'
import { canAppend, findOpenCopy } from '../src/plan/group-rights.ts'
import { parentDirectory, pathAndAncestors } from '../src/plan/paths.ts'
import type { RunFacts } from '../src/plan/run-facts.ts'
import { canRun } from '../src/plan/user.ts'
import { findMade, type PlannedPath } from '../src/plan/writable-paths.ts'
import { defineTransform } from '../src/transform.ts'

/** The order of the plan, but no directory before one above it. */
function parentsFirst(paths: readonly string[]): string[] {
  const all = new Set(paths)
  const ordered = new Set<string>()
  for (const path of paths)
    for (const directory of [...pathAndAncestors(path)].reverse()) if (all.has(directory)) ordered.add(directory)
  return [...ordered]
}

/** Paths that are there before an instruction: made by a `RUN` or `WORKDIR`, with the directories above them. */
function findExisting(dockerfile: Dockerfile, image: StageImage, facts: RunFacts, before: number): Set<string> {
  const existing = new Set<string>()
  const add = (path: string) => {
    for (const directory of pathAndAncestors(path)) {
      if (existing.has(directory)) return
      existing.add(directory)
    }
  }
  for (const path of findMade({ all: facts.all.filter((fact) => fact.instruction.index < before) }).keys()) add(path)
  for (const owner of image.lineage) {
    const { states } = readImage(dockerfile, owner)
    owner.instructions.forEach((instruction, index) => {
      if (instruction.keyword === 'WORKDIR' && instruction.index < before) add(states[index]?.workdir ?? '/')
    })
  }
  return existing
}

/**
 * Makes the directories that the running process writes, and gives them to the user; before a `VOLUME` of the same path.
 *
 * @example
 * ```ts
 * import { rewrite } from 'unroot'
 * import { ownWritablePaths } from 'unroot/transforms'
 *
 * const dockerfile = 'FROM node:22-slim\nWORKDIR /app\nCOPY . .\nCMD ["node", "server.js"]\n'
 * const { text } = rewrite(dockerfile, { transforms: [ownWritablePaths] })
 * text.includes('RUN mkdir -p /app && chown 1000:1000 /app') // => true
 * ```
 */
export const ownWritablePaths = defineTransform({
  name: 'own-writable-paths',
  summary: 'Make and own the directories that the running process writes',
  description: `\`mkdir -p\` and \`chown\` for the working directory, volumes, and the data, log and run directories that the Dockerfile,
its \`ENV\`, the arguments of servers and the start scripts name. Never with \`-R\` on what a \`COPY\` brings (that would
store every file twice: \`chown-copied-files\` does it with a flag), before any \`VOLUME\` of that path, and after a
\`RUN mkdir\` of the file's own.

A private key that a \`RUN\` makes with \`openssl\`, \`ssh-keygen\` or \`mkcert\` is closed to everybody but its owner: that \`RUN\` ends
with a \`chown\` of it.

With \`-R\`, and in the same \`RUN\`, for what a framework's build step leaves as root and the server writes again
(\`rails assets:precompile\`: \`tmp\` and \`log\`; \`artisan\`: \`storage\` and \`bootstrap/cache\`; \`next build\`: \`.next\`;
\`nest build\`: \`dist\`);
and for an application's own directory below \`/etc\` in which a start script writes configuration.

Left alone: the system's own directories and files (\`/etc/hosts\`, \`/usr/bin\`), \`/tmp\`, what belongs to the user already.

\`\`\`diff
 FROM node:22-slim
+RUN mkdir -p /usr/src/app && chown 1000:1000 /usr/src/app
 WORKDIR /usr/src/app
\`\`\``,
  isAskedFor: ({ strategy }) => strategy === 'arbitrary-user',
  apply({ dockerfile, stage, image, stagePlan, edit, report }) {
    const { user } = stagePlan
    const { facts, needed, together, late, makers, after } = readSetupPaths(dockerfile, stage, image, stagePlan)
    if (needed.length === 0) return
    if (!canRun(image)) {
      const owning = findOwningWorkdir(stage, image, stagePlan)
      for (const { path, reason, isLikelyWritten } of needed) {
        if (user.replaces !== undefined && findOpenCopy(dockerfile, readCopies(dockerfile, image.lineage), path))
          continue
        if (owning !== undefined && image.states[positionOf(stage, owning)]?.workdir === path) continue
        report({
          rule: 'path-left-to-root',
          severity: isLikelyWritten === true ? 'warning' : 'info',
          message: `${path} (${reason}) stays root's: no RUN can be added to this image`,
          help: `If the program writes there: make it in a build stage, then COPY --from=build --chown=${user.text} /empty ${path}.`
        })
      }
      return
    }
    const { instructions } = stage
    const given = new Set(stagePlan.paths.filter(({ kind }) => kind === 'directory').map(({ path }) => path))
    const positionBehind = ({ join, before }: SetupPlace): number =>
      join !== undefined
        ? positionOf(stage, join) + 1
        : before !== undefined
          ? positionOf(stage, before)
          : instructions.length
    const commandsFor = (group: readonly PlannedPath[], end: number): string[] => {
      const existing = findExisting(dockerfile, image, facts, stage.from.index + 1 + end)
      if (user.replaces?.hasHome && user.home !== undefined) existing.add(user.home)
      const directories = parentsFirst(group.filter((each) => each.kind === 'directory').map((each) => each.path))
      const files = group.filter((each) => each.kind === 'file').map((each) => each.path)
      const above = new Set(directories.flatMap((path) => [...pathAndAncestors(parentDirectory(path))]))
      const missing = directories.filter(
        (path) => !existing.has(path) && !above.has(path) && image.base.image?.owned?.includes(path) !== true
      )
      const made = new Set(group.flatMap(({ path, madeBy }) => (madeBy === undefined ? [] : [path])))
      const missingFiles = files.filter((path) => !existing.has(path) && !made.has(path))
      // Below his home and his other directories nothing on the way may stay root's.
      const between = new Set(
        missing.flatMap((path) =>
          wayTo(path).filter((directory) => !existing.has(directory) && !directories.includes(directory))
        )
      )
      const whole = group
        .filter((each) => each.isRecursive === true && !files.includes(each.path))
        .map(({ path }) => path)
      const single = [...parentsFirst([...between, ...directories]), ...files].filter((path) => !whole.includes(path))
      return [
        ...(missing.length > 0 ? [`mkdir -p ${list(missing)}`] : []),
        ...(missingFiles.length > 0 ? [`touch ${list(missingFiles)}`] : []),
        ...(single.length > 0 ? [`chown ${user.text} ${list(single)}`] : []),
        ...(whole.length > 0 ? [`chown -R ${user.text} ${list(whole)}`] : [])
      ]
    }
    /** The directories above a path, up to one that belongs to the user. */
    function wayTo(path: string): string[] {
      const way: string[] = []
      for (const directory of pathAndAncestors(parentDirectory(path))) {
        if (directory === user.ownHome || given.has(directory)) return way
        way.push(directory)
      }
      return []
    }
    // What goes to the same place goes into the same RUN.
    const setups: { place: SetupPlace; group: PlannedPath[] }[] = []
    const own = (group: readonly PlannedPath[], behind: readonly Instruction[]) => {
      if (group.length === 0) return
      const place = findSetupPlace(dockerfile, stage, stagePlan, behind)
      const same = setups.find((each) => each.place.join === place.join && each.place.before === place.before)
      if (same === undefined) setups.push({ place, group: [...group] })
      else same.group.push(...group)
    }
    own(together, after)
    // One RUN for what one of the file's own RUNs makes.
    const groups = new Map<Instruction | undefined, PlannedPath[]>()
    for (const each of late) {
      const maker = makers([each]).at(-1)
      groups.set(maker, [...(groups.get(maker) ?? []), each])
    }
    for (const [maker, group] of groups) {
      const built = group.filter((each) => each.madeBy !== undefined && each.madeBy === maker?.argumentText)
      const isAppended = maker !== undefined && built.length > 0 && canAppend(maker)
      // In the same RUN nothing is stored twice.
      if (isAppended)
        edit.appendCommands(
          maker,
          commandsFor(built, positionOf(stage, maker) + 1),
          `own ${list(built.map((each) => each.path))}`
        )
      const rest = isAppended ? group.filter((each) => !built.includes(each)) : group
      own(rest, maker === undefined ? [] : [maker])
    }
    for (const { place, group } of setups)
      addSetup(
        edit,
        dockerfile,
        stage,
        place,
        commandsFor(group, positionBehind(place)),
        `own ${list(group.map((each) => each.path))}`
      )
  }
})

const list = (paths: readonly string[]) => paths.map(quotePath).join(' ')
