// Users in the hands of whoever runs the server: by the library and by the command line, on both engines. What each act does to people who are
// signed in, to mails that are out, and to the record.
import { describe, expect, test } from 'vitest'
import { main } from '../../src/run/command.ts'
import { mailboxLimit } from '../../src/store/limits.ts'
import { openEngine } from '../../src/store/open.ts'
import { all } from '../../src/store/operation.ts'
import { challengeKey } from '../../src/store/rows.ts'
import { sessionsKey } from '../../src/store/session.ts'
import { EXTERNAL_IDS } from '../../src/store/users.ts'
import { postkey } from '../cli.ts'
import { brokenRows } from '../examine.ts'
import { besideHeld, type Held } from '../held.ts'
import { askAndOpen, HOUR, type Kit, type KitOptions, MINUTE, SECRET, signIn, startKit, wrongCode } from '../kit.ts'
import { emptyDatabases, sharedDatabases } from '../nodes.ts'
import { freshDatabase } from '../postgres.ts'

const ADA = 'ada@example.net'
const BOB = 'bob@example.net'

async function query<R>(url: string, sql: string): Promise<readonly R[]> {
  const engine = await openEngine(url)
  try {
    return await engine.read(() => all<R>(sql))
  } finally {
    await engine.close()
  }
}

interface Told {
  readonly reason: string
  readonly by: string | undefined
  readonly user: string | null
}

/** What the record tells of acts, in their order. */
async function acts(url: string): Promise<readonly Told[]> {
  const rows = await query<{ reason: string; facts: string; user: string | null }>(
    url,
    `select reason, facts, user_id as "user" from events where kind = 'console' order by request_id, id`,
  )
  expect(JSON.stringify(rows)).not.toMatch(/ada@|bob@/)
  return rows.map(({ reason, facts, user }) => ({ reason, user, by: (JSON.parse(facts) as { by?: string }).by }))
}

