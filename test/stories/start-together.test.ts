// Three processes on an empty database; ten in test/deep/start-together.test.ts.
import { test } from 'vitest'
import { emptyDatabases } from '../nodes.ts'
import { startTogether } from '../start-together.ts'

test.each(emptyDatabases)(
  'three processes that start together on an empty database on %s: one brings the schema up, all serve',
  async (_, fresh) => {
    await startTogether(3, fresh)
  },
  120_000,
)
