// Old rows are removed, and nobody who comes late, guesses slowly or stays signed in notices.
import { expect, test } from 'vitest'
import { askAndOpen, type Browser, DAY, type Kit, signIn, startKit, wrongCode } from '../kit.ts'

const ADA = 'ada@example.net'

/** Day after day, as a server that runs does it. */
async function pass(kit: Kit, days: number): Promise<void> {
  for (let day = 0; day < days; day++) {
    kit.clock.forward(DAY)
    await kit.postkey.purge()
  }
}

const open = async (browser: Browser, link: { linkId: string; secret: string }): Promise<string> => {
  const answer = await browser.api('POST', '/api/sign-in/verify', { link: { id: link.linkId, secret: link.secret } })
  return answer.status === 200 ? 'signed_in' : answer.reason
}

test('an expired link says so for a month, and then that it is unknown', async () => {
  await using kit = await startKit()
  const asked = await askAndOpen(kit, ADA)
  await pass(kit, 1)
  expect(await open(asked.browser, asked)).toBe('link_expired')
  await pass(kit, 29)
  expect(await open(asked.browser, asked)).toBe('link_expired')
  await pass(kit, 3)
  expect(await open(asked.browser, asked)).toBe('link_unknown')
  expect((await asked.browser.get(`/l/${asked.linkId}`)).status).toBe(404)
  // And a new one works.
  const again = await askAndOpen(kit, ADA, { browser: asked.browser })
  expect(await open(again.browser, again)).toBe('signed_in')
})

test('a used link is not good again, before or after it is gone; whoever was signed in by it stays so', async () => {
  await using kit = await startKit({ policy: { session: { idle: '60d', absolute: '90d' } } })
  const asked = await askAndOpen(kit, ADA)
  expect(await open(asked.browser, asked)).toBe('signed_in')
  await pass(kit, 31)
  expect(await open(asked.browser, asked)).toBe('link_used')
  await pass(kit, 2)
  expect(await open(asked.browser, asked)).toBe('link_unknown')
  expect(await asked.browser.whoAmI()).toBe(ADA)
  await pass(kit, 56)
  expect(await asked.browser.whoAmI()).toBe(ADA)
  await pass(kit, 2)
  expect((await asked.browser.api('GET', '/api/session')).reason).toBe('session_expired')
  await pass(kit, 60)
  expect((await asked.browser.api('GET', '/api/session')).reason).toBe('session_unknown')
})

test('RL-01, I14: thirty wrong codes in a month are the end of guessing, though rows are removed every day', async () => {
  // Challenges go as soon as they may, so that the budget stands on nothing but its own row.
  await using kit = await startKit({
    policy: { challengeTtl: '1h', keep: { challenges: '1d', sessions: '1d', events: '1d', limits: '1h' } },
  })
  let looked = 0
  for (let day = 0; day < 10; day++) {
    const { browser, challenge, code } = await askAndOpen(kit, ADA)
    for (let nth = 0; nth < 4 && code !== null; nth++) {
      const answer = await browser.api('POST', '/api/sign-in/verify', { challenge, code: wrongCode(code, nth) })
      if (answer.reason === 'code_wrong') looked++
    }
    await pass(kit, 2)
  }
  expect(looked).toBe(30)
  expect((await askAndOpen(kit, ADA)).code).toBe(null)
})

test('the log tells how many rows went, and nothing of whose they were', async () => {
  const said: string[] = []
  const log = {
    event: (name: string, fields: object) => void said.push(`${name} ${JSON.stringify(fields)}`),
    warn: () => {},
    error: (name: string, error: unknown) => void said.push(`${name} ${error}`),
  }
  await using kit = await startKit({ log })
  await signIn(kit, ADA)
  kit.clock.forward(DAY)
  await kit.postkey.purge()
  expect(said.filter((line) => line.startsWith('purged {"kind":"challenges"'))).toEqual([])
  kit.clock.forward(400 * DAY)
  await kit.postkey.purge()
  // Limits are there to be removed only on PostgreSQL: on SQLite so few have not left the journal.
  const purged = said.filter((line) => line.startsWith('purge') && !line.includes('"limits"')).map((line) => line.replace(/,"ms":\d+/, ''))
  expect(purged).toEqual(
    ['challenges', 'sessions', 'events'].map((kind) => `purged {"kind":"${kind}","count":${kind === 'events' ? 3 : 1}}`),
  )
})
