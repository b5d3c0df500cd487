import { defineConfig } from 'vitest/config'

/** Tests that build and start images: one after the other, because they share one engine and measure what runs. */
export default defineConfig({
  test: {
    include: ['__tests__/engine/**/*.engine.ts'],
    globalSetup: ['__tests__/build.ts', '__tests__/engine/support/setup.ts'],
    fileParallelism: false,
    testTimeout: 240_000,
    hookTimeout: 120_000,
    env: { NO_COLOR: '1', FORCE_COLOR: '' }
  }
})
