// The verifier behind `postkey doctor --deep`: it finds nothing in a database that lived through all that may happen, and finds each
// thing that may not, once it is planted there. On both engines.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { main } from '../src/run/command.ts'
import type { Check } from '../src/run/doctor.ts'
import { idsOf, mintId } from '../src/secret.ts'
import { examineRows, type Finding } from '../src/store/examine.ts'
import { invariants } from '../src/store/invariants.ts'
import { type OpenEngine, openEngine, openToRead, voidDatabase } from '../src/store/open.ts'
import { all, nothing, one, run } from '../src/store/operation.ts'
import { askAndOpen, type Kit, signIn, startKit, wrongCode } from './kit.ts'
import { sharedDatabases, type TestDatabase } from './nodes.ts'

const MINUTE = 60_000

/** What must not be, by the name of the invariant that it breaks. Planted in the life of `live`, and taken back. */
const plants: Readonly<Record<string, string>> = {
  'one-session-per-proof':
    "insert into sessions (tenant, id, digest, user_id, challenge, proof, device, network, created_at, seen_at, ended_at) select tenant, id || 'x', 'd' || substr(digest, 2), user_id, challenge, proof, device, network, created_at, seen_at, ended_at from sessions where ended_at is not null",
  'one-session-per-token': 'update sessions set digest = (select max(digest) from sessions)',
  'tries-are-written-down': 'update mails set code_tries = code_tries - 1 where code_tries > 1',
  'address-tries-are-written-down': 'update mails set address_tries = 0 where address_tries > 0',
  'tries-are-bounded': `update policies set policy = replace(policy, '"codeTries":5', '"codeTries":2')`,
  'failures-are-bounded': `update policies set policy = replace(policy, '"codeFailures":[{"count":10', '"codeFailures":[{"count":2')`,
  'session-in-time': 'update mails set link_expires_at = created_at - 1, code_expires_at = created_at - 1',
  'session-of-its-address': "update challenges set email = 'mallory@example.net' where completed_at is not null",
  'session-of-a-mail': 'update mails set decoy = 1, code_digest = link_digest',
  'code-session-completes': 'update challenges set completed_at = null',
  'decoy-opens-nothing': 'update mails set decoy = 1',
  'session-has-its-rows': 'delete from users',
  'nothing-spent-for-nothing': 'delete from sessions where ended_at is not null',
  'sign-ins-are-counted-once': 'update users set sign_in_count = sign_in_count + 1',
  'signed-in-is-confirmed': 'update users set confirmed_at = null',
  'start-has-its-mail': 'delete from mails where ordinal = 1',
  'challenge-has-a-mail': 'delete from mails',
  'mail-has-its-challenge': 'delete from challenges',
  'queued-or-settled': "update mails set sealed = 'still here' where state = 'sent'",
  'nobody-waits-for-ever':
    "update mails set state = 'queued', sealed = 'seal', settled_at = null, link_expires_at = 1, code_expires_at = 1",
  'settled-as-written-down': "delete from events where kind = 'deliver'",
  'address-is-canonical': "update users set email = 'Ada@example.net,bob@example.net' where email like 'ada%'",
  'decoys-stay-here': "update mails set state = 'sent' where decoy = 1",
  'only-digests': "update mails set code_digest = '123456' where decoy = 0",
  'no-address-in-events': "update events set facts = replace(facts, 'a•••@example.net', 'ada@example.net')",
  'session-has-its-event': "delete from events where reason = 'signed_in'",
  'event-has-its-session': "update events set session_id = 'nowhere' where reason = 'signed_in'",
  'mail-has-its-event': "delete from events where kind = 'start'",
  'event-has-its-rows': "update events set challenge = 'nowhere' where kind = 'verify'",
  'event-has-its-policy': 'delete from policies',
  'token-of-one-tenant':
    "insert into challenges (tenant, id, purpose, email, browser, return_to, locale, device, created_at, completed_at, network) select 'other', id, purpose, email, browser, return_to, locale, device, created_at, completed_at, network from challenges",
  'signed-out-stays-out': 'update sessions set ended_at = null',
  'restore-voids': 'update epochs set voided_at = voided_at + 86400000000',
  'not-from-the-future': 'update sessions set seen_at = seen_at + 86400000000',
  'no-id-from-the-future': `update events set request_id = '${mintId(Date.UTC(2030, 0))}' where kind = 'guard'`,
}

