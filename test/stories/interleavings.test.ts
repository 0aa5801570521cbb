// RC-15: every order in which concurrent requests can pass the store's doors. The store is real; only when each call enters
// and when its answer comes back is chosen, by fast-check, which prints the seed of an order that breaks something.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { type Answer, askAndOpen, Clock, startKit, wrongCode } from '../kit.ts'
import { seedOfRun } from '../seed.ts'
import { sized } from '../size.ts'

const SESSION = '__Host-postkey-session='
const HELD = ['verify', 'findChallenge', 'findSession', 'endSessions', 'resend'] as const

/** The same store; once `hold` says so, each call waits to be let in, and each answer to be let out. */
function held(store: Store, hold: () => fc.Scheduler | null): Store {
  const methods = Object.fromEntries(
    HELD.map((name) => [
      name,
      async (...given: unknown[]) => {
        const scheduler = hold()
        const call = store[name] as (...args: unknown[]) => Promise<unknown>
        if (scheduler === null) return call(...given)
        await scheduler.schedule(Promise.resolve(), `into ${name}`)
        const result = await call(...given)
        return scheduler.schedule(Promise.resolve(result), `out of ${name}`)
      },
    ]),
  )
  return { ...store, ...methods }
}

const steps = ['link', 'link elsewhere', 'code', 'wrong code', 'sign out', 'look'] as const

test('RC-15: in no interleaving does a challenge give a browser two sessions, a code a sixth look, or an honest person an error', async () => {
  const plan = fc.array(fc.constantFrom(...steps), { minLength: 2, maxLength: 9 })
  await fc.assert(
    fc.asyncProperty(plan, fc.scheduler(), async (chosen, scheduler) => {
      const clock = new Clock(Date.UTC(2026, 10, 21))
      let scheduled: fc.Scheduler | null = null
      const store = await openStore('file::memory:', { now: clock.now })
      await using kit = await startKit({ database: held(store, () => scheduled), now: clock.now })
      const { browser, challenge, code, linkId, secret } = await askAndOpen(kit, 'ada@example.net')
      const other = kit.browser()
      const run: Record<(typeof steps)[number], () => Promise<Answer>> = {
        link: () => browser.post(`/l/${linkId}`, { secret }),
        'link elsewhere': () => other.post(`/l/${linkId}`, { secret, email: 'ada@example.net' }),
        code: () => browser.post('/sign-in/code', { c: challenge, code: code ?? '' }),
        'wrong code': () => browser.post('/sign-in/code', { c: challenge, code: wrongCode(code) }),
        'sign out': () => browser.post('/sign-out', {}),
        look: () => browser.get(`/l/${linkId}`),
      }
      scheduled = scheduler
      const answers = await scheduler.waitFor(Promise.all(chosen.map(async (step) => ({ step, answer: await run[step]() }))))
      scheduled = null

      // I1: one session for the browser that asked, one for another that typed the address.
      const cookies = new Set(
        answers
          .flatMap(({ answer }) => answer.headers.getSetCookie())
          .filter((cookie) => cookie.startsWith(SESSION) && !cookie.includes('Max-Age=0')),
      )
      const elsewhere = answers.some(({ step, answer }) => step === 'link elsewhere' && answer.status === 303)
      expect(cookies.size).toBeLessThanOrEqual(elsewhere ? 2 : 1)
      // I2: never a sixth look at a code.
      const wrong = answers.filter(({ step, answer }) => step === 'wrong code' && answer.status === 422)
      expect(wrong.length).toBeLessThan(kit.postkey.policy.codeTries)
      for (const { answer } of answers) expect(answer.status).toBeLessThan(500)
      // I4: with nobody signing out and nobody guessing, no tap of the person in the browser that asked ends on an error,
      // but for a link that another browser spent.
      const calm = !chosen.includes('sign out') && !chosen.includes('wrong code') && !chosen.includes('link elsewhere')
      if (calm) for (const { answer } of answers) expect(answer.status).toBeLessThan(400)
      // I12: once signed out, neither proof gives the session back, whatever was on its way.
      if ((await browser.whoAmI()) === null) return
      await browser.post('/sign-out', {})
      await browser.post(`/l/${linkId}`, { secret })
      await browser.post('/sign-in/code', { c: challenge, code: code ?? '' })
      expect(await browser.whoAmI()).toBeNull()
    }),
    { numRuns: sized(60, 1_000), seed: seedOfRun() },
  )
})
