// Invitations: an operator makes the account, and the person gets in with one mail. Nobody asked in a browser, so whoever opens the link types the
// address, and a scanner that presses every button does not.
import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { postkey } from '../cli.ts'
import { brokenRows } from '../examine.ts'
import { type Answer, type Browser, DAY, HOUR, type Kit, type KitOptions, type Opened, ORIGIN, signIn, startKit } from '../kit.ts'
import { sharedDatabases } from '../nodes.ts'

const ADA = 'ada@example.net'
const SECRET = randomBytes(33).toString('base64')

const open = ({ linkId, secret }: Opened, browser: Browser, email: string): Promise<Answer> =>
  browser.post(`/l/${linkId}`, { secret: secret, email, for: 'invite' })

async function invited(kit: Kit, email = ADA, more: object = {}): Promise<Opened> {
  expect(await kit.postkey.users.invite({ email, ...more })).toMatchObject({ ok: true, user: { email, confirmedAt: null } })
  await kit.settle()
  return kit.mailbox.newest(email)
}

describe.each(sharedDatabases)('invitations, %s', (_, fresh) => {
  async function story(options: KitOptions, tell: (kit: Kit, url: string) => Promise<void>): Promise<void> {
    const database = await fresh()
    try {
      await using kit = await startKit({ secret: SECRET, ...options, database: database.url })
      await tell(kit, database.url)
      await kit.settle()
      expect(await brokenRows(database.url, Math.max(kit.clock.at, Date.now()))).toEqual([])
    } finally {
      await database.drop()
    }
  }

  test('one mail, one typed address: signed in and confirmed, where nobody may sign up, and led to where the host wants', async () => {
    await story({ policy: { signUp: 'invited' } }, async (kit) => {
      const mail = await invited(kit, ADA, { externalId: '4711', returnTo: `${ORIGIN}/welcome`, locale: 'de' })
      expect([mail.code, mail.message.subject]).toEqual([null, expect.stringContaining('eingeladen')])
      kit.clock.forward(2 * DAY)
      const browser = kit.browser()
      const page = await browser.get(`/l/${mail.linkId}`)
      expect([page.status, page.text.includes('name="email"'), page.text.includes(ADA), page.text.includes('data-auto')]).toEqual([
        200,
        true,
        false,
        false,
      ])
      const answer = await open(mail, browser, ' Ada@Example.NET ')
      expect([answer.status, answer.location.split('#')[0]]).toEqual([303, `${ORIGIN}/welcome`])
      expect(await browser.whoAmI()).toBe(ADA)
      expect(await kit.postkey.users.find({ externalId: '4711' })).toMatchObject({ confirmedAt: kit.clock.at, signInCount: 1 })
      expect(kit.mailbox.messages).toHaveLength(1)
    })
  })

  test('SC-03: who looks, presses the button without the address, or guesses at it, neither gets in nor spends it; after five guesses it is dead', async () => {
    await story({}, async (kit) => {
      const mail = await invited(kit)
      const scanner = kit.browser()
      for (const method of ['HEAD', 'GET', 'GET']) await scanner.send(`/l/${mail.linkId}`, { method })
      for (const email of ['', ' ']) expect((await open(mail, scanner, email)).status).toBe(422)
      expect((await scanner.post(`/l/${mail.linkId}`, { secret: mail.secret, email: ADA })).status).toBe(404)
      expect(await scanner.whoAmI()).toBeNull()
      const person = kit.browser()
      expect((await open(mail, person, ADA)).status).toBe(303)
      // A second tap in the same browser goes on; in another one it is used.
      expect((await open(mail, person, ADA)).status).toBe(303)
      expect((await open(mail, kit.browser(), ADA)).status).toBe(410)

      const other = await invited(kit, 'bob@example.net')
      for (let guess = 0; guess < 5; guess++) await open(other, scanner, `b${guess}@example.net`)
      expect((await open(other, scanner, 'bob@example.net')).status).not.toBe(303)
      expect(await scanner.whoAmI()).toBeNull()
    })
  })

  test('it ends with its time, and at once with a stricter policy', async () => {
    await story({ policy: { invitationTtl: '72h' } }, async (kit) => {
      const mail = await invited(kit)
      kit.clock.forward(3 * DAY - 1)
      expect((await kit.browser().get(`/l/${mail.linkId}`)).status).toBe(200)
      kit.clock.forward(1)
      expect((await open(mail, kit.browser(), ADA)).status).toBe(410)
      // The account is there: whoever is late asks as anybody does.
      expect(await (await signIn(kit, ADA)).whoAmI()).toBe(ADA)
    })
  })

  test('asked for again another one goes out, until the person has come; not to whoever is disabled, and not without end', async () => {
    await story({}, async (kit) => {
      const first = await invited(kit)
      kit.clock.forward(HOUR)
      const second = await invited(kit)
      expect(second.linkId).not.toBe(first.linkId)
      expect((await open(first, kit.browser(), ADA)).status).toBe(303)
      expect(await kit.postkey.users.invite({ email: ADA })).toMatchObject({ ok: false, reason: 'user_confirmed', user: { email: ADA } })

      for (let nth = 0; nth < 3; nth++) await invited(kit, 'bob@example.net')
      const full = await kit.postkey.users.invite({ email: 'bob@example.net' })
      expect(full).toMatchObject({ ok: false, reason: 'too_many_mails', retryAfterMs: expect.any(Number) })
      const cat = await invited(kit, 'cat@example.net')
      await kit.postkey.users.disable({ email: 'cat@example.net' })
      expect(await kit.postkey.users.invite({ email: 'cat@example.net' })).toMatchObject({ ok: false, reason: 'user_disabled' })
      expect((await open(cat, kit.browser(), 'cat@example.net')).status).toBe(403)
    })
  })

  test('what cannot be is said, and nobody is made', async () => {
    await story({ policy: { otherBrowser: 'code' } }, async (kit) => {
      expect(await kit.postkey.users.invite({ email: ADA })).toMatchObject({ ok: false, reason: 'invitation_off', user: null })
      expect(await kit.postkey.users.find({ email: ADA })).toBeNull()
    })
    await story({}, async (kit) => {
      for (const [invitation, reason] of [
        [{ email: 'ada' }, 'address_invalid'],
        [{ email: ADA, externalId: 'a b' }, 'external_id_invalid'],
        [{ email: ADA, returnTo: 'https://elsewhere.example/' }, 'return_invalid'],
      ] as const)
        expect(await kit.postkey.users.invite(invitation)).toMatchObject({ ok: false, reason, user: null })
      await kit.postkey.users.create({ email: 'bob@example.net', externalId: '1' })
      expect(await kit.postkey.users.invite({ email: ADA, externalId: '1' })).toMatchObject({ ok: false, reason: 'user_exists' })
      expect(await kit.postkey.users.find({ email: ADA })).toBeNull()
      await kit.settle()
      expect(kit.mailbox.messages).toEqual([])
    })
  })

  test('the record finds it by the address', async () => {
    await story({}, async (kit, url) => {
      const mail = await invited(kit)
      const browser = kit.browser()
      expect((await open(mail, browser, ADA)).status).toBe(303)
      // Signed in by the link of an invitation is signed in as by any: the record tells by what.
      const found = await postkey(['audit', 'search', ADA, '--json', '--database-url', url], { env: { POSTKEY_SECRET: SECRET } })
      expect([found.code, found.out]).toEqual([0, expect.stringContaining('signed_in')])
    })
  })

  test('by the command line it is queued, and a server that runs sends it', async () => {
    await story({ now: Date.now }, async (kit, url) => {
      const env = { POSTKEY_DATABASE_URL: url, POSTKEY_SECRET: SECRET, POSTKEY_URL: ORIGIN }
      const run = (...words: string[]) => postkey(['users', 'invite', ...words], { env })
      const ran = await run(ADA, '--locale', 'fr')
      expect([ran.code, ran.out + ran.err]).toEqual([
        0,
        expect.stringMatching(/^ada@example\.net is user \w{16}\. A mail is queued; its link is good until /),
      ])
      await kit.settle()
      const mail = kit.mailbox.newest(ADA)
      expect(mail.message.subject).toContain('invité')
      expect((await open(mail, kit.browser(), ADA)).status).toBe(303)
      expect((await run(ADA, '--json')).code).toBe(1)
      const wrong = await run('ada')
      expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('is no plain e-mail address')])
    })
  })
})
