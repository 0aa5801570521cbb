// Back into an account without its mailbox, by waiting: as the person who lost it, as the one who still has it, as a thief, and as operators.
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { postkey } from '../cli.ts'
import { temporaryDatabase } from '../database.ts'
import { brokenRows } from '../examine.ts'
import { askAndOpen, type Browser, DAY, HOUR, type KitOptions, MINUTE, signIn, startKit } from '../kit.ts'
import { sharedDatabases, type TestDatabase } from '../nodes.ts'
import { nameAddress, printCodes, typeNew } from '../recovery.ts'
import { afterWaiting, askToWait, beginToWait, type Linked, linkIn, typeWait } from '../recovery-wait.ts'

const ADA = 'ada@example.net'
const NEW = 'ada@new.example'
const EVE = 'eve@evil.example'
const OPS = 'ops@example.net'
const CHIEF = 'chief@example.net'
const WAIT = 72 * HOUR

const recovery = { codes: 8, tries: { count: 5, per: '24h' }, backup: true, mailTtl: '1h', wait: '72h', approvals: 0, sessionTtl: '30m' }
const policy = (change: Partial<Record<keyof typeof recovery, unknown>>): KitOptions =>
  ({ operators: [OPS, CHIEF], policy: { recovery: { ...recovery, ...change } } }) as KitOptions

const open = (browser: Browser, { path, secret }: Linked, email: string) => browser.post(path, { secret, email })
const userOf = async (browser: Browser): Promise<string> =>
  ((await browser.api('GET', '/api/session')).json() as { user: { id: string } }).user.id
const stop = (browser: Browser, { path, secret }: Linked) => browser.post(path, { secret })
const must = (link: Linked | null): Linked => {
  if (link === null) throw new Error('no such mail came')
  return link
}

