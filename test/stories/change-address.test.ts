// A change of address: who has to agree, what the old mailbox can take back, and what nobody may come by on the way.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { askForChange, challengeOf, requireRecentProof, stepUp, typeChange, undoLink } from '../account.ts'
import { temporaryDatabase } from '../database.ts'
import { brokenRows } from '../examine.ts'
import { askAndOpen, type Browser, DAY, HOUR, type Kit, type KitOptions, MINUTE, signIn, startKit, wrongCode } from '../kit.ts'
import { sharedDatabases, type TestDatabase } from '../nodes.ts'

const OLD = 'ada@example.net'
const NEW = 'ada@new.example'
const BOB = 'bob@example.net'
const EVE = 'eve@evil.example'
const SESSION = '__Host-postkey-session'
const both: KitOptions = { policy: { changeEmail: { confirm: 'both', undo: '72h', asks: { count: 5, per: '24h' } } } }

const token = (browser: Browser): string => browser.cookies.get(SESSION) ?? ''
const undo = (browser: Browser, { path, secret }: { path: string; secret: string }) => browser.post(path, { secret })
/** The address behind the session of this browser. */
const who = (browser: Browser): Promise<string | null> => browser.whoAmI()

describe('RV-02: a change', () => {
  test('wants a recent proof, then a code from the new mailbox; the old one is told, with a link that takes it back', async () => {
    await using kit = await startKit()
    const ada = await signIn(kit, OLD)
    kit.clock.forward(15 * MINUTE)
    expect((await ada.get('/account/address')).location).toContain('/account/confirm?return_to=')
    expect((await ada.post('/account/address', { email: NEW })).location).toContain('/account/confirm?return_to=')
    expect(kit.mailbox.all(NEW)).toEqual([])
    const { challenge, code } = await stepUp(kit, ada, OLD, '/account/address')
    expect((await ada.post('/account/confirm/code', { c: challenge, code: code ?? '' })).location).toContain('/account/address')
    expect((await ada.get('/account/address')).text).toContain('New e-mail address')

    const elsewhere = await signIn(kit, OLD)
    const change = await askForChange(kit, ada, OLD, NEW)
    expect(change.toOld).toBeNull()
    expect(change.undo.secret).toHaveLength(43)
    expect(kit.mailbox.all(NEW).at(-1)?.text).not.toContain('/account/undo/')
    expect((await ada.get(`/account/address/check?c=${change.challenge}`)).text).toContain(NEW)
    expect(await who(ada)).toBe(OLD)

    const before = token(ada)
    const answer = await typeChange(ada, change.toNew, 'change_email')
    expect([answer.status, answer.location]).toEqual([303, expect.stringContaining('/account?notice=address_changed')])
    expect([await who(ada), await who(elsewhere), token(ada) === before]).toEqual([NEW, null, false])
    expect((await requireRecentProof(kit, ada)).reason).toBe('proof_recent')
    // The same person as before, by the new address only.
    const again = await signIn(kit, NEW)
    const users = await Promise.all([ada, again].map(async (browser) => (await browser.api('GET', '/api/session')).json()))
    expect(new Set(users.map((answer) => (answer as { user: { id: string } }).user.id)).size).toBe(1)
  })

  test('by the link of the new mailbox, which says what it does, and only in the browser that asked', async () => {
    await using kit = await startKit()
    const ada = await signIn(kit, OLD)
    const { toNew } = await askForChange(kit, ada, OLD, NEW)
    const phone = await signIn(kit, OLD)
    for (const other of [phone, kit.browser()]) {
      expect((await other.get(`/l/${toNew.linkId}`)).text).toContain('to change the address of their account')
      expect((await other.post(`/l/${toNew.linkId}`, { secret: toNew.secret, for: 'change_email', email: NEW })).status).toBe(403)
      await typeChange(other, toNew, 'change_email')
    }
    expect([await who(ada), await who(phone)]).toEqual([OLD, OLD])
    const page = await ada.get(`/l/${toNew.linkId}`)
    expect([page.text.includes('Changing your address'), page.text.includes('data-auto-submit')]).toEqual([true, true])
    expect((await ada.post(`/l/${toNew.linkId}`, { secret: toNew.secret, for: 'change_email' })).status).toBe(303)
    expect(await who(ada)).toBe(NEW)
  })

  test('I3: the proofs of the three mails, and those of other purposes, do not stand in for each other', async () => {
    await using kit = await startKit(both)
    const ada = await signIn(kit, OLD)
    const { toNew, toOld, undo: notice } = await askForChange(kit, ada, OLD, NEW)
    if (toOld === null) throw new Error('the old mailbox was not asked')
    expect((await typeChange(ada, toNew, 'leave_email')).status).not.toBe(303)
    expect((await typeChange(ada, toOld, 'change_email')).status).not.toBe(303)
    const noticeId = notice.path.slice(-17)
    for (const purpose of ['sign_in', 'step_up', 'change_email', 'leave_email'])
      await ada.post(`/l/${noticeId}`, { secret: notice.secret, for: purpose })
    for (const mail of [toNew, toOld]) {
      for (const purpose of ['sign_in', 'step_up']) await ada.post(`/l/${mail.linkId}`, { secret: mail.secret, for: purpose })
      expect((await ada.post(`/account/undo/${mail.linkId}`, { secret: mail.secret })).status).toBe(404)
      expect((await ada.post('/sign-in/code', { c: challengeOf(mail), code: mail.code ?? '' })).status).toBe(403)
    }
    const step = await stepUp(kit, ada, OLD)
    await ada.post(`/l/${step.linkId}`, { secret: step.secret, for: 'change_email' })
    expect(await who(ada)).toBe(OLD)
  })
})

