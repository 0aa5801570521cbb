// The long runs of `npm run test:deep`: many crashes, many races, many pairs; and all stories once more on PostgreSQL, with campaigns of
// their whole size (test/size.ts). One at a time,
// because some measure time.
import { defineConfig, mergeConfig } from 'vitest/config'
import base from './vitest.config.ts'

const deep = mergeConfig(
  base,
  defineConfig({
    test: {
      env: { POSTKEY_TEST_ENGINE: 'postgres', POSTKEY_TEST_WHOLE: 'yes' },
      maxWorkers: 1,
      testTimeout: 1_800_000,
      hookTimeout: 300_000,
    },
  }),
)
deep.test.include = ['test/deep/**/*.test.{ts,tsx}', 'test/stories/**/*.test.{ts,tsx}', 'test/pages-look.test.ts']
deep.test.exclude = []

export default deep
