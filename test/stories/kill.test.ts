// kill -9 between any two steps of start → mail → verify. Here a sample of the steps, other ones for each run; all of them in
// test/deep/kill.test.ts.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { signInAndKillAt } from '../kill.ts'
import { type SmtpTestServer, startSmtpServer } from '../smtp-server.ts'

let smtp: SmtpTestServer
beforeAll(async () => {
  smtp = await startSmtpServer({ mode: 'accept' })
})
afterAll(() => smtp.stop())

test('FA-01, FA-02, AU-05: killed at any step, no mail is lost, no session doubled, and the person gets in', async () => {
  const whole = await signInAndKillAt(0, smtp)
  expect(whole).toMatchObject({ label: null, faults: [], copies: 1 })
  expect(whole.steps).toBeGreaterThan(25)
  const seed = Date.now() % 100_000
  console.info(`kill seed ${seed}, ${whole.steps} steps`)
  for (let index = 0; index < 8; index++) {
    const step = 1 + ((seed + Math.floor((index * whole.steps) / 8)) % whole.steps)
    const killed = await signInAndKillAt(step, smtp)
    expect({ step, ...killed }).toMatchObject({ faults: [] })
    expect(killed.copies).toBeLessThanOrEqual(2)
  }
}, 120_000)
