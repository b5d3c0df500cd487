import type { Dockerfile, Stage } from '../dockerfile/dockerfile.ts'
import type { Instruction } from '../dockerfile/instruction.ts'
import { createSubstitute, readImage, readOnce, resolvePath, stateBefore } from '../image/image.ts'
import { shellSources } from '../image/shell-source.ts'
import { pathAndAncestors } from './paths.ts'

/** What the `RUN`s of a stage do to paths. */
export interface RunFact {
  kind: 'make' | 'own' | 'open' | 'remove'
  path: string
  /** For `own`: the owner as written. For `open`: the mode. */
  value: string
  isRecursive: boolean
  /** For `make`: a file, by `touch`. */
  isFile: boolean
  /** `mkdir` without `-p`: fails when the directory is there. */
  isStrict: boolean
  instruction: Instruction
  stage: Stage
}

/** The facts of a lineage, in order, with quick answers about one path. */
export interface RunFacts {
  all: readonly RunFact[]
  /** Facts about exactly this path. */
  at(path: string): readonly RunFact[]
  /** Facts about the path, and recursive ones about a directory above it. */
  covering(path: string): Iterable<RunFact>
}

const interesting = /\b(mkdir|chown|chmod|chgrp|install|rm|touch)\b/

/** Directories that `RUN`s make, own, open and remove, in order. */
export const readRunFacts = (dockerfile: Dockerfile, lineage: readonly Stage[]): RunFacts =>
  readOnce(dockerfile, `run facts ${lineage.map(({ index }) => index).join(' ')}`, () =>
    indexRunFacts(dockerfile, lineage)
  )

function indexRunFacts(dockerfile: Dockerfile, lineage: readonly Stage[]): RunFacts {
  const all = listRunFacts(dockerfile, lineage)
  const byPath = new Map<string, RunFact[]>()
  for (const fact of all) {
    const known = byPath.get(fact.path)
    if (known === undefined) byPath.set(fact.path, [fact])
    else known.push(fact)
  }
  return {
    all,
    at: (path) => byPath.get(path) ?? [],
    *covering(path) {
      for (const directory of pathAndAncestors(path))
        for (const fact of byPath.get(directory) ?? []) if (directory === path || fact.isRecursive) yield fact
    }
  }
}

function listRunFacts(dockerfile: Dockerfile, lineage: readonly Stage[]): RunFact[] {
  const facts: RunFact[] = []
  for (const stage of lineage) {
    const image = readImage(dockerfile, stage)
    for (const instruction of stage.instructions) {
      if (instruction.keyword !== 'RUN') continue
      if (!interesting.test(instruction.raw.logical) && instruction.heredocs.length === 0) continue
      const state = stateBefore(image, instruction)
      const local = new Map<string, string>()
      const substitute = createSubstitute(state, local)
      let directory = state.workdir
      for (const source of shellSources(instruction))
        for (const command of source.script.commands) {
          for (const { name, value } of command.name === '' ? command.assignments : []) {
            const text = value === undefined ? '' : value.isStatic ? value.value : substitute(value.value)
            if (text !== undefined) local.set(name, text)
          }
          const words = command.args.flatMap((word) => {
            if (word.isStatic) return [word.value]
            return expandBraces(word.value).flatMap((text) => {
              const value = substitute(text)
              return value === undefined ? [] : value.split(/\s+/).filter((part) => part !== '')
            })
          })
          const flags = words.filter((word) => word.startsWith('-'))
          const rest = words.filter((word) => !word.startsWith('-'))
          const isRecursive = flags.some((flag) => /^-[a-zA-Z]*[rR]|^--recursive$/.test(flag))
          const add = (kind: RunFact['kind'], paths: readonly string[], value: string, isDeep = isRecursive) => {
            for (const path of paths)
              facts.push({
                kind,
                path: resolvePath(directory, path.replace(/^~(?=\/|$)/, '/root')),
                value,
                isRecursive: isDeep,
                isFile: command.name === 'touch',
                isStrict:
                  kind === 'make' &&
                  command.name === 'mkdir' &&
                  !flags.some((flag) => /^-[a-z]*p|^--parents$/.test(flag)),
                instruction,
                stage
              })
          }
          switch (command.name) {
            case 'cd':
              if (rest[0] !== undefined) directory = resolvePath(directory, rest[0])
              break
            case 'mkdir': {
              const mode = words.findIndex((word) => word === '-m' || word === '--mode')
              const paths = mode === -1 ? rest : rest.filter((word) => word !== words[mode + 1])
              add('make', paths, '')
              const modeText =
                words.find((word) => /^--mode=|^-m\d/.test(word))?.replace(/^--mode=|^-m/, '') ?? words[mode + 1]
              if (modeText !== undefined && /7$|o\+[rx]*w|a\+[rx]*w/.test(modeText)) add('open', paths, modeText)
              break
            }
            case 'install':
              if (flags.some((flag) => /^-[a-z]*d/.test(flag)))
                add(
                  'make',
                  rest.filter((word) => word.includes('/')),
                  ''
                )
              break
            case 'touch':
              add(
                'make',
                rest.filter((word) => !/^\d{8,}/.test(word)),
                ''
              )
              break
            case 'chown':
              add('own', rest.slice(1), rest[0] ?? '')
              break
            case 'chgrp':
              break
            case 'chmod':
              add('open', rest.slice(/^[-+]/.test(rest[0] ?? '') ? 0 : 1), rest[0] ?? '')
              break
            case 'find': {
              // `find X -type d -exec chmod g=u {} +`
              const exec = words.indexOf('-exec')
              const paths = words.slice(
                0,
                words.findIndex((word) => word.startsWith('-'))
              )
              if (words[exec + 1] === 'chmod' && /^u?g[=+]/.test(words[exec + 2] ?? ''))
                add('open', paths, words[exec + 2] ?? '', true)
              break
            }
            case 'bash': {
              // The same where there is no `find`: `for d in X/**/; do [ -L "${d%/}" ] || chmod g=u "$d"; done`
              const script = command.args.at(-1)?.value ?? ''
              const [, trees = ''] = /^for d in (\/.*\/\*\*\/); do .*\|\| chmod g=u "\$d"; done$/.exec(script) ?? []
              add(
                'open',
                trees.split(' ').flatMap((tree) => (tree === '' ? [] : [tree.slice(0, -'/**/'.length)])),
                'g=u',
                true
              )
              break
            }
            case 'rm':
            case 'rmdir':
              add('remove', rest, '')
              break
          }
        }
    }
  }
  return facts
}

/** `/a/{b,c}` to `/a/b` and `/a/c`; one level at a time. */
function expandBraces(text: string): string[] {
  const match = /^([^{]*)\{([^{}]*,[^{}]*)\}(.*)$/s.exec(text)
  if (match === null || /\$$/.test(match[1] as string)) return [text]
  return (match[2] as string).split(',').flatMap((part) => expandBraces(`${match[1]}${part}${match[3]}`))
}
