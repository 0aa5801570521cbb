// AU-03: whoever writes to the database by hand changes the record, its seals, or both; what the verifier says is the first bad place. And
// what is no tampering is none: erasure, a new secret, an interrupted run.
import { execFile } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Head, Seal } from '../../src/core/seal.ts'
import { sealClosed } from '../../src/flow/seal.ts'
import { type Difference, type Late, type VerifiedRecord, type VerifyRecord, verifyRecord } from '../../src/flow/verify-record.ts'
import { main } from '../../src/run/command.ts'
import { readConfig } from '../../src/run/config.ts'
import { keyring } from '../../src/secret.ts'
import { copyDatabase } from '../../src/store/backup.ts'
import { type OpenEngine, openEngine, storeOver } from '../../src/store/open.ts'
import { all, nothing, run } from '../../src/store/operation.ts'
import type { Store } from '../../src/store/store.ts'
import { Clock, DAY, HOUR, type Kit, MINUTE, signIn, startKit } from '../kit.ts'
import { sharedDatabases, sqliteFile, type TestDatabase } from '../nodes.ts'

const SECRET = 'q4bX0hT9mZ2vR7nK1sW8yC5dJ6gL3fPaEuIoQwTzMxNe'
const NEXT = 'Zk3mB8vQ1xN6cR0tH5wL9pD2yG7jF4sAuEiOoTqXrVbM'
const THIEF = 'Ab7cD1eF5gH9iJ3kL2mN6oP0qR4sT8uVwXyZaBcDeFgH'

interface Looked extends VerifiedRecord {
  readonly found: readonly Difference[]
  readonly lateOnes: readonly Late[]
}

async function look(kit: Kit, store: Store, over: Partial<VerifyRecord> = {}): Promise<Looked> {
  const found: Difference[] = []
  const lateOnes: Late[] = []
  const result = await verifyRecord({
    store,
    tenant: 'default',
    keys: keyring([SECRET]),
    policy: kit.postkey.policy,
    since: 0,
    after: null,
    head: null,
    onStep: async () => true,
    onDifference: (difference) => void found.push(difference),
    onLate: (late) => void lateOnes.push(late),
    ...over,
  })
  expect(found).toHaveLength(result.differences)
  return { ...result, found, lateOnes }
}

/** As short as it can be told. */
function told({ found }: Looked): string[] {
  return found.map((one) => {
    if (one.what === 'seals_missing') return `seals_missing ${one.seal}-${one.upTo}`
    if (one.what === 'events_missing') return `seal ${one.seal}: ${one.count} events_missing`
    if ('event' in one) return `seal ${one.seal}: ${one.what} ${one.event.kind}`
    return `${one.what} ${one.seal}`
  })
}

interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

async function postkey(words: readonly string[], env: Readonly<Record<string, string>> = { POSTKEY_SECRET: SECRET }): Promise<Ran> {
  const [out, err]: [string[], string[]] = [[], []]
  const terminal = {
    env,
    folder: '.',
    interactive: false,
    out: (text: string) => void out.push(text),
    err: (text: string) => void err.push(text),
  }
  const code = await main(words, terminal)
  return { code, out: out.join('\n'), err: err.join('\n') }
}

/** Four sign-ins, each in a window of its own, and one that is too young. */
async function live(kit: Kit, clock: Clock): Promise<void> {
  for (const who of ['ada', 'bob', 'eve', 'max']) {
    await signIn(kit, `${who}@example.net`)
    clock.forward(20 * MINUTE)
    await kit.postkey.seal()
  }
  await signIn(kit, 'zoe@example.net')
}

const write = (engine: OpenEngine, sql: string, ...params: (string | number | null)[]): Promise<void> =>
  engine.write({ locks: nothing, run: () => run(sql, ...params) })

