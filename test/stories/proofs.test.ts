// Links and codes: used once, replayed by the browser that used them, refused to everyone else; tried, superseded, expired.
import { describe, expect, test } from 'vitest'
import { temporaryDatabase } from '../database.ts'
import { askAndOpen, MINUTE, startKit, wrongCode } from '../kit.ts'

const ADA = 'ada@example.net'
const SESSION = '__Host-postkey-session'

async function sessionsOf(browser: { api(method: string, path: string): Promise<{ json(): unknown }> }): Promise<number> {
  return ((await browser.api('GET', '/api/sessions')).json() as { sessions: unknown[] }).sessions.length
}

describe('a proof is good once', () => {
  test('TK-01: the same link again from the same browser leads to the same place, with the same session', async () => {
    await using database = await temporaryDatabase()
    await using kit = await startKit({ database: database.url })
    const { browser, linkId, secret } = await askAndOpen(kit, ADA, { returnTo: '/account?from=mail' })
    const first = await browser.post(`/l/${linkId}`, { secret })
    const cookie = browser.cookies.get(SESSION)
    const second = await browser.post(`/l/${linkId}`, { secret })
    expect([second.status, second.location]).toEqual([303, first.location])
    expect(browser.cookies.get(SESSION)).toBe(cookie)
    expect(await sessionsOf(browser)).toBe(1)
    const [replay] = database.rows('select reason from events where request_id = ?', second.headers.get('x-request-id'))
    expect(replay).toEqual({ reason: 'replayed' })
  })

  test('TK-02: redeemed, signed out, redeemed again: refused, and nobody is signed in', async () => {
    await using kit = await startKit()
    const { browser, challenge, linkId, secret, code } = await askAndOpen(kit, ADA)
    await browser.post(`/l/${linkId}`, { secret })
    await browser.post('/sign-out', {})
    const link = await browser.post(`/l/${linkId}`, { secret })
    expect([link.status, link.headers.getSetCookie().some((cookie) => cookie.startsWith(SESSION))]).toEqual([410, false])
    expect((await browser.post('/sign-in/code', { c: challenge, code: code ?? '' })).status).toBe(410)
    expect(await browser.whoAmI()).toBeNull()
  })

  test('TK-03: after a success another browser gets nothing from the link, whatever it types', async () => {
    await using kit = await startKit()
    const { browser, linkId, secret } = await askAndOpen(kit, ADA)
    await browser.post(`/l/${linkId}`, { secret })
    const other = kit.browser()
    expect((await other.get(`/l/${linkId}`)).status).toBe(410)
    expect((await other.post(`/l/${linkId}`, { secret })).status).toBe(410)
    expect((await other.post(`/l/${linkId}`, { secret, email: ADA })).status).toBe(410)
    expect(await other.whoAmI()).toBeNull()
  })

  test('TK-01: past the replay window the link gives the session to nobody, not even to the browser that has it', async () => {
    await using kit = await startKit()
    const { browser, linkId, secret } = await askAndOpen(kit, ADA)
    const { replayWindow } = kit.postkey.policy
    await browser.post(`/l/${linkId}`, { secret })
    const lost = browser.cookies.get(SESSION) ?? ''
    browser.cookies.delete(SESSION)
    kit.clock.forward(replayWindow - 1)
    expect((await browser.post(`/l/${linkId}`, { secret })).status).toBe(303)
    expect(browser.cookies.get(SESSION)).toBe(lost)
    browser.cookies.delete(SESSION)
    kit.clock.forward(1)
    expect((await browser.post(`/l/${linkId}`, { secret })).status).toBe(410)
    expect(await browser.whoAmI()).toBeNull()
  })

  test('TK-01: with the code as with the link; a wrong code replays nothing', async () => {
    await using kit = await startKit()
    const { browser, challenge, code } = await askAndOpen(kit, ADA)
    await browser.post('/sign-in/code', { c: challenge, code: code ?? '' })
    const cookie = browser.cookies.get(SESSION)
    browser.cookies.delete(SESSION)
    expect((await browser.post('/sign-in/code', { c: challenge, code: wrongCode(code) })).status).toBe(410)
    expect(await browser.whoAmI()).toBeNull()
    expect((await browser.post('/sign-in/code', { c: challenge, code: code ?? '' })).status).toBe(303)
    expect(browser.cookies.get(SESSION)).toBe(cookie)
    expect(await sessionsOf(browser)).toBe(1)
  })

  test('TK-07: a code that signed in retires the link of the same mail, and a link the code', async () => {
    await using kit = await startKit()
    const byCode = await askAndOpen(kit, ADA)
    await byCode.browser.post('/sign-in/code', { c: byCode.challenge, code: byCode.code ?? '' })
    expect((await kit.browser().post(`/l/${byCode.linkId}`, { secret: byCode.secret, email: ADA })).status).toBe(410)

    const byLink = await askAndOpen(kit, 'bob@example.net')
    await byLink.browser.post(`/l/${byLink.linkId}`, { secret: byLink.secret })
    await byLink.browser.post('/sign-out', {})
    const answer = await byLink.browser.post('/sign-in/code', { c: byLink.challenge, code: byLink.code ?? '' })
    expect([answer.status, await byLink.browser.whoAmI()]).toEqual([410, null])
  })

  test('TK-07: another browser spends only its own link; the code of the browser that asked stays good', async () => {
    await using kit = await startKit()
    const { browser, challenge, linkId, secret, code } = await askAndOpen(kit, ADA)
    const phone = kit.browser()
    expect((await phone.post(`/l/${linkId}`, { secret, email: ADA })).status).toBe(303)
    expect((await kit.browser().post(`/l/${linkId}`, { secret, email: ADA })).status).toBe(410)
    expect((await browser.post('/sign-in/code', { c: challenge, code: code ?? '' })).status).toBe(303)
    expect([await phone.whoAmI(), await browser.whoAmI()]).toEqual([ADA, ADA])
  })
})