describe('RV-03: where both mailboxes have to agree', () => {
  for (const [first, second] of [
    ['change_email', 'leave_email'],
    ['leave_email', 'change_email'],
  ] as const)
    test.each(['code', 'link'] as const)(`${first} and then ${second}, by %s: one of them is not enough`, async (proof) => {
      await using kit = await startKit(both)
      const ada = await signIn(kit, OLD)
      const { toNew, toOld, challenge } = await askForChange(kit, ada, OLD, NEW)
      const mails = { change_email: toNew, leave_email: toOld ?? toNew }
      const agree = (side: 'change_email' | 'leave_email') =>
        proof === 'code'
          ? typeChange(ada, mails[side], side)
          : ada.post(`/l/${mails[side].linkId}`, { secret: mails[side].secret, for: side })
      const before = token(ada)
      const half = await agree(first)
      expect([half.status, half.location.startsWith('/account/address/check?c=')]).toEqual([303, true])
      expect([await who(ada), token(ada)]).toEqual([OLD, before])
      // Nor is the same one twice.
      await agree(first)
      expect(await who(ada)).toBe(OLD)
      const page = await ada.get(`/account/address/check?c=${challenge}`)
      expect(page.text).toContain(first === 'change_email' ? 'The new mailbox has agreed' : 'The old mailbox has agreed')
      const whole = await agree(second)
      expect([whole.status, await who(ada)]).toEqual([303, NEW])
    })

  test('a stricter policy counts for what is under way, a laxer one does not', async () => {
    await using database = await temporaryDatabase()
    const ask = async (
      options: KitOptions,
    ): Promise<{ ada: Browser; cookies: [string, string][]; change: Awaited<ReturnType<typeof askForChange>> }> => {
      const kit = await startKit({ ...options, database: database.url })
      const ada = await signIn(kit, OLD)
      const change = await askForChange(kit, ada, OLD, NEW)
      await kit.close()
      return { ada, cookies: [...ada.cookies], change }
    }
    const confirm = async (options: KitOptions, { cookies, change }: Awaited<ReturnType<typeof ask>>): Promise<string | null> => {
      await using kit = await startKit({ ...options, database: database.url })
      const ada = kit.browser()
      for (const [name, value] of cookies) ada.cookies.set(name, value)
      await typeChange(ada, change.toNew, 'change_email')
      return who(ada)
    }
    expect(await confirm({}, await ask(both))).toBe(OLD)
    expect(await confirm(both, await ask({}))).toBe(OLD)
    expect(await confirm({}, await ask({}))).toBe(NEW)
  })
})

