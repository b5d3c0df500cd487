/** Steps that ask git about a tree which now belongs to the user. */
import type { Dockerfile } from '../dockerfile/dockerfile.ts'
import type { Instruction } from '../dockerfile/instruction.ts'
import { isRoot, readImage, type StageImage, stateBefore } from '../image/image.ts'
import { shellSources } from '../image/shell-source.ts'
import { readCopies } from './copies.ts'
import { isInside } from './paths.ts'

/** Commands that read the repository in which they run. */
const asksGit = /^(?:git)$/
const isQuestion =
  /^(?:describe|rev-parse|log|status|submodule|diff|show|rev-list|tag|branch|ls-files|symbolic-ref|apply|checkout)$/

/**
 * `RUN`s that fail with "detected dubious ownership" once the copied repository belongs to another user than root.
 * source: git 2.35.2 safe.directory; cmd/go "-buildvcs": `go build` stamps the version where git and .git are there
 *
 * @param given directories that belong to the user
 */
export function findGitRuns(
  dockerfile: Dockerfile,
  image: StageImage,
  given: readonly string[],
  readContext: ((path: string) => string | undefined) | undefined
): { instruction: Instruction; directory: string }[] {
  // Without it in the context git fails today as well.
  if (readContext?.('.git/HEAD') === undefined) return []
  const found: { instruction: Instruction; directory: string }[] = []
  const trees = readCopies(dockerfile, image.lineage).filter(
    ({ from, sources, destination }) =>
      from === undefined &&
      sources.some((source) => /^\.?\/?$/.test(source)) &&
      given.some((directory) => isInside(destination, directory))
  )
  let hasGit = /(?:^|\/)golang$/.test(image.base.reference.name) && !/alpine/.test(image.base.reference.tag ?? '')
  for (const stage of image.lineage) {
    const own = readImage(dockerfile, stage)
    for (const instruction of stage.instructions) {
      if (instruction.keyword !== 'RUN') continue
      const state = stateBefore(own, instruction)
      const tree = trees.find(
        (copy) => copy.instruction.index < instruction.index && isInside(state.workdir, copy.destination)
      )
      const commands = shellSources(instruction).flatMap(({ script }) => script.commands)
      const asks = commands.some(
        ({ name, args }) =>
          (asksGit.test(name) && args.some(({ value }) => isQuestion.test(value))) ||
          (hasGit && name === 'go' && /^(?:build|install|run|test|vet|generate)$/.test(args[0]?.value ?? ''))
      )
      if (tree !== undefined && asks && isRoot(state)) found.push({ instruction, directory: tree.destination })
      if (/\b(?:install|add)\b[^&|;]*\sgit(?=[\s=]|$)/.test(instruction.raw.logical)) hasGit = true
    }
  }
  return found
}