describe.each(sharedDatabases)('by the library, %s', (_, fresh) => {
  /** A kit on a database that is looked into afterwards: its rows hold, and its decisions come out the same. */
  async function story(options: KitOptions, tell: (kit: Kit, url: string) => Promise<void>): Promise<void> {
    const database = await fresh()
    try {
      {
        await using kit = await startKit({ ...options, database: database.url })
        await tell(kit, database.url)
        await kit.settle()
        expect(await brokenRows(database.url, kit.clock.at)).toEqual([])
      }
      const out: string[] = []
      const replay = ['audit', 'replay', '--since', '2026-11-01', '--json', '--database-url', database.url]
      const say = (text: string): void => void out.push(text)
      expect([await main(replay, { env: {}, folder: '.', interactive: false, out: say, err: say }), out.at(-1)]).toEqual([
        0,
        expect.stringContaining('"different":0'),
      ])
    } finally {
      await database.drop()
    }
  }

  test('who is made gets in with one mail where nobody may sign up, as the same user, and is confirmed by it', async () => {
    await story({ policy: { signUp: 'invited' } }, async (kit, url) => {
      const made = await kit.postkey.users.create({ email: 'Ada@Example.NET', externalId: 'auth0|507f' })
      expect(made).toMatchObject({
        ok: true,
        user: { email: ADA, status: 'active', confirmedAt: null, signInCount: 0, externalId: 'auth0|507f' },
      })
      await kit.settle()
      expect(kit.mailbox.messages).toEqual([])
      kit.clock.forward(HOUR)
      const browser = await signIn(kit, ADA)
      expect(kit.mailbox.messages).toHaveLength(1)
      const who = (await browser.api('GET', '/api/session')).json() as { user: object }
      expect(who.user).toMatchObject({ id: made.user?.id, externalId: 'auth0|507f' })
      expect(await kit.postkey.users.find({ externalId: 'auth0|507f' })).toMatchObject({ id: made.user?.id, confirmedAt: kit.clock.at })
      expect(await acts(url)).toEqual([{ reason: 'operator_created_user', by: 'library', user: made.user?.id }])
    })
  })

  test('an address or external id that somebody has changes nothing, and says who', async () => {
    await story({}, async (kit, url) => {
      const made = await kit.postkey.users.create({ email: ADA, externalId: '1' })
      const before = await query(url, 'select * from users')
      const again = await kit.postkey.users.create({ email: ADA, externalId: '2' })
      const other = await kit.postkey.users.create({ email: BOB, externalId: '1' })
      for (const answer of [again, other]) expect(answer).toMatchObject({ ok: false, reason: 'user_exists', user: { id: made.user?.id } })
      expect(await query(url, 'select * from users')).toEqual(before)
      for (const bad of [
        { email: 'ada' },
        { email: 'x@erased.invalid' },
        { email: BOB, externalId: 'a b' },
        { email: BOB, externalId: '' },
      ])
        expect((await kit.postkey.users.create(bad)).ok).toBe(false)
      const told = (await acts(url)).map(({ reason }) => reason)
      expect(told.sort()).toEqual(['operator_created_user', 'user_exists', 'user_exists'])
    })
  })

  test('of ten who make the same user at once one does', async () => {
    await story({}, async (kit, url) => {
      const made = await Promise.all(
        Array.from({ length: 10 }, (_, nth) =>
          kit.postkey.users.create({ email: nth % 2 === 0 ? ADA : `ada${nth}@example.net`, externalId: '1' }),
        ),
      )
      expect(made.filter(({ ok }) => ok)).toHaveLength(1)
      expect(await query(url, 'select count(*) as n from users')).toEqual([{ n: 1 }])
    })
  })

  test('TK-20: disabled between mail and click: refused in both browsers, by code and by link; enabled, a new mail signs in', async () => {
    await story({}, async (kit, url) => {
      const ada = await signIn(kit, ADA)
      kit.clock.forward(MINUTE)
      const waiting = await askAndOpen(kit, ADA)
      const disabled = await kit.postkey.users.disable({ email: ADA })
      expect(disabled).toMatchObject({ ok: true, reason: 'operator_disabled_user', sessions: 1 })
      expect(await ada.whoAmI()).toBeNull()
      const { browser, challenge, code, linkId, secret } = waiting
      const refused = [
        await browser.api('POST', '/api/sign-in/verify', { challenge, code }),
        await browser.api('POST', '/api/sign-in/verify', { link: { id: linkId, secret } }),
        await kit.browser().api('POST', '/api/sign-in/verify', { link: { id: linkId, secret, email: ADA } }),
      ]
      expect(refused.map(({ status, reason }) => [status, reason])).toEqual(Array.from({ length: 3 }, () => [403, 'sign_in_refused']))
      expect(await query(url, "select count(*) as n from events where reason = 'sign_in_refused'")).toEqual([{ n: 3 }])
      await kit.postkey.users.enable({ email: ADA })
      expect(await ada.whoAmI()).toBeNull()
      kit.clock.forward(MINUTE)
      expect(await (await signIn(kit, ADA)).whoAmI()).toBe(ADA)
    })
  })

  test.each(['delete', 'erase'] as const)(
    'TK-20: %sd between mail and click: refused and written down, and nobody new is made by it',
    async (act) => {
      await story({}, async (kit, url) => {
        await kit.postkey.users.create({ email: ADA })
        const { browser, challenge, code, linkId, secret } = await askAndOpen(kit, ADA)
        expect(await kit.postkey.users[act]({ email: ADA })).toMatchObject({ ok: true, reason: `operator_${act}d_user` })
        const refused = [
          await browser.api('POST', '/api/sign-in/verify', { challenge, code }),
          await browser.api('POST', '/api/sign-in/verify', { link: { id: linkId, secret } }),
          await kit.browser().api('POST', '/api/sign-in/verify', { link: { id: linkId, secret, email: ADA } }),
        ]
        expect(refused.map(({ reason }) => reason)).toEqual(['code_expired', 'link_expired', 'link_expired'])
        expect(await query(url, "select reason from events where kind = 'verify' order by reason")).toHaveLength(3)
        expect(await query(url, 'select email, status from users')).toEqual([
          { email: expect.stringMatching(/@erased\.invalid$/) as string, status: 'disabled' },
        ])
      })
    },
  )

  test('RV-12: deleted and back again: somebody new, without the old sessions and external id, and wrong codes go on counting', async () => {
    await story({ policy: { mailsPerLinkTtl: 20, mailsPerAddress: [{ count: 50, per: '24h' }] } }, async (kit, url) => {
      const made = await kit.postkey.users.create({ email: ADA, externalId: '1' })
      const before = await signIn(kit, ADA)
      const guess = async (times: number): Promise<void> => {
        const { browser, challenge, code } = await askAndOpen(kit, ADA)
        for (let nth = 0; nth < times; nth++) await browser.post('/sign-in/code', { c: challenge, code: wrongCode(code, nth) })
      }
      await guess(5)
      await guess(5)
      expect((await askAndOpen(kit, ADA)).code).toBeNull()
      kit.clock.forward(MINUTE)
      expect(await kit.postkey.users.delete({ email: ADA })).toMatchObject({ ok: true, user: { id: made.user?.id }, sessions: 1 })
      expect([
        await before.whoAmI(),
        await kit.postkey.users.find({ email: ADA }),
        await kit.postkey.users.find({ externalId: '1' }),
      ]).toEqual([null, null, null])
      kit.clock.forward(MINUTE)

      const { browser, linkId, secret, code } = await askAndOpen(kit, ADA)
      expect(code, 'ten wrong codes a day, whoever has the address').toBeNull()
      expect((await browser.post(`/l/${linkId}`, { secret })).status).toBe(303)
      const again = await kit.postkey.users.find({ email: ADA })
      expect(again).toMatchObject({ externalId: null, signInCount: 1 })
      expect(again?.id).not.toBe(made.user?.id)
      expect([await before.whoAmI(), await browser.whoAmI()]).toEqual([null, ADA])
      expect((await browser.api('GET', '/api/sessions')).json()).toMatchObject({ sessions: [{ current: true }] })
      // By the old id there is nobody to act on.
      expect(await kit.postkey.users.enable({ id: made.user?.id ?? '' })).toMatchObject({ ok: false, reason: 'person_unknown' })
      // What was asked for before is still told to support, and nothing of where from.
      expect(await query(url, `select device, network from sessions where user_id = '${made.user?.id}'`)).toEqual([
        { device: '', network: '' },
      ])
      expect((await query(url, `select id from challenges where email = '${ADA}'`)).length).toBe(5)
      // Erased after all, by the address: then nothing names it.
      expect(await kit.postkey.users.erase({ email: ADA })).toMatchObject({ ok: true })
      expect(await query(url, `select id from challenges where email = '${ADA}'`)).toEqual([])
      expect(await query(url, `select id from users where email = '${ADA}'`)).toEqual([])
    })
  })

  test('an operator is neither disabled, deleted nor erased, and nobody who is not there is acted on', async () => {
    await story({ operators: ['ops@example.net'] }, async (kit, url) => {
      const { users } = kit.postkey
      for (const act of ['disable', 'delete', 'erase'] as const)
        expect([act, await users[act]({ email: 'ops@example.net' })]).toMatchObject([act, { ok: false, reason: 'operator_protected' }])
      for (const key of [{ email: ADA }, { id: 'A'.repeat(16) }, { externalId: '1' }, { email: 'no address' }] as const)
        for (const act of ['disable', 'enable', 'delete', 'endSessions'] as const)
          expect([key, act, await users[act](key)]).toMatchObject([key, act, { ok: false, reason: 'person_unknown' }])
      expect(await query(url, "select email from users where status = 'active'")).toEqual([{ email: 'ops@example.net' }])
    })
  })

  test('they are listed page by page, without those who are gone', async () => {
    await story({}, async (kit) => {
      const { users } = kit.postkey
      for (let nth = 0; nth < 7; nth++) {
        await users.create({ email: `user${nth}@${nth % 2 === 0 ? 'even' : 'odd'}.example` })
        kit.clock.forward(MINUTE)
      }
      await users.disable({ email: 'user2@even.example' })
      await users.delete({ email: 'user4@even.example' })
      await signIn(kit, 'user6@even.example')
      const seen: string[] = []
      for (let after: string | undefined; ; ) {
        const page = await users.list({ limit: 2, ...(after === undefined ? {} : { after }) })
        expect(page.users.length).toBeLessThanOrEqual(2)
        seen.push(...page.users.map(({ email }) => email.slice(4, 5)))
        if (page.next === null) break
        after = page.next
      }
      expect(seen.join('')).toBe('012356')
      const of = async (filter: object): Promise<string> => (await users.list(filter)).users.map(({ email }) => email.slice(4, 5)).join('')
      expect(await of({ domain: 'odd.example' })).toBe('135')
      expect(await of({ status: 'disabled' })).toBe('2')
      expect(await of({ confirmed: true })).toBe('6')
      expect(await of({ since: kit.clock.at - 3 * MINUTE, confirmed: false })).toBe('5')
    })
  })
})

