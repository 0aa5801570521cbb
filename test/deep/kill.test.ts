// The whole campaign: kill -9 at every single step of one sign-in.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { signInAndKillAt } from '../kill.ts'
import { type SmtpTestServer, startSmtpServer } from '../smtp-server.ts'

let smtp: SmtpTestServer
beforeAll(async () => {
  smtp = await startSmtpServer({ mode: 'accept' })
})
afterAll(() => smtp.stop())

test('FA-01: kill -9 at each step of start → mail → verify', async () => {
  const { steps } = await signInAndKillAt(0, smtp)
  let duplicates = 0
  for (let step = 1; step <= steps; step++) {
    const killed = await signInAndKillAt(step, smtp)
    console.info(`step ${step}/${steps}: ${killed.label} — ${killed.copies} ${killed.copies === 1 ? 'copy' : 'copies'}`)
    expect({ step, ...killed }).toMatchObject({ faults: [] })
    duplicates += killed.copies - 1
  }
  console.info(`${steps} kills, ${duplicates} second copies, no seed: every step is covered`)
}, 1_200_000)
