import { defineConfig } from 'tsdown'

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
  }
])
