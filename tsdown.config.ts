import { readdirSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'tsdown'

const codemodFolder = fileURLToPath(new URL('src/codemod/', import.meta.url))

/** Modules of Node that codemod's engine lacks or has in part. Its own are only seen by what stands in for them. */
const standIns = new Map([
  ['fs', 'fs.ts'],
  ['path', 'path.ts'],
  ['fs/promises', 'absent.ts'],
  ['child_process', 'absent.ts'],
  ['crypto', 'absent.ts']
])

const codemodModules = {
  name: 'codemod-modules',
  resolveId(source: string, importer?: string) {
    const standIn = standIns.get(source.replace(/^node:/, ''))
    if (standIn === undefined) return undefined
    const file = path.join(codemodFolder, standIn)
    return importer === file ? { id: source, external: true } : file
  },
  // The engine takes its scripts as C strings.
  generateBundle(_: unknown, bundle: Record<string, object>) {
    for (const chunk of Object.values(bundle))
      if ('code' in chunk && typeof chunk.code === 'string') chunk.code = chunk.code.replaceAll('\0', '\\x00')
  }
}

/**
 * Lets modules that call `require` become part of a module that has none. Without it the chunk with the bundler's helpers
 * begins with `createRequire` of `node:module`, and the library, which uses the same chunk, would not run in a browser.
 */
const requireFree = {
  name: 'require-free',
  resolveId(source: string, _: string | undefined, { kind }: { kind: string }) {
    // What cosmiconfig runs programs with. Ours are only loaded by src/config/load.ts, which imports them.
    if (source === 'import-fresh' || source === 'typescript') return '\0unused'
    return kind === 'require-call' && isBuiltin(source) ? `\0builtin:${source.replace(/^node:/, '')}` : undefined
  },
  load(id: string) {
    if (id === '\0unused') return 'export default undefined'
    if (!id.startsWith('\0builtin:')) return undefined
    return `import module from 'node:${id.slice('\0builtin:'.length)}'\nexport { module as default, module as 'module.exports' }`
  }
}

/** The licences of what is bundled ask to be handed on with it. */
const licences = {
  name: 'licences',
  generateBundle(this: EmitContext, _: unknown, bundle: Record<string, object>) {
    const modules = Object.values(bundle).flatMap((chunk) =>
      'moduleIds' in chunk && Array.isArray(chunk.moduleIds) ? (chunk.moduleIds as string[]) : []
    )
    const folders = modules.map((id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id.replaceAll('\\', '/'))?.[0])
    const packages = [...new Set(folders.filter((folder) => folder !== undefined))].sort().map(licenceOf)
    const byText = new Map<string, { headings: string[]; text: string }>()
    for (const { heading, text } of packages) {
      const key = text.replace(/[\s"'*]+/g, ' ').toLowerCase()
      byText.set(key, { headings: [...(byText.get(key)?.headings ?? []), heading], text })
    }
    const sections = [...byText.values()].map(({ headings, text }) => `${headings.join('\n')}\n\n${text}`)
    const intro = 'unroot contains the packages named here, each under the licence text that follows its name.'
    this.emitFile({ type: 'asset', fileName: 'licences.txt', source: `${[intro, ...sections].join('\n\n')}\n` })
  }
}

interface EmitContext {
  emitFile(file: { type: 'asset'; fileName: string; source: string }): unknown
}

/** The licence of a package: who it names, which differs, and the text, which many have in common. */
function licenceOf(folder: string): { heading: string; text: string } {
  const { name, version, license } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as {
    name: string
    version: string
    license: string
  }
  const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each))
  if (file === undefined) throw new Error(`${name} has no licence text`)
  const lines = readFileSync(path.join(folder, file), 'utf8').replaceAll('\r\n', '\n').split('\n')
  const isOwn = (line: string) => /^\s*(copyright \(c\)|copyright \d|\(?(the )?(mit|isc) license)/i.test(line)
  const holders = lines.filter((line) => isOwn(line) && /copyright/i.test(line)).map((line) => `    ${line.trim()}`)
  const text = lines
    .filter((line) => !isOwn(line))
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
  return { heading: [`## ${name}@${version} (${license})`, ...holders].join('\n'), text }
}

// How long the plugins took is no reason to warn.
const quiet = { checks: { pluginTimings: false } }

/** Names of functions and classes stay: they are what a stack trace shows. */
const keepNames = { function: true, class: true }

export default defineConfig([
  {
    // Library and command line: what they share becomes chunks, so that it is shipped once. The dependencies are in them:
    // found one by one they cost the command line 100 of 260 ms, and an install 30 packages of 7 MB.
    name: 'program',
    entry: {
      index: 'src/index.ts',
      transforms: 'transforms/index.ts',
      node: 'src/node/index.ts',
      cli: 'src/cli/main.ts'
    },
    platform: 'node',
    target: 'node20.19',
    dts: false,
    clean: ['dist/*', '!dist/*.d.ts'],
    fixedExtension: false,
    minify: {
      compress: { keepNames },
      mangle: { toplevel: true, keepNames },
      codegen: { removeWhitespace: true }
    },
    alias: { yaml: fileURLToPath(new URL('node_modules/yaml/browser/index.js', import.meta.url)) },
    deps: { alwaysBundle: [/^[^./]/], onlyBundle: false },
    plugins: [requireFree, licences],
    inputOptions: quiet,
    outputOptions: { chunkFileNames: 'chunks/[name]-[hash].js' }
  },
  {
    name: 'types',
    entry: { index: 'src/index.ts', transforms: 'transforms/index.ts', node: 'src/node/index.ts' },
    platform: 'neutral',
    dts: { emitDtsOnly: true },
    clean: ['dist/*.d.ts'],
    fixedExtension: false,
    inputOptions: quiet
  },
  {
    // The script of the codemod package: one file, because its engine resolves no packages, with the engine's modules.
    name: 'codemod',
    entry: { unroot: 'src/codemod/main.ts' },
    outDir: 'codemod/scripts',
    platform: 'neutral',
    target: 'es2023',
    dts: false,
    minify: true,
    deps: { alwaysBundle: [/^[^./]/], neverBundle: [/^codemod:/], onlyBundle: false },
    plugins: [codemodModules],
    inputOptions: { ...quiet, resolve: { mainFields: ['module', 'main'] } },
    outputOptions: { codeSplitting: false, entryFileNames: '[name].mjs' }
  }
])