describe('as the person who lost the mailbox', () => {
  test('RV-08: asked, proved, told, waited, and then a link that opens no more than the limited session', async () => {
    await using kit = await startKit()
    const home = await signIn(kit, ADA)
    const user = await userOf(home)
    expect((await kit.browser().get('/recover')).text).toContain('<a href="/recover/wait">Get back in by waiting instead</a>')
    const asked = await askToWait(kit, ADA, NEW)
    expect(asked.message.subject).toContain(asked.code)
    expect(kit.mailbox.all(ADA)).toHaveLength(1)
    expect((await asked.browser.get(`/recover/wait/check?c=${asked.challenge}`)).text).toContain('Nothing has begun yet')
    const begun = await typeWait(asked)
    expect(begun.location).toBe(`/recover/wait/check?c=${asked.challenge}`)
    const page = await asked.browser.get(begun.location)
    expect(page.text).toContain('The wait has begun')
    expect(page.text).toContain('datetime="2026-11-24T09:00:00.000Z"')
    await kit.settle()
    const notice = must(linkIn(kit.mailbox.all(ADA).at(-1)))
    expect(notice.message.subject).toBe('Somebody wants to get into your account at Example without its mailbox')
    expect(notice.message.text.replaceAll(/\s+/g, ' ')).toContain('from November 24, 09:00 UTC on')
    // Nothing of the new address is told to the old one, nor the other way round.
    expect(notice.message.text + notice.message.html).not.toContain(NEW)
    expect(asked.message.text + asked.message.html).not.toContain(ADA)

    expect(await afterWaiting(kit, WAIT - 1, NEW)).toBeNull()
    const ready = must(await afterWaiting(kit, 1, NEW))
    expect(ready.message.text + ready.message.html).not.toContain(ADA)
    // Told once, however often is looked.
    expect(await afterWaiting(kit, MINUTE, NEW)).toBeNull()
    const phone = kit.browser()
    expect((await phone.get(ready.path)).text).toContain('Which address did your account have?')
    const opened = await open(phone, ready, ADA)
    expect([opened.status, opened.location]).toEqual([303, '/recover/address#'])
    expect(await phone.whoAmI()).toBeNull()
    // What was named at the beginning stands there, and is proved anew like any other.
    expect((await phone.get('/recover/address')).text).toContain(`value="${NEW}"`)
    // It is no session: it names an address, and nothing else.
    expect((await phone.post('/account/recovery/codes', {})).location).toContain('/sign-in')
    const { toNew } = await nameAddress(kit, phone, ADA, NEW)
    expect(await home.whoAmI()).toBe(ADA)
    expect((await typeNew(phone, toNew)).status).toBe(303)
    expect([await phone.whoAmI(), await home.whoAmI()]).toEqual([null, null])
    const back = await signIn(kit, NEW)
    expect([await userOf(back), await back.whoAmI()]).toEqual([user, NEW])
    expect((await phone.post('/recover/address', { email: 'again@new.example' })).status).toBe(410)
  })

  test('a sign-in stops who waits, and not who came back by a printed code: a thief of the mailbox could begin a wait to end that', async () => {
    await using kit = await startKit()
    const [code = ''] = await printCodes(await signIn(kit, ADA))
    const owner = kit.browser()
    await owner.post('/recover', { email: ADA, code })
    await beginToWait(kit, ADA, NEW)
    await signIn(kit, ADA)
    expect((await owner.get('/recover/address')).status).toBe(200)
    expect(await afterWaiting(kit, WAIT, NEW)).toBeNull()
  })

  test('who does not use the limited session within its time asks for nothing with it', async () => {
    await using kit = await startKit()
    await signIn(kit, ADA)
    await beginToWait(kit, ADA, NEW)
    const phone = kit.browser()
    await open(phone, must(await afterWaiting(kit, WAIT, NEW)), ADA)
    kit.clock.forward(30 * MINUTE)
    expect((await phone.post('/recover/address', { email: NEW })).status).toBe(410)
  })

  test('in French, from the first page to the notice', async () => {
    await using kit = await startKit()
    await signIn(kit, ADA)
    const browser = kit.browser()
    expect((await browser.get('/recover/wait?ui_locales=fr')).text).toContain('Retrouver votre compte sans sa messagerie')
    const { stop: notice, message } = await beginToWait(kit, ADA, NEW, browser)
    expect(message.subject).toContain('pour retrouver votre compte')
    expect(must(notice).message.subject).toContain('sans sa messagerie')
  })

  test('by the link of the first mail, which says what it does and works only in the browser that asked', async () => {
    await using kit = await startKit()
    await signIn(kit, ADA)
    const { browser, linkId, secret, challenge } = await askToWait(kit, ADA, NEW)
    for (const other of [kit.browser(), await signIn(kit, EVE)]) {
      expect((await other.get(`/l/${linkId}`)).text).toContain('to get back into an account')
      expect((await other.post(`/l/${linkId}`, { secret, for: 'begin_recovery', email: NEW })).status).toBe(403)
    }
    for (const purpose of ['sign_in', 'step_up', 'change_email']) await browser.post(`/l/${linkId}`, { secret, for: purpose, email: NEW })
    expect((await browser.get(`/recover/wait/check?c=${challenge}`)).text).toContain('Nothing has begun yet')
    const answer = await browser.post(`/l/${linkId}`, { secret, for: 'begin_recovery' })
    expect([answer.status, answer.location]).toEqual([303, `/recover/wait/check?c=${challenge}#`])
    expect((await browser.get(`/recover/wait/check?c=${challenge}`)).text).toContain('The wait has begun')
    expect((await browser.post(`/l/${linkId}`, { secret, for: 'begin_recovery' })).status).toBe(410)
    expect(await browser.whoAmI()).toBeNull()
  })

  test('the link is good for fourteen days, and then the way back is over', async () => {
    await using kit = await startKit()
    await signIn(kit, ADA)
    await beginToWait(kit, ADA, NEW)
    const ready = must(await afterWaiting(kit, WAIT, NEW))
    kit.clock.forward(14 * DAY - 1)
    expect((await kit.browser().get(ready.path)).status).toBe(200)
    kit.clock.forward(1)
    expect((await kit.browser().get(ready.path)).status).toBe(410)
    expect((await open(kit.browser(), ready, ADA)).status).toBe(410)
    await kit.postkey.announce()
    expect((await open(kit.browser(), ready, ADA)).text).toContain('This way back is over')
  })

  test('who got the last mail by mistake, or a scanner that presses its button, does not know the address', async () => {
    await using kit = await startKit()
    await signIn(kit, ADA)
    await beginToWait(kit, ADA, NEW)
    const ready = must(await afterWaiting(kit, WAIT, NEW))
    const scanner = kit.browser()
    expect((await open(scanner, ready, '')).status).toBe(422)
    for (let nth = 0; nth < 4; nth++) expect((await open(scanner, ready, `guess-${nth}@example.net`)).status).toBe(422)
    expect((await open(scanner, ready, 'guess-5@example.net')).status).toBe(410)
    // Not even with the right one after that.
    expect((await open(scanner, ready, ADA)).status).toBe(410)
  })

  test('RV-06: the new address is somebody else’s by the time it is proved', async () => {
    await using kit = await startKit()
    await signIn(kit, ADA)
    const asked = await askToWait(kit, ADA, NEW)
    await signIn(kit, NEW)
    const answer = await typeWait(asked)
    expect([answer.status, answer.text.includes('has an account of its own')]).toEqual([409, true])
  })

  test('where the policy has no such way there is no such page', async () => {
    await using kit = await startKit(policy({ wait: null }))
    const browser = kit.browser()
    expect((await browser.get('/recover/wait')).status).toBe(404)
    expect((await browser.post('/recover/wait', { account: ADA, email: NEW })).status).toBe(404)
    expect(kit.mailbox.messages).toEqual([])
  })
})

