// What a sign-in yields: its cookie, its ends, its list, and what a thief of either database or cookie gets.
import { describe, expect, test } from 'vitest'
import { temporaryDatabase } from '../database.ts'
import { type Answer, askAndOpen, type Browser, DAY, HOUR, type Kit, MINUTE, signIn, startKit } from '../kit.ts'

const ADA = 'ada@example.net'
const SESSION = '__Host-postkey-session'
const BROWSER = '__Host-postkey-browser'

interface Listed {
  readonly id: string
  readonly current: boolean
  readonly device: string
  readonly network: string
  readonly createdAt: string
  readonly seenAt: string
}

const list = async (browser: Browser): Promise<Listed[]> =>
  ((await browser.api('GET', '/api/sessions')).json() as { sessions: Listed[] }).sessions
const reason = async (browser: Browser): Promise<string> => {
  const answer = await browser.api('GET', '/api/session')
  return answer.status === 200 ? 'live' : answer.reason
}

describe('SE-02: cookies', () => {
  test('are bound to the host, out of reach of scripts, small, and end with what they stand for', async () => {
    await using kit = await startKit()
    const { browser, linkId, secret } = await askAndOpen(kit, ADA)
    const answer = await browser.post(`/l/${linkId}`, { secret })
    const days = kit.postkey.policy.session.absolute / 1_000
    const [cookie = '', ...more] = answer.headers.getSetCookie()
    expect(cookie.replace(/=[\w-]{65};/, '=TOKEN;')).toBe(`${SESSION}=TOKEN; Max-Age=${days}; Path=/; HttpOnly; SameSite=Lax; Secure`)
    expect([more, cookie.length < 400, /domain/i.test(cookie)]).toEqual([[], true, false])
  })

  test('a GET sets the cookie of the browser at most, never that of a session', async () => {
    await using kit = await startKit()
    const { browser, challenge, linkId, secret } = await askAndOpen(kit, ADA)
    const fresh = kit.browser()
    for (const path of [
      '/sign-in',
      `/sign-in/check?c=${challenge}`,
      `/l/${linkId}`,
      `/l/${linkId}/${secret}`,
      '/account',
      '/api/session',
      '/nothing',
    ]) {
      for (const who of [browser, fresh]) {
        const names = (await who.get(path)).headers.getSetCookie().map((cookie) => cookie.split('=')[0])
        expect([path, names.filter((name) => name !== BROWSER)]).toEqual([path, []])
      }
    }
  })

  test('two of one name mean that somebody else set one: neither is believed', async () => {
    await using kit = await startKit()
    const ada = await signIn(kit, ADA)
    const own = `${SESSION}=${ada.cookies.get(SESSION)}`
    const twice = await ada.api('GET', '/api/session', undefined, { cookie: `${own}; ${SESSION}=${'A'.repeat(65)}` })
    expect(twice.reason).toBe('session_unknown')
    const reversed = await ada.api('GET', '/api/session', undefined, { cookie: `${SESSION}=${'A'.repeat(65)}; ${own}` })
    expect(reversed.reason).toBe('session_unknown')
    expect((await ada.api('GET', '/api/session', undefined, { cookie: `${own}; other=1` })).status).toBe(200)
    // Without the prefix a sibling subdomain could set it.
    expect((await ada.api('GET', '/api/session', undefined, { cookie: own.replace('__Host-', '') })).reason).toBe('session_unknown')
  })
})

