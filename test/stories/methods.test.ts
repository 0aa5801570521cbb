// What a mail may carry is the policy's: link and code, only a code (seed 2), only a link; and a stricter policy counts at once.
import { describe, expect, test } from 'vitest'
import { temporaryDatabase } from '../database.ts'
import { askAndOpen, type Browser, type Kit, startKit } from '../kit.ts'

const ADA = 'ada@example.net'

function moved(kit: Kit, from: Browser): Browser {
  const to = kit.browser()
  for (const [name, value] of from.cookies) to.cookies.set(name, value)
  return to
}

describe('seed 2: codes only', () => {
  const policy = { methods: ['code' as const] }

  test('no link exists: not in the mail, not as a route, not in the API', async () => {
    await using kit = await startKit({ policy })
    const { browser, challenge, code, link, message } = await askAndOpen(kit, ADA)
    expect([link, message.text.includes('/l/'), message.html.includes('/l/')]).toEqual([null, false, false])
    for (const path of [`/l/${challenge}0`, '/l/x', `/l/${challenge}0/x`]) {
      expect([path, (await browser.get(path)).status]).toEqual([path, 404])
      expect([path, (await browser.post(path, { secret: 'A'.repeat(43), email: ADA })).status]).toEqual([path, 404])
    }
    const verify = await browser.api('POST', '/api/sign-in/verify', { link: { id: `${challenge}0`, secret: 'A'.repeat(43) } })
    expect(verify.reason).toBe('link_off')
    expect((await browser.get(`/sign-in/check?c=${challenge}`)).text).not.toMatch(/\blink\b(?! rel=)/i)
    expect((await browser.post('/sign-in/code', { c: challenge, code: code ?? '' })).status).toBe(303)
  })

  test('no address of any page on the way holds a secret', async () => {
    await using kit = await startKit({ policy })
    const browser = kit.browser()
    const asked = await browser.post('/sign-in', { email: ADA })
    await kit.settle()
    const { code } = kit.mailbox.newest(ADA)
    const challenge = new URL(asked.location, 'https://auth.example.com').searchParams.get('c') ?? ''
    const signedIn = await browser.post('/sign-in/code', { c: challenge, code: code ?? '' })
    expect(asked.location).toBe(`/sign-in/check?c=${challenge}`)
    expect(signedIn.location).toBe('https://auth.example.com/account')
  })

  test('people start again with another address without losing their way', async () => {
    await using kit = await startKit({ policy })
    const { browser, challenge } = await askAndOpen(kit, 'typo@example.net', { returnTo: '/account?x' })
    const page = (await browser.get(`/sign-in/check?c=${challenge}`)).text
    expect(page).toContain('Use another address')
    expect(page).toMatch(/<form method="post" action="\/sign-in">/)
    const again = await askAndOpen(kit, ADA, { browser, returnTo: '/account?x' })
    expect((await browser.post('/sign-in/code', { c: again.challenge, code: again.code ?? '' })).location).toContain('/account?x')
    expect(await browser.whoAmI()).toBe(ADA)
  })
})

describe('links only', () => {
  test('TK-21: there is no code to phish: not in the mail, not on the page, and none is accepted', async () => {
    await using kit = await startKit({ policy: { methods: ['link'] } })
    const { browser, challenge, code, linkId, secret, message } = await askAndOpen(kit, ADA)
    expect([code, message.subject]).toEqual([null, 'Sign in to Example'])
    expect((await browser.get(`/sign-in/check?c=${challenge}`)).text).not.toContain('action="/sign-in/code"')
    expect((await browser.get(`/l/${linkId}`)).text).not.toContain('action="/sign-in/code"')
    const answer = await browser.api('POST', '/api/sign-in/verify', { challenge, code: '123456' })
    expect([answer.status, answer.reason]).toEqual([422, 'code_off'])
    expect((await browser.post(`/l/${linkId}`, { secret })).status).toBe(303)
  })

  test('TK-21: the session appears only in the browser that opens the link, never in the one that waits', async () => {
    await using kit = await startKit({ policy: { methods: ['link'] } })
    const { browser: relay, challenge, linkId, secret } = await askAndOpen(kit, ADA)
    const victim = kit.browser()
    expect((await victim.post(`/l/${linkId}`, { secret, email: ADA })).status).toBe(303)
    expect([await victim.whoAmI(), await relay.whoAmI()]).toEqual([ADA, null])
    expect((await relay.get(`/sign-in/check?c=${challenge}`)).status).toBe(200)
  })
})

test('TK-21: with codes on, a code that a person gives away does sign the relay in: a documented limit, so the mail says who asked', async () => {
  await using kit = await startKit()
  const relay = kit.browser({
    userAgent: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36',
  })
  const { challenge, code, message } = await askAndOpen(kit, ADA, { browser: relay })
  for (const part of [message.text, message.html]) {
    expect(part).toContain('Chrome on Windows')
    expect(part).toMatch(/Never read this code to anyone/)
  }
  expect((await relay.post('/sign-in/code', { c: challenge, code: code ?? '' })).status).toBe(303)
})

