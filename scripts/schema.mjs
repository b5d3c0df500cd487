// Writes report.schema.json and config.schema.json from the schemas that validate reports and config files; with
// --check, fails when one is out of date.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { toJsonSchema } from '@valibot/to-json-schema'
import { build } from 'tsdown'

// Editors read the schema of the config; theirs is draft 7.
const schemas = [
  {
    name: 'report.schema.json',
    source: new URL('../src/report/schema.ts', import.meta.url),
    schema: 'reportSchema',
    target: 'draft-2020-12'
  },
  {
    name: 'config.schema.json',
    source: new URL('../src/config/schema.ts', import.meta.url),
    schema: 'configSchema',
    target: 'draft-07'
  }
]

const drafts = {
  'draft-2020-12': 'https://json-schema.org/draft/2020-12/schema',
  'draft-07': 'http://json-schema.org/draft-07/schema#'
}

/** The text of each schema, by the name of its file. */
async function buildSchemas() {
  const outDir = fileURLToPath(new URL('../node_modules/.cache/unroot-schema', import.meta.url))
  // Node 20 cannot import TypeScript.
  await build({
    config: false,
    entry: Object.fromEntries(schemas.map(({ schema, source }) => [schema, fileURLToPath(source)])),
    outDir,
    dts: false,
    platform: 'neutral',
    fixedExtension: true,
    logLevel: 'error'
  })
  const texts = schemas.map(async ({ name, schema, target }) => {
    const module = await import(pathToFileURL(`${outDir}/${schema}.mjs`).href)
    const content = { $schema: drafts[target], ...toJsonSchema(module[schema], { target }) }
    return [name, `${JSON.stringify(content, null, 2)}\n`]
  })
  return Promise.all(texts)
}

/** Writes the schemas, or only answers which ones are out of date. */
export async function updateSchemas({ check = false } = {}) {
  const stale = []
  for (const [name, text] of await buildSchemas()) {
    const file = new URL(`../${name}`, import.meta.url)
    if (existsSync(file) && readFileSync(file, 'utf8') === text) continue
    stale.push(name)
    if (!check) writeFileSync(file, text)
  }
  return stale
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const check = process.argv.includes('--check')
  const stale = await updateSchemas({ check })
  if (check && stale.length > 0) {
    console.error(`${stale.join(', ')} out of date: run \`node scripts/schema.mjs\``)
    process.exitCode = 1
  }
}
