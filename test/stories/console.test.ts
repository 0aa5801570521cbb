// The console: who is let in and who is told that there is no such page, what operators see and do, what is written down of it, and
// what never shows. Each story through HTTP with all guards on; where rows tell more than answers do, on both engines.
import { describe, expect, test } from 'vitest'
import { paths } from '../../src/core/paths.ts'
import { main } from '../../src/run/command.ts'
import { openEngine } from '../../src/store/open.ts'
import { all } from '../../src/store/operation.ts'
import { stepUp } from '../account.ts'
import { dnsOf } from '../dns-server.ts'
import { brokenRows } from '../examine.ts'
import {
  type Answer,
  askAndOpen,
  type Browser,
  HOUR,
  type Kit,
  type KitOptions,
  MINUTE,
  ORIGIN,
  signIn,
  startKit,
  wrongCode,
} from '../kit.ts'
import { sharedDatabases, type TestDatabase } from '../nodes.ts'

const OPS = 'ops@example.net'
const ADA = 'ada@example.net'
const operators = [OPS]
const pages = [paths.console, paths.consoleMails, paths.consoleCalibrate, paths.consoleWebhooks, paths.consolePolicy, paths.consoleVersions]

dnsOf({ 'example.net': { mx: ['mx.example.net'] } })

interface Found {
  readonly kind: string
  readonly reason: string
  readonly facts: Record<string, unknown>
  readonly user: string | null
  readonly session: string | null
  readonly challenge: string | null
}

async function events(url: string): Promise<readonly Found[]> {
  const rows = await query<Omit<Found, 'facts'> & { facts: string }>(
    url,
    'select kind, reason, facts, user_id as "user", session_id as session, challenge from events order by request_id, id',
  )
  return rows.map((row) => ({ ...row, facts: JSON.parse(row.facts) as Record<string, unknown> }))
}

async function query<R>(url: string, sql: string): Promise<readonly R[]> {
  const engine = await openEngine(url)
  try {
    return await engine.read(() => all<R>(sql))
  } finally {
    await engine.close()
  }
}

const consoleEvents = async (url: string): Promise<readonly Found[]> => (await events(url)).filter(({ kind }) => kind === 'console')

/** What a page without its request id and its time says. */
const bare = (answer: Answer): string => answer.text.replaceAll(answer.headers.get('x-request-id') ?? '?', 'ID')

/** Where the search for somebody leads. */
async function find(operator: Browser, whom: string): Promise<string> {
  const answer = await operator.post(paths.consoleSearch, { q: whom })
  expect([answer.status, answer.text.slice(0, 200)]).toEqual([303, ''])
  return answer.location
}