describe('clients without cookies', () => {
  const bare = { origin: '', 'sec-fetch-site': '' }

  test('an app is given the secret of its browser and its session to keep, and no cookie', async () => {
    await using kit = await startKit()
    const app = kit.browser()
    const asked = await app.api('POST', '/api/sign-in', { email: ADA }, { ...bare, 'postkey-browser': 'new' })
    const secret = asked.headers.get('postkey-browser') ?? ''
    expect([asked.status, secret.length, asked.headers.getSetCookie()]).toEqual([202, 43, []])
    await kit.settle()
    const { challenge } = asked.json() as { challenge: string }
    const { code } = kit.mailbox.newest(ADA)
    const other = await app.api('POST', '/api/sign-in/verify', { challenge, code }, { ...bare, 'postkey-browser': 'A'.repeat(43) })
    expect(other.reason).toBe('code_other_browser')
    const signedIn = await app.api('POST', '/api/sign-in/verify', { challenge, code }, { ...bare, 'postkey-browser': secret })
    const { token } = (signedIn.json() as { session: { token: string } }).session
    expect([signedIn.status, token.length, signedIn.headers.getSetCookie()]).toEqual([200, 65, []])
    const who = await app.api('GET', '/api/session', undefined, { ...bare, authorization: `Bearer ${token}` })
    expect((who.json() as { user: { email: string } }).user.email).toBe(ADA)
  })

  test('a browser is never told its session in a body, where a script could read it', async () => {
    await using kit = await startKit()
    const { browser, challenge, code } = await askAndOpen(kit, ADA)
    const answer = await browser.api('POST', '/api/sign-in/verify', { challenge, code })
    const token = browser.cookies.get(SESSION) ?? '?'
    expect([answer.status, token.length]).toEqual([200, 65])
    for (const { text } of [
      answer,
      await browser.api('GET', '/api/session'),
      await browser.api('GET', '/api/sessions'),
      await browser.get('/account'),
    ]) {
      expect(text).not.toContain(token)
      expect(text).not.toContain(browser.cookies.get(BROWSER))
    }
  })
})

test('SE-03: what a stolen database holds does not open a session', async () => {
  await using database = await temporaryDatabase()
  await using kit = await startKit({ database: database.url })
  const ada = await signIn(kit, ADA)
  const token = ada.cookies.get(SESSION) ?? ''
  expect(database.bytes()).not.toContain(token)
  const thief = kit.browser()
  const stored = Object.values(database.rows('select * from sessions')[0] ?? {})
  for (const value of stored) {
    const answer = await thief.api('GET', '/api/session', undefined, { cookie: `${SESSION}=${value}` })
    expect([answer.status, answer.reason]).toEqual([401, 'session_unknown'])
    expect((await thief.api('GET', '/api/session', undefined, { authorization: `Bearer ${value}` })).status).toBe(401)
  }
})

test('SE-04: after signing out the cookie opens nothing, however it is sent, and cached pages are cleared', async () => {
  await using kit = await startKit()
  const ada = await signIn(kit, ADA)
  const token = ada.cookies.get(SESSION) ?? ''
  const out = await ada.post('/sign-out', {})
  expect([out.status, out.headers.get('clear-site-data')]).toEqual([303, '"cache"'])
  expect(ada.cookies.has(SESSION)).toBe(false)
  ada.cookies.set(SESSION, token)
  expect(await reason(ada)).toBe('session_ended')
  expect((await kit.browser().api('GET', '/api/session', undefined, { authorization: `Bearer ${token}` })).reason).toBe('session_ended')
  expect((await ada.get('/account')).status).toBe(303)
  expect((await ada.api('DELETE', '/api/session')).status).toBe(401)
})