describe('the notice to the old mailbox', () => {
  test('takes the change back before it happens: nothing to the new address is good any more, and all sessions end', async () => {
    await using kit = await startKit()
    const ada = await signIn(kit, OLD)
    const { toNew, undo: notice } = await askForChange(kit, ada, OLD, NEW)
    const reader = kit.browser()
    // Inert, whoever looks and however often; and nothing is named to who has only the address of the page.
    for (let i = 0; i < 20; i++) await kit.browser().get(notice.path, { 'sec-purpose': 'prefetch' })
    const page = await reader.get(notice.path)
    expect([page.status, page.text.includes(OLD), page.text.includes(NEW), page.text.includes('auto-submit')]).toEqual([
      200,
      false,
      false,
      false,
    ])
    expect((await reader.post(notice.path, { secret: 'A'.repeat(43) })).status).toBe(404)
    expect(await who(ada)).toBe(OLD)
    expect((await undo(reader, notice)).location).toBe(`${notice.path}#`)
    expect((await reader.get(notice.path)).text).toContain('The change is taken back')
    expect(await who(ada)).toBeNull()
    await signIn(kit, OLD, ada)
    await typeChange(ada, toNew, 'change_email')
    expect(await who(ada)).toBe(OLD)
    // Twice is as good as once, and does nothing more.
    expect((await undo(reader, notice)).status).toBe(303)
    expect(await who(ada)).toBe(OLD)
  })

  test('works after the change too, without script by pasting the link, until 72 hours are over', async () => {
    await using kit = await startKit()
    const thief = await signIn(kit, OLD)
    const { toNew, undo: notice } = await askForChange(kit, thief, OLD, EVE)
    await typeChange(thief, toNew, 'change_email')
    const mailed = await askAndOpen(kit, EVE)
    kit.clock.forward(72 * HOUR - 1)
    const ada = kit.browser()
    expect((await ada.post(notice.path, { secret: `https://auth.example.com${notice.path}#${notice.secret} ` })).status).toBe(303)
    expect(await who(thief)).toBeNull()
    await signIn(kit, OLD, ada)
    expect(await who(ada)).toBe(OLD)
    // What went to the other address opens this account no more.
    await mailed.browser.post('/sign-in/code', { c: mailed.challenge, code: mailed.code ?? '' })
    expect(await who(mailed.browser)).toBeNull()
  })

  test('not a millisecond longer', async () => {
    await using kit = await startKit()
    const ada = await signIn(kit, OLD)
    const { toNew, undo: notice } = await askForChange(kit, ada, OLD, NEW)
    await typeChange(ada, toNew, 'change_email')
    kit.clock.forward(72 * HOUR)
    expect((await undo(kit.browser(), notice)).status).toBe(410)
    expect((await kit.browser().get(notice.path)).status).toBe(410)
    expect(await who(ada)).toBe(NEW)
  })

  test('of the first change reaches through all that came after it, and those of these are void', async () => {
    await using kit = await startKit()
    const thief = await signIn(kit, OLD)
    const first = await askForChange(kit, thief, OLD, EVE)
    await typeChange(thief, first.toNew, 'change_email')
    kit.clock.forward(MINUTE)
    const second = await askForChange(kit, thief, EVE, 'eve2@evil.example')
    await typeChange(thief, second.toNew, 'change_email')
    kit.clock.forward(MINUTE)
    const third = await askForChange(kit, thief, 'eve2@evil.example', 'eve3@evil.example')
    expect((await undo(kit.browser(), first.undo)).status).toBe(303)
    const ada = await signIn(kit, OLD)
    await undo(thief, second.undo)
    await undo(thief, third.undo)
    await typeChange(thief, third.toNew, 'change_email')
    expect(await who(ada)).toBe(OLD)
  })

  test('is not kept back by a mailbox that somebody filled', async () => {
    await using kit = await startKit()
    const thief = await signIn(kit, OLD)
    for (let i = 0; i < 6; i++) {
      await kit.browser().ask(OLD)
      await thief.ask(OLD)
    }
    await kit.settle()
    const { undo: notice } = await askForChange(kit, thief, OLD, EVE)
    expect(notice.secret).toHaveLength(43)
  })

  test('is there where the policy has no links', async () => {
    await using kit = await startKit({ policy: { methods: ['code'] } })
    const ada = await signIn(kit, OLD)
    const { toNew, challenge, undo: notice } = await askForChange(kit, ada, OLD, NEW)
    expect(toNew.link).toBeNull()
    await ada.post('/account/address/code', { c: challenge, for: 'change_email', code: toNew.code ?? '' })
    expect(await who(ada)).toBe(NEW)
    expect((await undo(kit.browser(), notice)).status).toBe(303)
    expect(await who(await signIn(kit, OLD))).toBe(OLD)
  })
})