describe.each(sharedDatabases)('by the command line, %s', (_, fresh) => {
  interface Line {
    (...words: string[]): ReturnType<typeof postkey>
    readonly url: string
  }

  async function onDatabase(story: (run: Line) => Promise<void>): Promise<void> {
    const database = await fresh()
    const env = { POSTKEY_OPERATORS: 'ops@example.net' }
    const run = (...words: string[]) => postkey(['users', ...words, '--database-url', database.url], { env })
    try {
      expect((await postkey(['migrate', '--database-url', database.url])).code).toBe(0)
      await story(Object.assign(run, { url: database.url }))
      expect(await brokenRows(database.url)).toEqual([])
    } finally {
      await database.drop()
    }
  }
  const server = (url: string) => startKit({ database: url, now: Date.now, secret: SECRET })

  test('each act does what the console does, and is one event with its own hand', async () => {
    await onDatabase(async (run) => {
      const made = await run('add', ADA, '--external-id', '4711', '--json')
      expect([made.code, made.json()]).toMatchObject([0, { ok: true, user: { email: ADA, externalId: '4711', confirmedAt: null } }])
      const { user, requestId } = made.json<{ user: { id: string }; requestId: string }>()
      {
        await using kit = await server(run.url)
        const ada = await signIn(kit, ADA)
        const shown = await run('show', 'external:4711')
        expect(shown.out).toContain(`user         ${user.id}`)
        expect(shown.out).toContain('session      Firefox on Linux')
        expect((await run('end-sessions', user.id, '--json')).json()).toMatchObject({ ok: true, sessions: 1 })
        expect(await ada.whoAmI()).toBeNull()
        expect((await run('disable', ADA)).out).toContain(`User ${user.id} is disabled; 0 sessions ended.`)
        await kit.browser().ask(ADA)
        await kit.settle()
        expect(kit.mailbox.all(ADA)).toHaveLength(1)
        expect((await run('enable', ADA)).code).toBe(0)
        expect(await (await signIn(kit, ADA)).whoAmI()).toBe(ADA)
        expect((await run('delete', ADA, '--yes', '--json')).json()).toMatchObject({ ok: true, user: user.id, sessions: 1 })
        expect((await run('show', ADA)).code).toBe(1)
        expect((await run('erase', ADA, '--yes')).out).toContain('Who had this address is erased')
      }
      const told = await acts(run.url)
      expect(told.map(({ reason }) => reason)).toEqual([
        'operator_created_user',
        'operator_ended_sessions',
        'operator_disabled_user',
        'operator_enabled_user',
        'operator_deleted_user',
        'operator_erased_user',
      ])
      expect(told.every(({ by }) => by === 'command_line')).toBe(true)
      expect(told.slice(0, 5).every((event) => event.user === user.id)).toBe(true)
      // Under the policy of the server, not under one that never was in force.
      expect(await query(run.url, 'select count(*) as n from policies')).toEqual([{ n: 1 }])
      expect((await postkey(['audit', 'show', requestId, '--database-url', run.url])).out).toContain('An operator made a user.')
    })
  })

  test('what was not understood is told, with exit code 2, and what is not there with 1; nothing is changed', async () => {
    await onDatabase(async (run) => {
      await run('add', ADA)
      const before = await query(run.url, 'select * from users')
      const answers: [readonly string[], number, string][] = [
        [[], 2, 'what? — postkey users list'],
        [['lits'], 2, '"lits" is not known'],
        [['show'], 2, 'whom? — an address, the id of a user, or external:ID'],
        [['show', 'ada'], 2, "that is nobody's name here"],
        [['add', 'ada'], 2, 'that is no plain e-mail address'],
        [['add', BOB, '--external-id', 'a b'], 2, 'that external id cannot be kept'],
        [['disable', ADA, '--yes'], 2, 'disable takes no --yes'],
        [['list', '--status', 'gone'], 2, '--status gone is not known'],
        [['list', '--domain', 'x y'], 2, '--domain x y is none'],
        [['list', '--limit', '0'], 2, '--limit 0 is no number from 1 to 1000'],
        [['list', '--after', 'x'], 2, '--after x is no id of a user'],
        [['list', '--since', 'soon'], 2, '--since soon is no time'],
        [['delete', ADA], 2, 'Nothing was done — say --yes'],
        [['erase', ADA], 2, 'limits and wrong codes included'],
        [['add', 'ADA@example.net'], 1, 'already; nothing was changed'],
        [['disable', BOB], 1, 'nobody is known by that'],
        [['show', BOB], 1, 'nobody is known by that'],
      ]
      for (const [words, code, said] of answers) {
        const ran = await run(...words)
        expect([words, ran.code, ran.err]).toEqual([words, code, expect.stringContaining(said)])
        expect(ran.out).toBe('')
      }
      expect((await run('disable', BOB, '--json')).json()).toMatchObject({ ok: false, reason: 'person_unknown' })
      expect(await query(run.url, 'select * from users')).toEqual(before)
    })
  })

  test('an operator of the settings is left alone', async () => {
    await onDatabase(async (run) => {
      await run('add', 'ops@example.net')
      const ran = await run('delete', 'ops@example.net', '--yes')
      expect([ran.code, ran.err]).toEqual([1, expect.stringContaining('take the address off the list of operators first')])
      expect((await run('show', 'ops@example.net')).out).toContain('active, operator')
    })
  })

  test('the list goes on where the page before ended', async () => {
    await onDatabase(async (run) => {
      for (const name of ['one', 'two', 'three']) await run('add', `${name}@example.net`)
      const first = (await run('list', '--limit', '2', '--json')).json<{ users: { email: string }[]; next: string }>()
      expect(first.users.map(({ email }) => email)).toEqual(['one@example.net', 'two@example.net'])
      expect((await run('list', '--limit', '2')).out).toContain(`There are more: --after ${first.next}`)
      const rest = (await run('list', '--after', first.next, '--unconfirmed')).out
      expect(rest).toMatch(/^\w{16} {2}\d{4}-\d\d-\d\d {2}active {4}not confirmed {2}three@example\.net$/)
      expect((await run('list', '--domain', 'example.org')).out).toBe('No user fits.')
    })
  })
})

