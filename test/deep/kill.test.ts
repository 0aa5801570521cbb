// The whole campaign: kill -9 at every single step of one sign-in, on each engine.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { signInAndKillAt } from '../kill.ts'
import { sharedDatabases } from '../nodes.ts'
import { type SmtpTestServer, startSmtpServer } from '../smtp-server.ts'

let smtp: SmtpTestServer
beforeAll(async () => {
  smtp = await startSmtpServer({ mode: 'accept' })
})
afterAll(() => smtp.stop())

test.each(sharedDatabases)(
  'FA-01, FA-02, FA-16: %s: kill -9 at each step of start → mail → verify',
  async (engine, fresh) => {
    const { steps } = await signInAndKillAt({ fresh, smtp, killAt: 0 })
    expect(steps).toBeGreaterThan(25)
    let duplicates = 0
    for (let killAt = 1; killAt <= steps; killAt++) {
      const killed = await signInAndKillAt({ fresh, smtp, killAt })
      console.info(`${engine} ${killAt}/${steps}: ${killed.label} — ${killed.copies} ${killed.copies === 1 ? 'copy' : 'copies'}`)
      expect({ killAt, ...killed }).toMatchObject({ faults: [] })
      duplicates += killed.copies - 1
    }
    console.info(`${engine}: ${steps} kills, ${duplicates} second copies, no seed: every step is covered`)
  },
  1_200_000,
)