describe('the address that is left', () => {
  test('what was mailed to it is void, and nobody new begins with it while it can be taken back', async () => {
    await using kit = await startKit()
    const ada = await signIn(kit, OLD)
    const mailed = await askAndOpen(kit, OLD)
    const byLink = await askAndOpen(kit, OLD)
    const { toNew } = await askForChange(kit, ada, OLD, NEW)
    await typeChange(ada, toNew, 'change_email')
    await mailed.browser.post('/sign-in/code', { c: mailed.challenge, code: mailed.code ?? '' })
    await byLink.browser.post(`/l/${byLink.linkId}`, { secret: byLink.secret })
    expect([await who(mailed.browser), await who(byLink.browser)]).toEqual([null, null])
    kit.clock.forward(HOUR)
    const mails = kit.mailbox.all(OLD).length
    await kit.browser().ask(OLD)
    await mailed.browser.post('/sign-in/resend', { c: mailed.challenge })
    await kit.settle()
    expect(kit.mailbox.all(OLD)).toHaveLength(mails)
    kit.clock.forward(72 * HOUR)
    expect(await who(await signIn(kit, OLD))).toBe(OLD)
    expect(await who(ada)).toBe(NEW)
  })

  test('what was mailed to it stays void when anybody may begin with it again', async () => {
    const policy = { linkTtl: '24h', changeEmail: { confirm: 'new', undo: '1h', asks: { count: 5, per: '24h' } } } as const
    await using kit = await startKit({ policy })
    const ada = await signIn(kit, OLD)
    const mailed = await askAndOpen(kit, OLD)
    const { toNew } = await askForChange(kit, ada, OLD, NEW)
    await typeChange(ada, toNew, 'change_email')
    kit.clock.forward(2 * HOUR)
    expect((await mailed.browser.post(`/l/${mailed.linkId}`, { secret: mailed.secret })).status).toBe(410)
    expect(await who(mailed.browser)).toBeNull()
  })

  test('the limit that says so is not removed before its time', async () => {
    await using kit = await startKit({ policy: { changeEmail: { confirm: 'new', undo: '10d', asks: { count: 5, per: '24h' } } } })
    const ada = await signIn(kit, OLD)
    const { toNew } = await askForChange(kit, ada, OLD, NEW)
    await typeChange(ada, toNew, 'change_email')
    for (let days = 0; days < 9; days++) {
      kit.clock.forward(DAY)
      await kit.postkey.purge()
    }
    const mails = kit.mailbox.all(OLD).length
    await kit.browser().ask(OLD)
    await kit.settle()
    expect(kit.mailbox.all(OLD)).toHaveLength(mails)
  })
})

describe('EN-09: an address that somebody has', () => {
  test('the same answers, the same rows, the same notice; its owner is told, and no code opens anything', async () => {
    await using database = await temporaryDatabase()
    await using kit = await startKit({ database: database.url })
    await signIn(kit, BOB)
    const count = (table: string): number => Number(database.rows(`select count(*) as n from ${table}`)[0]?.['n'])
    const tables = ['challenges', 'mails', 'address_changes', 'events', 'users']
    const outcome = async (to: string) => {
      const ada = await signIn(kit, `asks-${to}`)
      const before = tables.map(count)
      const answer = await ada.post('/account/address', { email: to })
      const challenge = answer.location.slice(-16)
      const rows = tables.map((table, index) => count(table) - (before[index] ?? 0))
      await kit.settle()
      const page = await ada.get(answer.location)
      const wrong = await ada.post('/account/address/code', { c: challenge, for: 'change_email', code: '000001' })
      const told = undoLink(kit.mailbox.all(`asks-${to}`).at(-1)).secret.length
      const plain = (text: string): string =>
        text
          .replaceAll(challenge, 'C')
          .replaceAll(to, 'T')
          .replaceAll(/>[0-9A-Za-z]{16}</g, '>R<')
      return { status: answer.status, rows, page: plain(page.text), wrong: [wrong.status, plain(wrong.text)], told }
    }
    const free = await outcome('cat@example.net')
    const taken = await outcome(BOB)
    expect(taken).toEqual(free)
    expect(free).toMatchObject({ status: 303, told: 43 })
    const mail = kit.mailbox.newest(BOB)
    expect(mail.message.subject).toBe('Somebody asked for your address at Example')
    expect([mail.code, mail.link, /\/l\/|undo/.test(mail.message.text + mail.message.html)]).toEqual([null, null, false])
    expect(mail.message.text).toContain('nothing was changed')
    expect(await brokenRows(database.url, kit.clock.at)).toEqual([])
  })

  test('who began with it in the meantime keeps it, and only the mailbox is told so', async () => {
    await using kit = await startKit()
    const ada = await signIn(kit, OLD)
    const { toNew } = await askForChange(kit, ada, OLD, NEW)
    const other = await signIn(kit, NEW)
    const answer = await typeChange(ada, toNew, 'change_email')
    expect([answer.status, answer.text.includes('has an account of its own')]).toEqual([409, true])
    expect([await who(ada), await who(other)]).toEqual([OLD, NEW])
  })
})

