// The six fires of seed 3, each as the story of the people it burned. Those that need a real browser are told again elsewhere,
// with one; here they are told over HTTP, with every check on.
import { describe, expect, test } from 'vitest'
import type { Policy } from '../../src/index.ts'
import { temporaryDatabase } from '../database.ts'
import { askAndOpen, HOUR, MINUTE, ORIGIN, signIn, startKit, wrongCode } from '../kit.ts'

const ADA = 'ada@example.net'
const SESSION = '__Host-postkey-session'

describe('fire 1: scanners burn nothing', () => {
  test('a gateway that GETs the link at delivery, at opening and at the click leaves it good for its reader', async () => {
    await using kit = await startKit()
    const { browser, linkId, secret } = await askAndOpen(kit, ADA)
    for (let visit = 0; visit < 3; visit++) {
      const gateway = kit.browser({
        userAgent: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36',
      })
      await gateway.send(`/l/${linkId}`, { method: 'HEAD' })
      await gateway.get(`/l/${linkId}`)
      await gateway.post(`/l/${linkId}`, { secret })
    }
    expect((await browser.post(`/l/${linkId}`, { secret })).status).toBe(303)
  })

  test('signing in changes nothing that another link depends on: two mails out, both work, each in its own browser', async () => {
    await using kit = await startKit()
    await signIn(kit, ADA)
    const one = await askAndOpen(kit, ADA)
    const two = await askAndOpen(kit, ADA)
    expect((await two.browser.post(`/l/${two.linkId}`, { secret: two.secret })).status).toBe(303)
    expect((await one.browser.post(`/l/${one.linkId}`, { secret: one.secret })).status).toBe(303)
    const { user } = (await one.browser.api('GET', '/api/session')).json() as { user: { signInCount: number } }
    expect(user.signInCount).toBe(3)
  })
})

describe('fire 2: one proof, one mail', () => {
  test('an account that an operator made is confirmed by the first sign-in: one mail, no second wall', async () => {
    await using database = await temporaryDatabase()
    await using kit = await startKit({ database: database.url, policy: { signUp: 'invited' } })
    database.insertUser({ id: 'made-by-operator', email: ADA, createdAt: kit.clock.at })
    kit.clock.forward(HOUR)
    const { browser, linkId, secret } = await askAndOpen(kit, ADA, { returnTo: '/account' })
    const answer = await browser.post(`/l/${linkId}`, { secret })
    expect([answer.status, answer.location]).toEqual([303, `${ORIGIN}/account`])
    expect((await browser.get('/account')).status).toBe(200)
    expect(kit.mailbox.all(ADA)).toHaveLength(1)
    expect(database.rows('select id, confirmed_at as at from users')).toEqual([{ id: 'made-by-operator', at: kit.clock.at }])
  })

  test('by code, and by link in another browser, likewise', async () => {
    for (const way of ['code', 'other browser'] as const) {
      await using database = await temporaryDatabase()
      await using kit = await startKit({ database: database.url })
      database.insertUser({ id: 'made-by-operator', email: ADA, createdAt: kit.clock.at })
      const { browser, challenge, code, linkId, secret } = await askAndOpen(kit, ADA)
      if (way === 'code') await browser.post('/sign-in/code', { c: challenge, code: code ?? '' })
      else await kit.browser().post(`/l/${linkId}`, { secret, email: ADA })
      expect([way, database.rows('select confirmed_at as at from users')]).toEqual([way, [{ at: kit.clock.at }]])
    }
  })

  test('a session that was open before the first proof of the mailbox was not its owner’s: it has ended', async () => {
    await using database = await temporaryDatabase()
    await using kit = await startKit({ database: database.url })
    // Somebody got in before the address was ever proved: by an import, a hand-made row, a way that is yet to be built.
    const squatter = await signIn(kit, ADA)
    database.rows('update users set confirmed_at = null where email = ? returning id', ADA)
    expect(await squatter.whoAmI()).toBe(ADA)
    const owner = await signIn(kit, ADA)
    expect([await squatter.whoAmI(), await owner.whoAmI()]).toEqual([null, ADA])
  })

  test('a later proof ends no other session', async () => {
    await using kit = await startKit()
    const laptop = await signIn(kit, ADA)
    const phone = await signIn(kit, ADA)
    expect([await laptop.whoAmI(), await phone.whoAmI()]).toEqual([ADA, ADA])
  })
})