describe.each(sharedDatabases)('AU-03, %s', (_, fresh) => {
  let database: TestDatabase
  let kit: Kit
  let engine: OpenEngine
  let store: Store
  /** Of the sealed ones, three in a window. */
  let events: readonly { readonly id: string; readonly request: string; readonly at: number }[]
  let newest: Head
  const clock = new Clock(Date.UTC(2026, 10, 21, 9))

  const tables = ['events', 'seals', 'purges'] as const
  beforeAll(async () => {
    database = await fresh()
    // Each look at the clock takes a millisecond, so that ids come in the order of what happened.
    kit = await startKit({ database: database.url, seals: false, secret: SECRET, now: () => clock.at++ })
    engine = await openEngine(database.url, { now: clock.now })
    store = storeOver(engine)
    await live(kit, clock)
    events = await engine.read(() => all('select id, request_id as request, at from events order by request_id, id limit 12'))
    const [last] = (await store.readSeals('default', 0, 10)).slice(-1)
    newest = { seq: (last as Seal).seq, digest: (last as Seal).digest }
    for (const table of tables) await write(engine, `create table kept_${table} as select * from ${table}`)
  })
  afterEach(async () => {
    for (const table of tables) {
      await write(engine, `delete from ${table}`)
      await write(engine, `insert into ${table} select * from kept_${table}`)
    }
  })
  afterAll(async () => {
    await kit.close()
    await engine.close()
    await database.drop()
  })

  const nth = (index: number) => events[index] as (typeof events)[number]

  test('what nobody changed is as it was sealed', async () => {
    const looked = await look(kit, store, { head: newest })
    expect(looked).toMatchObject({ seals: 4, events: 12, young: 3, late: 0, gone: 0, unconfirmed: null, head: 'same', newest })
    expect(told(looked)).toEqual([])
  })

  const columns = {
    at: '1',
    challenge: "'somebodyElses0001'",
    user_id: "'somebodyElses0001'",
    session_id: "'somebodyElses0001'",
    kind: "'start'",
    reason: "'replayed'",
    facts: "'{}'",
    decision: "'{}'",
    versions: "'{}'",
    cost: "'{}'",
  } as const

  // The sixth is the proof of bob.
  test.each(Object.entries(columns))('an event with another %s', async (column, value) => {
    await write(engine, `update events set ${column} = ${value} where id = ?`, nth(5).id)
    const looked = await look(kit, store)
    expect(told(looked)).toEqual([`seal 2: event_changed ${column === 'kind' ? 'start' : 'verify'}`])
    expect(looked.found).toMatchObject([{ event: { id: nth(5).id, requestId: nth(5).request } }])
    expect(looked.events).toBe(11)
  })

  test.each<[string, () => Promise<void>, readonly string[]]>([
    [
      'an event under another id',
      () => write(engine, 'update events set id = ? where id = ?', `${nth(5).id.slice(0, 15)}-`, nth(5).id),
      ['seal 2: event_changed verify'],
    ],
    [
      'an event of another tenant',
      () => write(engine, "update events set tenant = 'other' where id = ?", nth(5).id),
      ['seal 2: 1 events_missing'],
    ],
    ['an event is gone', () => write(engine, 'delete from events where id = ?', nth(4).id), ['seal 2: 1 events_missing']],
    [
      'all events of a window are gone',
      () => write(engine, 'delete from events where id in (?, ?, ?)', nth(6).id, nth(7).id, nth(8).id),
      ['seal 3: 3 events_missing'],
    ],
    [
      'an event more',
      () =>
        write(
          engine,
          'insert into events select tenant, ?, at, request_id, challenge, user_id, session_id, kind, reason, facts, decision, versions, cost from events where id = ?',
          `${nth(4).id.slice(0, 15)}~`,
          nth(4).id,
        ),
      ['seal 2: event_added'],
    ],
    [
      'two events that changed places',
      async () => {
        await write(engine, "update events set id = 'between' where id = ?", nth(4).id)
        await write(engine, 'update events set id = ?, request_id = ? where id = ?', nth(4).id, nth(4).request, nth(5).id)
        await write(engine, "update events set id = ?, request_id = ? where id = 'between'", nth(5).id, nth(5).request)
      },
      ['seal 2: event_changed', 'seal 2: event_changed'],
    ],
    [
      'an event that went to another window',
      () => write(engine, 'update events set request_id = ? where id = ?', nth(7).request, nth(2).id),
      ['seal 1: 1 events_missing', 'seal 3: event_added'],
    ],
    [
      'a seal with other prints',
      () => write(engine, "update seals set prints = replace(prints, substr(prints, 1, 4), 'xxxx') where seq = 3"),
      ['seal_changed 3'],
    ],
    ['a seal with another count', () => write(engine, 'update seals set events = 4 where seq = 3'), ['seal_changed 3']],
    ['a seal with another beginning', () => write(engine, "update seals set from_request = 'a' where seq = 1"), ['seal_changed 1']],
    [
      'a seal with another end',
      () => write(engine, 'update seals set until_request = ? where seq = 3', nth(7).request),
      ['seal_changed 3'],
    ],
    [
      'a seal that lets go of more',
      () => write(engine, 'update seals set gone_before = ? where seq = 4', nth(9).request),
      ['seal_changed 4'],
    ],
    ['a seal of another time', () => write(engine, 'update seals set made_at = made_at + 1 where seq = 1'), ['seal_changed 1']],
    [
      'a seal with another digest',
      () => write(engine, "update seals set digest = replace(digest, substr(digest, 1, 4), 'xxxx') where seq = 2"),
      ['seal_changed 2'],
    ],
    ['a seal with another mac', () => write(engine, "update seals set mac = substr(mac, 1, 8) || 'x' where seq = 2"), ['seal_changed 2']],
    ['a seal is gone', () => write(engine, 'delete from seals where seq = 2'), ['seals_missing 2-2']],
    ['the first seal is gone', () => write(engine, 'delete from seals where seq = 1'), ['seals_missing 1-1']],
    [
      'two seals that changed places',
      async () => {
        await write(engine, 'update seals set seq = 9 where seq = 2')
        await write(engine, 'update seals set seq = 2 where seq = 3')
        await write(engine, 'update seals set seq = 3 where seq = 9')
      },
      ['seal_changed 2'],
    ],
    [
      'old events are gone, and the purge is said to have done it',
      async () => {
        await write(engine, 'delete from events where at < ?', nth(6).at)
        await write(
          engine,
          "insert into purges (tenant, kind, cursor, before, before_at, deleted, finished_at) values ('default', 'events', '', ?, ?, 6, 0)",
          nth(6).request,
          clock.at + 2 * DAY,
        )
      },
      ['seal 1: 3 events_missing', 'seal 2: 3 events_missing'],
    ],
  ])('%s', async (_, tamper, first) => {
    await tamper()
    const looked = await look(kit, store)
    expect(told(looked).slice(0, first.length)).toEqual(first.map((text) => expect.stringContaining(text)))
    // And whatever else is wrong then, it is no event that nobody touched.
    for (const one of looked.found.slice(first.length)) expect(one.what).toMatch(/^seal/)
  })

  describe('the end is cut off', () => {
    const cut = async (): Promise<void> => {
      await write(engine, 'delete from events where request_id >= ?', nth(9).request)
      await write(engine, 'delete from seals where seq = 4')
    }

    test('which nothing in the database can show, and the head in the log does', async () => {
      await cut()
      expect(told(await look(kit, store))).toEqual([])
      const looked = await look(kit, store, { head: newest })
      expect(told(looked)).toEqual(['end_missing 4'])
      expect(looked).toMatchObject({ head: 'different' })
    })

    test('and it went on: the seal of that number is another one', async () => {
      await cut()
      await sealClosed({ store, tenant: 'default', policy: kit.postkey.policy, keys: keyring([SECRET]), log }, async () => true)
      await write(engine, 'insert into events select * from kept_events where request_id >= ?', nth(9).request)
      await write(engine, "update events set reason = 'replayed' where id = ?", nth(11).id)
      await sealClosed({ store, tenant: 'default', policy: kit.postkey.policy, keys: keyring([SECRET]), log }, async () => true)
      expect(told(await look(kit, store))).toEqual([])
      expect(told(await look(kit, store, { head: newest }))).toEqual(['seal_replaced 4'])
    })

    test('and nothing is left', async () => {
      for (const table of ['events', 'seals']) await write(engine, `delete from ${table}`)
      expect(told(await look(kit, store, { head: newest }))).toEqual(['end_missing 4'])
    })
  })

  describe('somebody without the secret seals anew what he changed', () => {
    const forge = async (): Promise<void> => {
      await write(engine, 'delete from seals')
      await write(engine, "update events set reason = 'replayed' where id = ?", nth(5).id)
      await sealClosed({ store, tenant: 'default', policy: kit.postkey.policy, keys: keyring([THIEF]), log }, async () => true)
    }

    test('by a key that nobody knows: then nothing vouches for it', async () => {
      await forge()
      const looked = await look(kit, store)
      expect({ told: told(looked), unconfirmed: looked.unconfirmed }).toEqual({ told: [], unconfirmed: { from: 1, upTo: 1 } })
      // Nor does a true seal behind it, which vouches for what was there when it was made: the head in the log tells.
      expect(told(await look(kit, store, { head: { ...newest, seq: 1 } }))).toEqual(['seal_replaced 1'])
    })

    test('under the name of the true key', async () => {
      const [honest] = await store.readSeals('default', 0, 1)
      await forge()
      await write(engine, 'update seals set mac = ? || substr(mac, 9)', (honest as Seal).mac.slice(0, 8))
      expect(told(await look(kit, store))).toEqual(['seal_changed 1'])
    })
  })

  test('seals are removed, and the server itself seals anew what is left: it is late then, and the log knows another', async () => {
    const { at } = clock
    expect((await look(kit, store)).belated).toBe(null)
    clock.forward(2 * DAY)
    await write(engine, 'delete from seals where seq > 1')
    await write(engine, "update events set reason = 'replayed' where id = ?", nth(5).id)
    await sealClosed({ store, tenant: 'default', policy: kit.postkey.policy, keys: keyring([SECRET]), log }, async () => true)
    const looked = await look(kit, store)
    expect({ told: told(looked), belated: looked.belated }).toEqual({ told: [], belated: { from: 2, upTo: 2 } })
    expect(told(await look(kit, store, { head: { ...newest, seq: 2 } }))).toEqual(['seal_replaced 2'])
    clock.at = at
  })

  test('an event that came into its window when it was sealed is told as what it is, and is no difference', async () => {
    await write(
      engine,
      'insert into events select tenant, ?, cast(? as {int}), request_id, challenge, user_id, session_id, kind, reason, facts, decision, versions, cost from events where id = ?',
      'lateBy20Minutes0',
      clock.at,
      nth(4).id,
    )
    const looked = await look(kit, store)
    expect({ told: told(looked), late: looked.late, events: looked.events }).toEqual({ told: [], late: 1, events: 12 })
    expect(looked.lateOnes).toMatchObject([{ seal: 2, event: { id: 'lateBy20Minutes0' } }])
  })

  test('since a time: what was sealed before is left out', async () => {
    const looked = await look(kit, store, { since: nth(6).at })
    expect(looked).toMatchObject({ seals: 2, events: 6, differences: 0 })
    await write(engine, 'delete from events where id = ?', nth(1).id)
    expect(told(await look(kit, store, { since: nth(6).at }))).toEqual([])
    expect(told(await look(kit, store, { since: nth(2).at - MINUTE }))).toEqual(['seal 1: 1 events_missing'])
    await write(engine, 'delete from events where id = ?', nth(8).id)
    expect(told(await look(kit, store, { since: nth(6).at }))).toEqual(['seal 3: 1 events_missing'])
  })

  describe('by the command', () => {
    const verify = (...more: string[]): Promise<Ran> => postkey(['audit', 'verify', '--database-url', database.url, ...more])

    test('all is well: how much, what is too young, and what only the log can tell', async () => {
      const { code, out } = await verify()
      expect(code).toBe(0)
      expect(out).toContain('12 events of 4 seals: as they were sealed.')
      expect(out).toContain('3 events are not sealed yet')
      expect(out).toContain(`The newest here: 4:${newest.digest}`)
      const withHead = await verify('--head', `4:${newest.digest}`, '--json')
      expect(withHead.code).toBe(0)
      expect(JSON.parse(withHead.out)).toMatchObject({
        ok: true,
        seals: 4,
        events: 12,
        young: 3,
        head: 'same',
        differences: [],
        late: [],
        goOnAfter: null,
      })
    })

    test('the first bad place in words, and every one for programs', async () => {
      await write(engine, "update events set reason = 'replayed' where id = ?", nth(5).id)
      await write(engine, 'delete from events where id = ?', nth(7).id)
      const { code, out } = await verify('--head', `9:${newest.digest}`)
      expect(code).toBe(1)
      expect(out.split('\n').slice(0, 4)).toEqual([
        'The first that is not as it was sealed:',
        `  seal 2 of 2026-11-21 09:40:00 UTC: an event was changed: verify, replayed, request ${nth(5).request}, event ${nth(5).id}, which says it was written 2026-11-21 09:20:00 UTC`,
        `  seal 3 of 2026-11-21 10:00:00 UTC: an event is missing behind request ${nth(6).request} (2026-11-21 09:40:00 UTC), before request ${nth(8).request} (2026-11-21 09:40:00 UTC)`,
        '  the end is missing: seal 9 was made, and the newest here is 4. It was cut off, or the database is an older one',
      ])
      const programs = await verify('--json')
      expect(programs.code).toBe(1)
      expect(JSON.parse(programs.out)).toMatchObject({
        ok: false,
        count: 2,
        differences: [
          { what: 'event_changed', seal: 2, event: { requestId: nth(5).request, event: nth(5).id, reason: 'replayed' } },
          { what: 'events_missing', seal: 3, count: 1 },
        ],
      })
    })

    test('no seal at all, where events are hours old, is not well', async () => {
      await write(engine, 'delete from seals')
      const { code, out } = await verify()
      expect({ code, out }).toMatchObject({ code: 1, out: expect.stringContaining('There is no seal to hold the record against.') })
      expect(out).toContain('look for sealing_failed in the log')
    })

    test('without the secret the log alone is what it is held against', async () => {
      const words = ['audit', 'verify', '--database-url', database.url]
      const nothingGiven = await postkey(words, {})
      expect(nothingGiven).toMatchObject({ code: 2, err: expect.stringContaining('nothing to hold the seals against') })
      const { code, out } = await postkey([...words, '--head', `4:${newest.digest}`], {})
      expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining('The seal of --head is the one that is here') })
      await write(engine, "update events set reason = 'replayed' where id = ?", nth(5).id)
      expect((await postkey([...words, '--head', `4:${newest.digest}`], {})).code).toBe(1)
    })
  })
})

