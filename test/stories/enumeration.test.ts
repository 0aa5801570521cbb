// Who has an account here? Nobody learns it from an answer: not from its status, its headers, its cookies, its length or its
// page, nor by asking again. How long an answer takes is measured elsewhere.
import { describe, expect, test } from 'vitest'
import { sealContext } from '../../src/flow/sealed.ts'
import { keyring, open } from '../../src/secret.ts'
import { type TestDatabase, temporaryDatabase } from '../database.ts'
import { type Answer, askAndOpen, type Browser, type Kit, SECRET, signIn, startKit, wrongCode } from '../kit.ts'

const INVITED = { signUp: 'invited' } as const

/** All that a stranger can see of an answer, with what is random in every answer masked at its length. */
function face(answer: Answer, email: string): object {
  const mask = (text: string): string =>
    text
      .replaceAll(email, 'ADDRESS')
      .replaceAll(answer.headers.get('x-request-id') ?? '?', 'REQUEST-ID')
      .replace(/(?<![0-9A-Za-z])[0-9A-Za-z]{43}(?![0-9A-Za-z])/g, 'SECRET')
      .replace(/(?<![0-9A-Za-z])(?=\w*\d)[0-9A-Za-z]{16,17}(?![0-9A-Za-z])/g, 'ID')
  const headers = [...answer.headers].map(([name, value]) => `${name}: ${mask(value)}`)
  return { status: answer.status, headers, length: answer.text.length, body: mask(answer.text) }
}

/** Everything that can be seen by asking for one address: by page and by API, the page after it, and asking again. */
async function facesOf(kit: Kit, email: string, browser: Browser): Promise<object[]> {
  const faces: object[] = []
  const see = (answer: Answer): Answer => {
    faces.push(face(answer, email))
    return answer
  }
  see(await browser.get('/sign-in'))
  const asked = see(await browser.post('/sign-in', { email }))
  await kit.settle()
  see(await browser.get(asked.location))
  const challenge = new URL(asked.location, 'https://auth.example.com').searchParams.get('c') ?? ''
  see(await browser.post('/sign-in/resend', { c: challenge }))
  see(await browser.post('/sign-in/code', { c: challenge, code: '000000' }))
  see(await browser.api('POST', '/api/sign-in', { email }))
  for (let i = 0; i < 4; i++) {
    kit.clock.forward(kit.postkey.policy.resendAfter)
    see(await browser.post('/sign-in/resend', { c: challenge }))
  }
  return faces
}

// All of one length, so that the length of an answer can be compared to the byte.
const accounts = {
  known: 'aa@example.net',
  unknown: 'bb@example.net',
  disabled: 'cc@example.net',
  suppressed: 'dd@example.net',
  'over its budget': 'ee@example.net',
  'full of mails': 'ff@example.net',
} as const

async function prepare(kit: Kit, database: TestDatabase, which: keyof typeof accounts): Promise<string> {
  const email = accounts[which]
  if (which !== 'unknown') database.insertUser({ id: `user-${email}`, email, confirmedAt: kit.clock.at, createdAt: kit.clock.at })
  if (which === 'disabled') database.setUserStatus(email, 'disabled')
  if (which === 'suppressed') {
    await database.setHits(email, { bounces: [1, 2, 3].map((day) => [kit.clock.at - day * 3_600_000, 'earlier']) })
  }
  if (which === 'over its budget') {
    for (let round = 0; round < 2; round++) {
      const { browser, challenge, code } = await askAndOpen(kit, email)
      for (let i = 0; i < 5; i++) await browser.post('/sign-in/code', { c: challenge, code: wrongCode(code, i) })
    }
    kit.clock.forward(kit.postkey.policy.linkTtl)
  }
  if (which === 'full of mails') {
    // Spread, so that none of the short windows is what stops them.
    for (let i = 0; i < 10; i++) {
      await askAndOpen(kit, email)
      kit.clock.forward(kit.postkey.policy.linkTtl)
    }
  }
  return email
}

