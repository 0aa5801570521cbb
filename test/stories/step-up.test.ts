// Proving the mailbox again, by whoever is signed in: what it renews, and all that it must never do.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sessionsKey } from '../../src/store/session.ts'
import { requireRecentProof, stepUp } from '../account.ts'
import { brokenRows } from '../examine.ts'
import { besideHeld } from '../held.ts'
import { askAndOpen, type Browser, DAY, HOUR, type Kit, MINUTE, ORIGIN, signIn, startKit, wrongCode } from '../kit.ts'
import { sharedDatabases, type TestDatabase } from '../nodes.ts'
import { freshDatabase } from '../postgres.ts'

const ADA = 'ada@example.net'
const BOB = 'bob@example.net'
const SESSION = '__Host-postkey-session'

const token = (browser: Browser): string => browser.cookies.get(SESSION) ?? ''
const typed = (browser: Browser, challenge: string, code: string | null) =>
  browser.post('/account/confirm/code', { c: challenge, code: code ?? '' })

interface Listed {
  readonly id: string
  readonly current: boolean
  readonly createdAt: string
  readonly provedAt: string
}
const list = async (browser: Browser): Promise<Listed[]> =>
  ((await browser.api('GET', '/api/sessions')).json() as { sessions: Listed[] }).sessions

describe('SE-06: a proof that is not old', () => {
  test('the host asks for one; the person proves the mailbox on a page that leads back, without script', async () => {
    await using kit = await startKit()
    const ada = await signIn(kit, ADA)
    const signedInAt = kit.clock.at
    expect(await requireRecentProof(kit, ada)).toMatchObject({ reason: 'proof_recent', live: { user: { email: ADA } } })
    kit.clock.forward(15 * MINUTE - 1)
    expect((await requireRecentProof(kit, ada)).reason).toBe('proof_recent')
    expect((await requireRecentProof(kit, ada, '5m')).reason).toBe('proof_old')
    kit.clock.forward(1)
    const old = await requireRecentProof(kit, ada)
    expect(old).toEqual({
      live: null,
      reason: 'proof_old',
      goTo: `${ORIGIN}/account/confirm?return_to=${encodeURIComponent(`${ORIGIN}/danger?a=1`)}`,
    })
    const page = await ada.get(new URL('goTo' in old ? old.goTo : '').pathname + new URL('goTo' in old ? old.goTo : '').search)
    expect([page.status, page.text.includes(ADA), page.text.includes('name="email"')]).toEqual([200, true, false])

    const before = token(ada)
    const { challenge, code } = await stepUp(kit, ada, ADA, `${ORIGIN}/danger?a=1`)
    expect((await ada.get(`/account/confirm?c=${challenge}`)).text).toContain('name="code"')
    const answer = await typed(ada, challenge, code)
    expect([answer.status, answer.location]).toEqual([303, `${ORIGIN}/danger?a=1`])
    expect(await requireRecentProof(kit, ada)).toMatchObject({
      reason: 'proof_recent',
      live: { session: { createdAt: signedInAt, provedAt: kit.clock.at } },
    })
    // The old token is nothing now, and there is one session as before.
    expect(token(ada)).not.toBe(before)
    const thief = kit.browser()
    thief.cookies.set(SESSION, before)
    expect((await thief.api('GET', '/api/session')).reason).toBe('session_ended')
    expect(await list(ada)).toHaveLength(1)
  })

  test('SE-05: the lifetime of the session goes on counting from the sign-in', async () => {
    await using kit = await startKit()
    const ada = await signIn(kit, ADA)
    for (let days = 0; days < 28; days += 4) {
      kit.clock.forward(4 * DAY)
      const { challenge, code } = await stepUp(kit, ada, ADA)
      await typed(ada, challenge, code)
    }
    kit.clock.forward(2 * DAY - 1)
    expect(await ada.whoAmI()).toBe(ADA)
    kit.clock.forward(1)
    expect((await ada.api('GET', '/api/session')).reason).toBe('session_expired')
  })

  test('nobody who is not signed in gets further than the sign-in page, and nobody types an address', async () => {
    await using kit = await startKit()
    const stranger = kit.browser()
    expect((await stranger.get('/account/confirm?return_to=%2Fnotes')).location).toBe(
      `/sign-in?return_to=${encodeURIComponent(`${ORIGIN}/notes`)}`,
    )
    expect((await stranger.post('/account/confirm', {})).location).toContain('/sign-in?')
    expect((await stranger.api('POST', '/api/step-up', {})).reason).toBe('session_unknown')
    const ada = await signIn(kit, ADA)
    await ada.post('/account/confirm', { email: BOB, return_to: '/notes' })
    await kit.settle()
    expect([kit.mailbox.all(ADA).length, kit.mailbox.all(BOB).length]).toEqual([2, 0])
    expect((await ada.post('/account/confirm', { return_to: '//evil.example' })).status).toBe(400)
  })

  test('as JSON, for browsers and for clients without cookies', async () => {
    await using kit = await startKit()
    const ada = await signIn(kit, ADA)
    const asked = (await ada.api('POST', '/api/step-up', { returnTo: '/danger' })).json() as { challenge: string }
    await kit.settle()
    const { code } = kit.mailbox.newest(ADA)
    expect((await ada.api('POST', '/api/step-up/resend', { challenge: asked.challenge })).reason).toBe('too_many_mails')
    const wrong = await ada.api('POST', '/api/step-up/verify', { challenge: asked.challenge, code: wrongCode(code) })
    expect(wrong.json()).toMatchObject({ reason: 'code_wrong', triesLeft: 4 })
    const right = await ada.api('POST', '/api/step-up/verify', { challenge: asked.challenge, code })
    expect(right.json()).toMatchObject({ user: { email: ADA }, session: { proof: 'code' }, returnTo: `${ORIGIN}/danger`, replayed: false })
    expect(right.text).not.toContain(token(ada))

    const bare = { origin: '', 'sec-fetch-site': '', cookie: 'none' }
    const app = { ...bare, 'postkey-browser': ada.cookies.get('__Host-postkey-browser') ?? '', authorization: `Bearer ${token(ada)}` }
    kit.clock.forward(HOUR)
    const again = (await ada.api('POST', '/api/step-up', {}, app)).json() as { challenge: string }
    await kit.settle()
    const link = kit.mailbox.newest(ADA)
    const verified = await ada.api('POST', '/api/step-up/verify', { link: { id: link.linkId, secret: link.secret } }, app)
    const { session } = verified.json() as { session: { id: string; token: string } }
    expect([verified.status, session.id.startsWith(again.challenge), verified.headers.getSetCookie()]).toEqual([200, true, []])
    const who = await ada.api('GET', '/api/session', undefined, { ...bare, authorization: `Bearer ${session.token}` })
    expect((who.json() as { session: { provedAt: string } }).session.provedAt).toBe(new Date(kit.clock.at).toISOString())
  })
})

