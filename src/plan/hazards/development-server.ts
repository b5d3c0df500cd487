import { findFrameworkPaths } from '../framework-paths.ts'
import { defineHazard } from '../hazard.ts'
import { readings } from '../runners.ts'
import { readPackageCall, type StartedProgram } from '../startup.ts'

interface Writer {
  command: RegExp
  /** Where it writes, for the finding. */
  writes: string
  /** Harmless as long as no `RUN` is like this. */
  madeBy?: RegExp
  /** Well enough known to own what its build steps leave. */
  framework?: string
}

/** By the name of the script only; what package.json says counts where it can be read. */
const named: Writer = {
  command: /^(?:npm|yarn|pnpm|bun)\s+(?:run\s+)?(?:dev|develop|serve|watch|start:dev|dev:\w+)\b/,
  writes: 'its caches in node_modules'
}

/** Commands that write next to the sources, where build steps ran as root. */
const writers: readonly Writer[] = [
  { command: /^(?:npx\s+)?vite\s+preview\b/, writes: 'into node_modules', madeBy: /\bbuild\b/, framework: 'Vite' },
  { command: /^(?:npx\s+)?vite\b/, writes: 'its caches in node_modules', framework: 'Vite development server' },
  {
    command: /^(?:npx\s+)?(?:react-scripts start|vue-cli-service serve)\b/,
    writes: 'its caches in node_modules',
    framework: 'webpack development server'
  },
  { command: /^(?:npx\s+)?next dev\b/, writes: '.next', madeBy: /\bbuild\b/, framework: 'Next.js' },
  {
    command:
      /^(?:npx\s+)?(?:nuxt dev|ng serve|webpack(?:-dev-server| serve)|gatsby develop|astro dev|svelte-kit dev|remix dev|expo start|parcel)\b/,
    writes: 'its caches in node_modules'
  },
  named,
  { command: /^(?:npx\s+)?nest\s+start\b/, writes: 'dist/', madeBy: /\bbuild\b/, framework: 'NestJS' },
  { command: /^(?:cargo\s+(?:run|watch|test|build)|trunk serve)\b/, writes: 'target/' },
  { command: /^(?:\.\/)?(?:mvnw?|gradlew?)\b/, writes: 'its build directory and the dependency cache' },
  { command: /^(?:npm|yarn|pnpm|bun)\s+(?:install|ci|i)\b/, writes: 'node_modules' },
  { command: /^(?:hugo|jekyll|mkdocs)\s+(?:server|serve)\b/, writes: 'its output directory' },
  { command: /^dotnet\s+(?:watch|run|test|build)\b/, writes: 'bin/ and obj/' },
  { command: /^(?:go\s+(?:run|build|test)|air)\b/, writes: 'the module and build cache' },
  { command: /^sbt\b/, writes: 'target/' },
  { command: /^mix\s+(?:phx\.server|run|test)\b/, writes: '_build/' },
  {
    command: /^(?:bundle\s+(?:exec\s+)?)?(?:rails|rake|bin\/rails)\b/,
    writes: 'tmp/ and log/',
    framework: 'Rails'
  },
  { command: /^make\b/, writes: 'what the Makefile builds' }
]

/** They start it anew and keep nothing beside the sources. source: READMEs of nodemon, tsx, ts-node and ts-node-dev */
const restarters = /^(?:node|nodemon|tsx|ts-node|ts-node-dev|tsnd)$/

/** A script of package.json that has been read, and that only restarts, or runs what is looked at by itself. */
function isHarmless({ name, args }: StartedProgram, programs: readonly StartedProgram[], depth = 0): boolean {
  const call = readPackageCall(name, args, '/')
  if (call === undefined || depth > 3) return false
  const inner = programs.filter(({ place }) => place.endsWith(` script "${call.script}"`))
  return (
    inner.length > 0 &&
    inner.every((each) => {
      const words = [...readings(each.name, each.args)]
      const text = [each.name, ...each.args].join(' ')
      return (
        words.some(
          ([program, rest]) => restarters.test(program) && !/\b(?:npm|yarn|pnpm|build|tsc)\b/.test(rest.join(' '))
        ) ||
        writers.some((writer) => writer !== named && writer.command.test(text)) ||
        isHarmless(each, programs, depth + 1)
      )
    })
  )
}

export const developmentServer = defineHazard({
  name: 'development-server',
  severity: 'warning',
  summary: 'The command builds or installs when the container starts',
  description: `\`npm run dev\`, \`cargo run\`, \`mvn\`, \`go run\` and the like write caches and output next to the sources or into the
dependency directory. Where a \`RUN\` made these as root, the new user cannot change them. The image is converted; try
it, and if it fails, build in a \`RUN\` and start the result, or let that \`RUN\` come after \`USER\`.

A script of package.json that can be read counts by what it runs: \`nodemon\`, \`tsx watch\` and \`ts-node\` leave nothing
behind. What \`nest start\`, \`next dev\` and \`vite preview\` write belongs to the user, where a \`RUN\` has made it, and so
does \`node_modules\` itself (the directory, not the packages) for the caches of \`vite\` and \`react-scripts start\`.`,
  *find({ dockerfile, image, copies, startUp, options }) {
    const runs = image.lineage.flatMap(({ instructions }) => instructions.filter(({ keyword }) => keyword === 'RUN'))
    for (const program of startUp.programs) {
      if (program.guard === 'root') continue
      const text = [program.name, ...program.args].join(' ')
      const found = writers.find(({ command }) => command.test(text))
      if (found === undefined || (found === named && isHarmless(program, startUp.programs))) continue
      const { framework, madeBy } = found
      if (madeBy !== undefined && !runs.some(({ raw }) => madeBy.test(raw.logical))) continue
      if (
        framework !== undefined &&
        findFrameworkPaths(dockerfile, image, copies, startUp, options.readContext).some(
          (each) => each.framework.name === framework
        )
      )
        continue
      yield {
        message: `${program.place} runs \`${text.slice(0, 60)}\`, which writes ${found.writes}: made by root where a RUN built it`,
        help: 'Try it as the new user; better, build in a RUN and start the result.',
        ...(program.instruction === undefined ? {} : { at: program.instruction })
      }
      return
    }
  }
})