describe('as the one who has the mailbox or a session', () => {
  test('a sign-in stops it, and the links that are out lead nowhere', async () => {
    await using kit = await startKit()
    await signIn(kit, ADA)
    const { stop: notice } = await beginToWait(kit, ADA, NEW)
    kit.clock.forward(DAY)
    await signIn(kit, ADA)
    expect((await kit.browser().get(must(notice).path)).text).toContain('It is stopped')
    expect(await afterWaiting(kit, WAIT, NEW)).toBeNull()
  })

  test('a sign-in stops it also when the last mail is out', async () => {
    await using kit = await startKit()
    await signIn(kit, ADA)
    await beginToWait(kit, ADA, NEW)
    const ready = must(await afterWaiting(kit, WAIT, NEW))
    await signIn(kit, ADA)
    expect((await open(kit.browser(), ready, ADA)).status).toBe(410)
  })

  test('a last mail that nobody has taken when it is stopped is not sent any more', async () => {
    let down = false
    await using kit = await startKit({
      reply: ({ to }) => (down && to === NEW ? { class: 'unreachable', text: 'no route' } : { class: 'accepted', text: 'ok' }),
    })
    await signIn(kit, ADA)
    await beginToWait(kit, ADA, NEW)
    const taken = kit.mailbox.all(NEW).length
    down = true
    kit.clock.forward(WAIT)
    await kit.postkey.announce()
    await kit.settle()
    await signIn(kit, ADA)
    down = false
    kit.clock.forward(HOUR)
    await kit.settle()
    expect(
      kit.mailbox
        .all(NEW)
        .slice(taken)
        .map(({ subject }) => subject),
    ).toEqual([])
  })

  test('each session shows it, and a button there stops it', async () => {
    await using kit = await startKit()
    const desk = await signIn(kit, ADA)
    const bob = await signIn(kit, 'bob@example.net')
    expect((await desk.get('/account')).text).not.toContain('without its mailbox')
    const { stop: notice } = await beginToWait(kit, ADA, NEW)
    expect((await desk.get('/account')).text).toContain('Somebody wants to get into this account without its mailbox')
    expect((await bob.get('/account')).text).not.toContain('without its mailbox')
    // Of somebody else, of nobody, and from another site it does nothing.
    await bob.post('/account/recovery/stop', '')
    expect((await kit.browser().post('/account/recovery/stop', '')).location).toContain('/sign-in')
    expect((await desk.post('/account/recovery/stop', '', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' })).status).toBe(
      403,
    )
    expect((await desk.get('/account')).text).toContain('without its mailbox')
    expect((await desk.post('/account/recovery/stop', '')).location).toBe('/account?notice=recovery_stopped')
    const after = await desk.get('/account?notice=recovery_stopped')
    expect([after.text.includes('It is stopped.'), after.text.includes('without its mailbox')]).toEqual([true, false])
    expect((await kit.browser().get(must(notice).path)).text).toContain('It is stopped')
    expect(await afterWaiting(kit, WAIT, NEW)).toBeNull()
  })

  test('the link of the notice stops it by POST, from any browser; a thousand looks of scanners change nothing', async () => {
    await using database = await temporaryDatabase()
    await using kit = await startKit({ database: database.url })
    await signIn(kit, ADA)
    const { stop: found } = await beginToWait(kit, ADA, NEW)
    const notice = must(found)
    const rows = () => JSON.stringify(database.rows('select * from recoveries'))
    const before = rows()
    const scanner = kit.browser()
    for (let nth = 0; nth < 20; nth++) {
      const page = await scanner.get(notice.path)
      expect([page.status, page.text.includes('data-auto-submit')]).toEqual([200, false])
      await scanner.send(notice.path, { method: 'HEAD' })
    }
    for (const secret of ['', 'x', 'A'.repeat(43)]) expect((await stop(scanner, { ...notice, secret })).status).toBeGreaterThanOrEqual(400)
    expect(rows()).toBe(before)
    expect((await scanner.get(notice.path)).text).not.toContain(ADA)
    const answer = await stop(kit.browser(), notice)
    expect([answer.status, answer.location]).toEqual([303, `${notice.path}#`])
    expect(rows()).toContain('"ended_why":"cancelled"')
    // Twice is once; and what was stopped cannot be used.
    expect((await stop(kit.browser(), notice)).status).toBe(303)
    expect(await afterWaiting(kit, WAIT, NEW)).toBeNull()
    expect(await brokenRows(database.url, kit.clock.at)).toEqual([])
  })

  test('I3: links of the three mails do not stand in for each other', async () => {
    await using kit = await startKit()
    await signIn(kit, ADA)
    const { stop: found, linkId, secret } = await beginToWait(kit, ADA, NEW)
    const notice = must(found)
    const ready = must(await afterWaiting(kit, WAIT, NEW))
    const browser = kit.browser()
    const id = (link: Linked): string => link.path.slice(-17)
    expect((await browser.post(`/recover/open/${id(notice)}`, { secret: notice.secret, email: ADA })).status).toBe(404)
    expect((await browser.post(`/recover/stop/${id(ready)}`, { secret: ready.secret })).status).toBe(404)
    expect((await browser.post(`/recover/open/${linkId}`, { secret, email: ADA })).status).toBe(404)
    expect((await browser.post(`/recover/stop/${linkId}`, { secret })).status).toBe(404)
    for (const link of [notice, ready]) {
      for (const purpose of ['sign_in', 'step_up', 'begin_recovery'])
        expect((await browser.post(`/l/${id(link)}`, { secret: link.secret, for: purpose, email: ADA })).status).toBe(404)
      expect((await browser.post(`/account/undo/${id(link)}`, { secret: link.secret })).status).toBe(404)
    }
    expect(await browser.whoAmI()).toBeNull()
    expect((await open(browser, ready, ADA)).status).toBe(303)
  })

  test('a full mailbox keeps no notice back', async () => {
    await using kit = await startKit()
    await signIn(kit, ADA)
    for (let nth = 0; nth < 12; nth++) await kit.browser().ask(ADA)
    await kit.settle()
    expect(must((await beginToWait(kit, ADA, NEW)).stop).secret).toHaveLength(43)
  })
})

describe('as a thief', () => {
  test('who begins it for somebody else only tells them so', async () => {
    await using kit = await startKit()
    const ada = await signIn(kit, ADA)
    await beginToWait(kit, ADA, EVE)
    expect((await ada.get('/account')).text).toContain('without its mailbox')
    kit.clock.forward(2 * DAY)
    await signIn(kit, ADA)
    expect(await afterWaiting(kit, 30 * DAY, EVE)).toBeNull()
  })

  test('who asks again and again neither moves nor ends the wait of the one who lost the mailbox', async () => {
    await using kit = await startKit()
    await signIn(kit, ADA)
    await beginToWait(kit, ADA, NEW)
    for (let nth = 0; nth < 4; nth++) {
      kit.clock.forward(HOUR)
      await beginToWait(kit, ADA, `eve-${nth}@evil.example`)
    }
    expect((await kit.browser().post('/recover/wait', { account: ADA, email: EVE })).status).toBe(429)
    const ready = must(await afterWaiting(kit, WAIT - 4 * HOUR, NEW))
    expect((await open(kit.browser(), ready, ADA)).status).toBe(303)
  })

  test('EN-01: an account that there is not gets the same answers, rows and mails to the new address', async () => {
    await using database = await temporaryDatabase()
    await using kit = await startKit({ database: database.url, operators: [OPS] })
    await signIn(kit, ADA)
    const tables = ['challenges', 'mails', 'recoveries', 'events', 'users', 'sessions']
    const count = (): number[] => tables.map((table) => Number(database.rows(`select count(*) as n from ${table}`)[0]?.['n']))
    const outcome = async (account: string, email: string) => {
      const before = count()
      const browser = kit.browser()
      const plain = (text: string, challenge: string): string =>
        text
          .replaceAll(challenge, 'C')
          .replaceAll(email, 'T')
          .replaceAll(account, 'A')
          .replaceAll(/>[0-9A-Za-z]{16}</g, '>R<')
      const asked = await askToWait(kit, account, email, browser)
      const sent = plain((await browser.get(`/recover/wait/check?c=${asked.challenge}`)).text, asked.challenge)
      const wrong = await typeWait({ ...asked, code: '000001' })
      const right = await typeWait(asked)
      const begun = plain((await browser.get(right.location)).text, asked.challenge)
      await kit.settle()
      const text = asked.message.text.replaceAll(asked.code ?? '', 'X').replaceAll(/\/(?:l|not-me)\/\S+/g, 'L')
      return {
        rows: count().map((n, index) => n - (before[index] ?? 0)),
        answers: [sent, wrong.status, plain(wrong.text, asked.challenge), right.status, begun],
        mail: text.replaceAll(email, 'T'),
      }
    }
    const known = await outcome(ADA, 'one@new.example')
    expect(await outcome('nobody@example.net', 'two@new.example')).toEqual(known)
    // An operator does not come back this way either: whoever is one is so by the address.
    expect(await outcome(OPS, 'six@new.example')).toEqual(known)
    expect(known.rows[4]).toBe(0)
    expect(kit.mailbox.all('nobody@example.net')).toEqual([])
    // What is written for show goes nowhere: one notice, to the one who has an account.
    expect(kit.mailbox.messages.filter((mail) => linkIn(mail) !== null).map(({ to }) => to)).toEqual([ADA])
    // And after the wait only whoever has an account is told.
    expect(must(await afterWaiting(kit, WAIT, 'one@new.example')).secret).toHaveLength(43)
    expect(kit.mailbox.all('two@new.example')).toHaveLength(1)
    expect(await brokenRows(database.url, kit.clock.at)).toEqual([])
  })

  test('the address of the account is asked for as strictly as any other, and the two must differ', async () => {
    await using kit = await startKit()
    const browser = kit.browser()
    for (const fields of [
      { account: 'not an address', email: NEW },
      { account: ADA, email: 'not an address' },
      { account: ADA, email: ADA },
    ]) {
      const answer = await browser.post('/recover/wait', fields)
      expect([answer.status, answer.text.includes('There is a problem')]).toEqual([422, true])
    }
    expect(kit.mailbox.messages).toEqual([])
  })
})

/** What an operator does on the page of the console. */
const act = async (operator: Browser, does: 'start' | 'approve' | 'cancel', fields: Record<string, string>): Promise<string> => {
  const answer = await operator.post('/console/recoveries', { act: does, ...fields })
  return new URL(answer.location, 'https://auth.example.com').searchParams.get('said') ?? `${answer.status}`
}

/** The first of the page, as its forms name it. */
const seen = async (operator: Browser): Promise<{ readonly recovery: string; readonly person: string; readonly text: string }> => {
  const { text } = await operator.get('/console/recoveries')
  return {
    recovery: /name="recovery" value="(\w+)"/.exec(text)?.[1] ?? '',
    person: /name="person" value="(\w+)"/.exec(text)?.[1] ?? '',
    text,
  }
}

describe('as operators', () => {
  test('RV-09: one begins it for somebody, and can neither see the link, shorten the wait nor complete it', async () => {
    await using database = await temporaryDatabase()
    await using kit = await startKit({ ...policy({}), database: database.url })
    await signIn(kit, ADA)
    const ops = await signIn(kit, OPS)
    expect(await act(ops, 'start', { account: ADA, email: NEW })).toBe('operator_started_recovery')
    await kit.settle()
    expect(linkIn(kit.mailbox.all(ADA).at(-1))).not.toBeNull()
    expect(kit.mailbox.all(NEW)).toEqual([])
    const page = await seen(ops)
    for (const text of [ADA, NEW, 'by operator', 'waiting']) expect(page.text).toContain(text)
    expect(page.text).not.toMatch(/\/recover\/(?:stop|open)\/|[0-9A-Za-z]{43}/)
    // No field that anybody could send makes it come earlier.
    for (const field of ['ready_at', 'readyAt', 'wait', 'created_at']) await act(ops, 'approve', { ...page, text: '', [field]: '0' })
    expect(await afterWaiting(kit, WAIT - 1, NEW)).toBeNull()
    const ready = must(await afterWaiting(kit, 1, NEW))
    // Whoever is signed in as an operator has no more of it than the person who has the link.
    expect((await open(ops, { ...ready, secret: 'A'.repeat(43) }, ADA)).status).toBe(404)
    expect((await open(kit.browser(), ready, ADA)).status).toBe(303)
    // The record says who it was and for whom, and holds neither address nor secret.
    const events = JSON.stringify(database.rows("select * from events where kind in ('account', 'console')"))
    for (const text of [ADA, NEW, ready.secret]) expect(events).not.toContain(text)
    expect(events).toContain('operator_started_recovery')
  })

  test('none begins it for an operator, for nobody, or with an address of an operator as the new one', async () => {
    await using kit = await startKit(policy({}))
    await signIn(kit, ADA)
    const ops = await signIn(kit, OPS)
    expect(await act(ops, 'start', { account: CHIEF, email: NEW })).toBe('operator_protected')
    expect(await act(ops, 'start', { account: ADA, email: OPS })).toBe('operator_protected')
    expect(await act(ops, 'start', { account: ADA, email: ADA })).toBe('address_same')
    expect(await act(ops, 'start', { account: 'nobody@example.net', email: NEW })).toBe('person_unknown')
    expect(await act(ops, 'start', { account: 'nonsense', email: NEW })).toBe('422')
    expect((await seen(ops)).text).toContain('Nobody waits.')
    // And a proof of their mailbox that is not old is asked for, as for any act.
    kit.clock.forward(HOUR)
    expect((await ops.post('/console/recoveries', { act: 'start', account: ADA, email: NEW })).status).toBe(401)
    const ada = await signIn(kit, ADA)
    expect((await ada.get('/console/recoveries')).status).toBe(404)
    expect((await ada.post('/console/recoveries', { act: 'start', account: ADA, email: NEW })).status).toBe(404)
  })

  test('two have to agree besides the one who began it, where the policy says so', async () => {
    await using kit = await startKit({ ...policy({ approvals: 2 }), operators: [OPS, CHIEF, 'third@example.net'] })
    await signIn(kit, ADA)
    const [ops, chief] = [await signIn(kit, OPS), await signIn(kit, CHIEF)]
    await act(ops, 'start', { account: ADA, email: NEW })
    const { text: _, ...fields } = await seen(chief)
    expect(await act(ops, 'approve', fields)).toBe('recovery_own')
    expect(await act(chief, 'approve', fields)).toBe('operator_approved_recovery')
    expect(await act(chief, 'approve', fields)).toBe('operator_approved_recovery')
    expect(await afterWaiting(kit, WAIT, NEW)).toBeNull()
    const third = await signIn(kit, 'third@example.net')
    expect((await seen(third)).text).toContain('somebody has to agree')
    expect(await act(third, 'approve', fields)).toBe('operator_approved_recovery')
    expect(must(await afterWaiting(kit, MINUTE, NEW)).secret).toHaveLength(43)
  })

  test('one stops it; and to agree does not bring it back', async () => {
    await using kit = await startKit(policy({ approvals: 1 }))
    await signIn(kit, ADA)
    const [ops, chief] = [await signIn(kit, OPS), await signIn(kit, CHIEF)]
    await beginToWait(kit, ADA, NEW)
    const { text: _, ...fields } = await seen(ops)
    // Of somebody else’s page it is none.
    const bob = (await (await signIn(kit, 'bob@example.net')).api('GET', '/api/session')).json() as { user: { id: string } }
    expect(await act(ops, 'cancel', { ...fields, person: bob.user.id })).toBe('recovery_ended')
    expect(await act(chief, 'cancel', fields)).toBe('operator_cancelled_recovery')
    expect(await act(ops, 'approve', fields)).toBe('recovery_ended')
    expect(await afterWaiting(kit, WAIT, NEW)).toBeNull()
  })

  test('by the command line: begun, listed, agreed to as one operator, stopped', async () => {
    await using database = await temporaryDatabase()
    const key = randomBytes(33).toString('base64')
    await using kit = await startKit({ ...policy({ approvals: 1 }), database: database.url, secret: key })
    kit.clock.at = Date.now()
    await signIn(kit, ADA)
    const env = { POSTKEY_DATABASE_URL: database.url, POSTKEY_SECRET: key, POSTKEY_OPERATORS: `${OPS},${CHIEF}` }
    const run = (...words: string[]) => postkey(['recovery', ...words], { env })
    const started = await run('start', ADA, NEW, '--json')
    expect(started.err).toBe('')
    expect([started.code, started.json<{ reason: string }>().reason]).toEqual([0, 'operator_started_recovery'])
    const { recovery: id } = started.json<{ recovery: string }>()
    const { recoveries } = (await run('list', '--json')).json<{ recoveries: { id: string; newEmail: string; standing: string }[] }>()
    expect(recoveries).toMatchObject([{ id, email: ADA, newEmail: NEW, operator: 'command_line', standing: 'waiting' }])
    expect((await run('list')).out).toContain(NEW)
    // Whoever began it there cannot agree there; an operator of the console can.
    const own = await run('approve', id)
    expect([own.code, own.err.includes('another operator has to')]).toEqual([1, true])
    const { text: _, ...fields } = await seen(await signIn(kit, OPS))
    expect(await act(await signIn(kit, OPS), 'approve', fields)).toBe('operator_approved_recovery')
    // The command has the clock of the machine, and the mail is due by it.
    kit.clock.forward(MINUTE)
    await kit.settle()
    expect(linkIn(kit.mailbox.all(ADA).at(-1))).not.toBeNull()
    const stopped = await run('cancel', id, '--json')
    expect([stopped.code, stopped.json<{ reason: string }>().reason]).toEqual([0, 'operator_cancelled_recovery'])
    expect((await run('list')).out).toBe('Nobody waits to get back in.')
    expect((await run('cancel', id)).code).toBe(1)
    const wrong = await Promise.all([
      run(),
      run('start', ADA),
      run('start', 'nonsense', NEW),
      run('start', ADA, 'nonsense'),
      run('approve', 'x'),
      run('do'),
    ])
    expect(wrong.map(({ code, err }) => [code, err.startsWith('postkey recovery')])).toEqual(wrong.map(() => [2, true]))
    expect((await run('start', 'nobody@example.net', NEW)).code).toBe(1)
    for (const [account, next] of [
      [CHIEF, NEW],
      [ADA, CHIEF],
    ] as const)
      expect((await run('start', account, next, '--json')).json<{ reason: string }>().reason).toBe('operator_protected')
  })
})

describe.each(sharedDatabases)('what happens at the same moment, by two nodes, %s', (name, fresh) => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await fresh()
  })
  afterAll(() => database.drop())

  test('a stop against an opening, a sign-in against an opening, and ten who look at once', async () => {
    const one = await startKit({ database: database.url })
    const two = await startKit({ database: database.url, now: one.clock.now })
    for (let round = 0; round < 4; round++) {
      const mark = `${name}-${round}`.toLowerCase()
      const [account, next] = [`ada-${mark}@example.net`, `new-${mark}@example.net`]
      await signIn(one, account)
      const { stop: found } = await beginToWait(one, account, next)
      const notice = must(found)
      one.clock.forward(WAIT)
      await Promise.all([one, two].flatMap((kit) => Array.from({ length: 5 }, () => kit.postkey.announce())))
      await Promise.all([one.settle(), two.settle()])
      const mails = [...one.mailbox.all(next), ...two.mailbox.all(next)].filter((mail) => linkIn(mail) !== null)
      expect(mails).toHaveLength(1)
      const ready = must(linkIn(mails[0]))
      const mailed = await askAndOpen(two, account)
      const browser = one.browser()
      const [opened, stopped] = await Promise.all([
        open(browser, ready, account),
        round % 2 === 0
          ? stop(two.browser(), notice)
          : mailed.browser.post('/sign-in/code', { c: mailed.challenge, code: mailed.code ?? '' }),
      ])
      expect([303, 410]).toContain(opened.status)
      expect(stopped.status).toBe(303)
      // Whichever came first: it is over, and stays so.
      expect((await open(two.browser(), ready, account)).status).toBe(410)
      one.clock.forward(HOUR)
    }
    const at = one.clock.at
    await two.close()
    await one.close()
    expect(await brokenRows(database.url, at)).toEqual([])
  })
})
