import { defineConfig } from 'vitest/config'

// Source, not built code: `#contract` and the SDK resolve to their TypeScript.
const conditions = ['xm-source', 'module', 'node', 'development|production']
const tests = (...folders: string[]) => folders.map((folder) => `test/${folder}/**/*.test.{ts,tsx}`)
const report = 'node_modules/.cache/vitest-report.json'

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    pool: 'forks',
    maxWorkers: 2,
    reporters: process.env.CI ? ['default', ['json', { outputFile: report }]] : ['default'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: tests('unit', 'property', 'architecture', 'contract'),
          testTimeout: 20_000,
          hookTimeout: 20_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: tests('integration', 'e2e', 'fault'),
          globalSetup: 'test/support/global-setup.ts',
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
})