test('TK-19: whether the subject holds the code is the policy’s; the body and the preheader always say what it is for', async () => {
  for (const codeInSubject of [true, false]) {
    await using kit = await startKit({ policy: { codeInSubject } })
    const { code, message } = await askAndOpen(kit, ADA)
    expect(message.subject.includes(code ?? '?')).toBe(codeInSubject)
    expect(message.text).toContain(`\n\n${code}\n\n`)
    expect(message.html).toContain(code ?? '?')
    expect(message.text).toContain(ADA)
  }
})

describe('TK-22: a stricter policy while mails are out', () => {
  test('links only: the code of a mail already out is refused on every route, and asking elsewhere brings none back', async () => {
    await using database = await temporaryDatabase()
    const before = await startKit({ database: database.url })
    const { browser, challenge, code, linkId, secret } = await askAndOpen(before, ADA)
    await before.close()
    await using kit = await startKit({ database: database.url, policy: { methods: ['link'] } })
    kit.clock.forward(60_000)
    const same = moved(kit, browser)
    expect((await same.post('/sign-in/code', { c: challenge, code: code ?? '' })).status).toBe(422)
    expect((await same.api('POST', '/api/sign-in/verify', { challenge, code })).reason).toBe('code_off')
    await same.post('/sign-in/resend', { c: challenge })
    await same.api('POST', '/api/sign-in', { email: ADA, methods: ['code'], policy: 'standard' })
    await kit.settle()
    expect(kit.mailbox.messages.length).toBe(2)
    for (const message of kit.mailbox.messages) expect(message.text).not.toMatch(/(?<![\w-])\d{6}(?![\w-])/)
    expect((await same.post(`/l/${linkId}`, { secret })).status).toBe(303)
  })

  test('codes only: the link of a mail already out is refused, with a word on what helps, until nobody can have a live one any more', async () => {
    await using database = await temporaryDatabase()
    const before = await startKit({ database: database.url })
    const { browser, challenge, code, linkId, secret } = await askAndOpen(before, ADA)
    await before.close()
    await using kit = await startKit({ database: database.url, policy: { methods: ['code'] } })
    const same = moved(kit, browser)
    const page = await same.get(`/l/${linkId}`)
    expect([page.status, page.text.includes('Links are switched off'), page.text.includes('Type the code')]).toEqual([410, true, true])
    expect((await same.post(`/l/${linkId}`, { secret })).status).toBe(410)
    expect((await kit.browser().post(`/l/${linkId}`, { secret, email: ADA })).status).toBe(410)
    // There never was such a mail.
    expect((await same.get(`/l/${challenge}7`)).status).toBe(404)
    expect((await same.api('POST', '/api/sign-in/verify', { link: { id: linkId, secret } })).reason).toBe('link_off')
    expect((await same.post('/sign-in/code', { c: challenge, code: code ?? '' })).status).toBe(303)
    kit.clock.forward(before.postkey.policy.linkTtl)
    expect((await kit.browser().get(`/l/${linkId}`)).status).toBe(404)
    expect((await kit.browser().post(`/l/${linkId}`, { secret, email: ADA })).status).toBe(404)
  })

  test('shorter lives, fewer tries and no other browsers hold for mails already out', async () => {
    await using database = await temporaryDatabase()
    const before = await startKit({ database: database.url })
    const { browser, challenge, code, linkId, secret } = await askAndOpen(before, ADA)
    await browser.post('/sign-in/code', { c: challenge, code: code === '000000' ? '000001' : '000000' })
    await before.close()
    await using kit = await startKit({
      database: database.url,
      policy: { codeTtl: '5m', linkTtl: '6m', codeTries: 1, otherBrowser: 'refuse' },
    })
    const same = moved(kit, browser)
    expect((await same.api('POST', '/api/sign-in/verify', { challenge, code })).reason).toBe('code_locked')
    expect((await kit.browser().post(`/l/${linkId}`, { secret, email: ADA })).status).toBe(403)
    kit.clock.forward(5 * 60_000)
    expect((await same.api('POST', '/api/sign-in/verify', { challenge, code })).reason).toBe('code_expired')
    kit.clock.forward(60_000)
    expect((await same.post(`/l/${linkId}`, { secret })).status).toBe(410)
  })

  test('sign-up closed: whoever has no account by then is refused by link and by code, and none is made', async () => {
    await using database = await temporaryDatabase()
    const before = await startKit({ database: database.url })
    const { browser, challenge, code, linkId, secret } = await askAndOpen(before, ADA)
    await before.close()
    for (const signUp of ['invited', 'closed'] as const) {
      await using kit = await startKit({ database: database.url, policy: { signUp } })
      const same = moved(kit, browser)
      expect((await same.post(`/l/${linkId}`, { secret })).status).toBe(403)
      expect((await same.api('POST', '/api/sign-in/verify', { challenge, code })).reason).toBe('sign_in_refused')
    }
    expect(database.rows('select email from users')).toEqual([])
  })

  test('a laxer one does not revive what has expired', async () => {
    await using database = await temporaryDatabase()
    const before = await startKit({ database: database.url })
    const { browser, linkId, secret } = await askAndOpen(before, ADA)
    const { linkTtl } = before.postkey.policy
    await before.close()
    await using kit = await startKit({ database: database.url, policy: 'corporate' })
    kit.clock.forward(linkTtl)
    expect((await moved(kit, browser).post(`/l/${linkId}`, { secret })).status).toBe(410)
  })
})
