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

// How long the plugins took is no reason to warn.
const quiet = { checks: { pluginTimings: false } }

export default defineConfig([
  {
    // The library: dependencies stay outside, what the entries share becomes chunks.
    name: 'library',
    entry: { index: 'src/index.ts', transforms: 'transforms/index.ts', node: 'src/node/index.ts' },
    platform: 'neutral',
    dts: true,
    clean: ['dist/*', '!dist/cli.js', '!dist/cli'],
    fixedExtension: false,
    deps: { neverBundle: [/^node:/] },
    inputOptions: quiet
  },
  {
    // The command line: everything in few files, because each file that Node has to find costs start-up time.
    name: 'cli',
    entry: { cli: 'src/cli/main.ts' },
    platform: 'node',
    target: 'node20.19',
    dts: false,
    clean: ['dist/cli.js', 'dist/cli'],
    fixedExtension: false,
    minify: true,
    deps: { alwaysBundle: [/^[^./]/], neverBundle: ['typescript'], onlyBundle: false },
    inputOptions: quiet,
    outputOptions: { chunkFileNames: 'cli/[name]-[hash].js' }
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