describe('who is let in', () => {
  test('without operators there is no console, for anybody', async () => {
    await using kit = await startKit()
    const browser = await signIn(kit, OPS)
    for (const path of pages) expect([path, (await browser.get(path)).status]).toEqual([path, 404])
    expect((await browser.post(paths.consoleSearch, { q: ADA })).status).toBe(404)
  })

  test('who is not signed in is asked to, and the sign-in leads back to where they were', async () => {
    await using kit = await startKit({ operators })
    const browser = kit.browser()
    const away = await browser.get(paths.consoleMails)
    expect([away.status, away.location]).toEqual([303, '/sign-in?return_to=%2Fconsole%2Fmails'])
    const { challenge, code } = await askAndOpen(kit, OPS, { browser, returnTo: '/console/mails' })
    const back = await browser.post('/sign-in/code', { c: challenge, code: code ?? '' })
    expect(back.location).toBe(`${ORIGIN}/console/mails`)
    expect((await browser.get('/console/mails')).text).toContain('Mail queue')
  })

  test('who is signed in and no operator finds no page, in the same words as anywhere else, and it is written down', async () => {
    const [, fresh] = sharedDatabases[0] as (typeof sharedDatabases)[number]
    const database = await fresh()
    {
      await using kit = await startKit({ operators, database: database.url })
      const ada = await signIn(kit, ADA)
      const nothing = bare(await ada.get('/nothing'))
      for (const path of [...pages, `${paths.consolePeople}/x`]) {
        const answer = await ada.get(path)
        expect([path, answer.status, bare(answer)]).toEqual([path, 404, nothing])
      }
      for (const path of [paths.consoleSearch, `${paths.consolePeople}/x`]) {
        const answer = await ada.post(path, { q: ADA, act: 'disable' })
        expect([path, answer.status, bare(answer)]).toEqual([path, 404, nothing])
      }
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    const told = await consoleEvents(database.url)
    expect(told.filter(({ reason }) => reason === 'operator_unknown')).toHaveLength(9)
    expect(JSON.stringify(told)).not.toContain(ADA)
    await database.drop()
  })

  test.each(['invited', 'closed'] as const)('where sign-up is %s an operator gets in, and a stranger does not', async (signUp) => {
    await using kit = await startKit({ operators: ['Ops@Example.NET'], policy: { signUp } })
    const operator = await signIn(kit, OPS)
    expect((await operator.get(paths.console)).status).toBe(200)
    await kit.browser().ask(ADA)
    await kit.settle()
    expect(kit.mailbox.all(ADA)).toEqual([])
  })

  test('an operator who is one no longer is let in nowhere', async () => {
    const [, fresh] = sharedDatabases[0] as (typeof sharedDatabases)[number]
    const database = await fresh()
    const before = await startKit({ operators, database: database.url })
    const operator = await signIn(before, OPS)
    await before.close()
    {
      await using kit = await startKit({ operators: ['other@example.net'], database: database.url })
      const same = kit.browser()
      for (const [name, value] of operator.cookies) same.cookies.set(name, value)
      expect(await same.whoAmI()).toBe(OPS)
      expect((await same.get(paths.console)).status).toBe(404)
    }
    await database.drop()
  })

  test.each([{ operators: ['nobody'] }, { operators: ['a@b.example, c@d.example'] }])('%j is refused at the start', async (options) => {
    await expect(startKit(options)).rejects.toThrow(/operators: ".*" is not an e-mail address/)
  })
})

test('whoever hammers on the door of the console does not fill the record', async () => {
  const database = await (sharedDatabases[0] as (typeof sharedDatabases)[number])[1]()
  {
    await using kit = await startKit({ operators, database: database.url })
    const ada = await signIn(kit, ADA)
    const stranger = kit.browser()
    for (let nth = 0; nth < 120; nth++) await Promise.all([ada.get(paths.console), stranger.get(paths.console)])
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  expect((await consoleEvents(database.url)).filter(({ reason }) => reason === 'operator_unknown')).toHaveLength(50)
  await database.drop()
})

describe('a proof that is too old', () => {
  test('to look, after twelve hours: a page says why, and one button leads through a proof back to it', async () => {
    await using kit = await startKit({ operators })
    const operator = await signIn(kit, OPS)
    kit.clock.forward(12 * HOUR - 1)
    expect((await operator.get(paths.consolePolicy)).status).toBe(200)
    kit.clock.forward(1)
    const page = await operator.get(paths.consolePolicy)
    expect(page.status).toBe(401)
    expect(page.text).toContain('Confirm that it is you')
    expect(page.text).toContain('from the last 12 hours')
    expect(page.text).not.toContain('linkTtl')
    const [, to, returnTo = ''] = /action="([^"]*)".*?name="return_to" value="([^"]*)"/s.exec(page.text) ?? []
    expect([to, returnTo]).toEqual([paths.confirm, paths.consolePolicy])
    const { challenge, code } = await stepUp(kit, operator, OPS, returnTo)
    expect((await operator.post(paths.confirmCode, { c: challenge, code: code ?? '' })).location).toBe(`${ORIGIN}${paths.consolePolicy}`)
    expect((await operator.get(paths.consolePolicy)).text).toContain('linkTtl')
  })

  test('to act, after a quarter of an hour: nothing is done, and the way back leads to the person and not to the act', async () => {
    await using kit = await startKit({ operators })
    const ada = await signIn(kit, ADA)
    const operator = await signIn(kit, OPS)
    kit.clock.forward(15 * MINUTE)
    const person = await find(operator, ADA)
    expect((await operator.get(person)).status).toBe(200)
    const page = await operator.post(person, { act: 'end_sessions' })
    expect(page.status).toBe(401)
    expect(page.text).toContain('from the last 15 minutes')
    expect(page.text).toContain(`name="return_to" value="${person}"`)
    expect(await ada.whoAmI()).toBe(ADA)
    await signIn(kit, OPS, operator)
    expect((await operator.post(person, { act: 'end_sessions' })).status).toBe(303)
    expect(await ada.whoAmI()).toBeNull()
  })
})

describe('from elsewhere', () => {
  test('CS-05: no other site can make an operator search or act', async () => {
    await using kit = await startKit({ operators })
    const ada = await signIn(kit, ADA)
    const operator = await signIn(kit, OPS)
    const person = await find(operator, ADA)
    for (const headers of [
      { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
      { origin: 'null', 'sec-fetch-site': '' },
      { origin: 'https://blog.example.com', 'sec-fetch-site': 'same-site' },
      { origin: '', 'sec-fetch-site': '' },
    ]) {
      for (const [path, form] of [
        [paths.consoleSearch, { q: ADA }],
        [person, { act: 'end_sessions' }],
        [person, { act: 'erase', sure: 'yes' }],
      ] as const)
        expect((await operator.post(path, form as Record<string, string>, headers)).status).toBe(403)
    }
    expect(await ada.whoAmI()).toBe(ADA)
  })

  test('CS-07: no GET acts, whatever it carries', async () => {
    await using kit = await startKit({ operators })
    const ada = await signIn(kit, ADA)
    const operator = await signIn(kit, OPS)
    const person = await find(operator, ADA)
    for (const act of ['end_sessions', 'disable', 'erase']) {
      const answer = await operator.get(`${person}?act=${act}&sure=yes&_method=POST`, { 'x-http-method-override': 'POST' })
      expect(answer.status).toBe(200)
    }
    expect(await ada.whoAmI()).toBe(ADA)
  })

  test('CS-13, CS-16: pages are kept by nobody, framed by nobody, and load nothing from elsewhere', async () => {
    await using kit = await startKit({ operators })
    await signIn(kit, ADA)
    const operator = await signIn(kit, OPS)
    for (const path of [...pages, await find(operator, ADA)]) {
      const { headers, text } = await operator.get(path)
      expect(headers.get('cache-control')).toBe('no-store')
      expect(headers.get('content-security-policy')).toMatch(/default-src 'none'.*frame-ancestors 'none'/)
      expect(headers.get('x-robots-tag')).toContain('noindex')
      expect(text).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=/)
    }
  })

  test('a form that was tinkered with is refused, and does nothing', async () => {
    await using kit = await startKit({ operators })
    const ada = await signIn(kit, ADA)
    const operator = await signIn(kit, OPS)
    const person = await find(operator, ADA)
    for (const form of [{}, { act: 'become' }, { act: 'erase' }, { act: 'erase', sure: 'no' }, { act: 'resend' }] as Record<
      string,
      string
    >[])
      expect([form, (await operator.post(person, form)).status]).toEqual([form, 400])
    expect((await operator.post(`${person}x`, { act: 'disable' })).status).toBe(404)
    expect(await ada.whoAmI()).toBe(ADA)
  })
})

describe.each(sharedDatabases)('what operators do, %s', (_, fresh) => {
  /** A kit on a database that is looked into afterwards. */
  async function onDatabase(
    options: KitOptions,
    story: (kit: Kit, database: TestDatabase) => Promise<void>,
    after?: (url: string) => Promise<void>,
  ) {
    const database = await fresh()
    try {
      {
        await using kit = await startKit({ operators, ...options, database: database.url })
        await story(kit, database)
        await kit.settle()
        expect(await brokenRows(database.url, kit.clock.at)).toEqual([])
      }
      await after?.(database.url)
      const out: string[] = []
      const replayed = await main(['audit', 'replay', '--since', '2026-11-01', '--json', '--database-url', database.url], {
        env: {},
        folder: '.',
        interactive: false,
        out: (text) => void out.push(text),
        err: (text) => void out.push(text),
      })
      expect([replayed, out.at(-1)]).toEqual([0, expect.stringContaining('"different":0')])
    } finally {
      await database.drop()
    }
  }

  test('every look and every act is one event: which page, who, about whom; no address is in it', async () => {
    let session = ''
    let person = ''
    await onDatabase(
      {},
      async (kit) => {
        await signIn(kit, ADA)
        const operator = await signIn(kit, OPS)
        session = operator.cookies.get('__Host-postkey-session')?.slice(0, 22) ?? ''
        person = await find(operator, ADA)
        for (const path of [...pages, person]) expect([path, (await operator.get(path)).status]).toEqual([path, 200])
        await operator.post(person, { act: 'end_sessions' })
        await operator.post(paths.consoleSearch, { q: 'what is this?' })
        await operator.get(`${paths.consolePeople}/${'A'.repeat(16)}`)
      },
      async (url) => {
        const told = (await consoleEvents(url)).filter(({ reason }) => reason !== 'operator_made')
        const [id = ''] = /[^/]{16}$/.exec(person) ?? []
        const operator = (await query<{ id: string }>(url, `select id from users where email = '${OPS}'`))[0]?.id
        expect(told.map(({ reason, user, facts: { page } }) => [page, reason, user]).sort()).toEqual([
          ['/console', 'operator_looked', null],
          ['/console/calibrate', 'operator_looked', null],
          ['/console/mails', 'operator_looked', null],
          ['/console/people/…', 'operator_ended_sessions', id],
          ['/console/people/…', 'operator_looked', id],
          ['/console/people/…', 'person_unknown', null],
          ['/console/policy', 'operator_looked', null],
          ['/console/search', 'operator_looked', id],
          ['/console/search', 'person_unknown', null],
          ['/console/versions', 'operator_looked', null],
          ['/console/webhooks', 'operator_looked', null],
        ])
        expect(told.every((event) => event.session === session && event.facts['operator'] === operator)).toBe(true)
        expect(told.find(({ user, facts }) => user === id && facts['page'] === '/console/search')?.facts['searched']).toBe(
          'a•••@example.net',
        )
        expect(JSON.stringify(told)).not.toMatch(/ada@|ops@|what is this/)
      },
    )
  })

  test('sessions are ended; the user can sign in again', async () => {
    await onDatabase(
      {},
      async (kit) => {
        const ada = await signIn(kit, ADA)
        kit.clock.forward(MINUTE)
        const phone = await signIn(kit, ADA)
        const operator = await signIn(kit, OPS)
        const person = await find(operator, ADA)
        expect((await operator.get(person)).text.match(/last used/g)).toHaveLength(2)
        const said = await operator.post(person, { act: 'end_sessions' })
        expect(said.location).toBe(`${person}?said=operator_ended_sessions`)
        expect((await operator.get(said.location)).text).toContain('An operator ended all sessions of a person.')
        expect([await ada.whoAmI(), await phone.whoAmI(), await operator.whoAmI()]).toEqual([null, null, OPS])
        kit.clock.forward(MINUTE)
        expect(await (await signIn(kit, ADA)).whoAmI()).toBe(ADA)
      },
      async (url) => {
        const act = (await consoleEvents(url)).find(({ reason }) => reason === 'operator_ended_sessions')
        expect(act?.facts['sessions']).toBe(2)
      },
    )
  })

  test('who is disabled is signed out, gets no mail and no session; enabled, they sign in, and old sessions stay ended', async () => {
    await onDatabase({}, async (kit) => {
      const ada = await signIn(kit, ADA)
      kit.clock.forward(MINUTE)
      const waiting = await askAndOpen(kit, ADA)
      const operator = await signIn(kit, OPS)
      const person = await find(operator, ADA)
      await operator.post(person, { act: 'disable' })
      expect(await ada.whoAmI()).toBeNull()
      expect((await waiting.browser.post('/sign-in/code', { c: waiting.challenge, code: waiting.code ?? '' })).status).toBe(403)
      const mails = kit.mailbox.all(ADA).length
      await kit.browser().ask(ADA)
      await kit.settle()
      expect(kit.mailbox.all(ADA)).toHaveLength(mails)
      const page = (await operator.get(person)).text
      expect(page).toContain('The user is disabled; no mail is sent.')
      expect(page).toContain('value="enable"')
      await operator.post(person, { act: 'enable' })
      kit.clock.forward(15 * MINUTE)
      expect(await ada.whoAmI()).toBeNull()
      expect(await (await signIn(kit, ADA)).whoAmI()).toBe(ADA)
    })
  })

  test('an operator is neither disabled nor erased; sessions can be ended, the own ones too', async () => {
    await onDatabase({ operators: [OPS, 'second@example.net'] }, async (kit) => {
      const operator = await signIn(kit, OPS)
      const second = await signIn(kit, 'second@example.net')
      const person = await find(operator, 'second@example.net')
      expect((await operator.get(person)).text).toContain('take the address off POSTKEY_OPERATORS first')
      for (const form of [{ act: 'disable' }, { act: 'erase', sure: 'yes' }] as Record<string, string>[]) {
        expect((await operator.post(person, form)).location).toBe(`${person}?said=operator_protected`)
      }
      expect(await second.whoAmI()).toBe('second@example.net')
      await operator.post(await find(operator, OPS), { act: 'end_sessions' })
      expect((await operator.get(paths.console)).location).toContain('/sign-in')
    })
  })

  test('a full window of mails is shown with its end, and lifted; the next mail goes out', async () => {
    await onDatabase({ policy: { resendAfter: 0 } }, async (kit) => {
      for (let nth = 0; nth < 4; nth++) await kit.browser().ask(ADA)
      await kit.settle()
      expect(kit.mailbox.all(ADA)).toHaveLength(3)
      const operator = await signIn(kit, OPS)
      const person = await find(operator, ADA)
      const page = (await operator.get(person)).text
      expect(page).toContain('3 of 3 in 15 minutes')
      expect(page).toContain('full: the next mail can go out')
      expect(page).toContain('for show, sent to nobody')
      await operator.post(person, { act: 'lift_mails' })
      expect((await operator.get(person)).text).toContain('0 of 3 in 15 minutes')
      await kit.browser().ask(ADA)
      await kit.settle()
      expect(kit.mailbox.all(ADA)).toHaveLength(4)
    })
  })

  test('wrong codes are counted on the page, and lifted: mails carry codes again, and the rows still add up', async () => {
    await onDatabase({ policy: { mailsPerLinkTtl: 20, mailsPerAddress: [{ count: 50, per: '24h' }] } }, async (kit) => {
      const guess = async (times: number): Promise<void> => {
        const { browser, challenge, code } = await askAndOpen(kit, ADA)
        for (let nth = 0; nth < times; nth++) await browser.post('/sign-in/code', { c: challenge, code: wrongCode(code, nth) })
      }
      await guess(5)
      await guess(5)
      expect((await askAndOpen(kit, ADA)).code).toBeNull()
      const operator = await signIn(kit, OPS)
      const person = await find(operator, ADA)
      expect((await operator.get(person)).text).toContain('10 of 10 in 24 hours')
      kit.clock.forward(MINUTE)
      await operator.post(person, { act: 'lift_failures' })
      expect((await operator.get(person)).text).toContain('0 of 10 in 24 hours')
      kit.clock.forward(MINUTE)
      // As many again, which the verifier of rows must not take for guesses beyond the budget.
      await guess(5)
      await guess(4)
      const { browser, challenge, code } = await askAndOpen(kit, ADA)
      expect((await browser.post('/sign-in/code', { c: challenge, code: code ?? '' })).status).toBe(303)
    })
  })

  test('an address that its mail server refused three times gets mail again once that is lifted', async () => {
    let refuses = true
    const reply: NonNullable<KitOptions['reply']> = ({ to }) =>
      refuses && to === ADA
        ? { class: 'permanent', code: 550, text: '550 5.1.1 no such user' }
        : { class: 'accepted', code: 250, text: '250 ok' }
    await onDatabase({ reply }, async (kit) => {
      for (let nth = 0; nth < 4; nth++) {
        await kit.browser().ask(ADA)
        await kit.settle()
        kit.clock.forward(15 * MINUTE)
      }
      refuses = false
      const operator = await signIn(kit, OPS)
      const person = await find(operator, ADA)
      const page = (await operator.get(person)).text
      expect(page).toContain('550 5.1.1 no such user')
      expect(page).toContain('full: no mail is sent until')
      expect(kit.mailbox.all(ADA)).toHaveLength(0)
      await operator.post(person, { act: 'lift_bounces' })
      await kit.browser().ask(ADA)
      await kit.settle()
      expect(kit.mailbox.all(ADA)).toHaveLength(1)
    })
  })

  test('another mail goes to the person, within the limits, and opens nothing in the browser of the operator', async () => {
    await onDatabase(
      {},
      async (kit) => {
        const { browser, challenge } = await askAndOpen(kit, ADA)
        const operator = await signIn(kit, OPS)
        const person = await find(operator, ADA)
        const soon = await operator.post(person, { act: 'resend', challenge })
        expect(soon.location).toContain('said=too_many_mails')
        kit.clock.forward(MINUTE)
        expect((await operator.post(person, { act: 'resend', challenge })).location).toContain('said=operator_resent')
        await kit.settle()
        expect(kit.mailbox.all(ADA)).toHaveLength(2)
        const { code, linkId, secret } = kit.mailbox.newest(ADA)
        const page = await operator.get(person)
        expect(page.text).toContain('Mail 2')
        for (const hidden of [code ?? '', secret]) expect(page.text).not.toContain(hidden)
        // The operator's browser did not ask.
        expect((await operator.post('/sign-in/code', { c: challenge, code: code ?? '' })).status).toBe(403)
        expect((await operator.post(`/l/${linkId}`, { secret })).status).toBe(422)
        expect(await operator.whoAmI()).toBe(OPS)
        expect((await browser.post('/sign-in/code', { c: challenge, code: code ?? '' })).status).toBe(303)
        // The address has a user now, and so another name; the old one leads to the same person.
        expect((await operator.post(person, { act: 'resend', challenge })).location).toContain('said=challenge_completed')
        // Somebody else's challenge, from the page of this person.
        const other = await askAndOpen(kit, 'bob@example.net')
        kit.clock.forward(MINUTE)
        expect((await operator.post(await find(operator, ADA), { act: 'resend', challenge: other.challenge })).location).toContain(
          'said=challenge_unknown',
        )
      },
      async (url) => {
        const told = await events(url)
        const asked = told.filter(({ kind, reason }) => kind === 'resend' && reason === 'mail_queued')
        expect(asked).toHaveLength(1)
        expect(
          told
            .filter(({ reason }) => reason === 'operator_resent')
            .map(({ facts }) => facts['resent'])
            .sort(),
        ).toEqual(['challenge_completed', 'challenge_unknown', 'mail_queued', 'too_many_mails'])
      },
    )
  })
})

describe.each(sharedDatabases)('erasure, %s', (_, fresh) => {
  async function contents(url: string): Promise<string> {
    const tables = url.startsWith('file:')
      ? await query<{ name: string }>(url, "select name from sqlite_master where type = 'table'")
      : await query<{ name: string }>(url, "select tablename as name from pg_tables where schemaname = 'public'")
    expect(tables.length).toBeGreaterThan(8)
    const rows = []
    for (const { name } of tables) rows.push(name, await query(url, `select * from ${name}`))
    return JSON.stringify(rows)
  }

  test('AU-07: the address is in no row any more, counts stay, nothing that was sent opens, and the record still adds up', async () => {
    const database = await fresh()
    {
      await using kit = await startKit({ operators, database: database.url })
      const ada = await signIn(kit, ADA)
      kit.clock.forward(MINUTE)
      const waiting = await askAndOpen(kit, ADA)
      await waiting.browser.post('/sign-in/code', { c: waiting.challenge, code: wrongCode(waiting.code) })
      const operator = await signIn(kit, OPS)
      const person = await find(operator, ADA)
      const before = await query<{ n: number }>(database.url, 'select count(*) as n from events')
      expect(await contents(database.url)).toContain(ADA)
      const said = await operator.post(person, { act: 'erase', sure: 'yes' })
      expect(said.location).toBe('/console?said=operator_erased_user')
      expect((await operator.get(said.location)).text).toContain('The person was erased.')

      const left = await contents(database.url)
      expect(left).not.toContain(ADA)
      expect(left).toContain('@erased.invalid')
      expect(await ada.whoAmI()).toBeNull()
      const { browser, challenge, code, linkId, secret } = waiting
      expect((await browser.post('/sign-in/code', { c: challenge, code: code ?? '' })).status).toBe(410)
      expect((await browser.post(`/l/${linkId}`, { secret })).status).toBe(410)
      expect((await kit.browser().post(`/l/${linkId}`, { secret, email: ADA })).status).toBe(410)
      kit.clock.forward(MINUTE)
      const sent = kit.mailbox.messages.length
      await browser.post('/sign-in/resend', { c: challenge })
      await kit.settle()
      expect(kit.mailbox.messages).toHaveLength(sent)

      // By the id, which stays in the record, an operator finds that there is nobody.
      const page = (await operator.get(person)).text
      expect(page).toContain('This person was erased')
      expect(page).not.toContain('<form method="post" action="/console/people')
      await operator.post(person, { act: 'enable' })
      expect(await query(database.url, "select sign_in_count as n, status from users where email like '%@erased.invalid'")).toEqual([
        { n: 1, status: 'disabled' },
      ])
      const after = await query<{ n: number }>(database.url, 'select count(*) as n from events')
      expect(after[0]?.n).toBeGreaterThan(before[0]?.n ?? 0)
      expect(await brokenRows(database.url, kit.clock.at)).toEqual([])

      // Whoever comes again is somebody new.
      expect(await (await signIn(kit, ADA)).whoAmI()).toBe(ADA)
      expect(await query(database.url, `select sign_in_count as n from users where email = '${ADA}'`)).toEqual([{ n: 1 }])
    }
    await database.drop()
  })

  test('AU-07: somebody who only asked is erased too, and the mail that waits is not sent', async () => {
    const database = await fresh()
    let reachable = false
    const reply: NonNullable<KitOptions['reply']> = ({ to }) =>
      reachable || to === OPS ? { class: 'accepted', code: 250, text: '250 ok' } : { class: 'temporary', code: 450, text: '450 later' }
    {
      await using kit = await startKit({ operators, database: database.url, reply })
      const browser = kit.browser()
      const challenge = await browser.ask(ADA)
      await kit.settle()
      const operator = await signIn(kit, OPS)
      const person = await find(operator, ADA)
      expect(person).not.toContain('example.net')
      const page = (await operator.get(person)).text
      expect(page).toContain('No user has this address')
      expect(page).toContain('450 later')
      await operator.post(person, { act: 'erase', sure: 'yes' })
      expect(await contents(database.url)).not.toContain(ADA)
      reachable = true
      kit.clock.forward(MINUTE)
      await kit.settle()
      await browser.post('/sign-in/resend', { c: challenge })
      await kit.settle()
      expect(kit.mailbox.messages.map(({ to }) => to)).toEqual([OPS])
      expect(await brokenRows(database.url, kit.clock.at)).toEqual([])
    }
    await database.drop()
  })
})

describe.each(sharedDatabases)('an erasure amid everything else, %s', (_, fresh) => {
  test('AU-07: whoever types, asks again, signs out and is erased at the same moment: each comes before or after, and nothing is left', async () => {
    const database = await fresh()
    {
      await using kit = await startKit({ operators, database: database.url, policy: { resendAfter: 0 } })
      for (let round = 0; round < 8; round++) {
        const email = `ada${round}@example.net`
        const desk = await signIn(kit, email)
        const { browser, challenge, code, linkId, secret } = await askAndOpen(kit, email)
        const operator = await signIn(kit, OPS)
        const person = await find(operator, email)
        const answers = await Promise.all([
          browser.post('/sign-in/code', { c: challenge, code: wrongCode(code) }),
          browser.post('/sign-in/resend', { c: challenge }),
          ...Array.from({ length: 4 }, () => browser.post(`/l/${linkId}`, { secret })),
          operator.post(person, { act: 'erase', sure: 'yes' }),
          browser.post('/sign-in/code', { c: challenge, code: code ?? '' }),
          desk.post('/sign-out', {}),
          operator.post(person, { act: 'end_sessions' }),
        ])
        expect(answers.filter(({ status }) => status >= 500)).toEqual([])
        await kit.settle()
        expect([await desk.whoAmI(), await browser.whoAmI()]).toEqual([null, null])
        kit.clock.forward(HOUR)
      }
      const addresses = await query<{ email: string }>(
        database.url,
        "select email from users union all select email from challenges union all select name from limits where name like 'mailbox:ada%'",
      )
      expect(addresses.filter(({ email }) => /(^|:)ada\d@/.test(email))).toEqual([])
      expect(await brokenRows(database.url, kit.clock.at)).toEqual([])
    }
    await database.drop()
  })
})

describe.each(sharedDatabases)('the search, %s', (_, fresh) => {
  test('by whatever people read off pages and mails, the same story is found, its verdict first', async () => {
    const database = await fresh()
    {
      await using kit = await startKit({ operators, database: database.url })
      const browser = kit.browser({ address: '198.51.100.7' })
      const { challenge, linkId, message, secret } = await askAndOpen(kit, ADA, { browser })
      kit.clock.forward(27 * MINUTE)
      const late = await browser.post(`/l/${linkId}`, { secret })
      expect(late.status).toBe(410)
      const operator = await signIn(kit, OPS)
      const found: string[] = []
      for (const typed of [
        challenge,
        linkId,
        message.messageId,
        late.headers.get('x-request-id') ?? '',
        `${ORIGIN}/l/${linkId}#${secret}`,
        '198.51.100.7',
      ]) {
        const { status, location } = await operator.post(paths.consoleSearch, { q: typed })
        expect([typed, status]).toEqual([typed, 303])
        expect(location).toMatch(/^\/console\/found\?q=/)
        expect(location).not.toContain(secret)
        const page = await operator.get(location)
        expect([typed, page.status]).toEqual([typed, 200])
        expect(page.text).not.toContain(secret)
        found.push(/<p class="lead">([^<]*)/.exec(page.text)?.[1] ?? '')
      }
      expect(found[0]).toMatch(/^Did not sign in: the link expired 12 min before/)
      expect(new Set(found).size).toBe(1)
      // On the page of the person too, which the story leads to.
      const story = await operator.get(`/console/found?q=${challenge}`)
      const [, person = ''] = /href="(\/console\/people\/[^"]+)"/.exec(story.text) ?? []
      expect((await operator.get(person)).text).toContain(found[0])
    }
    await database.drop()
  })

  test('a network that many came from is a list, an id of a user leads to the person, and what nobody has to nothing', async () => {
    const database = await fresh()
    {
      await using kit = await startKit({ operators, database: database.url })
      for (const email of [ADA, 'bob@example.net']) {
        await kit.browser({ address: '198.51.100.7' }).ask(email)
        kit.clock.forward(MINUTE)
      }
      await kit.settle()
      await signIn(kit, 'carla@example.net')
      const operator = await signIn(kit, OPS)
      const list = await operator.get(`/console/found?q=${encodeURIComponent('198.51.100.0/24')}`)
      expect(list.text).toContain('2 sign-ins fit')
      expect(list.text.indexOf('bob@')).toBeLessThan(list.text.indexOf(ADA))
      const carla = await find(operator, 'carla@example.net')
      const byId = await operator.post(paths.consoleSearch, { q: carla.split('/').at(-1) ?? '' })
      expect((await operator.get(byId.location)).location).toBe(carla)
      for (const q of ['A'.repeat(16), '203.0.113.0/24', ADA, 'A'.repeat(43), ''])
        expect([q, (await operator.get(`/console/found?q=${q}`)).status]).toEqual([q, 404])
      expect((await operator.post(paths.consoleSearch, { q: 'A'.repeat(43) })).status).toBe(404)
    }
    const told = JSON.stringify(await consoleEvents(database.url))
    expect(told).toContain('198.51.100.0/24')
    expect(told).not.toMatch(/A{43}|ada@|carla@/)
    await database.drop()
  })
})

