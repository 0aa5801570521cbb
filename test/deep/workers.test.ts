// Ten workers on one outbox, one of them killed every 100 ms, or as soon as one is there again: two cores start about three a second.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sharedDatabases } from '../nodes.ts'
import { Dice, seedOfRun } from '../seed.ts'
import { type SmtpTestServer, startSmtpServer } from '../smtp-server.ts'
import { killWorkers } from '../workers.ts'

let smtp: SmtpTestServer
beforeAll(async () => {
  smtp = await startSmtpServer({ mode: 'accept' })
})
afterAll(() => smtp.stop())

test.each(sharedDatabases)(
  'FA-03: %s: no mail is lost, and a kill costs one copy of what was in hand, of the same secrets and Message-ID',
  async (engine, fresh) => {
    const seed = seedOfRun()
    const worked = await killWorkers({ fresh, smtp, dice: new Dice(seed), workers: 10, seconds: 20 })
    console.info(`${engine}: POSTKEY_TEST_SEED=${seed}: ${JSON.stringify(worked)}`)
    expect(worked, `POSTKEY_TEST_SEED=${seed}`).toMatchObject({ faults: [] })
    expect(worked.kills).toBeGreaterThan(20)
    expect(worked.mails).toBeGreaterThan(100)
    // Nobody hears what a process would have said as its last word. Mostly there is nothing in hand: some ten copies for a hundred kills.
    expect(worked.duplicates, `POSTKEY_TEST_SEED=${seed}`).toBeLessThanOrEqual(worked.inHand + worked.kills)
  },
  180_000,
)