describe('SE-05: a session has its time', () => {
  const touched = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20))

  test('it ends after its idle time, to the millisecond; using it in time keeps it', async () => {
    await using kit = await startKit()
    const { idle } = kit.postkey.policy.session
    const ada = await signIn(kit, ADA)
    kit.clock.forward(idle - 1)
    expect(await reason(ada)).toBe('live')
    await touched()
    kit.clock.forward(idle - 1)
    expect(await reason(ada)).toBe('live')
    await touched()
    kit.clock.forward(idle)
    expect(await reason(ada)).toBe('session_idle')
  })

  test('it ends after its absolute time, however often it is used', async () => {
    await using kit = await startKit()
    const { idle, absolute } = kit.postkey.policy.session
    const ada = await signIn(kit, ADA)
    const began = kit.clock.at
    while (kit.clock.at + idle - 1 < began + absolute - 1) {
      kit.clock.forward(idle - 1)
      expect(await reason(ada)).toBe('live')
      await touched()
    }
    kit.clock.at = began + absolute - 1
    expect(await reason(ada)).toBe('live')
    kit.clock.forward(1)
    expect(await reason(ada)).toBe('session_expired')
  })

  test('its use is written at most once a minute', async () => {
    await using database = await temporaryDatabase()
    await using kit = await startKit({ database: database.url })
    const ada = await signIn(kit, ADA)
    const seen = (): unknown => database.rows('select seen_at from sessions')[0]?.seen_at
    const first = seen()
    for (const [waited, changed] of [
      [MINUTE - 1, false],
      [1, true],
      [MINUTE - 1, false],
      [1, true],
    ] as const) {
      const before = seen()
      kit.clock.forward(waited)
      expect(await reason(ada)).toBe('live')
      await touched()
      expect([waited, seen() !== before]).toEqual([waited, changed])
    }
    expect(seen()).not.toBe(first)
  })

  test('a stricter policy ends sessions that a laxer one began', async () => {
    await using database = await temporaryDatabase()
    const before = await startKit({ database: database.url })
    const ada = await signIn(before, ADA)
    await before.close()
    await using kit = await startKit({ database: database.url, policy: 'strict' })
    kit.clock.at = before.clock.at + 2 * HOUR
    const same = kit.browser()
    same.cookies.set(SESSION, ada.cookies.get(SESSION) ?? '')
    expect(await reason(same)).toBe('session_idle')
  })
})

describe('SE-07: the list', () => {
  const PHONE =
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1'

  test('names device, network and time; ending one ends exactly that one', async () => {
    await using kit = await startKit()
    const laptop = await signIn(kit, ADA, kit.browser({ address: '192.0.2.77' }))
    kit.clock.forward(HOUR)
    const phone = await signIn(kit, ADA, kit.browser({ address: '2001:db8:1:2:3::4', userAgent: PHONE }))
    kit.clock.forward(HOUR)
    const third = await signIn(kit, ADA)
    const eve = await signIn(kit, 'eve@example.net')
    const sessions = await list(laptop)
    expect(sessions.map(({ device, network, current }) => [device, network, current])).toEqual([
      ['Firefox on Linux', expect.stringMatching(/\/24$/), false],
      ['Safari on iPhone', '2001:db8:1:2::/64', false],
      ['Firefox on Linux', '192.0.2.0/24', true],
    ])
    const page = (await laptop.get('/account')).text
    for (const shown of ['Safari on iPhone', '2001:db8:1:2::/64', '192.0.2.0/24']) expect(page).toContain(shown)
    expect((await laptop.post('/account/sessions/end', { session: sessions[1]?.id ?? '' })).location).toContain('session_ended')
    expect([await reason(laptop), await reason(phone), await reason(third), await reason(eve)]).toEqual([
      'live',
      'session_ended',
      'live',
      'live',
    ])
  })

  test('"all others" keeps the current one; ending the current one is signing out', async () => {
    await using kit = await startKit()
    const browsers: Browser[] = []
    for (let i = 0; i < 3; i++) browsers.push(await signIn(kit, ADA))
    const [one, two, three] = browsers as [Browser, Browser, Browser]
    await two.post('/account/sessions/end-others', {})
    expect([await reason(one), await reason(two), await reason(three)]).toEqual(['session_ended', 'live', 'session_ended'])
    const [own] = await list(two)
    const out = await two.post('/account/sessions/end', { session: own?.id ?? '' })
    expect([out.location, two.cookies.has(SESSION)]).toEqual(['/sign-in?notice=signed_out', false])
  })

  test('nobody ends a session of somebody else by its id', async () => {
    await using kit = await startKit()
    const ada = await signIn(kit, ADA)
    const eve = await signIn(kit, 'eve@example.net')
    const [own] = await list(ada)
    expect((await eve.api('DELETE', `/api/sessions/${own?.id}`)).reason).toBe('session_absent')
    await eve.post('/account/sessions/end', { session: own?.id ?? '' })
    expect(await reason(ada)).toBe('live')
  })
})