const log = { event: () => {}, warn: () => {}, error: () => {} }

describe.each(sharedDatabases)('what is no tampering, %s', (_, fresh) => {
  test('AU-07: a person is erased, and the record is as it was sealed', async () => {
    const database = await fresh()
    const kit = await startKit({ database: database.url, seals: false, secret: SECRET, operators: ['ops@example.net'] })
    await signIn(kit, 'ada@example.net')
    kit.clock.forward(20 * MINUTE)
    await kit.postkey.seal()
    const operator = await signIn(kit, 'ops@example.net')
    const { location } = await operator.post('/console/search', { q: 'ada@example.net' })
    expect((await operator.post(location, { act: 'erase', challenge: '', sure: 'yes' })).status).toBeLessThan(400)
    kit.clock.forward(20 * MINUTE)
    await kit.postkey.seal()
    const engine = await openEngine(database.url, { now: kit.clock.now })
    const left = await engine.read(() =>
      all("select email from users where email = 'ada@example.net' union all select email from challenges where email = 'ada@example.net'"),
    )
    const looked = await look(kit, storeOver(engine))
    await engine.close()
    await kit.close()
    await database.drop()
    expect({ left, told: told(looked), seals: looked.seals }).toEqual({ left: [], told: [], seals: 2 })
    expect(looked.events).toBeGreaterThan(8)
  })

  test('a new secret: later seals vouch for those of the old one, and without any nobody does', async () => {
    const database = await fresh()
    const before = await startKit({ database: database.url, seals: false, secret: SECRET })
    const { clock } = before
    await signIn(before, 'ada@example.net')
    clock.forward(20 * MINUTE)
    await before.postkey.seal()
    await before.close()
    const engine = await openEngine(database.url, { now: clock.now })
    const store = storeOver(engine)
    const rotated = keyring([NEXT])
    // Nothing happened since: the old secret is what there is.
    expect((await look(before, store, { keys: rotated })).unconfirmed).toEqual({ from: 1, upTo: 1 })
    expect((await look(before, store, { keys: keyring([NEXT, SECRET]) })).unconfirmed).toBe(null)

    const kit = await startKit({ database: database.url, seals: false, secret: [NEXT, SECRET], now: clock.now })
    await signIn(kit, 'bob@example.net')
    clock.forward(20 * MINUTE)
    await kit.postkey.seal()
    const looked = await look(kit, store, { keys: rotated })
    expect({ told: told(looked), unconfirmed: looked.unconfirmed, events: looked.events }).toEqual({
      told: [],
      unconfirmed: null,
      events: 6,
    })
    const stranger = await look(kit, store, { keys: keyring([THIEF]) })
    expect({ told: told(stranger), unconfirmed: stranger.unconfirmed }).toEqual({ told: [], unconfirmed: { from: 1, upTo: 2 } })
    const words = ['audit', 'verify', '--database-url', database.url]
    expect((await postkey(words, { POSTKEY_SECRET: NEXT })).code).toBe(0)
    const { code, out } = await postkey(words, { POSTKEY_SECRET: THIEF })
    expect({ code, out }).toMatchObject({ code: 1, out: expect.stringContaining('Seals 1 to 2 were made with a secret that is not given') })
    // What the old secret sealed is held all the same.
    await write(engine, 'update seals set made_at = made_at + 1 where seq = 1')
    expect(told(await look(kit, store, { keys: rotated }))).toEqual(['seal_changed 1'])
    await kit.close()
    await engine.close()
    await database.drop()
  })

  test('a run that is interrupted says where to go on, and both together have looked at all of it', async () => {
    const database = await fresh()
    const kit = await startKit({ database: database.url, seals: false, secret: SECRET })
    for (let nth = 0; nth < 50; nth++) {
      await kit.browser().ask(`p${nth}@example.net`)
      await kit.settle()
      kit.clock.forward(20 * MINUTE)
      await kit.postkey.seal()
    }
    const words = ['audit', 'verify', '--json', '--database-url', database.url]
    const pressing = setInterval(() => process.emit('SIGINT'), 1)
    const parts: { seals: number; events: number; goOnAfter: string | null }[] = []
    for (let after: string[] = []; parts.length < 10; ) {
      const { code, out } = await postkey([...words, ...after])
      const part = JSON.parse(out) as (typeof parts)[number]
      parts.push(part)
      expect(code).toBe(part.goOnAfter === null ? 0 : 1)
      if (part.goOnAfter === null) break
      after = ['--after', part.goOnAfter]
    }
    clearInterval(pressing)
    expect(parts.length).toBeGreaterThan(1)
    const sum = (of: 'seals' | 'events'): number => parts.reduce((all, part) => all + part[of], 0)
    expect([sum('seals'), sum('events')]).toEqual([50, 100])
    // What a run was told of is held against what is there.
    const [seq] = (parts[0]?.goOnAfter ?? '').split(':')
    const other = await postkey([...words, '--after', `${seq}:${'x'.repeat(43)}`])
    expect(JSON.parse(other.out)).toMatchObject({ ok: false, differences: [{ what: 'seal_changed', seal: Number(seq) }] })
    await kit.close()
    await database.drop()
  })
})