describe('a proof has its time', () => {
  test('TK-04: a code works until a millisecond before its end and not at it; the link lives on to its own', async () => {
    for (const [waited, status] of [
      [-1_000, 303],
      [-1, 303],
      [0, 410],
      [1_000, 410],
    ] as const) {
      await using kit = await startKit()
      const { browser, challenge, code } = await askAndOpen(kit, ADA)
      kit.clock.forward(kit.postkey.policy.codeTtl + waited)
      const answer = await browser.post('/sign-in/code', { c: challenge, code: code ?? '' })
      expect([waited, answer.status]).toEqual([waited, status])
    }
    for (const [waited, status] of [
      [-1_000, 303],
      [-1, 303],
      [0, 410],
      [1_000, 410],
    ] as const) {
      await using kit = await startKit()
      const { browser, linkId, secret } = await askAndOpen(kit, ADA)
      kit.clock.forward(kit.postkey.policy.linkTtl + waited)
      const answer = await browser.post(`/l/${linkId}`, { secret })
      expect([waited, answer.status]).toEqual([waited, status])
    }
  })

  test('TK-04: the clock set back does not revive a code that had its successor', async () => {
    await using kit = await startKit()
    const { browser, challenge, code } = await askAndOpen(kit, ADA)
    await browser.post('/sign-in/code', { c: challenge, code: code ?? '' })
    await browser.post('/sign-out', {})
    kit.clock.forward(-30 * MINUTE)
    expect((await browser.post('/sign-in/code', { c: challenge, code: code ?? '' })).status).toBe(410)
  })
})