describe('beside another node that is in the middle of it', () => {
  const there = (email: string, externalId: string): string =>
    `insert into users (tenant, id, email, status, created_at, sign_in_count, external_id) values ('default', 'AAAAAAAAAAAAAAAA', '${email}', 'active', 0, 0, '${externalId}')`
  // Where two have the same address, and where they have the same external id.
  const nodes: readonly (readonly [string, Held])[] = [
    ['address', { keys: [mailboxLimit(ADA)], wrote: there(ADA, '2') }],
    ['external id', { keys: [EXTERNAL_IDS], wrote: there(BOB, '1') }],
  ]

  test.each(nodes)('RC-13: of two who make a user of one %s the second is told of the first', async (_, held) => {
    const { url, drop } = await freshDatabase()
    {
      await using kit = await startKit({ database: url })
      const made = await besideHeld(url, held, () => kit.postkey.users.create({ email: ADA, externalId: '1' }))
      expect(made).toMatchObject({ ok: false, reason: 'user_exists', user: { id: 'AAAAAAAAAAAAAAAA' } })
    }
    await drop()
  })

  test.each(nodes)('RC-13: an import of the same %s leaves the row out, and takes the others', async (what, held) => {
    const { url, drop } = await freshDatabase()
    await postkey(['migrate', '--database-url', url])
    const words = ['users', 'import', '-', '--format', 'csv', '--json', '--database-url', url]
    const input = `email,external_id\ncarla@example.net,3\n${ADA},1\n`
    const ran = await besideHeld(url, held, () => postkey(words, { input }))
    const fault = what === 'address' ? 'external_id_differs' : 'external_id_taken'
    expect(ran.json()).toMatchObject({ created: 1, refused: 1, problems: [{ line: 3, fault }] })
    await drop()
  })
})