describe('a proof for one thing is none for another', () => {
  test('I3: neither the code nor the link of a sign-in confirms anything, and the other way round', async () => {
    await using kit = await startKit()
    const ada = await signIn(kit, ADA)
    const step = await stepUp(kit, ada, ADA)
    expect((await ada.post('/sign-in/code', { c: step.challenge, code: step.code ?? '' })).status).toBe(403)
    expect((await ada.api('POST', '/api/sign-in/verify', { challenge: step.challenge, code: step.code })).reason).toBe('code_other_browser')
    const bare = { id: step.linkId, secret: step.secret }
    expect((await ada.api('POST', '/api/sign-in/verify', { link: bare })).reason).toBe('link_unknown')
    expect((await ada.post(`/l/${step.linkId}`, { secret: step.secret })).status).toBe(404)
    expect((await ada.get(`/sign-in/check?c=${step.challenge}`)).text).not.toContain('name="code"')

    const sign = await askAndOpen(kit, ADA, { browser: ada })
    expect((await typed(ada, sign.challenge, sign.code)).status).toBe(403)
    expect((await ada.api('POST', '/api/step-up/verify', { link: { id: sign.linkId, secret: sign.secret } })).reason).toBe('link_unknown')
    // Signed in as that person already, one is led on, and nothing was proved.
    const before = token(ada)
    await ada.post(`/l/${sign.linkId}`, { secret: sign.secret, for: 'step_up' })
    expect(token(ada)).toBe(before)
    expect((await ada.post(`/l/${sign.linkId}`, { secret: sign.secret, for: 'toString' })).status).toBe(400)
    // And each is still good for what it is for.
    expect((await ada.post(`/l/${step.linkId}`, { secret: step.secret, for: 'step_up' })).status).toBe(303)
    expect((await ada.post(`/l/${sign.linkId}`, { secret: sign.secret })).status).toBe(303)
  })

  test('no other browser confirms, signed in as the same person or not, by link or by code', async () => {
    await using kit = await startKit()
    const ada = await signIn(kit, ADA)
    const phone = await signIn(kit, ADA)
    const step = await stepUp(kit, ada, ADA)
    for (const other of [phone, kit.browser()]) {
      const before = token(other)
      const page = await other.get(`/l/${step.linkId}`)
      expect(page.text).toContain('Type the code from the mail there')
      expect(page.text).not.toContain('name="email"')
      expect((await other.post(`/l/${step.linkId}`, { secret: step.secret, for: 'step_up', email: ADA })).status).toBe(403)
      const answer = await typed(other, step.challenge, step.code)
      expect([answer.status, answer.location.startsWith('/sign-in?')]).toEqual(other === phone ? [403, false] : [303, true])
      expect(token(other)).toBe(before)
    }
    expect((await ada.get(`/l/${step.linkId}`)).text).toContain('Confirming that it is you')
    expect((await ada.post(`/l/${step.linkId}`, { secret: step.secret, for: 'step_up' })).status).toBe(303)
  })

  test('RV-07: whoever is signed in by then as somebody else, or not at all, is not confirmed and not signed in', async () => {
    await using kit = await startKit()
    const browser = await signIn(kit, ADA)
    const step = await stepUp(kit, browser, ADA)
    await signIn(kit, BOB, browser)
    const other = await typed(browser, step.challenge, step.code)
    expect([other.status, other.text.includes('Somebody else is signed in here')]).toEqual([403, true])
    expect((await browser.post(`/l/${step.linkId}`, { secret: step.secret, for: 'step_up' })).status).toBe(403)
    expect(await browser.whoAmI()).toBe(BOB)
    await browser.post('/sign-out', {})
    expect((await typed(browser, step.challenge, step.code)).location).toContain('/sign-in?')
    expect((await browser.post(`/l/${step.linkId}`, { secret: step.secret, for: 'step_up' })).status).toBe(401)
    expect(await browser.whoAmI()).toBeNull()
    // Nothing was spent by any of it.
    await signIn(kit, ADA, browser)
    expect((await typed(browser, step.challenge, step.code)).status).toBe(303)
    // Nor is the answer that was lost repeated to somebody else.
    await signIn(kit, BOB, browser)
    expect((await typed(browser, step.challenge, step.code)).status).toBe(403)
  })

  test('I10: a thousand looks at the link change nothing; I4: a second tap has the same session again', async () => {
    await using kit = await startKit()
    const ada = await signIn(kit, ADA)
    const step = await stepUp(kit, ada, ADA)
    for (let i = 0; i < 20; i++) await kit.browser().get(`/l/${step.linkId}`, { 'sec-purpose': 'prefetch' })
    await ada.get(`/l/${step.linkId}`)
    const post = () => ada.post(`/l/${step.linkId}`, { secret: step.secret, for: 'step_up' })
    const [first, second] = [await post(), await post()]
    expect([first.status, second.status, (await list(ada)).length]).toEqual([303, 303, 1])
    expect(second.headers.getSetCookie()).toEqual(first.headers.getSetCookie())
    await ada.post('/sign-out', {})
    expect((await post()).status).not.toBe(303)
  })
})