test('SE-08: disabling a user ends all their sessions at once', async () => {
  await using database = await temporaryDatabase()
  await using kit = await startKit({ database: database.url })
  const one = await signIn(kit, ADA)
  const two = await signIn(kit, ADA)
  const bob = await signIn(kit, 'bob@example.net')
  database.setUserStatus(ADA, 'disabled')
  expect([await reason(one), await reason(two), await reason(bob)]).toEqual(['session_ended', 'session_ended', 'live'])
  expect((await one.get('/account')).status).toBe(303)
  expect((await one.api('GET', '/api/sessions')).status).toBe(401)
})

test('SE-11: a thousand guessed sessions are all unknown, in one and the same shape', async () => {
  await using kit = await startKit()
  await signIn(kit, ADA)
  const thief = kit.browser()
  const shapes = new Set<string>()
  const shape = (answer: Answer): string => {
    const requestId = answer.headers.get('x-request-id') ?? '?'
    return JSON.stringify([
      answer.status,
      [...answer.headers].map((header) => header.join(': ').replace(requestId, 'R')),
      answer.text.replaceAll(requestId, 'R'),
    ])
  }
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  for (let i = 0; i < 1_000; i++) {
    const guess = Array.from({ length: 65 }, (_, at) => alphabet[(i * 31 + at * 17 + i * at) % 64]).join('')
    shapes.add(shape(await thief.api('GET', '/api/session', undefined, { cookie: `${SESSION}=${guess}` })))
  }
  for (const guess of ['', 'x', 'A'.repeat(42), 'A'.repeat(44), 'A'.repeat(4_000), 'é', '%00']) {
    shapes.add(shape(await thief.api('GET', '/api/session', undefined, { authorization: `Bearer ${encodeURI(guess)}` })))
  }
  expect([...shapes]).toHaveLength(1)
  expect([...shapes][0]).toContain('session_unknown')
})

test('a browser that changes accounts holds one session: the one before has ended', async () => {
  await using kit = await startKit()
  const browser = await signIn(kit, ADA)
  const before = browser.cookies.get(SESSION) ?? ''
  await signIn(kit, 'bob@example.net', browser)
  expect(await browser.whoAmI()).toBe('bob@example.net')
  const old = kit.browser()
  old.cookies.set(SESSION, before)
  expect(await reason(old)).toBe('session_ended')
  kit.clock.forward(DAY)
  expect(await browser.whoAmI()).toBe('bob@example.net')
})

test('signing in again in the same browser replaces the session: the old cookie is worth nothing, and the list has one', async () => {
  await using kit = await startKit()
  const browser = await signIn(kit, ADA)
  const before = browser.cookies.get(SESSION) ?? ''
  kit.clock.forward(HOUR)
  await signIn(kit, ADA, browser)
  expect(browser.cookies.get(SESSION)).not.toBe(before)
  expect(await list(browser)).toHaveLength(1)
  const old = kit.browser()
  old.cookies.set(SESSION, before)
  expect(await reason(old)).toBe('session_ended')
})