describe('beside another node that is in the middle of it, an act', () => {
  interface Scene {
    readonly kit: Kit
    readonly user: string
    readonly challenge: string
  }

  async function story(held: (scene: Scene) => Held, act: 'disable' | 'delete' | 'erase', left: string): Promise<void> {
    const { url, drop } = await freshDatabase()
    {
      await using kit = await startKit({ database: url })
      await signIn(kit, ADA)
      const { challenge } = await askAndOpen(kit, ADA)
      const user = (await kit.postkey.users.find({ email: ADA }))?.id ?? ''
      const acted = await besideHeld(url, held({ kit, user, challenge }), () => kit.postkey.users[act]({ email: ADA }))
      expect(acted.ok).toBe(true)
      expect(await query(url, left.replaceAll('NOW', String(kit.clock.at)))).toEqual([])
    }
    await drop()
  }
  const again = (table: string, but: object, where: string): string =>
    `insert into ${table} select (jsonb_populate_record(one, '${JSON.stringify(but)}')).* from ${table} one where ${where} limit 1`

  test.each([
    ['a sign-in', () => mailboxLimit(ADA)],
    ['another proof', sessionsKey],
  ])('RC-11: disabling ends the session that %s begins meanwhile', async (_, key) => {
    const wrote = (user: string): string => again('sessions', { id: 'B'.repeat(22), digest: 'other' }, `user_id = '${user}'`)
    await story(({ user }) => ({ keys: [key(user)], wrote: wrote(user) }), 'disable', 'select id from sessions where ended_at is null')
  })

  test.each(['delete', 'erase'] as const)('%s voids the mail that is asked for meanwhile', async (act) => {
    const held = ({ challenge }: Scene): Held => ({
      keys: [challengeKey(challenge)],
      wrote: again('mails', { ordinal: 1 }, `challenge = '${challenge}'`),
    })
    await story(held, act, 'select ordinal from mails where link_expires_at > NOW or code_expires_at > NOW')
  })
})

test('a database from before is not written to', async () => {
  const database = await (emptyDatabases[0] as (typeof emptyDatabases)[number])[1]()
  await (await openEngine(database.url)).close()
  const ran = await postkey(['users', 'add', ADA, '--database-url', database.url])
  expect([ran.code, ran.err]).toEqual([1, expect.stringMatching(/has schema 0 of \d+ — run postkey migrate first/)])
  await database.drop()
})
