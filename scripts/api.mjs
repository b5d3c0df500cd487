// The pages about the public types: docs/api, made by typedoc from the docstrings, and docs/api-surface.md, every exported
// name with its signature, in which a change of the public surface shows.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { Application, TSConfigReader, TypeDocReader } from 'typedoc'
import ts from 'typescript'

const repository = fileURLToPath(new URL('..', import.meta.url))

/** What each entry of the package is made from. */
export const entries = {
  unroot: 'src/index.ts',
  'unroot/transforms': 'transforms/index.ts',
  'unroot/node': 'src/node/index.ts'
}

/**
 * The pages of docs/api by their paths.
 *
 * @throws {Error} when something exported is not documented, or refers to what is not
 */
export async function buildApiPages() {
  const out = mkdtempSync(path.join(tmpdir(), 'unroot-api-'))
  try {
    const files = { options: path.join(repository, 'typedoc.json'), tsconfig: path.join(repository, 'tsconfig.json') }
    const readers = [new TypeDocReader(), new TSConfigReader()]
    const app = await Application.bootstrapWithPlugins({ ...files, out, logLevel: 'Warn' }, readers)
    const project = await app.convert()
    if (project !== undefined) app.validate(project)
    if (project === undefined || app.logger.hasErrors() || app.logger.hasWarnings())
      throw new Error('typedoc is not content with the docstrings')
    await app.generateOutputs(project)
    const written = readdirSync(out, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    const names = written.map((entry) => path.relative(out, path.join(entry.parentPath, entry.name)))
    return Object.fromEntries(
      names
        .sort()
        .map((name) => [`docs/api/${name.replaceAll(path.sep, '/')}`, readFileSync(path.join(out, name), 'utf8')])
    )
  } finally {
    rmSync(out, { recursive: true, force: true })
  }
}

/** The program of the entries, and what each of them exports, by name. */
export function readExports() {
  const { config } = ts.readConfigFile(path.join(repository, 'tsconfig.json'), ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, repository)
  const files = Object.values(entries).map((file) => path.join(repository, file))
  const program = ts.createProgram(files, options)
  const checker = program.getTypeChecker()
  const byEntry = Object.entries(entries).map(([entry, file]) => {
    const source = program.getSourceFile(path.join(repository, file))
    const symbols = checker.getExportsOfModule(checker.getSymbolAtLocation(source)).map((symbol) => {
      const isAlias = (symbol.flags & ts.SymbolFlags.Alias) !== 0
      return { name: symbol.name, symbol: isAlias ? checker.getAliasedSymbol(symbol) : symbol }
    })
    return { entry, symbols: symbols.sort((a, b) => (a.name < b.name ? -1 : 1)) }
  })
  return { checker, byEntry }
}

const formatFlags =
  ts.TypeFormatFlags.NoTruncation |
  ts.TypeFormatFlags.UseSingleQuotesForStringLiteralType |
  ts.TypeFormatFlags.UseAliasDefinedOutsideCurrentScope

const printer = ts.createPrinter({ removeComments: true })

/** A piece of source on one line, without comments. */
const print = (node) =>
  printer
    .printNode(ts.EmitHint.Unspecified, node, node.getSourceFile())
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/([<(]) ?\|? /g, '$1')
    .replaceAll(/ ([>)])(?!=)/g, '$1')

const isInternal = (symbol) => symbol.getJsDocTags().some(({ name }) => name === 'internal')

const isPrivate = (symbol) =>
  symbol.declarations?.some((each) => (ts.getCombinedModifierFlags(each) & ts.ModifierFlags.Private) !== 0) ?? false

/** A class or interface: type parameters, `extends`, own properties and methods, one a line. */
function describeMembers(checker, symbol) {
  const { typeParameters = [], heritageClauses = [] } = symbol.declarations[0]
  const parameters = typeParameters.length === 0 ? '' : `<${typeParameters.map(print).join(', ')}>`
  // Parameters of a constructor are properties too.
  const isOwn = ({ valueDeclaration }) =>
    [valueDeclaration?.parent, valueDeclaration?.parent?.parent].includes(symbol.declarations[0])
  const members = checker
    .getPropertiesOfType(checker.getDeclaredTypeOfSymbol(symbol))
    .filter((member) => isOwn(member))
    .filter((member) => !isInternal(member) && !isPrivate(member))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((member) => {
      const declaration = member.valueDeclaration
      const isReadonly =
        ts.getCombinedModifierFlags(declaration) & ts.ModifierFlags.Readonly || ts.isGetAccessor(declaration)
      const name = member.name.startsWith('__@') ? '[Symbol.iterator]' : member.name
      const isOptional = (member.flags & ts.SymbolFlags.Optional) !== 0
      const isMethod = ts.isMethodSignature(declaration) || ts.isMethodDeclaration(declaration)
      const type =
        declaration.type !== undefined && !isMethod
          ? print(declaration.type)
          : checker.typeToString(checker.getTypeOfSymbol(member), undefined, formatFlags)
      return `  ${isReadonly ? 'readonly ' : ''}${name}${isOptional ? '?' : ''}: ${type}`
    })
  const head = [parameters, ...heritageClauses.map((clause) => ` ${print(clause).trim()}`)].join('')
  return `${head} {\n${members.join('\n')}\n}`
}

function describe(checker, name, symbol) {
  const { flags, declarations } = symbol
  if (flags & ts.SymbolFlags.Class) return `class ${name}${describeMembers(checker, symbol)}`
  if (flags & ts.SymbolFlags.Interface) return `interface ${name}${describeMembers(checker, symbol)}`
  if (flags & ts.SymbolFlags.TypeAlias) return `type ${name} = ${print(declarations[0].type)}`
  const type = checker.getTypeOfSymbol(symbol)
  if (flags & ts.SymbolFlags.Function)
    return type
      .getCallSignatures()
      .map((each) => `function ${name}${checker.signatureToString(each, undefined, formatFlags)}`)
      .join('\n')
  return `const ${name}: ${checker.typeToString(type, undefined, formatFlags)}`
}

/** The text of docs/api-surface.md. */
export function buildSurface() {
  const { checker, byEntry } = readExports()
  const known = new Map()
  const sections = byEntry.map(({ entry, symbols }) => {
    const lines = symbols.map(({ name, symbol }) => {
      if (known.has(symbol)) return `export { ${name} } from '${known.get(symbol)}'`
      known.set(symbol, entry)
      return describe(checker, name, symbol)
    })
    return `## \`${entry}\`\n\n\`\`\`ts\n${lines.join('\n\n')}\n\`\`\`\n`
  })
  const intro = `# API surface

<!-- Generated by \`npm run docs\`: edit the code, not this page. -->

Every name that the package exports, with its type: what a change of this page changes, programs can see. What the names mean
stands in [api](api/README.md). Beside them the package has \`unroot/report.schema.json\`, the schema of \`Report\`.
`
  return [intro, ...sections].join('\n')
}