test('AU-03: an older database in the place of the newer: the end is missing, and when it went on the seal is another', async () => {
  const database = await sqliteFile()
  const path = database.url.slice('file:'.length)
  const old = await startKit({ database: database.url, seals: false, secret: SECRET })
  const { clock } = old
  await live(old, clock)
  await copyDatabase(path, `${path}.copy`, clock.at, () => {})
  clock.forward(20 * MINUTE)
  await old.postkey.seal()
  await signIn(old, 'last@example.net')
  clock.forward(20 * MINUTE)
  await old.postkey.seal()
  const heads: Head[] = []
  const readHeads = async (): Promise<void> => {
    const engine = await openEngine(database.url, { now: clock.now })
    heads.push(...(await storeOver(engine).readSeals('default', 0, 10)).map(({ seq, digest }) => ({ seq, digest })))
    await engine.close()
  }
  await readHeads()
  await old.close()
  for (const ending of ['', '-wal', '-shm']) rmSync(path + ending, { force: true })
  copyFileSync(`${path}.copy`, path)

  const kit = await startKit({ database: database.url, seals: false, secret: SECRET, now: clock.now })
  const engine = await openEngine(database.url, { now: clock.now })
  const store = storeOver(engine)
  const [, , , fourth, fifth, sixth] = heads
  expect(told(await look(kit, store))).toEqual([])
  expect(told(await look(kit, store, { head: sixth ?? null }))).toEqual(['end_missing 6'])
  await signIn(kit, 'another@example.net')
  clock.forward(HOUR)
  await kit.postkey.seal()
  expect(told(await look(kit, store, { head: fourth ?? null }))).toEqual([])
  expect(told(await look(kit, store, { head: fifth ?? null }))).toEqual(['seal_replaced 5'])
  await engine.close()
  await kit.close()
  await database.drop()
})

