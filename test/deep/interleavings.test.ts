// RC-15 on PostgreSQL, the long run. POSTKEY_TEST_SEED repeats it.
import { test } from 'vitest'
import { everyInterleaving } from '../interleavings.ts'

test('RC-15: five thousand orders of the statements of several requests on three nodes', async () => {
  await everyInterleaving(5_000)
})