describe('TK-05: after a resend', () => {
  test('both links work, only the newer code does, and the older says that it is the older', async () => {
    await using kit = await startKit()
    const first = await askAndOpen(kit, ADA)
    const { browser, challenge } = first
    kit.clock.forward(kit.postkey.policy.resendAfter)
    expect((await browser.post('/sign-in/resend', { c: challenge })).status).toBe(303)
    await kit.settle()
    const second = kit.mailbox.newest(ADA)
    expect([second.code === first.code, second.secret === first.secret]).toEqual([false, false])
    const older = await browser.api('POST', '/api/sign-in/verify', { challenge, code: first.code })
    expect([older.status, older.reason]).toEqual([422, 'code_superseded'])
    expect((await kit.browser().post(`/l/${first.linkId}`, { secret: first.secret, email: ADA })).status).toBe(303)
    expect((await browser.post('/sign-in/code', { c: challenge, code: second.code ?? '' })).status).toBe(303)
    expect((await kit.browser().post(`/l/${second.linkId}`, { secret: second.secret, email: ADA })).status).toBe(410)
  })

  test('the older link lives to its own end, the newer to its', async () => {
    await using kit = await startKit()
    const first = await askAndOpen(kit, ADA)
    kit.clock.forward(5 * MINUTE)
    await first.browser.post('/sign-in/resend', { c: first.challenge })
    await kit.settle()
    const second = kit.mailbox.newest(ADA)
    kit.clock.forward(kit.postkey.policy.linkTtl - 5 * MINUTE)
    expect((await first.browser.post(`/l/${first.linkId}`, { secret: first.secret })).status).toBe(410)
    expect((await first.browser.post(`/l/${second.linkId}`, { secret: second.secret })).status).toBe(303)
  })

  test('the secret of one mail does not open the link of the other', async () => {
    await using kit = await startKit()
    const first = await askAndOpen(kit, ADA)
    kit.clock.forward(kit.postkey.policy.resendAfter)
    await first.browser.post('/sign-in/resend', { c: first.challenge })
    await kit.settle()
    const second = kit.mailbox.newest(ADA)
    expect((await first.browser.post(`/l/${second.linkId}`, { secret: first.secret })).status).toBe(404)
    expect(await first.browser.whoAmI()).toBeNull()
  })
})