describe.each(sharedDatabases)('%s', (_, fresh) => {
  let database: TestDatabase
  let engine: OpenEngine
  let at: number

  beforeAll(async () => {
    database = await fresh()
    // Before a restore, and after it.
    const before = await startKit({ database: database.url })
    await askAndOpen(before, 'zoe@example.net')
    await before.close()
    await voidDatabase(database.url, { now: before.clock.now })
    const kit = await startKit({ database: database.url, reply: ({ to }) => (to.startsWith('refused') ? REFUSED : ACCEPTED) })
    kit.clock.forward(2 * MINUTE)
    await live(kit)
    at = kit.clock.at
    await kit.close()
    engine = await openEngine(database.url, { now: () => at })
  })
  afterAll(async () => {
    await engine?.close()
    await database?.drop()
  })

  const examine = async (): Promise<readonly Finding[]> => (await examineRows(engine, { idsOf })).findings

  test('a database that lived through all that may happen breaks no invariant', async () => {
    const kinds = await engine.read(() => all<{ reason: string }>('select distinct reason from events'))
    expect(kinds.map(({ reason }) => reason)).toEqual(expect.arrayContaining(LIVED))
    expect(await examine()).toEqual([])
  })

  test('every invariant has something planted that breaks it', () => {
    expect(Object.keys(plants)).toEqual(invariants.map(({ name }) => name))
  })

  test.each(Object.entries(plants))('%s is found', async (name, plant) => {
    const found: (readonly Finding[])[] = []
    // In a transaction that is never committed.
    const planted = engine.write({
      locks: nothing,
      run: function* (tx) {
        yield* run(plant)
        const findings: Finding[] = []
        for (const invariant of invariants) {
          const params = invariant.params?.({ now: tx.now, idsOf }) ?? []
          const offenders = yield* all<{ tenant: string; id: string }>(
            `select tenant, id from (${invariant.offenders}) as o limit 5`,
            ...params,
          )
          if (offenders.length > 0) findings.push({ invariant, offenders, more: false })
        }
        found.push(findings)
        throw new Error('take it back')
      },
    })
    await expect(planted).rejects.toThrow('take it back')
    const finding = found[0]?.find(({ invariant }) => invariant.name === name)
    expect(finding, name).toBeDefined()
    for (const { tenant, id } of finding?.offenders ?? []) expect([typeof tenant, typeof id]).toEqual(['string', 'string'])
    expect(await examine()).toEqual([])
  })

  test('of many rows the first are named, and that there are more', async () => {
    const { findings } = await examineRows(engine, { idsOf: () => '', offendersMax: 3 })
    expect(findings).toEqual([expect.objectContaining({ more: true, offenders: expect.objectContaining({ length: 3 }) })])
  })

  test('opened to read, the database takes no writes, and PostgreSQL cuts no statement off', async () => {
    const reading = await openToRead(database.url, { now: () => at })
    await expect(reading.read(() => run('update users set sign_in_count = 7'))).rejects.toThrow(/read-?only/i)
    if (database.url.startsWith('postgres')) {
      expect(await reading.read(() => one('show statement_timeout'))).toEqual({ statement_timeout: '0' })
    }
    expect(await examineRows(reading, { idsOf })).toEqual({ looked: invariants.length, findings: [] })
    await reading.close()
  })
})

