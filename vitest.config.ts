import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['__tests__/**/*.test.ts'],
    globalSetup: '__tests__/build.ts',
    setupFiles: '__tests__/support/yaml.ts',
    testTimeout: 30_000,
    // Colours that somebody has forced on must not change what the tests read.
    env: { NO_COLOR: '1', FORCE_COLOR: '' },
    coverage: { include: ['src/**', 'transforms/**'] }
  }
})