test('I2: wrong codes count for the address as anywhere, and are taken back by the proof that ends them', async () => {
  await using kit = await startKit()
  const ada = await signIn(kit, ADA)
  const spoil = async (count: number): Promise<{ challenge: string; code: string | null }> => {
    const step = await stepUp(kit, ada, ADA)
    for (let nth = 0; nth < count; nth++) await typed(ada, step.challenge, wrongCode(step.code, nth))
    kit.clock.forward(15 * MINUTE)
    return step
  }
  await spoil(5)
  const step = await stepUp(kit, ada, ADA)
  for (let nth = 0; nth < 4; nth++) await typed(ada, step.challenge, wrongCode(step.code, nth))
  expect((await typed(ada, step.challenge, step.code)).status).toBe(303)
  kit.clock.forward(15 * MINUTE)
  // The four of the good one are not among them.
  await spoil(4)
  expect((await stepUp(kit, ada, ADA)).code).not.toBeNull()
  kit.clock.forward(15 * MINUTE)
  await spoil(1)
  // Ten are spent: mails carry links only now, these and those of a sign-in.
  expect((await stepUp(kit, ada, ADA)).code).toBeNull()
  expect((await askAndOpen(kit, ADA)).code).toBeNull()
})

test('operators prove their mailbox by the same page, and come back to where they were', async () => {
  await using kit = await startKit({ operators: [BOB] })
  const operator = await signIn(kit, BOB)
  kit.clock.forward(12 * HOUR)
  const page = await operator.get('/console/policy')
  const [, to = '', returnTo = ''] = /action="([^"]*)".*?name="return_to" value="([^"]*)"/s.exec(page.text) ?? []
  expect([page.status, to, returnTo]).toEqual([401, '/account/confirm', '/console/policy'])
  const { challenge, code } = await stepUp(kit, operator, BOB, returnTo)
  expect((await typed(operator, challenge, code)).location).toBe(`${ORIGIN}/console/policy`)
  expect((await operator.get('/console/policy')).status).toBe(200)
})

