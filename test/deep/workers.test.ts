// Ten workers on one outbox, one of them killed every 100 ms, or as soon as most are there again: two cores start about five a second.
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
    // Some 40 mails a second, by ten workers, each settled a second later at most: four in the hands of one on average, where all goes slowly.
    expect(worked.inHand, `POSTKEY_TEST_SEED=${seed}`).toBeLessThan(4 * worked.kills)
    // Nobody hears what a process would have said as its last word.
    expect(worked.duplicates, `POSTKEY_TEST_SEED=${seed}`).toBeLessThanOrEqual(worked.inHand + worked.kills)
  },
  180_000,
)
