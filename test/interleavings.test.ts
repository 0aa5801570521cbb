// RC-15 on PostgreSQL, a short run; the long one is test/deep/interleavings.test.ts, that on SQLite test/stories/interleavings.test.ts.
import { test } from 'vitest'
import { everyInterleaving } from './interleavings.ts'

test('RC-15: sixty orders of the statements of several requests on three nodes, and one register per secret explains each', async () => {
  await everyInterleaving(60)
})
