// Writes report.schema.json from the schema that validates reports; with --check, fails when it is out of date.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { toJsonSchema } from '@valibot/to-json-schema'
import { build } from 'tsdown'

const target = new URL('../report.schema.json', import.meta.url)

/** The text of report.schema.json. */
export async function buildReportSchema() {
  const outDir = fileURLToPath(new URL('../node_modules/.cache/unroot-schema', import.meta.url))
  // Node 20 cannot import TypeScript.
  await build({
    config: false,
    entry: { schema: fileURLToPath(new URL('../src/report/schema.ts', import.meta.url)) },
    outDir,
    dts: false,
    platform: 'neutral',
    fixedExtension: true,
    logLevel: 'error'
  })
  const { reportSchema } = await import(pathToFileURL(`${outDir}/schema.mjs`).href)
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    ...toJsonSchema(reportSchema, { target: 'draft-2020-12' })
  }
  return `${JSON.stringify(schema, null, 2)}\n`
}

/** Writes the schema, or says whether it is up to date. */
export async function updateReportSchema({ check = false } = {}) {
  const text = await buildReportSchema()
  const isCurrent = existsSync(target) && readFileSync(target, 'utf8') === text
  if (!check && !isCurrent) writeFileSync(target, text)
  return isCurrent
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const check = process.argv.includes('--check')
  const isCurrent = await updateReportSchema({ check })
  if (check && !isCurrent) {
    console.error('report.schema.json is out of date: run `node scripts/schema.mjs`')
    process.exitCode = 1
  }
}
