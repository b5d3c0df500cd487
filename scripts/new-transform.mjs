// Makes a new transform with two cases: npm run new <verb-what>
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const repository = fileURLToPath(new URL('..', import.meta.url))

const camelCase = (name) => name.replace(/-([a-z0-9])/g, (_, letter) => letter.toUpperCase())

/** What is wrong with a name, or undefined. */
function findProblem(name) {
  if (name === undefined || name === '') return 'it needs a name: npm run new <verb-what>'
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)+$/.test(name))
    return `"${name}" is no name for a transform: lower-case words with hyphens, the verb first, such as own-cache-mounts`
  for (const place of [`transforms/${name}.ts`, `__fixtures__/${name}`])
    if (existsSync(path.join(repository, place))) return `${place} exists already`
  return undefined
}

const sourceOf = (name) => `import { defineTransform } from '../src/transform.ts'

/**
 * TODO: what it does, for programs that use it alone.
 *
 * @example
 * \`\`\`ts
 * import { rewrite } from 'unroot'
 * import { ${camelCase(name)} } from 'unroot/transforms'
 *
 * const options = { transforms: [${camelCase(name)}], only: ['${name}'] }
 * rewrite('FROM debian:12-slim\\nCMD ["serve"]\\n', options).text.includes('ENV TMPDIR=/tmp') // => true
 * \`\`\`
 */
export const ${camelCase(name)} = defineTransform({
  name: '${name}',
  summary: 'TODO: what it does, in one line that begins with a verb',
  description: \`TODO: why it is needed, and what it does. Markdown.

Left alone: TODO.

\\\`\\\`\\\`diff
 FROM debian:12-slim
+ENV TMPDIR=/tmp
\\\`\\\`\\\`\`,
  // Runs with --only until it is ready: then remove this, and put it in its place in transforms/index.ts.
  onRequest: ({ only }) => only?.includes('${name}') === true,
  apply({ stage, image, edit }) {
    // Ask the image whether it is right already: a second run must find nothing to do.
    if (image.final.environment.has('TMPDIR')) return
    edit.insertAfter(stage.from, \`\${edit.keyword('ENV')} TMPDIR=/tmp\`, 'temporary files go to /tmp')
  }
})
`

/**
 * transforms/index.ts with one more transform: imported and exported in alphabetical order, last in the list.
 *
 * @throws {Error} when the file no longer looks as it did
 */
export function register(index, name) {
  const identifier = camelCase(name)
  const imports = index.match(/^import \{ \w+ \} from '\.\/[a-z0-9-]+\.ts'$/gm)
  const exports = /^export \{([\w\s,]+)\}$/m.exec(index)
  const list = /(: readonly Transform\[\] = \[\n(?: {2}\w+,\n)* {2}\w+)\n\]/.exec(index)
  if (imports === null || exports === null || list === null)
    throw new Error('transforms/index.ts has changed its form: add the transform there by hand')
  const byPath = (line) => /'(.*)'/.exec(line)[1]
  const allImports = [...imports, `import { ${identifier} } from './${name}.ts'`]
  allImports.sort((a, b) => (byPath(a) < byPath(b) ? -1 : 1))
  const names = exports[1].split(',').map((word) => word.trim())
  const allNames = [...names.filter((word) => word !== ''), identifier].sort()
  const oneLine = `export { ${allNames.join(', ')} }`
  const text = oneLine.length <= 120 ? oneLine : `export {\n  ${allNames.join(',\n  ')}\n}`
  return index
    .replace(imports.join('\n'), () => allImports.join('\n'))
    .replace(exports[0], () => text)
    .replace(list[0], () => `${list[1]},\n  ${identifier}\n]`)
}

const before = `FROM debian:12-slim
COPY serve /usr/local/bin/
CMD ["serve"]
`
const withVariable = (text) => text.replace('\n', '\nENV TMPDIR=/tmp\n')

/** Every new file by its path. */
function filesOf(name) {
  const caseFile = `${JSON.stringify({ options: { only: [name] }, verdict: 'needs-review' })}\n`
  const fixtures = `__fixtures__/${name}`
  return {
    [`transforms/${name}.ts`]: sourceOf(name),
    [`${fixtures}/changes/case.json`]: caseFile,
    [`${fixtures}/changes/before/Dockerfile`]: before,
    [`${fixtures}/changes/after/Dockerfile`]: withVariable(before),
    [`${fixtures}/stays-untouched/case.json`]: caseFile,
    [`${fixtures}/stays-untouched/before/Dockerfile`]: withVariable(before)
  }
}

const nextSteps = (name) => `
Next:
  1. Write what you want: __fixtures__/${name}/*/before and after (no after/: every byte stays), case.json
  2. Write transforms/${name}.ts; docs/architecture.md says what apply is given
  3. npx vitest run fixtures -t ${name}; with UPDATE_FIXTURES=1 it writes after/, which you then read
  4. When it is ready: remove onRequest, and put it where it belongs in the list of transforms/index.ts
  5. npm run docs, a line in CHANGELOG.md, npm test, npm run check
`

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const name = process.argv[2]
  const problem = findProblem(name)
  if (problem !== undefined) {
    console.error(`error: ${problem}`)
    process.exit(2)
  }
  const index = path.join(repository, 'transforms/index.ts')
  const registered = register(readFileSync(index, 'utf8'), name)
  for (const [file, text] of Object.entries(filesOf(name))) {
    mkdirSync(path.dirname(path.join(repository, file)), { recursive: true })
    writeFileSync(path.join(repository, file), text)
    console.log(`written  ${file}`)
  }
  writeFileSync(index, registered)
  console.log(`changed  transforms/index.ts`)
  console.log(nextSteps(name))
}
