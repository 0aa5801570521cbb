// Many at once: parallel proofs, double taps, a sign-out in another tab. One node; several have a file of their own.
import { describe, expect, test } from 'vitest'
import { temporaryDatabase } from '../database.ts'
import { type Answer, askAndOpen, type Browser, MINUTE, signIn, startKit, wrongCode } from '../kit.ts'

const ADA = 'ada@example.net'
const SESSION = '__Host-postkey-session'

const times = <T>(count: number, make: (at: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, at) => make(at)))

/** What each answer sets as the session cookie. */
const sessionCookies = (answers: readonly Answer[]): Set<string> =>
  new Set(answers.flatMap((answer) => answer.headers.getSetCookie().filter((cookie) => cookie.startsWith(`${SESSION}=`))))

async function reasonsOf(answers: readonly Answer[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const answer of answers) counts[answer.reason] = (counts[answer.reason] ?? 0) + 1
  return counts
}

describe('one secret, at most one session', () => {
  test('RC-01: two hundred POSTs of one link at once make one session, and every one of them leads to it', async () => {
    await using database = await temporaryDatabase()
    await using kit = await startKit({ database: database.url })
    const { browser, linkId, secret } = await askAndOpen(kit, ADA)
    const answers = await times(200, () => browser.post(`/l/${linkId}`, { secret }))
    expect(new Set(answers.map(({ status, location }) => `${status} ${location}`))).toEqual(
      new Set(['303 https://auth.example.com/account']),
    )
    expect(sessionCookies(answers).size).toBe(1)
    expect(database.rows('select id from sessions')).toHaveLength(1)
    expect(database.rows("select reason, count(*) as n from events where kind = 'verify' group by reason order by reason")).toEqual([
      { reason: 'replayed', n: 199 },
      { reason: 'signed_in', n: 1 },
    ])
  })

  test('RC-01: link and code of one mail at once, a hundred each: still one', async () => {
    await using database = await temporaryDatabase()
    await using kit = await startKit({ database: database.url })
    const { browser, challenge, code, linkId, secret } = await askAndOpen(kit, ADA)
    const answers = await times(200, (at) =>
      at % 2 === 0 ? browser.post(`/l/${linkId}`, { secret }) : browser.post('/sign-in/code', { c: challenge, code: code ?? '' }),
    )
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([303]))
    expect(sessionCookies(answers).size).toBe(1)
    expect(database.rows('select id from sessions')).toHaveLength(1)
  })

  test('RC-01: fifty other browsers that all know the address: one of them gets in', async () => {
    await using database = await temporaryDatabase()
    await using kit = await startKit({ database: database.url })
    const { linkId, secret } = await askAndOpen(kit, ADA)
    const answers = await times(50, () => kit.browser().post(`/l/${linkId}`, { secret, email: ADA }))
    expect(answers.filter(({ status }) => status === 303)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 410)).toHaveLength(49)
    expect(database.rows('select id from sessions')).toHaveLength(1)
  })

  test('RC-13: two first sign-ins for one address at once make one account, and both people are in it', async () => {
    await using database = await temporaryDatabase()
    await using kit = await startKit({ database: database.url })
    const one = await askAndOpen(kit, ADA)
    const two = await askAndOpen(kit, ADA)
    const answers = await Promise.all(
      [one, two].map(({ browser, challenge, code }) => browser.post('/sign-in/code', { c: challenge, code: code ?? '' })),
    )
    expect(answers.map(({ status }) => status)).toEqual([303, 303])
    expect(database.rows('select email from users')).toEqual([{ email: ADA }])
    expect([await one.browser.whoAmI(), await two.browser.whoAmI()]).toEqual([ADA, ADA])
  })
})

describe('tries are claimed before anybody looks', () => {
  test('RC-03: two hundred wrong codes at once get exactly five looks', async () => {
    await using database = await temporaryDatabase()
    await using kit = await startKit({ database: database.url })
    const { browser, challenge, code } = await askAndOpen(kit, ADA)
    const answers = await times(200, (at) => browser.api('POST', '/api/sign-in/verify', { challenge, code: wrongCode(code, at) }))
    expect(await reasonsOf(answers)).toEqual({ code_wrong: 4, code_locked: 196 })
    expect(database.rows('select code_tries as tries from mails')).toEqual([{ tries: 5 }])
    expect((await database.windows(ADA)).failures).toHaveLength(5)
    expect((await browser.api('POST', '/api/sign-in/verify', { challenge, code })).reason).toBe('code_locked')
  })

  test('RC-03: the right code behind a hundred wrong ones comes too late, and opens nothing', async () => {
    await using database = await temporaryDatabase()
    await using kit = await startKit({ database: database.url })
    const { browser, challenge, code } = await askAndOpen(kit, ADA)
    const answers = await times(200, (at) =>
      browser.api('POST', '/api/sign-in/verify', { challenge, code: at === 100 ? code : wrongCode(code, at) }),
    )
    expect(answers.filter(({ status }) => status === 200)).toEqual([])
    expect(database.rows('select id from sessions')).toEqual([])
  })

  test('RC-03: typed addresses likewise: a hundred guesses at once get exactly five looks', async () => {
    await using database = await temporaryDatabase()
    await using kit = await startKit({ database: database.url })
    const { linkId, secret } = await askAndOpen(kit, ADA)
    const answers = await times(100, (at) =>
      kit.browser().post(`/l/${linkId}`, { secret, email: at === 50 ? ADA : `guess-${at}@example.net` }),
    )
    expect(answers.filter(({ status }) => status === 422)).toHaveLength(4)
    expect(answers.filter(({ status }) => status === 403)).toHaveLength(96)
    expect(database.rows('select address_tries as tries from mails')).toEqual([{ tries: 5 }])
  })

  test('RC-05: fifty starts at once for one address: everybody hears the same, and the mails stay within their share', async () => {
    await using kit = await startKit()
    const answers = await times(50, () => kit.browser().post('/sign-in', { email: ADA }))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([303]))
    await kit.settle()
    expect(kit.mailbox.all(ADA)).toHaveLength(kit.postkey.policy.mailsPerLinkTtl)
    kit.clock.forward(kit.postkey.policy.linkTtl)
    expect((await signIn(kit, ADA)).cookies.has(SESSION)).toBe(true)
  })

  test('RC-05: fifty resends at once send one', async () => {
    await using kit = await startKit()
    const { browser, challenge } = await askAndOpen(kit, ADA)
    kit.clock.forward(kit.postkey.policy.resendAfter)
    const answers = await times(50, () => browser.post('/sign-in/resend', { c: challenge }))
    expect(answers.filter(({ status }) => status === 303)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(49)
    await kit.settle()
    expect(kit.mailbox.all(ADA)).toHaveLength(2)
  })
})

