import { baseName } from './paths.ts'

/** Programs that only start the one behind them. */
const runners =
  /^(?:npx|bunx|pnpx|yarn|pnpm|npm|bun|bundle|poetry|pipenv|uv|pdm|hatch|dotenv|exec|run|dlx|--|-y|--yes)$/

/** The program that does the work and its words: `bundle exec rake db:setup`, `./manage.py migrate`. */
export function* readings(name: string, words: readonly string[]): Generator<readonly [string, readonly string[]]> {
  const all = [name, ...words]
  for (let index = 0; index < all.length; index++) {
    yield [baseName(all[index] as string), all.slice(index + 1)]
    if (!runners.test(baseName(all[index] as string))) return
  }
}