describe('what never shows', () => {
  test('AU-01: no link, code, session, browser or digest is on any page of the console, after all that can be done there', async () => {
    const database = await (sharedDatabases[0] as (typeof sharedDatabases)[number])[1]()
    {
      await using kit = await startKit({ operators, database: database.url, policy: { resendAfter: 0, mailsPerLinkTtl: 20 } })
      const ada = await signIn(kit, ADA)
      const waiting = await askAndOpen(kit, ADA)
      await waiting.browser.post('/sign-in/code', { c: waiting.challenge, code: wrongCode(waiting.code) })
      const operator = await signIn(kit, OPS)
      const person = await find(operator, ADA)
      const shown: string[] = []
      const walk = async (): Promise<void> => {
        for (const path of [
          ...pages,
          person,
          await find(operator, OPS),
          `/console/found?q=${waiting.challenge}`,
          `/console/found?q=${ada.cookies.get('__Host-postkey-session')?.slice(0, 22)}`,
        ])
          shown.push((await operator.get(path)).text)
      }
      await walk()
      for (const act of ['resend', 'lift_mails', 'lift_failures', 'lift_bounces', 'disable', 'enable', 'end_sessions']) {
        const answer = await operator.post(person, { act, challenge: waiting.challenge })
        shown.push(answer.location, (await operator.get(answer.location)).text)
      }
      await kit.settle()
      await walk()
      const stored = await query<Record<string, string | null>>(
        database.url,
        'select link_digest, code_digest, sealed, null as a from mails union all select digest, null, null, null from sessions union all select browser, null, null, null from challenges union all select browsers, null, null, null from users',
      )
      const secrets = [
        ...kit.mailbox.messages.flatMap((message) => [
          message.text,
          ...(/\b\d{6}\b/.exec(message.text) ?? []),
          ...(/#(\w{43})/.exec(message.text) ?? []),
        ]),
        ...[ada, waiting.browser, operator].flatMap(({ cookies }) => [...cookies.values()]),
        ...stored.flatMap((row) => Object.values(row)).filter((value) => value !== null && value !== '[]'),
      ] as string[]
      expect(secrets.length).toBeGreaterThan(25)
      expect(shown.length).toBeGreaterThan(20)
      expect(shown.join('\n')).toContain(ADA)
      for (const secret of secrets) for (const page of shown) expect(page.includes(secret), secret).toBe(false)
    }
    await database.drop()
  })

  test('what was typed into the search stays out of addresses and of the record', async () => {
    await using kit = await startKit({ operators })
    const operator = await signIn(kit, OPS)
    const location = await find(operator, 'never.seen@example.net')
    expect(location).toMatch(/^\/console\/people\/[\w-]{38,}$/)
    expect((await operator.get(location)).text).toContain('never.seen@example.net')
    // A name of this kind is the server's own: another one opens nothing.
    expect((await operator.get(`${location.slice(0, -1)}${location.endsWith('A') ? 'B' : 'A'}`)).status).toBe(404)
    const nobody = await operator.post(paths.consoleSearch, { q: '<script>alert(1)</script>' })
    expect([nobody.status, nobody.text.includes('<script>alert')]).toEqual([404, false])
    expect(nobody.text).toContain('Nothing is known by that')
  })
})

test('the policy page tells what a change of policy changed', async () => {
  const database = await (sharedDatabases[0] as (typeof sharedDatabases)[number])[1]()
  await (await startKit({ operators, database: database.url })).close()
  {
    await using kit = await startKit({
      operators,
      database: database.url,
      policy: { linkTtl: '60m' },
      now: () => Date.UTC(2026, 10, 22, 9),
    })
    const operator = await signIn(kit, OPS)
    const page = (await operator.get(paths.consolePolicy)).text
    expect(page).toContain('15m before')
    expect(page).toContain(kit.postkey.versions.policy)
    expect((await operator.get(paths.consoleVersions)).text).toContain(kit.postkey.versions.template)
  }
  await database.drop()
})