describe('bound to the person, the browser and the bytes', () => {
  test('RV-06: the code for one address never gives another', async () => {
    await using kit = await startKit()
    const ada = await signIn(kit, OLD)
    const first = await askForChange(kit, ada, OLD, EVE)
    const second = await askForChange(kit, ada, OLD, NEW)
    for (const field of ['email', 'new_email']) {
      await ada.post('/account/address/code', {
        c: challengeOf(first.toNew),
        for: 'change_email',
        code: first.toNew.code ?? '',
        [field]: NEW,
      })
      await ada.post('/account/address/code', {
        c: challengeOf(second.toNew),
        for: 'change_email',
        code: first.toNew.code ?? '',
        [field]: NEW,
      })
    }
    expect(await who(ada)).toBe(OLD)
    await typeChange(ada, second.toNew, 'change_email')
    expect(await who(ada)).toBe(NEW)
    // Any case, any space: the canonical bytes are what is mailed to and what is had.
    const third = await askForChange(kit, ada, NEW, 'ada@third.example').catch(() => null)
    expect(third?.toNew.message.to).toBe('ada@third.example')
  })

  test('RV-07: in the session of somebody else it attaches to nobody, and says so', async () => {
    await using kit = await startKit()
    const browser = await signIn(kit, OLD)
    const { toNew, challenge } = await askForChange(kit, browser, OLD, NEW)
    await signIn(kit, BOB, browser)
    const page = await browser.get(`/l/${toNew.linkId}`)
    expect([page.status, page.text.includes('Somebody else is signed in here')]).toEqual([403, true])
    const byLink = await browser.post(`/l/${toNew.linkId}`, { secret: toNew.secret, for: 'change_email' })
    const byCode = await typeChange(browser, toNew, 'change_email')
    expect([byLink.status, byCode.status, (await browser.get(`/account/address/check?c=${challenge}`)).status]).toEqual([403, 403, 403])
    expect(await who(browser)).toBe(BOB)
    const ada = await signIn(kit, OLD)
    expect(await who(ada)).toBe(OLD)
  })

  test('whoever is an operator stays so, and the address of nobody is changed to their own', async () => {
    await using kit = await startKit({ operators: [OLD] })
    const operator = await signIn(kit, OLD)
    expect((await operator.post('/account/address', { email: NEW })).status).toBe(403)
    const bob = await signIn(kit, BOB)
    const same = await bob.post('/account/address', { email: BOB.toUpperCase() })
    expect([same.status, same.text.includes('This is your address already')]).toEqual([422, true])
    expect((await bob.post('/account/address', { email: 'x' })).status).toBe(422)
  })

  test('I2, I14: five questions a day of one person, and wrong codes count for the new address', async () => {
    await using kit = await startKit()
    const ada = await signIn(kit, OLD)
    for (let nth = 0; nth < 2; nth++) {
      const { toNew } = await askForChange(kit, ada, OLD, NEW)
      for (let guess = 0; guess < 5; guess++) await typeChange(ada, toNew, 'change_email', wrongCode(toNew.code, guess))
    }
    expect((await askAndOpen(kit, NEW)).code).toBeNull()
    for (let nth = 0; nth < 3; nth++) await askForChange(kit, ada, OLD, `other${nth}@example.org`)
    const answer = await ada.post('/account/address', { email: 'one-more@example.org' })
    expect([answer.status, answer.headers.get('retry-after') !== null]).toEqual([429, true])
    await kit.settle()
    expect(kit.mailbox.all('one-more@example.org')).toEqual([])
  })

  test('a mail can be asked for again, by the browser that asked and as long as the change is open', async () => {
    await using kit = await startKit(both)
    const ada = await signIn(kit, OLD)
    const { toNew, toOld, undo: notice } = await askForChange(kit, ada, OLD, NEW)
    kit.clock.forward(MINUTE)
    const again = (browser: Browser, mail: typeof toNew, side: string) =>
      browser.post('/account/address/resend', { c: challengeOf(mail), for: side })
    expect((await again(ada, toNew, 'change_email')).location).toContain('&sent=again')
    expect((await again(ada, toOld ?? toNew, 'leave_email')).location).toContain('&sent=again')
    expect((await again(await signIn(kit, OLD), toNew, 'change_email')).status).toBe(404)
    await kit.settle()
    expect(kit.mailbox.newest(NEW).code).not.toBe(toNew.code)
    await undo(kit.browser(), notice)
    await signIn(kit, OLD, ada)
    kit.clock.forward(MINUTE)
    expect((await again(ada, toNew, 'change_email')).status).toBe(410)
  })
})