describe.each(sharedDatabases)('postkey doctor --deep on %s', (_, fresh) => {
  test('says that the rows keep to all invariants; and once one does not, which, with its ids and what to do, and exits with 1', async () => {
    const database = await fresh()
    const kit = await startKit({ database: database.url, now: Date.now })
    await signIn(kit, 'ada@example.net')
    await kit.close()
    const doctor = async (...flags: string[]): Promise<{ code: number; out: string }> => {
      let out = ''
      const say = (text: string): void => {
        out += text
      }
      const terminal = { env: {}, folder: '/', interactive: false, out: say, err: say }
      return { code: await main(['doctor', ...flags, '--database-url', database.url], terminal), out }
    }
    const rows = async (): Promise<readonly Check[]> => {
      const { checks } = JSON.parse((await doctor('--deep', '--json')).out) as { checks: Check[] }
      return checks.filter(({ area }) => area === 'rows')
    }
    expect(await rows()).toEqual([{ area: 'rows', state: 'ok', what: `keep to all ${invariants.length} invariants` }])

    const engine = await openEngine(database.url)
    const user = await engine.read(() => one<{ tenant: string; id: string }>('select tenant, id from users'))
    await engine.write({ locks: nothing, run: () => run('update users set sign_in_count = 5') })
    await engine.close()
    const [broken, ...more] = await rows()
    expect(more).toEqual([])
    expect(broken).toMatchObject({ state: 'fail', invariant: 'sign-ins-are-counted-once', offenders: [user], more: false })
    const told = await doctor('--deep')
    expect(told.code).toBe(1)
    expect(told.out).toContain(`default/${user?.id}`)
    expect(told.out).toContain('report it')
    // Without the flag nobody waits for it.
    expect((await doctor()).out).not.toContain('sign-ins-are-counted-once')
    await database.drop()
  })
})

const ACCEPTED = { class: 'accepted', code: 250, text: 'ok' } as const
const REFUSED = { class: 'permanent', code: 550, text: 'no such mailbox' } as const

const LIVED = [
  ...['mail_queued', 'too_many_mails', 'signed_in', 'replayed', 'link_used', 'code_wrong', 'code_superseded', 'code_locked', 'code_off'],
  ...['budget_spent', 'address_mismatch', 'signed_out', 'session_revoked', 'mail_sent', 'mail_suppressed', 'mail_dead', 'origin_missing'],
]

/** All that may happen. */
async function live(kit: Kit): Promise<void> {
  const ada = await askAndOpen(kit, 'ada@example.net')
  await ada.browser.post('/sign-in/code', { c: ada.challenge, code: wrongCode(ada.code) })
  await ada.browser.post('/sign-in/code', { c: ada.challenge, code: ada.code ?? '' })
  await ada.browser.post('/sign-in/code', { c: ada.challenge, code: ada.code ?? '' })
  await ada.browser.post('/sign-in/code', { c: ada.challenge, code: wrongCode(ada.code) })
  const phone = await signIn(kit, 'ada@example.net')
  await phone.post('/account/sessions/end-others', {})
  await phone.post('/sign-out', {})

  // Elsewhere, by typing the address; then at home by another mail of the same challenge.
  const bob = await askAndOpen(kit, 'bob@example.net')
  const other = kit.browser()
  await other.post(`/l/${bob.linkId}`, { secret: bob.secret, email: 'eve@example.net' })
  await other.post(`/l/${bob.linkId}`, { secret: bob.secret, email: 'bob@example.net' })
  await kit.browser().post(`/l/${bob.linkId}`, { secret: bob.secret, email: 'bob@example.net' })
  kit.clock.forward(2 * MINUTE)
  await bob.browser.post('/sign-in/resend', { c: bob.challenge })
  await kit.settle()
  await bob.browser.post('/sign-in/code', { c: bob.challenge, code: bob.code ?? '' })
  await bob.browser.post('/sign-in/code', { c: bob.challenge, code: kit.mailbox.newest('bob@example.net').code ?? '' })

  // Guesses until the code is off, mails until they are for show.
  for (let flow = 0; flow < 3; flow++) {
    const cyd = await askAndOpen(kit, 'cyd@example.net')
    for (let guess = 0; guess < 6; guess++)
      await cyd.browser.post('/sign-in/code', { c: cyd.challenge, code: cyd.code === null ? '000000' : wrongCode(cyd.code, guess) })
    if (cyd.code === null) await cyd.browser.post(`/l/${cyd.linkId}`, { secret: cyd.secret })
    kit.clock.forward(6 * MINUTE)
  }
  for (let ask = 0; ask < 4; ask++) await kit.browser().ask('dan@example.net')
  await kit.settle()
  await kit.browser().ask('refused@example.net')
  await kit.settle()
  await kit.browser().post('/sign-in', { email: 'ada@example.net' }, { origin: '' })
  await new Promise((resolve) => setTimeout(resolve, 50))
}
