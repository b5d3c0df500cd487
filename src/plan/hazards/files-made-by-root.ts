import { resolvePrincipal } from '../../image/accounts.ts'
import { readImage, resolvePath, stateBefore } from '../../image/image.ts'
import { shellSources } from '../../image/shell-source.ts'
import { defineHazard } from '../hazard.ts'
import { isInside } from '../paths.ts'
import { readings } from '../runners.ts'
import { findApplicationDirectories } from '../writable-paths.ts'

/** Commands that unpack or generate a tree of files, and how to tell. */
const unpackers: readonly (readonly [RegExp, RegExp])[] = [
  [/^tar$/, /^(?:-?[a-zA-Z]*x[a-zA-Z]*|--extract)$/],
  [/^(?:unzip|7z|bsdtar)$/, /./],
  [/^git$/, /^clone$/],
  [/^svn$/, /^(?:co|checkout)$/],
  [/^composer$/, /^create-project$/],
  [/^django-admin$/, /^startproject$/],
  [/^jar$/, /^x[vf]*$/],
  [/^(?:npx|npm)$/, /^(?:create-[\w-]+|init)$/],
  [/^rails$/, /^new$/],
  // A database in a file: the server must write it. source: the tools' manuals
  [/^(?:python[\d.]*|manage\.py)$/, /^(?:migrate|syncdb|loaddata|createsuperuser)$/],
  [/^flask$/, /^(?:db|init-db|initdb|create-db)$/],
  [/^alembic$/, /^upgrade$/],
  [/^prisma$/, /^(?:migrate|db)$/],
  [/^(?:rails|rake)$/, /^db:(?:migrate|setup|create|seed|prepare|reset|schema:load)$/],
  [/^(?:php[\d.]*|artisan)$/, /^migrate(?::\w+)?$/],
  [/^(?:php[\d.]*|console)$/, /^doctrine:(?:database:create|schema:create|schema:update|migrations:migrate)$/],
  [/^(?:knex|sequelize|sequelize-cli)$/, /^(?:db:)?(?:migrate|seed)(?::(?:latest|up|all|run))?$/],
  [/^(?:typeorm|typeorm-ts-node-\w+)$/, /^(?:migration:run|schema:sync)$/],
  [/^drizzle-kit$/, /^(?:push|migrate)$/],
  [/^sqlite3$/, /./],
  [/^(?:airflow|superset)$/, /^(?:db|initdb|init|users|fab)$/]
]

const anyUnpacker =
  /\b(?:tar|unzip|7z|git|svn|bsdtar|composer|django-admin|jar|npx|npm|rails|rake|manage\.py|flask|alembic|prisma|artisan|console|knex|sequelize|typeorm|drizzle-kit|sqlite3|airflow|superset)\b/

export const filesMadeByRoot = defineHazard({
  name: 'files-made-by-root',
  severity: 'warning',
  summary: 'A RUN unpacks the application as root into a directory that the process works in',
  description: `\`RUN git clone\`, \`tar x\`, \`unzip\` and the like in the working directory create files that belong to root. The directory
itself is given to the new user, what is inside is not: \`chown -R\` would store every file a second time. Most programs
only read there; a server that unpacks, caches or logs beside its own files fails. So does one whose database is a file
that a \`RUN\` has made there (\`manage.py migrate\`, \`rake db:setup\`, \`prisma db push\`, \`knex migrate:latest\` with SQLite).

What to do if it writes there: let that \`RUN\` end with \`&& chown -R uid:gid <the directory that it writes>\` (in the same
\`RUN\`, so nothing is stored twice), or unpack in a build stage and \`COPY --from=build --chown=uid:gid\`.`,
  *find({ dockerfile, image, copies, runFacts, servers = [] }) {
    const directories = [
      ...findApplicationDirectories(dockerfile, image, copies),
      ...servers.flatMap(({ layout }) => layout.applications ?? [])
    ]
    if (directories.length === 0) return
    for (const stage of image.lineage)
      for (const instruction of stage.instructions) {
        if (instruction.keyword !== 'RUN' || !anyUnpacker.test(instruction.raw.logical)) continue
        const state = stateBefore(readImage(dockerfile, stage), instruction)
        let at = state.workdir
        const commands = shellSources(instruction).flatMap((source) => source.script.commands)
        for (const [order, command] of commands.entries()) {
          if (command.name === 'cd' && command.args[0] !== undefined) at = resolvePath(at, command.args[0].value)
          const words = command.args.map((word) => word.value)
          const isUnpacker = [...readings(command.name, words)].some(([name, rest]) =>
            unpackers.some(([tool, verb]) => tool.test(name) && rest.some((word) => verb.test(word)))
          )
          if (!isUnpacker) continue
          const places = [...words.filter((word) => word.startsWith('/')), at]
          const target = command.name === 'git' && words.at(-1)?.startsWith('/') ? (words.at(-1) as string) : undefined
          const hit = directories.find((directory) =>
            (target === undefined ? places : [target]).some(
              (place) =>
                isInside(resolvePath('/', place), directory) ||
                (isInside(directory, resolvePath('/', place)) &&
                  place !== '/' &&
                  instruction.raw.logical.includes(directory))
            )
          )
          if (hit === undefined) continue
          if (isInside(at, '/tmp') && !words.some((word) => word.startsWith(hit))) continue
          const isGiven = runFacts.all.some(
            (fact) =>
              fact.kind === 'own' &&
              fact.isRecursive &&
              isInside(hit, fact.path) &&
              (fact.instruction.index > instruction.index ||
                (fact.instruction === instruction && commands.slice(order).some(({ name }) => name === 'chown'))) &&
              resolvePrincipal(fact.value, image.final.accounts).uid !== 0
          )
          if (isGiven) continue
          yield {
            message: `\`${command.name} ${words.slice(0, 2).join(' ')}\` fills ${hit} as root: if the program writes beside its own files there, it fails`,
            help: 'If it does, end that RUN with `&& chown -R uid:gid <directory>`, or unpack in a build stage and COPY --chown.',
            at: instruction
          }
          return
        }
      }
  }
})
