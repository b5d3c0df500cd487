/** Where the application's framework writes while it serves, and which `RUN` left root's files there. */
import type { Dockerfile } from '../dockerfile/dockerfile.ts'
import type { Instruction } from '../dockerfile/instruction.ts'
import { createSubstitute, isRoot, readImage, resolvePath, type StageImage, stateBefore } from '../image/image.ts'
import { shellSources } from '../image/shell-source.ts'
import { type Framework, frameworks } from '../services/frameworks.ts'
import { readShell, type ShellCommand } from '../shell/commands.ts'
import { type Copy, findOrigin } from './copies.ts'
import { baseName } from './paths.ts'
import { readFlow } from './script-flow.ts'
import { readPackageCall, readPackageScript, type StartUp, unwrap } from './startup.ts'

export interface FrameworkPaths {
  framework: Framework
  /** The application's directory. */
  directory: string
  /** Absolute. */
  writes: readonly string[]
  /** The last `RUN` that leaves root's files in them. */
  builder: Instruction | undefined
}

type ReadContext = ((path: string) => string | undefined) | undefined

const mayBuild =
  /\b(?:artisan|composer|console|rails|rake|bootsnap|next|nest|vite|react-scripts|craco|npm|yarn|pnpm|bun|cake|yii|spark)\b/

const textOf = (command: ShellCommand): string => {
  const [name = '', ...args] = unwrap([command.name, ...command.args.map((word) => word.value)])
  return [baseName(name), ...args].join(' ').replace(/^bundle exec /, '')
}

/** Scripts of package.json that a command runs, and where. source: mysticatea/npm-run-all docs; yarnpkg.com cli/run */
function scriptsOf(text: string, directory: string): { script: string; directory: string }[] {
  const all = /^(?:npm-run-all|run-s|run-p) (.*)/.exec(text)?.[1]
  if (all !== undefined)
    return all.split(' ').flatMap((script) => (/^\w[\w:.-]*$/.test(script) ? [{ script, directory }] : []))
  const [tool = '', ...words] = text.split(' ')
  const call = readPackageCall(tool, words, directory)
  return call === undefined ? [] : [call]
}

/** Texts of a command, with what a script of package.json stands for, and what that runs in turn. */
function* textsOf(
  command: ShellCommand,
  directory: string,
  copies: readonly Copy[],
  readContext: ReadContext,
  depth = 0
): Generator<{ text: string; directory: string }> {
  const text = textOf(command)
  yield { text, directory }
  if (readContext === undefined || depth > 3) return
  for (const call of scriptsOf(text, directory)) {
    const origin = findOrigin(copies, resolvePath(call.directory, 'package.json'), readContext)
    const inner = origin?.kind === 'context' ? readPackageScript(origin.text, call.script) : undefined
    if (inner !== undefined)
      for (const each of readShell(inner).commands) yield* textsOf(each, call.directory, copies, readContext, depth + 1)
  }
}

/** Frameworks that the image serves, each with the directories that it writes. */
export function findFrameworkPaths(
  dockerfile: Dockerfile,
  image: StageImage,
  copies: readonly Copy[],
  startUp: StartUp,
  readContext: ReadContext
): FrameworkPaths[] {
  const builds = image.lineage.flatMap((stage) =>
    stage.instructions.flatMap((instruction) =>
      instruction.keyword === 'RUN' && mayBuild.test(instruction.raw.logical) ? [[stage, instruction] as const] : []
    )
  )
  if (builds.length === 0 && (readContext === undefined || copies.length === 0)) return []
  const served = startUp.programs.map((program) => [program.name, ...program.args].join(' '))
  const candidates = frameworks.filter(({ servedBy }) => served.some((text) => servedBy.test(text)))
  if (candidates.length === 0) return []
  const found = new Map<string, FrameworkPaths>()
  const hasMark = (directory: string, mark: string) =>
    findOrigin(copies, resolvePath(directory, mark), readContext)?.kind === 'context'
  const add = (framework: Framework, directory: string, builder: Instruction | undefined) => {
    const writes = framework.writes.map((path) => resolvePath(directory, path))
    found.set(`${framework.name} ${directory}`, { framework, directory, writes, builder })
  }
  const { workdir } = image.final
  for (const framework of candidates)
    if (
      framework.marks.length > 0 &&
      readContext !== undefined &&
      framework.marks.every((mark) => hasMark(workdir, mark))
    )
      add(framework, workdir, undefined)
  for (const [stage, instruction] of builds) {
    const state = stateBefore(readImage(dockerfile, stage), instruction)
    if (!isRoot(state)) continue
    const substitute = createSubstitute(state)
    for (const { script, text } of shellSources(instruction)) {
      const surroundings = { text, directory: state.workdir, outside: new Map<string, never>(), substitute }
      for (const { command, directory: here } of readFlow(script, surroundings)) {
        if (here === undefined) continue
        for (const { text: each, directory } of textsOf(command, here, copies, readContext))
          for (const framework of candidates) {
            if (!framework.builtBy.test(each)) continue
            const isKnown =
              found.has(`${framework.name} ${directory}`) ||
              framework.isSure?.test(each) === true ||
              (framework.marks.length > 0 && framework.marks.every((mark) => hasMark(directory, mark)))
            if (isKnown && !(framework.name === 'Next.js' && buildsElsewhere(directory, copies, readContext)))
              add(framework, directory, instruction)
          }
      }
    }
  }
  return [...found.values()]
}

/** `distDir` and `output: 'export'` of a next.config. */
const buildsElsewhere = (directory: string, copies: readonly Copy[], readContext: ReadContext): boolean =>
  ['js', 'mjs', 'ts', 'cjs'].some((extension) => {
    const origin = findOrigin(copies, resolvePath(directory, `next.config.${extension}`), readContext)
    return origin?.kind === 'context' && /\bdistDir\b|output:\s*['"]export/.test(origin.text)
  })