describe('SE-09: so many at once as the policy allows', () => {
  const MAILS = { mailsPerLinkTtl: 20, mailsPerAddress: [{ count: 100, per: '24h' }] }
  const live = async (browsers: readonly Browser[]): Promise<boolean[]> => {
    const reasons: string[] = []
    for (const browser of browsers) reasons.push(await reason(browser))
    expect(reasons.filter((word) => word !== 'live' && word !== 'session_ended')).toEqual([])
    return reasons.map((word) => word === 'live')
  }

  /** Uses its session, which is written down behind the answer. */
  const use = async (kit: Kit, browser: Browser): Promise<void> => {
    expect(await reason(browser)).toBe('live')
    for (;;) {
      const own = (await list(browser)).find(({ current }) => current)
      if (own !== undefined && Date.parse(own.seenAt) === kit.clock.at) return
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }

  test('one more ends the one that was used longest ago, which the record tells, and the host', async () => {
    const told: unknown[] = []
    await using database = await temporaryDatabase()
    await using kit = await startKit({
      database: database.url,
      policy: { ...MAILS, session: { most: 3 } },
      hooks: { signedOut: ({ sessions, reason }) => void told.push([sessions, reason]) },
    })
    const browsers: Browser[] = []
    for (let nth = 0; nth < 3; nth++) {
      browsers.push(await signIn(kit, ADA))
      kit.clock.forward(2 * MINUTE)
    }
    const eve = await signIn(kit, 'eve@example.net')
    const second = (await list(browsers[2] as Browser))[1]?.id ?? ''
    // Those who look are in use: the first is not the one that nobody missed.
    await use(kit, browsers[0] as Browser)
    await use(kit, browsers[2] as Browser)
    kit.clock.forward(2 * MINUTE)
    browsers.push(await signIn(kit, ADA))
    expect(await live([...browsers, eve])).toEqual([true, false, true, true, true])
    expect(await list(browsers[3] as Browser)).toHaveLength(3)
    const events = database.rows("select session_id, challenge, decision from events where reason = 'session_displaced'")
    expect(events.map(({ session_id, challenge, decision }) => [session_id, challenge, JSON.parse(String(decision))])).toEqual([
      [second, second.slice(0, 16), { reason: 'session_displaced', ended: [second] }],
    ])
    await kit.postkey.hostTold()
    expect(told).toEqual([[[second], 'session_displaced']])
  })

  test('a sign-in in a browser that was signed in takes no place of another one', async () => {
    await using kit = await startKit({ policy: { ...MAILS, session: { most: 2 } } })
    const [one, two] = [await signIn(kit, ADA), await signIn(kit, ADA)]
    kit.clock.forward(2 * MINUTE)
    for (let nth = 0; nth < 3; nth++) await signIn(kit, ADA, two)
    expect(await live([one, two])).toEqual([true, true])
  })

  test('those that nobody can use any more take no place either', async () => {
    await using kit = await startKit({ policy: { ...MAILS, session: { most: 2, idle: '1h' } } })
    const old = [await signIn(kit, ADA), await signIn(kit, ADA)]
    kit.clock.forward(HOUR)
    const fresh = [await signIn(kit, ADA), await signIn(kit, ADA)]
    expect(await live(fresh)).toEqual([true, true])
    for (const browser of old) expect(await reason(browser)).toBe('session_idle')
  })

  test('nor do those that were used a moment ago, and have reached their absolute end', async () => {
    await using kit = await startKit({ policy: { ...MAILS, session: { most: 2, idle: '1h', absolute: '90m' } } })
    const old = await signIn(kit, ADA)
    kit.clock.forward(50 * MINUTE)
    const other = await signIn(kit, ADA)
    await use(kit, old)
    kit.clock.forward(39 * MINUTE)
    await use(kit, old)
    kit.clock.forward(2 * MINUTE)
    const fresh = await signIn(kit, ADA)
    expect([await reason(old), await reason(other), await reason(fresh)]).toEqual(['session_expired', 'live', 'live'])
  })

  test('a stricter policy ends those that are too many at the next sign-in', async () => {
    await using database = await temporaryDatabase()
    const before = await startKit({ database: database.url, policy: MAILS })
    const browsers: Browser[] = []
    for (let nth = 0; nth < 5; nth++) browsers.push(await signIn(before, ADA))
    await before.close()
    await using kit = await startKit({ database: database.url, policy: { ...MAILS, session: { most: 2 } } })
    const moved = browsers.map(({ cookies }) => kit.browser({ cookies }))
    expect(await live(moved)).toEqual([true, true, true, true, true])
    kit.clock.forward(2 * MINUTE)
    await use(kit, moved[2] as Browser)
    const next = await signIn(kit, ADA)
    expect(await live([...moved, next])).toEqual([false, false, true, false, false, true])
  })

  test('however many sign in at once, there are never more', async () => {
    await using kit = await startKit({ policy: { ...MAILS, session: { most: 3 } } })
    const first = await signIn(kit, ADA)
    const asked = []
    for (let nth = 0; nth < 8; nth++) asked.push(await askAndOpen(kit, ADA))
    const answers = await Promise.all(
      asked.map(({ browser, challenge, code }) => browser.post('/sign-in/code', { c: challenge, code: code ?? '' })),
    )
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(303))
    const still = (await live([first, ...asked.map(({ browser }) => browser)])).filter((isLive) => isLive)
    expect(still).toHaveLength(3)
  })
})