describe('asking', () => {
  // Each on a server of its own at the same moment, since times are on the pages.
  async function see(which: keyof typeof accounts): Promise<object[]> {
    await using database = await temporaryDatabase()
    await using kit = await startKit({ database: database.url, policy: INVITED })
    const email = await prepare(kit, database, which)
    kit.clock.at = Date.UTC(2026, 10, 22, 9)
    return await facesOf(kit, email, kit.browser())
  }

  test('EN-01: known and unknown addresses get the same status, headers in the same order, cookies, length and page', async () => {
    const known = await see('known')
    const unknown = await see('unknown')
    expect(unknown).toEqual(known)
    expect(known).toHaveLength(10)
  })

  test('EN-07: so do disabled and suppressed ones', async () => {
    const known = await see('known')
    expect(await see('disabled')).toEqual(known)
    expect(await see('suppressed')).toEqual(known)
  })

  test('EN-07: and whoever asks for an address whose mails or codes others used up is told neither', async () => {
    const known = await see('known')
    // Only what asking shows: a person who types codes for such an address learns that codes are off.
    const asking = (faces: readonly object[]): object[] => [...faces.slice(0, 3), faces[5] as object]
    expect(asking(await see('over its budget'))).toEqual(asking(known))
    expect(asking(await see('full of mails'))).toEqual(asking(known))
  })

  test('EN-01: for known and unknown addresses the same rows are written', async () => {
    await using database = await temporaryDatabase()
    await using kit = await startKit({ database: database.url, policy: INVITED })
    const counts = (): Record<string, number> =>
      Object.fromEntries(Object.entries(database.dump()).map(([table, rows]) => [table, rows.length]))
    const written = async (email: string): Promise<Record<string, number>> => {
      const before = counts()
      await kit.browser().ask(email)
      await kit.settle()
      return Object.fromEntries(Object.entries(counts()).map(([table, count]) => [table, count - (before[table] ?? 0)]))
    }
    await prepare(kit, database, 'known')
    // The first of all makes the buckets of the site.
    await kit.browser().ask('zz@example.net')
    await kit.settle()
    const known = await written(accounts.known)
    expect(known).toMatchObject({ challenges: 1, mails: 1 })
    expect(await written(accounts.unknown)).toEqual(known)
  })

  test('EN-08: where sign-up is by invitation, an unknown address gets no mail and the same page', async () => {
    await using kit = await startKit({ policy: INVITED })
    const browser = kit.browser()
    const challenge = await browser.ask('unknown@example.net')
    await kit.settle()
    expect(kit.mailbox.messages).toEqual([])
    expect((await browser.get(`/sign-in/check?c=${challenge}`)).text).toContain('a mail is on its way')
  })

  test('EN-08: an address that stands right before that of a member is nobody’s', async () => {
    await using database = await temporaryDatabase()
    await using kit = await startKit({ database: database.url, policy: INVITED })
    database.insertUser({ id: 'next', email: 'zoe@example.net', confirmedAt: kit.clock.at, createdAt: kit.clock.at })
    for (const email of ['zob@example.net', 'zoe@example.net']) await kit.browser().ask(email)
    await kit.settle()
    expect(kit.mailbox.messages.map(({ to }) => to)).toEqual(['zoe@example.net'])
  })

  test('EN-07: the code and the link of a mail that nobody was sent open nothing, even to whoever guesses them', async () => {
    await using database = await temporaryDatabase()
    await using kit = await startKit({ database: database.url, policy: INVITED, sendsMail: false })
    const browser = kit.browser()
    const challenge = await browser.ask('unknown@example.net')
    const sealed = String(database.rows('select sealed from mails')[0]?.sealed)
    const { code, link } = JSON.parse(open(keyring([SECRET]), sealContext('default', challenge), sealed) ?? '') as {
      code: string
      link: string
    }
    expect((await browser.api('POST', '/api/sign-in/verify', { challenge, code })).reason).toBe('code_wrong')
    expect((await browser.post(`/l/${challenge}0`, { secret: link })).status).toBe(403)
    expect(database.rows('select email from users')).toEqual([])
  })
})

