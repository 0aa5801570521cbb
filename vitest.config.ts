// Everything `npm test` runs. The long runs live in test/deep and have a config of their own.
import { defineConfig } from 'vitest/config'
import Order from './scripts/vitest-order.ts'

export default defineConfig({
  oxc: { jsx: { runtime: 'automatic', importSource: 'hono/jsx' } },
  test: {
    globalSetup: ['test/global-setup.ts'],
    include: ['src/**/*.test.{ts,tsx}', 'test/**/*.test.{ts,tsx}'],
    exclude: ['test/deep/**'],
    pool: 'threads',
    // One more than the cores of a small machine: many a test waits, for a process, a timer or a browser.
    maxWorkers: 3,
    // A worker keeps what it has loaded: to load it anew for each file took a fifth of the time. So no test may change what a module holds.
    isolate: false,
    // Stories drive a real browser and real processes on machines that do other work too.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    allowOnly: false,
    sequence: { sequencer: Order },
    reporters: ['default', './scripts/vitest-summary.ts'],
  },
})
