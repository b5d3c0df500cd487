import { findParent } from '../../image/image.ts'
import { defineHazard } from '../hazard.ts'

/** Flags with which a shell or an interpreter waits for its user. */
const interactive = /^(?:-[ailsi]+|--login|--interactive|--simple-prompt|--no-save)$/

/** What a script does that only passes its arguments on. */
const passesOn = new Set([
  'set',
  'exec',
  'test',
  '[',
  '[[',
  'echo',
  'printf',
  'export',
  'shift',
  'true',
  ':',
  'cd',
  'command'
])

export const baseForOthers = defineHazard({
  name: 'base-for-others',
  severity: 'warning',
  summary: 'Other Dockerfiles or CI jobs seem to build on the image',
  description: `The image has \`ONBUILD\` instructions, or no command of its own on a base that is a toolchain or a distribution.
Such images are a base for others, or a place in which CI jobs run on a mounted workspace, as the steps of Google Cloud
Build do, which are built on \`gcr.io/cloud-builders/\`. Their children inherit
\`USER\`: a \`RUN apt-get install\` there fails, and a mounted workspace is not writable. Check who uses it before you
merge; children may need \`USER root\` for their installs.`,
  *find({ dockerfile, image, stage, startUp, options }) {
    const onbuild = image.lineage
      .flatMap((each) => each.instructions)
      .find((instruction) => instruction.keyword === 'ONBUILD')
    if (onbuild !== undefined) {
      yield {
        message: 'ONBUILD: images that build on this one inherit its USER',
        help: 'Their RUN instructions are no longer root; check the Dockerfiles that name this image in FROM.',
        at: onbuild
      }
      return
    }
    const child = dockerfile.stages.find(
      (each) =>
        each.index > stage.index &&
        findParent(dockerfile, each) === stage &&
        // A shipped one is converted with it.
        !(options.targets ?? []).some((name) => name.toLowerCase() === each.name || name === String(each.index)) &&
        each.instructions.some((instruction) => instruction.keyword === 'RUN')
    )
    if (child !== undefined) {
      yield {
        message: `stage ${child.name ?? child.index} is built on this one and inherits its USER: its RUN instructions are no longer root`,
        help: 'Let that stage begin with USER root where its steps need it.',
        at: child.from
      }
      return
    }
    if (image.base.image?.service === 'cloud-build') {
      yield {
        message: `${image.base.reference.text}: a step of Google Cloud Build, which works on /workspace and owns it as root`,
        help: 'See that the step does not write to /workspace, or that an earlier step makes it writable.',
        at: stage.from
      }
      return
    }
    const hasOwn = startUp.entrypoint?.instruction !== undefined || startUp.command?.instruction !== undefined
    // An entrypoint that ends in `exec "$@"` starts what CMD says.
    const entrypoint = image.base.image?.entrypoint?.[0]
    const started = startUp.programs.filter(
      ({ name, word }) => !passesOn.has(name) && !name.startsWith('$') && word !== entrypoint
    )
    const program = started[0]?.name ?? ''
    const isShell =
      /^(?:(?:ba|da|a|z|k)?sh|python[\d.]*|node|irb|php|lua|perl|ghci|jshell|erl|iex|R|julia|bun|deno|pwsh)$/.test(
        program
      ) &&
      started.length > 0 &&
      started.every(
        ({ name, args }) => name === program && args.every((word) => interactive.test(word) || /^\$/.test(word))
      )
    const first = startUp.programs[0]
    // `CMD ["go", "version"]` only shows that the toolchain is there.
    const showsVersion =
      startUp.entrypoint === undefined &&
      startUp.programs.length === 1 &&
      first !== undefined &&
      /^(?:python[\d.]*|go|node|npm|java|javac|php|ruby|perl|gcc|g\+\+|clang|dotnet|rustc|cargo|mvn|gradle)$/.test(
        first.name
      ) &&
      first.args.length === 1 &&
      /^(?:-v|-V|-?-?version)$/.test(first.args[0] as string)
    const staysAlive =
      hasOwn &&
      startUp.programs.length === 1 &&
      first !== undefined &&
      ((first.name === 'sleep' && /^(?:infinity|inf|\d{4,}|\d+[hd])$/.test(first.args[0] ?? '')) ||
        (first.name === 'tail' && first.args.includes('-f') && first.args.includes('/dev/null')))
    if (staysAlive) {
      yield {
        message: `the image only stays alive (\`${[first.name, ...first.args].join(' ')}\`): what is done in it comes by \`exec\``,
        help: 'Commands that are run in it by docker exec or kubectl exec are no longer root; start those that need it with --user 0.',
        at: stage.from
      }
      return
    }
    if (hasOwn && !isShell && !showsVersion && startUp.programs.length + startUp.scripts.length > 0) {
      // `CMD bash` starts a shell: nothing is served.
      return
    }
    if (!hasOwn && image.base.image?.kind === 'application') return
    if (!hasOwn && image.base.image === undefined) return
    yield {
      message: hasOwn
        ? `the image starts ${showsVersion ? 'a toolchain that prints its version' : 'a shell'}: it looks like a base for others or a place for CI jobs`
        : `no command of its own on ${image.base.reference.text}: it looks like a base for others or a place for CI jobs`,
      help: 'Images that build on it and jobs that mount a workspace inherit its USER; check them before you merge.',
      at: stage.from
    }
  }
})