test('the record of `postkey dev`, in its folder: its database and its secret are found', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'postkey-demo-'))
  const demo = readConfig({ env: {}, mode: 'dev', folder })
  const kit = await startKit({
    database: `file:${join(folder, '.postkey', 'postkey.db')}`,
    secret: demo.ok ? demo.config.secrets : [],
    seals: false,
  })
  await signIn(kit, 'ada@example.net')
  kit.clock.forward(20 * MINUTE)
  await kit.postkey.seal()
  await kit.close()
  const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [cli, 'audit', 'verify', '--json'], {
    cwd: folder,
    env: { PATH: process.env['PATH'], POSTKEY_TEST_SQLITE: process.env['POSTKEY_TEST_SQLITE'] },
  })
  expect(JSON.parse(stdout)).toMatchObject({ ok: true, seals: 1, events: 3, unconfirmed: null })
  rmSync(folder, { recursive: true })
})

test.each([
  ['audit verify --head 812', '--head 812 names no seal'],
  [`audit verify --head 0:${'x'.repeat(43)}`, 'names no seal'],
  ['audit verify --after here', '--after here names no seal'],
  ['audit verify --since yesterday', '--since yesterday is no time'],
  ['audit verify --policy strict', 'verify takes no --policy'],
  ['audit search --secret-file x', 'search takes no --secret-file'],
  ['audit verify all', '"all" is not expected after verify'],
])('postkey %s is told what is wrong', async (line, said) => {
  const { code, err } = await postkey(line.split(' '))
  expect({ code, err }).toMatchObject({ code: 2, err: expect.stringContaining(said) })
})
