import { findFrameworkPaths } from '../framework-paths.ts'
import { defineHazard } from '../hazard.ts'

const rails = /^(?:bundle\s+(?:exec\s+)?)?(?:rails|rake|bin\/rails)\b/

/** Commands that write next to the sources, where build steps ran as root. */
const writesSources: readonly (readonly [RegExp, string])[] = [
  [
    /^(?:npx\s+)?(?:vite|next dev|nuxt dev|ng serve|webpack(?:-dev-server| serve)|react-scripts start|gatsby develop|astro dev|svelte-kit dev|vue-cli-service serve|remix dev|expo start|parcel)\b/,
    'its caches in node_modules'
  ],
  [/^(?:npm|yarn|pnpm|bun)\s+(?:run\s+)?(?:dev|develop|serve|watch|start:dev|dev:\w+)\b/, 'its caches in node_modules'],
  [/^(?:cargo\s+(?:run|watch|test|build)|trunk serve)\b/, 'target/'],
  [/^(?:\.\/)?(?:mvnw?|gradlew?)\b/, 'its build directory and the dependency cache'],
  [/^(?:npm|yarn|pnpm|bun)\s+(?:install|ci|i)\b/, 'node_modules'],
  [/^(?:hugo|jekyll|mkdocs)\s+(?:server|serve)\b/, 'its output directory'],
  [/^dotnet\s+(?:watch|run|test|build)\b/, 'bin/ and obj/'],
  [/^(?:go\s+(?:run|build|test)|air)\b/, 'the module and build cache'],
  [/^sbt\b/, 'target/'],
  [/^mix\s+(?:phx\.server|run|test)\b/, '_build/'],
  [rails, 'tmp/ and log/'],
  [/^make\b/, 'what the Makefile builds']
]

export const developmentServer = defineHazard({
  name: 'development-server',
  severity: 'warning',
  summary: 'The command builds or installs when the container starts',
  description: `\`npm run dev\`, \`cargo run\`, \`mvn\`, \`go run\` and the like write caches and output next to the sources or into the
dependency directory. Where a \`RUN\` made these as root, the new user cannot change them. The image is converted; try
it, and if it fails, build in a \`RUN\` and start the result, or let that \`RUN\` come after \`USER\`.`,
  *find({ dockerfile, image, copies, startUp, options }) {
    for (const program of startUp.programs) {
      if (program.guard === 'root') continue
      const text = [program.name, ...program.args].join(' ')
      const found = writesSources.find(([pattern]) => pattern.test(text))
      if (found === undefined) continue
      // Known well enough to own what its build steps leave.
      const isMet =
        found[0] === rails &&
        findFrameworkPaths(dockerfile, image, copies, startUp, options.readContext).some(
          ({ framework }) => framework.name === 'Rails'
        )
      if (isMet) continue
      yield {
        message: `${program.place} runs \`${text.slice(0, 60)}\`, which writes ${found[1]}: made by root where a RUN built it`,
        help: 'Try it as the new user; better, build in a RUN and start the result.',
        ...(program.instruction === undefined ? {} : { at: program.instruction })
      }
      return
    }
  }
})