describe('cookies', () => {
  test('EN-04: whatever cookie is sent, valid, invented, broken or none, the answer sets one of the same shape, for known and unknown alike', async () => {
    await using database = await temporaryDatabase()
    await using kit = await startKit({ database: database.url, policy: INVITED })
    await prepare(kit, database, 'known')
    const settled = kit.browser()
    await settled.get('/sign-in')
    const cookies = {
      none: null,
      valid: settled.cookies.get('__Host-postkey-browser') ?? '',
      invented: 'A'.repeat(43),
      broken: 'not a secret',
    }
    const shapes = new Set<string>()
    for (const email of [accounts.known, accounts.unknown]) {
      for (const value of Object.values(cookies)) {
        const browser = kit.browser()
        if (value !== null) browser.cookies.set('__Host-postkey-browser', value)
        const answer = await browser.post('/sign-in', { email })
        shapes.add(
          answer.headers
            .getSetCookie()
            .map((cookie) => cookie.replace(/=[0-9A-Za-z]{43};/, '=SECRET;'))
            .join('\n'),
        )
      }
    }
    expect([...shapes]).toEqual(['__Host-postkey-browser=SECRET; Max-Age=15552000; Path=/; HttpOnly; SameSite=Lax; Secure'])
  })
})

describe('other ways to ask', () => {
  test('EN-11: whatever is accepted, preflighted or malformed: the answer never depends on the account', async () => {
    await using database = await temporaryDatabase()
    await using kit = await startKit({ database: database.url, policy: INVITED })
    await prepare(kit, database, 'known')
    const ways: ((email: string) => Promise<Answer>)[] = [
      (email) => kit.browser().api('POST', '/api/sign-in', { email }, { accept: 'text/html' }),
      (email) => kit.browser().post('/sign-in', { email }, { accept: 'application/json' }),
      (email) => kit.browser().post('/sign-in', { email }, { 'content-type': 'application/json' }),
      (email) => kit.browser().api('POST', '/api/sign-in', { email }, { 'content-type': 'text/plain' }),
      (email) => kit.browser().api('POST', '/api/sign-in', { email: [email] }),
      (email) => kit.browser().api('POST', '/api/sign-in', { email: `${email},x@example.net` }),
      (email) => kit.browser().api('POST', '/graphql', { query: `{ user(email: "${email}") { id } }` }),
      (email) => kit.browser().send(`/sign-in?email=${email}`, { method: 'OPTIONS' }),
      (email) => kit.browser().get(`/sign-in?email=${email}`),
      (email) => kit.browser().get(`/api/sign-in?email=${email}`),
    ]
    for (const way of ways) {
      const [known, unknown] = [await way(accounts.known), await way(accounts.unknown)]
      const at = (answer: Answer, email: string): string => JSON.stringify(face(answer, email))
      expect(at(unknown, accounts.unknown)).toBe(at(known, accounts.known))
    }
  })

  test('EN-11: a link or a code says no more of an account than asking does', async () => {
    await using database = await temporaryDatabase()
    await using kit = await startKit({ database: database.url, policy: INVITED })
    const known = await prepare(kit, database, 'known')
    const member = await askAndOpen(kit, known)
    const stranger = kit.browser()
    const challenge = await stranger.ask(accounts.unknown)
    await kit.settle()
    const other = kit.browser()
    const pages = [await other.get(`/l/${member.linkId}`), await other.get(`/l/${challenge}0`)]
    const [a, b] = pages.map((page) => JSON.stringify(face(page, known)))
    expect(b).toBe(a)
    expect(await (await signIn(kit, known)).whoAmI()).toBe(known)
  })
})
