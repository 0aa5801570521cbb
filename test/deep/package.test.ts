// The types of every entry, as Node resolves them and as bundlers do. Of CommonJS there is none: Node 20.19 and later require() what is ESM.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

test('every entry has types that are right under both module resolutions', () => {
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const attw = fileURLToPath(new URL('../../node_modules/.bin/attw', import.meta.url))
  const { status, stdout, stderr } = spawnSync(attw, ['--pack', '.', '--profile', 'esm-only', '--format', 'ascii', '--no-emoji'], {
    cwd: root,
    encoding: 'utf8',
  })
  expect(status, stdout + stderr).toBe(0)
  expect(stdout).toContain('postkey/client/react')
})
