// kill -9 between any two steps of start → mail → verify. Here one of the steps, another one for each run; all of them in
// test/deep/kill.test.ts.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { signInAndKillAt } from '../kill.ts'
import { sharedDatabases } from '../nodes.ts'
import { seedOfRun } from '../seed.ts'
import { type SmtpTestServer, startSmtpServer } from '../smtp-server.ts'

/** Of each engine; a kill takes a second or two. */
const KILLS = 1

let smtp: SmtpTestServer
beforeAll(async () => {
  smtp = await startSmtpServer({ mode: 'accept' })
})
afterAll(() => smtp.stop())

test.each(sharedDatabases)(
  'FA-01, FA-02, AU-05: %s: killed at any step, no mail is lost, no session doubled, and the person gets in',
  async (engine, fresh) => {
    const whole = await signInAndKillAt({ fresh, smtp, killAt: 0 })
    expect(whole).toMatchObject({ label: null, faults: [], copies: 1 })
    expect(whole.steps).toBeGreaterThan(25)
    const seed = seedOfRun()
    console.info(`${engine}: POSTKEY_TEST_SEED=${seed}, ${whole.steps} steps`)
    for (let index = 0; index < KILLS; index++) {
      const killAt = 1 + ((seed + Math.floor((index * whole.steps) / KILLS)) % whole.steps)
      const killed = await signInAndKillAt({ fresh, smtp, killAt })
      expect({ killAt, ...killed }).toMatchObject({ faults: [] })
      expect(killed.copies).toBeLessThanOrEqual(2)
    }
  },
  120_000,
)
