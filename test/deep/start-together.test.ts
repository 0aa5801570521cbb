// Ten processes on an empty database.
import { test } from 'vitest'
import { emptyDatabases } from '../nodes.ts'
import { startTogether } from '../start-together.ts'

test.each(emptyDatabases)(
  'ten processes that start together on an empty database on %s: one brings the schema up, all serve',
  async (_, fresh) => {
    await startTogether(10, fresh)
  },
  120_000,
)
