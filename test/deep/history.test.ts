// RC-16, the long runs: sixteen clients, two nodes on one database, a kill or a pause every half second, and the history judged.
// POSTKEY_TEST_SEED repeats what the clients of a run do; how their calls interleave is the machine's affair.
import { describe, expect, test } from 'vitest'
import { runCampaign } from '../campaign.ts'
import { faultsOf, faultsOfRecords } from '../history.ts'
import { sharedDatabases } from '../nodes.ts'
import { seedOfRun } from '../seed.ts'

const rounds = Number(process.env['POSTKEY_TEST_ROUNDS'] ?? 6)
const seconds = Number(process.env['POSTKEY_TEST_SECONDS'] ?? 20)
const first = seedOfRun()
const seeds = Array.from({ length: rounds }, (_, round) => first + round)
const reached = [
  ...['code_wrong', 'code_locked', 'code_superseded', 'code_expired', 'code_used', 'signed_in', 'replayed'].map(
    (reason) => `code ${reason}`,
  ),
  ...['signed_in', 'replayed', 'link_used', 'link_expired'].map((reason) => `link ${reason}`),
  ...['resend queued', 'resend challenge_completed', 'sign_out signed_out', 'check session_live', 'check session_ended'],
]

describe.each(sharedDatabases)('RC-16, RC-02, FA-01: two processes on %s, killed and started again', (engine, fresh) => {
  test.each(seeds)('one register per secret explains every answer (POSTKEY_TEST_SEED=%i)', async (seed) => {
    const database = await fresh()
    try {
      const { rules, history, records, brokenRows, kills, pauses, answers } = await runCampaign({
        database: database.url,
        seed,
        seconds,
        until: reached,
      })
      console.info(`${engine}, seed ${seed}: ${history.length} calls, ${kills} kills, ${pauses} pauses; ${JSON.stringify(answers)}`)
      expect([...faultsOf(rules, history), ...faultsOfRecords(rules, history, records), ...brokenRows].join('\n\n')).toBe('')
      // A campaign that never came to these would have shown nothing.
      expect(Object.keys(answers)).toEqual(expect.arrayContaining(reached))
      expect(kills).toBeGreaterThan(0)
    } finally {
      await database.drop()
    }
  })
})
