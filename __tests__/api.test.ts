/** What the public types say of themselves: every exported name is documented, every example of a docstring is run. */
import { execFile } from 'node:child_process'
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import ts from 'typescript'
import { describe, expect, it, test } from 'vitest'
import { createFolder, readText, removeFoldersAfterTests, repository } from './support/cli.ts'

removeFoldersAfterTests()

const run = promisify(execFile)

interface Example {
  /** Where it stands, as `file:line`. */
  place: string
  /** The file and what its docstring is about. */
  file: string
  subject: string
  code: string
}

const sources = ['src', 'transforms'].flatMap((folder) =>
  readdirSync(path.join(repository, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
    .map((name) => path.join(folder, name))
)

/** The name that a declaration exports. */
function subjectOf(node: ts.Node): string {
  const named = ts.isVariableStatement(node) ? node.declarationList.declarations[0] : (node as ts.DeclarationStatement)
  return named?.name?.getText() ?? ''
}

/** Every `@example`, with or without a fence. */
function readExamples(file: string): Example[] {
  const text = readText(repository, file)
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const found: Example[] = []
  const visit = (node: ts.Node) => {
    for (const tag of ts.getJSDocTags(node)) {
      if (tag.tagName.text !== 'example' || tag.parent.parent !== node) continue
      const comment = ts.getTextOfJSDocComment(tag.comment) ?? ''
      const code = /^```ts\n([\s\S]*)\n```$/.exec(comment.trim())?.[1] ?? comment
      const line = source.getLineAndCharacterOfPosition(tag.pos).line + 1
      found.push({ place: `${file}:${line}`, file, subject: subjectOf(node), code: `${code.trim()}\n` })
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

/**
 * An example as a program that checks what it promises: `expression // => value`, where the value is an expression too.
 * Answers with the number of promises.
 */
function toProgram(code: string): { program: string; promises: number } {
  const source = ts.createSourceFile('example.ts', code, ts.ScriptTarget.Latest, true)
  let program = "import { deepStrictEqual as promised } from 'node:assert'\n"
  let promises = 0
  let end = 0
  for (const statement of source.statements) {
    const [, value] = /^[ \t]*\/\/ => (.*)/.exec(code.slice(statement.end)) ?? []
    if (value === undefined) program += code.slice(end, statement.end)
    else {
      if (!ts.isExpressionStatement(statement)) throw new Error(`"// =>" behind what has no value: ${code}`)
      program += `${code.slice(end, statement.getStart())};promised(${statement.expression.getText()}, (${value}))`
      promises++
    }
    end = statement.end
  }
  return { program: program + code.slice(end), promises }
}

const examples = sources.flatMap(readExamples)

describe('the examples of docstrings', () => {
  const folder = createFolder({ 'package.json': '{ "private": true, "type": "module" }' })
  mkdirSync(path.join(folder, 'node_modules'))
  symlinkSync(repository, path.join(folder, 'node_modules/unroot'), 'dir')
  const inPackage = examples.filter(({ code }) => code.includes("from 'unroot"))
  const inside = examples.filter((example) => !inPackage.includes(example))

  it('are there', () => {
    expect(inPackage.length).toBeGreaterThanOrEqual(20)
    expect(inside.length).toBeGreaterThanOrEqual(5)
  })

  it('have the right types', () => {
    const files = examples.map(({ file, subject, code }, index) => {
      const isPublic = code.includes("from 'unroot")
      const name = path.join(folder, `types-${index}.ts`)
      const from = JSON.stringify(path.join(repository, file))
      writeFileSync(name, `${isPublic ? '' : `import { ${subject} } from ${from}\n`}${code}export {}\n`)
      return name
    })
    const program = ts.createProgram(files, {
      ...{ target: ts.ScriptTarget.ES2023, lib: ['lib.es2023.d.ts', 'lib.dom.d.ts'], types: ['node'] },
      ...{ module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler },
      ...{ strict: true, noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true, skipLibCheck: true },
      ...{ noEmit: true, allowImportingTsExtensions: true, resolveJsonModule: true },
      typeRoots: [path.join(repository, 'node_modules/@types')]
    })
    const problems = files.flatMap((file, index) =>
      ts
        .getPreEmitDiagnostics(program, program.getSourceFile(file))
        .map(({ messageText }) => `${examples[index]?.place} ${ts.flattenDiagnosticMessageText(messageText, '\n')}`)
    )
    expect(problems).toEqual([])
  }, 60_000)

  const toScript = (code: string) =>
    ts.transpileModule(code, { compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext } })
      .outputText

  test.each(inPackage.map((each) => [each.place, each] as const))('%s keeps its promises', async (place, { code }) => {
    const { program, promises } = toProgram(code)
    expect(promises).toBeGreaterThan(0)
    const name = `${place.replaceAll(/\W/g, '-')}.mjs`
    writeFileSync(path.join(folder, name), toScript(program))
    await run(process.execPath, [name], { cwd: folder })
  })

  test.each(inside.map((each) => [each.place, each] as const))('%s keeps its promises', async (_, each) => {
    const { code, file, subject } = each
    const { program, promises } = toProgram(code)
    expect(promises).toBeGreaterThan(0)
    const { deepStrictEqual } = await import('node:assert')
    const module = (await import(path.join(repository, file))) as Record<string, unknown>
    const body = toScript(program).replace(/^import .*$/m, '')
    new Function('promised', subject, body)(deepStrictEqual, module[subject])
  })
})

describe('every exported name', () => {
  type Exports = { entry: string; symbols: { name: string; symbol: ts.Symbol }[] }[]

  test('says what it means; functions, classes and values have an example, functions name what they throw', async () => {
    const script = new URL('../scripts/api.mjs', import.meta.url).href
    const { readExports } = (await import(/* @vite-ignore */ script)) as {
      readExports(): { checker: ts.TypeChecker; byEntry: Exports }
    }
    const { checker, byEntry } = readExports()
    const problems: string[] = []
    for (const { entry, symbols } of byEntry)
      for (const { name, symbol } of symbols) {
        const tags = new Set(symbol.getJsDocTags(checker).map((tag) => tag.name))
        if (ts.displayPartsToString(symbol.getDocumentationComment(checker)).length < 5)
          problems.push(`${entry}: ${name} has no docstring`)
        if ((symbol.flags & ts.SymbolFlags.Value) === 0) continue
        const isType = symbol.declarations?.every((each) => ts.isClassDeclaration(each)) && name !== 'UnrootError'
        if (!isType && !tags.has('example')) problems.push(`${entry}: ${name} has no @example`)
        if ((symbol.flags & ts.SymbolFlags.Function) !== 0 && !tags.has('throws'))
          problems.push(`${entry}: ${name} does not say what it throws`)
      }
    expect(problems).toEqual([])
    expect(byEntry.map(({ symbols }) => symbols.length > 5)).toEqual([true, true, true])
  }, 30_000)
})