describe('one person, two hands', () => {
  test('RC-08: a timer and a click, from nothing to five milliseconds apart: signed in, never an error', async () => {
    for (let apart = 0; apart <= 5; apart++) {
      await using kit = await startKit()
      const { browser, linkId, secret } = await askAndOpen(kit, ADA)
      const timer = browser.post(`/l/${linkId}`, { secret })
      await new Promise((resolve) => setTimeout(resolve, apart))
      const answers = await Promise.all([timer, browser.post(`/l/${linkId}`, { secret }), browser.post(`/l/${linkId}`, { secret })])
      expect(answers.map(({ status }) => status)).toEqual([303, 303, 303])
      expect(sessionCookies(answers).size).toBe(1)
      expect(await browser.whoAmI()).toBe(ADA)
    }
  })

  test('RC-09: every good POST answers 303, and "back" to any page of the way leads on', async () => {
    await using kit = await startKit()
    const browser = kit.browser()
    const asked = await browser.post('/sign-in', { email: ADA, return_to: '/account?here' })
    expect(asked.status).toBe(303)
    const check = asked.location
    await kit.settle()
    const challenge = new URL(check, 'https://auth.example.com').searchParams.get('c') ?? ''
    kit.clock.forward(MINUTE)
    expect((await browser.post('/sign-in/resend', { c: challenge })).status).toBe(303)
    await kit.settle()
    const { linkId, secret, code } = kit.mailbox.newest(ADA)
    expect((await browser.post('/sign-in/code', { c: challenge, code: code ?? '' })).status).toBe(303)
    const back = [
      () => browser.get(check),
      () => browser.get(`/l/${linkId}`),
      () => browser.post(`/l/${linkId}`, { secret }),
      () => browser.post('/sign-in/code', { c: challenge, code: code ?? '' }),
      () => browser.post('/sign-in/code', { c: challenge, code: wrongCode(code) }),
    ]
    // At once, and long after the replay window, when only the session itself speaks for the browser.
    for (let round = 0; round < 2; round++) {
      for (const step of back) {
        const answer = await step()
        // The empty fragment keeps a browser from taking along that of the link.
        expect([answer.status, answer.location.replace(/#$/, '')]).toEqual([303, 'https://auth.example.com/account?here'])
      }
      kit.clock.forward(60 * MINUTE)
    }
    expect(await browser.whoAmI()).toBe(ADA)
    expect((await browser.get('/sign-in/code')).status).toBe(303)
    expect((await browser.get('/sign-in/resend')).status).toBe(303)
  })

  test('RC-10: signing out in one tab while another repeats the link: nobody is signed in by what comes last', async () => {
    for (let apart = 0; apart < 6; apart++) {
      await using database = await temporaryDatabase()
      await using kit = await startKit({ database: database.url })
      const { browser, linkId, secret } = await askAndOpen(kit, ADA)
      await browser.post(`/l/${linkId}`, { secret })
      const token = browser.cookies.get(SESSION) ?? ''
      const out = (): Promise<Answer> => browser.post('/sign-out', {})
      const again = (): Promise<Answer> => browser.post(`/l/${linkId}`, { secret })
      await Promise.all(apart % 2 === 0 ? [out(), again(), again()] : [again(), out(), again()])
      browser.cookies.set(SESSION, token)
      expect(await browser.whoAmI()).toBeNull()
      expect(database.rows('select id from sessions where ended_at is null')).toEqual([])
    }
  })

  test('RC-11: ending all others while fifty requests use them: from the commit on none succeeds', async () => {
    await using kit = await startKit()
    const others: Browser[] = []
    const phone = await signIn(kit, ADA)
    for (let i = 0; i < 5; i++) {
      kit.clock.forward(16 * MINUTE)
      others.push(await signIn(kit, ADA))
    }
    const racing = times(50, (at) => (others[at % 5] as Browser).api('GET', '/api/session'))
    expect((await phone.post('/account/sessions/end-others', {})).status).toBe(303)
    const afterwards = await times(50, (at) => (others[at % 5] as Browser).api('GET', '/api/session'))
    for (const { status } of await racing) expect([200, 401]).toContain(status)
    expect(new Set(afterwards.map(({ status }) => status))).toEqual(new Set([401]))
    expect(await phone.whoAmI()).toBe(ADA)
  })
})