describe.each(sharedDatabases)('at once, %s', (_, fresh) => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await fresh()
  })
  afterAll(() => database.drop())

  const story = async (play: (kit: Kit) => Promise<void>): Promise<void> => {
    const kit = await startKit({ database: database.url })
    await play(kit)
    const { at } = kit.clock
    await kit.close()
    expect(await brokenRows(database.url, at)).toEqual([])
  }

  test('RC-01, SE-14: twenty proofs at once renew one session once', () =>
    story(async (kit) => {
      const ada = await signIn(kit, ADA)
      const step = await stepUp(kit, ada, ADA)
      const cookie = [...ada.cookies].map((pair) => pair.join('=')).join('; ')
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, nth) =>
          nth % 2 === 0
            ? ada.post('/account/confirm/code', { c: step.challenge, code: step.code ?? '' }, { cookie })
            : ada.post(`/l/${step.linkId}`, { secret: step.secret, for: 'step_up' }, { cookie }),
        ),
      )
      expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(303))
      expect(new Set(answers.map((answer) => answer.headers.getSetCookie().join())).size).toBe(1)
      expect(await list(ada)).toHaveLength(1)
    }))

  test('RC-11: whoever ends all other sessions while one of them is renewed leaves none of them', () =>
    story(async (kit) => {
      for (let round = 0; round < 5; round++) {
        kit.clock.forward(HOUR)
        const [here, there] = [await signIn(kit, BOB), await signIn(kit, BOB)]
        const step = await stepUp(kit, there, BOB)
        await Promise.all([here.post('/account/sessions/end-others', {}), typed(there, step.challenge, step.code)])
        expect([await here.whoAmI(), await there.whoAmI()]).toEqual([BOB, null])
        kit.clock.forward(DAY)
      }
    }))
})

test('RC-11: a session that another node ends with all others is not renewed', async () => {
  const { url, drop } = await freshDatabase()
  {
    await using kit = await startKit({ database: url })
    const ada = await signIn(kit, ADA)
    const step = await stepUp(kit, ada, ADA)
    const user = (await kit.postkey.users.find({ email: ADA }))?.id ?? ''
    // Its look at which there are was before the new row is.
    const wrote = `update sessions set ended_at = ${kit.clock.at} where tenant = 'default' and user_id = '${user}' and ended_at is null`
    await besideHeld(url, { keys: [sessionsKey(user)], wrote }, () => typed(ada, step.challenge, step.code))
    expect(await ada.whoAmI()).toBeNull()
  }
  await drop()
})