describe.each(sharedDatabases)('RC-12: a change and what else happens at the same moment, %s', (name, fresh) => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await fresh()
  })
  afterAll(() => database.drop())

  const rounds = 5
  /** Where the story before ended: the buckets of one database are not set back. */
  let at = 0
  const story = async (options: KitOptions, play: (kit: Kit, old: string, fresh: string) => Promise<void>): Promise<void> => {
    const kit = await startKit({ ...options, database: database.url })
    kit.clock.at = Math.max(kit.clock.at, at)
    for (let round = 0; round < rounds; round++) {
      kit.clock.forward(HOUR)
      const mark = `${name}-${kit.clock.at}-${Math.floor(performance.now() * 1_000)}`.toLowerCase()
      await play(kit, `old-${mark}@example.net`, `new-${mark}@example.net`)
    }
    at = kit.clock.at
    await kit.close()
    expect(await brokenRows(database.url, at)).toEqual([])
  }

  test('a sign-in by the old address is either before and ended, or after and refused', () =>
    story({}, async (kit, old, next) => {
      const ada = await signIn(kit, old)
      const mailed = await askAndOpen(kit, old)
      const { toNew } = await askForChange(kit, ada, old, next)
      await Promise.all([
        typeChange(ada, toNew, 'change_email'),
        mailed.browser.post('/sign-in/code', { c: mailed.challenge, code: mailed.code ?? '' }),
      ])
      expect([await who(ada), await who(mailed.browser)]).toEqual([next, null])
    }))

  test('two changes to one address: one person has it', () =>
    story({}, async (kit, old, next) => {
      const [one, other] = [await signIn(kit, old), await signIn(kit, `x${old}`)]
      const asked = await askForChange(kit, one, old, next)
      const alsoAsked = await askForChange(kit, other, `x${old}`, next)
      await Promise.all([typeChange(one, asked.toNew, 'change_email'), typeChange(other, alsoAsked.toNew, 'change_email')])
      const have = [await who(one), await who(other)].filter((email) => email === next)
      expect(have).toHaveLength(1)
    }))

  test('the proof and the undo: in the end the old address, and nobody is signed in', () =>
    story({}, async (kit, old, next) => {
      const thief = await signIn(kit, old)
      const { toNew, undo: notice } = await askForChange(kit, thief, old, next)
      await Promise.all([typeChange(thief, toNew, 'change_email'), undo(kit.browser(), notice)])
      expect(await who(thief)).toBeNull()
      expect(await who(await signIn(kit, old))).toBe(old)
    }))

  test('both halves at once, and each of them twice: it is changed once', () =>
    story(both, async (kit, old, next) => {
      const ada = await signIn(kit, old)
      const { toNew, toOld } = await askForChange(kit, ada, old, next)
      const cookie = [...ada.cookies].map((pair) => pair.join('=')).join('; ')
      const post = (mail: typeof toNew, side: string) =>
        ada.post('/account/address/code', { c: challengeOf(mail), for: side, code: mail.code ?? '' }, { cookie })
      await Promise.all(
        [toNew, toNew].map((mail) => post(mail, 'change_email')).concat([toOld, toOld].map((mail) => post(mail ?? toNew, 'leave_email'))),
      )
      expect(await who(ada)).toBe(next)
      const sessions = (await ada.api('GET', '/api/sessions')).json() as { sessions: unknown[] }
      expect(sessions.sessions).toHaveLength(1)
    }))
})