describe('fire 3: hiding the address must not forge the origin', () => {
  test('the page of the link says strict-origin, never no-referrer, and its POST passes with every check on', async () => {
    await using kit = await startKit()
    const { browser, linkId, secret } = await askAndOpen(kit, ADA)
    const page = await browser.get(`/l/${linkId}`)
    expect(page.headers.get('referrer-policy')).toBe('strict-origin')
    expect(page.text).not.toMatch(/referrerpolicy=|name="referrer"/i)
    expect((await browser.post(`/l/${linkId}`, { secret }, { referer: `${ORIGIN}/` })).status).toBe(303)
  })

  test('Origin null, foreign, of a sibling or missing is refused, and the link is still good afterwards', async () => {
    await using kit = await startKit()
    const { browser, linkId, secret } = await askAndOpen(kit, ADA)
    const forged = [
      { origin: 'null', 'sec-fetch-site': '' },
      { origin: 'https://evil.example', 'sec-fetch-site': '' },
      { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
      { origin: 'https://www.example.com', 'sec-fetch-site': 'same-site' },
      { origin: '', 'sec-fetch-site': '' },
    ]
    for (const headers of forged) {
      const answer = await browser.post(`/l/${linkId}`, { secret }, headers)
      expect([headers.origin, answer.status]).toEqual([headers.origin, 403])
      expect(answer.text).toContain('Nothing was used up')
    }
    expect((await browser.post(`/l/${linkId}`, { secret })).status).toBe(303)
  })
})

describe('fire 4: the address is said once', () => {
  test('the sent page shows it exactly once, before and after a resend, and after a wrong code', async () => {
    await using kit = await startKit()
    const { browser, challenge, code } = await askAndOpen(kit, ADA)
    const pages = [
      await browser.get(`/sign-in/check?c=${challenge}`),
      await browser.get(`/sign-in/check?c=${challenge}&sent=again`),
      await browser.post('/sign-in/code', { c: challenge, code: wrongCode(code) }),
      await browser.post('/sign-in/resend', { c: challenge }),
    ]
    for (const { text } of pages) expect(text.split(ADA)).toHaveLength(2)
  })

  test('it is not carried along: another browser with the same page address, and the next page of this one, do not show it', async () => {
    await using kit = await startKit()
    const { browser, challenge } = await askAndOpen(kit, ADA)
    expect((await kit.browser().get(`/sign-in/check?c=${challenge}`)).text).not.toContain(ADA)
    expect((await browser.get('/sign-in')).text).not.toContain(ADA)
  })
})

describe('fire 5: one number, everywhere', () => {
  const policy: Record<string, unknown> = {
    linkTtl: '47m',
    codeTtl: '13m',
    codeLength: 8,
    codeTries: 3,
    resendAfter: '90s',
    mailsPerLinkTtl: 2,
    mailsPerAddress: [{ count: 7, per: '36h' }],
    session: { idle: '11h', absolute: '5d' },
  }
  const usual = [
    /\b15 minutes\b/,
    /\b10 minutes\b/,
    /\b6-digit\b/,
    /\b6 digits\b/,
    /\b5 tries\b/,
    /\b24 hours\b/,
    /\b7 days\b/,
    /\b30 days\b/,
  ]

  test('pages, mails and answers read every one from the policy, and none of the usual numbers is left over', async () => {
    await using kit = await startKit({ policy })
    const { browser, challenge, code, message } = await askAndOpen(kit, ADA)
    const check = (await browser.get(`/sign-in/check?c=${challenge}`)).text
    for (const number of ['47 minutes', '13 minutes', '8-digit code', '2 mails in 47 minutes', '7 in 36 hours'])
      expect(check).toContain(number)
    expect(check).toContain(`data-resend="${90_000}"`)
    for (const part of [message.text, message.html]) for (const number of ['47 minutes', '13 minutes']) expect(part).toContain(number)
    expect(code).toMatch(/^\d{8}$/)
    const short = await browser.post('/sign-in/code', { c: challenge, code: '123456' })
    expect(short.text).toContain('A code has 8 digits')
    const wrong = await browser.post('/sign-in/code', { c: challenge, code: wrongCode(code) })
    expect(wrong.text).toContain('2 tries are left')
    const early = await browser.post('/sign-in/resend', { c: challenge })
    expect(early.text).toContain('1 minute 30 seconds')
    const asked = (await browser.api('POST', '/api/sign-in', { email: 'bob@example.net' })).json() as {
      codeLength: number
      expiresAt: string
      resendAt: string
    }
    expect([asked.codeLength, Date.parse(asked.expiresAt) - kit.clock.at, Date.parse(asked.resendAt) - kit.clock.at]).toEqual([
      8,
      47 * MINUTE,
      90_000,
    ])
    expect((await browser.post('/sign-in/code', { c: challenge, code: code ?? '' })).status).toBe(303)
    const account = (await browser.get('/account')).text
    for (const number of ['11 hours', '5 days']) expect(account).toContain(number)
    for (const text of [check, message.text, message.html, short.text, wrong.text, early.text, account])
      for (const number of usual) expect(text).not.toMatch(number)
  })

  test('and it is what is enforced: lives, tries, waits and the share of mails', async () => {
    await using kit = await startKit({ policy })
    const { browser, challenge, code, linkId, secret } = await askAndOpen(kit, ADA)
    const { resendAfter, linkTtl, codeTtl, mailsPerLinkTtl, codeTries } = kit.postkey.policy
    expect([resendAfter, linkTtl, codeTtl, mailsPerLinkTtl, codeTries]).toEqual([90_000, 47 * MINUTE, 13 * MINUTE, 2, 3])
    kit.clock.forward(resendAfter - 1)
    expect((await browser.post('/sign-in/resend', { c: challenge })).status).toBe(429)
    kit.clock.forward(1)
    expect((await browser.post('/sign-in/resend', { c: challenge })).status).toBe(303)
    kit.clock.forward(resendAfter)
    // The third within linkTtl, whose length is the window's.
    const full = await browser.post('/sign-in/resend', { c: challenge })
    expect([full.status, Number(full.headers.get('retry-after'))]).toEqual([429, (linkTtl - 2 * resendAfter) / 1_000])
    kit.clock.forward(codeTtl - 2 * resendAfter)
    expect((await browser.api('POST', '/api/sign-in/verify', { challenge, code })).reason).toBe('code_superseded')
    kit.clock.forward(linkTtl - codeTtl - 1)
    expect((await browser.post(`/l/${linkId}`, { secret })).status).toBe(303)
  })

  test('an expired link says how long links work, when this one ended, and sends the next with one tap', async () => {
    await using kit = await startKit({ policy })
    const { browser, challenge, linkId, secret } = await askAndOpen(kit, ADA)
    kit.clock.forward(kit.postkey.policy.linkTtl + 5 * MINUTE)
    for (const answer of [await browser.get(`/l/${linkId}`), await browser.post(`/l/${linkId}`, { secret })]) {
      expect(answer.status).toBe(410)
      expect(answer.text).toContain('Links work for 47 minutes')
      expect(answer.text).toContain('5 minutes ago')
      expect(answer.text).toContain(`name="c" value="${challenge}"`)
    }
    expect((await browser.post('/sign-in/resend', { c: challenge })).status).toBe(303)
    await kit.settle()
    const again = kit.mailbox.newest(ADA)
    expect((await browser.post(`/l/${again.linkId}`, { secret: again.secret })).status).toBe(303)
  })

  test('the corporate preset gives links an hour, and the window of mails with it', async () => {
    await using kit = await startKit({ policy: 'corporate' })
    const { linkTtl, mailsPerLinkTtl }: Policy = kit.postkey.policy
    expect(linkTtl).toBe(HOUR)
    for (let i = 0; i < 4; i++) {
      await kit.browser().ask(ADA)
      await kit.settle()
      kit.clock.forward(HOUR / 4 - 1)
    }
    expect(kit.mailbox.all(ADA)).toHaveLength(mailsPerLinkTtl)
    const { browser, linkId, secret } = await askAndOpen(kit, 'bob@example.net')
    kit.clock.forward(HOUR - 1)
    expect((await browser.post(`/l/${linkId}`, { secret })).status).toBe(303)
  })
})

describe('fire 6: whatever is sent twice', () => {
  test('timer and click, a double tap, parallel POSTs, a POST whose answer was lost: one session, one cookie, no error page', async () => {
    await using database = await temporaryDatabase()
    await using kit = await startKit({ database: database.url })
    const { browser, linkId, secret } = await askAndOpen(kit, ADA)
    const cookies: string[] = []
    const send = async (): Promise<void> => {
      const answer = await browser.post(`/l/${linkId}`, { secret })
      expect([answer.status, answer.location]).toEqual([303, `${ORIGIN}/account`])
      cookies.push(...answer.headers.getSetCookie().filter((cookie) => cookie.startsWith(SESSION)))
    }
    await Promise.all([send(), send()])
    kit.clock.forward(400)
    await send()
    await Promise.all(Array.from({ length: 10 }, send))
    // The answer was lost: the browser knows of no session, and tries again a minute later.
    browser.cookies.delete(SESSION)
    kit.clock.forward(MINUTE)
    await send()
    expect([cookies.length, new Set(cookies).size]).toEqual([14, 1])
    expect(database.rows('select id from sessions')).toHaveLength(1)
    expect((await browser.get(`${ORIGIN}/account`)).status).toBe(200)
    const replays = database.rows("select reason, count(*) as n from events where kind = 'verify' group by reason order by reason")
    expect(replays).toEqual([
      { reason: 'replayed', n: 13 },
      { reason: 'signed_in', n: 1 },
    ])
  })

  test('in another browser too: the address typed, the button pressed twice', async () => {
    await using database = await temporaryDatabase()
    await using kit = await startKit({ database: database.url })
    const { linkId, secret } = await askAndOpen(kit, ADA)
    const phone = kit.browser()
    await phone.get(`/l/${linkId}`)
    const answers = await Promise.all([1, 2, 3].map(() => phone.post(`/l/${linkId}`, { secret, email: ADA })))
    expect(answers.map(({ status }) => status)).toEqual([303, 303, 303])
    expect(database.rows('select id from sessions')).toHaveLength(1)
    expect(await phone.whoAmI()).toBe(ADA)
  })

  test('and the form that asks: two taps are two mails at most, and both lead on', async () => {
    await using kit = await startKit()
    const browser = kit.browser()
    await browser.get('/sign-in')
    const answers = await Promise.all([1, 2].map(() => browser.post('/sign-in', { email: ADA })))
    expect(answers.map(({ status }) => status)).toEqual([303, 303])
    await kit.settle()
    const { linkId, secret } = kit.mailbox.newest(ADA)
    expect((await browser.post(`/l/${linkId}`, { secret })).status).toBe(303)
  })

  test('nobody else is given the session: not a browser without the cookie, nor the same one after signing out', async () => {
    await using kit = await startKit()
    const { browser, linkId, secret } = await askAndOpen(kit, ADA)
    await browser.post(`/l/${linkId}`, { secret })
    expect((await kit.browser().post(`/l/${linkId}`, { secret, email: ADA })).status).toBe(410)
    await browser.post('/sign-out', {})
    expect((await browser.post(`/l/${linkId}`, { secret })).status).toBe(410)
    expect(await browser.whoAmI()).toBeNull()
  })
})