describe('codes', () => {
  test('TK-06: a code of one challenge typed into another of the same person is wrong, and counted', async () => {
    await using kit = await startKit()
    const a = await askAndOpen(kit, ADA)
    kit.clock.forward(MINUTE)
    const b = await askAndOpen(kit, ADA, { browser: a.browser })
    // One run in a million draws the same code twice, and says so.
    expect(a.code).not.toBe(b.code)
    const answer = await a.browser.api('POST', '/api/sign-in/verify', { challenge: b.challenge, code: a.code })
    expect(answer.reason).toBe('code_wrong')
    expect((answer.json() as { triesLeft: number }).triesLeft).toBe(kit.postkey.policy.codeTries - 1)
    expect((await a.browser.post('/sign-in/code', { c: a.challenge, code: a.code ?? '' })).status).toBe(303)
  })

  test('TK-06: with the cookie of another browser a code is not looked at', async () => {
    await using kit = await startKit()
    const a = await askAndOpen(kit, ADA)
    const b = await askAndOpen(kit, 'bob@example.net')
    const answer = await b.browser.api('POST', '/api/sign-in/verify', { challenge: a.challenge, code: a.code })
    expect([answer.status, answer.reason]).toEqual([403, 'code_other_browser'])
    expect((await a.browser.post('/sign-in/code', { c: a.challenge, code: a.code ?? '' })).status).toBe(303)
  })

  test('TK-10: spaces, dashes, invisible marks and the digits of other keyboards are folded', async () => {
    const spellings: ((code: string) => string)[] = [
      (code) => `${code.slice(0, 3)} ${code.slice(3)}`,
      (code) => `${code.slice(0, 3)}-${code.slice(3)}`,
      (code) => code.replace(/\d/g, (digit) => String.fromCharCode(0xff10 + Number(digit))),
      (code) => code.replace(/\d/g, (digit) => String.fromCharCode(0x0660 + Number(digit))),
      (code) => `\u00a0\u200b${code}\u200d\u00a0`,
      (code) => `Your code: ${code}.`,
    ]
    for (const spell of spellings) {
      await using kit = await startKit()
      const { browser, challenge, code } = await askAndOpen(kit, ADA)
      expect((await browser.post('/sign-in/code', { c: challenge, code: spell(code ?? '') })).status).toBe(303)
    }
  })

  test('TK-10: what is no code spends no try; a wrong one counts once, however it is spelled', async () => {
    await using database = await temporaryDatabase()
    await using kit = await startKit({ database: database.url })
    const { browser, challenge, code } = await askAndOpen(kit, ADA)
    const tries = (): unknown => database.rows('select code_tries as n from mails')[0]?.n
    for (const typed of ['12345', '1234567', 'abcdef', '', '12 34 5', '１２３', '<script>', '123456 654321']) {
      const answer = await browser.post('/sign-in/code', { c: challenge, code: typed })
      expect([typed, answer.status, tries()]).toEqual([typed, 422, 0])
    }
    const wrong = wrongCode(code)
    await browser.post('/sign-in/code', { c: challenge, code: `${wrong.slice(0, 2)} ${wrong.slice(2, 4)}-${wrong.slice(4)}` })
    expect(tries()).toBe(1)
  })

  test('TK-13: after five wrong ones even the right code is refused, and the link of the same mail works', async () => {
    await using kit = await startKit()
    const { browser, challenge, code, linkId, secret } = await askAndOpen(kit, ADA)
    const { codeTries } = kit.postkey.policy
    for (let i = 0; i < codeTries; i++) {
      const answer = await browser.api('POST', '/api/sign-in/verify', { challenge, code: wrongCode(code, i) })
      expect(answer.reason).toBe(i < codeTries - 1 ? 'code_wrong' : 'code_locked')
    }
    const right = await browser.api('POST', '/api/sign-in/verify', { challenge, code })
    expect([right.status, right.reason]).toEqual([429, 'code_locked'])
    expect((await browser.post(`/l/${linkId}`, { secret })).status).toBe(303)
  })
})

describe('between mail and click', () => {
  test('TK-20: a user disabled in the meantime is refused by link and by code, and the record says why', async () => {
    await using database = await temporaryDatabase()
    await using kit = await startKit({ database: database.url })
    database.insertUser({ id: 'user-1', email: ADA, confirmedAt: kit.clock.at, createdAt: kit.clock.at })
    const { browser, challenge, code, linkId, secret } = await askAndOpen(kit, ADA)
    database.setUserStatus(ADA, 'disabled')
    const byLink = await browser.post(`/l/${linkId}`, { secret })
    const byCode = await browser.post('/sign-in/code', { c: challenge, code: code ?? '' })
    for (const answer of [byLink, byCode]) {
      expect(answer.status).toBe(403)
      const [event] = database.rows('select reason from events where request_id = ?', answer.headers.get('x-request-id'))
      expect(event).toEqual({ reason: 'sign_in_refused' })
    }
    expect(await browser.whoAmI()).toBeNull()
    expect(database.rows('select id from sessions')).toEqual([])
  })

  test('TK-20: a user disabled within the replay window gets no second cookie', async () => {
    await using database = await temporaryDatabase()
    await using kit = await startKit({ database: database.url })
    const { browser, linkId, secret } = await askAndOpen(kit, ADA)
    await browser.post(`/l/${linkId}`, { secret })
    database.setUserStatus(ADA, 'disabled')
    const answer = await browser.post(`/l/${linkId}`, { secret })
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.headers.getSetCookie().filter((cookie) => cookie.startsWith(SESSION))).toEqual([])
    expect(await browser.whoAmI()).toBeNull()
  })
})
