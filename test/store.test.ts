// The storage contract: what must hold on every engine. An engine is added by adding a line to `engines`; nothing else changes.
// This file looks at rows and races; stories do not.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterEach, describe, expect, test } from 'vitest'
import { type Policy, readPolicy } from '../src/core/policy.ts'
import { openEngine, storeOver } from '../src/store/open.ts'
import { all, nothing, type Operations, one, run, type Statement, Unavailable } from '../src/store/operation.ts'
import { claimMails, nextMailDue } from '../src/store/outbox.ts'
import type { EventPlace } from '../src/store/record-store.ts'
import { SqliteEngine } from '../src/store/sqlite.ts'
import type { ResendInput, Scope, SessionKey, StartInput, Store, VerifyInput } from '../src/store/store.ts'
import { windowsOf } from './database.ts'
import { freshDatabase, seeing } from './postgres.ts'

const MINUTE = 60_000

interface Opened {
  readonly url: string
  readonly engine: Operations
  readonly store: Store
  /** A second connection to the same data, as another process has. */
  again(): Promise<{ readonly engine: Operations; readonly store: Store }>
  /** Makes the database unwritable by somebody else's transaction until the returned function is called. */
  block(): Promise<() => Promise<void>>
  destroy(): Promise<void>
}

const clock = { at: Date.UTC(2026, 10, 21, 9) }
const now = (): number => clock.at

async function opened(url: string, block: (url: string) => Promise<() => Promise<void>>, remove: () => Promise<void>): Promise<Opened> {
  const stores: Store[] = []
  const again = async () => {
    const engine = await openEngine(url, { now })
    await engine.migrate()
    const store = storeOver(engine)
    stores.push(store)
    return { engine, store }
  }
  const first = await again()
  return {
    ...first,
    url,
    again,
    block: () => block(url),
    destroy: async () => {
      for (const store of stores) await store.close()
      await remove()
    },
  }
}

function openSqlite(): Promise<Opened> {
  const folder = mkdtempSync(join(tmpdir(), 'postkey-store-'))
  const block = async (url: string) => {
    const other = (await openEngine(url, { now })) as SqliteEngine
    other.database.exec('begin immediate')
    return async () => {
      other.database.exec('commit')
      await other.close()
    }
  }
  return opened(`file:${join(folder, 'postkey.db')}`, block, async () => rmSync(folder, { recursive: true }))
}

async function openPostgres(): Promise<Opened> {
  const database = await freshDatabase()
  const block = async (url: string) => {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    await client.query('begin; lock table challenges, mails, limits, events in access exclusive mode')
    return async () => {
      await client.query('commit')
      await client.end()
    }
  }
  return opened(database.url, block, database.drop)
}

const engines: readonly (readonly [string, () => Promise<Opened>])[] = [
  ['SQLite', openSqlite],
  ['PostgreSQL', openPostgres],
]

function policy(input: unknown = {}): Policy {
  const result = readPolicy(input)
  if (!result.ok) throw new Error(result.problems.join())
  return result.policy
}

let events = 0
function scope(change: Partial<Scope> = {}): Scope {
  events++
  const versions = { app: 'test', schema: 1, policy: 'test', template: 'test' }
  return { tenant: 'default', policy: policy(), versions, requestId: `request${events}`, eventId: `event${events}`, ...change }
}

function startInput(change: Partial<StartInput> = {}): StartInput {
  return {
    purpose: 'sign_in',
    challenge: 'challenge1',
    email: 'ada@example.net',
    addressInEvent: 'a•••@example.net',
    browserDigest: 'browser1',
    returnTo: 'https://app.example/',
    locale: 'en',
    device: 'Firefox on Linux',
    network: '203.0.113.0/24',
    buckets: { network: 'net', networkWide: 'wide', browser: 'browser', tenant: 'tenant' },
    secrets: { linkDigest: 'link1', codeDigest: 'code1', sealed: 'sealed1' },
    leaseMs: null,
    ...change,
  }
}

function verifyInput(change: Partial<VerifyInput> = {}): VerifyInput {
  return {
    purpose: 'sign_in',
    proof: 'code',
    challenge: 'challenge1',
    ordinal: null,
    linkDigest: null,
    codeDigests: ['code1'],
    address: null,
    addressTyped: 'absent',
    browserDigest: 'browser1',
    sessionId: 'session-id-1',
    sessionDigests: ['session1'],
    currentSession: null,
    device: 'Firefox on Linux',
    network: '203.0.113.0/24',
    newUser: 'user1',
    displacedEventId: 'displaced1',
    ...change,
  }
}

const byLink = (change: Partial<VerifyInput> = {}): VerifyInput =>
  verifyInput({ proof: 'link', ordinal: 0, linkDigest: 'link1', codeDigests: null, ...change })

function resendInput(change: Partial<ResendInput> = {}): ResendInput {
  const { purpose, challenge, browserDigest, buckets, leaseMs } = startInput()
  const known = { purpose, challenge, browserDigest, buckets, leaseMs }
  const secrets = { linkDigest: 'link2', codeDigest: 'code2', sealed: 'sealed2' }
  return { ...known, addressInEvent: () => 'a•••@example.net', secrets, ...change }
}

const ownBuckets = (index: number): StartInput['buckets'] => ({
  network: `net${index}`,
  networkWide: `wide${index}`,
  browser: `browser${index}`,
  tenant: 'tenant',
})

/** Many at once, with due times one after the other. */
async function queueMails(engine: Operations, tenant: string, count: number, dueAt: number): Promise<void> {
  const numbers = 'with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < cast(? as {int}))'
  const challenges = `insert into challenges (tenant, id, purpose, email, browser, locale, device, created_at) ${numbers} select cast(? as text), cast(? as text) || (100000 + n), 'sign_in', 'ada@example.net', 'browser1', 'en', '', 1 from numbers`
  const mails = `insert into mails (tenant, challenge, ordinal, request_id, created_at, link_expires_at, code_expires_at, code_tries, address_tries, decoy, state, sealed, tries, due_at) ${numbers} select cast(? as text), cast(? as text) || (100000 + n), 0, '', 1, 1, 1, 0, 0, 0, 'queued', 'sealed', 0, cast(? as {int}) + n - 1 from numbers`
  await engine.write({
    locks: nothing,
    *run() {
      yield* run(challenges, count, tenant, tenant)
      yield* run(mails, count, tenant, tenant, dueAt)
    },
  })
}

interface PlanNode {
  readonly 'Actual Rows': number
  readonly 'Actual Loops': number
  readonly 'Rows Removed by Filter'?: number
  readonly Plans?: readonly PlanNode[]
}

/** What the busiest step of a statement reads. SQLite does not count; a step that goes through a whole table is endless there. */
async function mostRowsRead(engine: Operations, { sql, params }: Statement): Promise<number> {
  if (engine instanceof SqliteEngine) {
    const plan = await engine.read(() => all<{ detail: string }>(`explain query plan ${sql}`, ...params))
    expect(plan.some(({ detail }) => detail.includes('mails_due'))).toBe(true)
    const whole = plan.filter(({ detail }) => /^SCAN (mails|challenges|[mnc])\b/.test(detail))
    return whole.length === 0 ? 0 : Number.POSITIVE_INFINITY
  }
  const [row] = await engine.read(() =>
    all<{ 'QUERY PLAN': readonly { Plan: PlanNode }[] }>(`explain (analyze, format json) ${sql}`, ...params),
  )
  const read = (node: PlanNode): number =>
    Math.max(
      node['Actual Rows'] * node['Actual Loops'],
      (node['Rows Removed by Filter'] ?? 0) * node['Actual Loops'],
      ...(node.Plans ?? []).map(read),
    )
  return Math.max(...(row?.['QUERY PLAN'] ?? []).map(({ Plan }) => read(Plan)))
}

/** A browser that did not ask. */
const elsewhere = (index: number): Partial<VerifyInput> => ({
  browserDigest: `other${index}`,
  sessionId: `other-session-${index}`,
  sessionDigests: [`other${index}`],
  newUser: `other-user-${index}`,
})

describe.each(engines)('%s', (_, open) => {
  const kept: Opened[] = []
  afterEach(async () => {
    for (const one of kept.splice(0)) await one.destroy()
  })
  async function database(): Promise<Opened> {
    const fresh = await open()
    kept.push(fresh)
    return fresh
  }
  const rows = <R>(engine: Operations, sql: string): Promise<readonly R[]> => engine.read(() => all<R>(sql))
  const count = async (engine: Operations, table: string): Promise<number> =>
    (await rows<{ n: number }>(engine, `select count(*) as n from ${table}`))[0]?.n ?? -1

  test('RC-01: 200 parallel verifies of one proof make one session and 199 replays', async () => {
    const { engine, store } = await database()
    await store.start(scope(), startInput())
    const outcomes = await Promise.all(
      Array.from({ length: 200 }, (_, index) => store.verify(scope(), verifyInput({ newUser: `u${index}` }))),
    )
    expect(outcomes.filter(({ decision }) => decision.verdict === 'signed_in')).toHaveLength(1)
    expect(outcomes.filter(({ decision }) => decision.verdict === 'replayed')).toHaveLength(199)
    expect(new Set(outcomes.map(({ session }) => session?.id)).size).toBe(1)
    expect([await count(engine, 'sessions'), await count(engine, 'users')]).toEqual([1, 1])
  })

  test('RC-02: the same through two connections', async () => {
    const first = await database()
    const second = await first.again()
    await first.store.start(scope(), startInput())
    const outcomes = await Promise.all(
      Array.from({ length: 60 }, (_, index) => (index % 2 ? first : second).store.verify(scope(), byLink({ newUser: `u${index}` }))),
    )
    expect(outcomes.filter(({ decision }) => decision.verdict === 'signed_in')).toHaveLength(1)
    expect(outcomes.filter(({ decision }) => decision.verdict === 'replayed')).toHaveLength(59)
    expect(await count(first.engine, 'sessions')).toBe(1)
  })

  test('RC-03: of 200 parallel wrong codes exactly five are compared', async () => {
    const first = await database()
    const second = await first.again()
    await first.store.start(scope(), startInput())
    const outcomes = await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        (index % 2 ? first : second).store.verify(scope(), verifyInput({ codeDigests: [`wrong${index}`] })),
      ),
    )
    const looked = await rows<{ facts: string }>(first.engine, "select facts from events where kind = 'verify'")
    expect(looked.filter(({ facts }) => (JSON.parse(facts) as { code: string }).code === 'wrong')).toHaveLength(5)
    expect(outcomes.filter(({ decision }) => decision.reason === 'code_wrong')).toHaveLength(4)
    expect(await rows(first.engine, 'select code_tries as tries from mails')).toEqual([{ tries: 5 }])
    expect((await first.store.verify(scope(), verifyInput())).decision.reason).toBe('code_locked')
    expect((await first.store.verify(scope(), byLink())).decision.reason).toBe('signed_in')
  })

  test('RC-01: a link in the browser that asked and in a hundred others at once: one of them gets in, the others hear that it is used', async () => {
    const first = await database()
    const second = await first.again()
    await first.store.start(scope(), startInput())
    const outcomes = await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        (index % 4 < 2 ? first : second).store.verify(
          scope(),
          index % 2 ? byLink() : byLink({ ...elsewhere(index), address: 'ada@example.net', addressTyped: 'given' }),
        ),
      ),
    )
    const winner = outcomes.findIndex(({ decision }) => decision.verdict === 'signed_in')
    const reasons = outcomes.flatMap(({ decision }, index) => (index === winner ? [] : [decision.reason]))
    const [asker, others] = [reasons.filter((reason) => reason === 'replayed'), reasons.filter((reason) => reason === 'link_used')]
    expect([asker.length, others.length]).toEqual(winner % 2 ? [99, 100] : [0, 199])
    expect(await count(first.engine, 'sessions')).toBe(1)
  })

  test('RC-03: a new mail amid a hundred guesses: five looks at its code, and no more than five at the one before', async () => {
    const first = await database()
    const second = await first.again()
    const rules = policy({ resendAfter: 0, codeFailures: [{ count: 1_000, per: '24h' }] })
    await first.store.start(scope({ policy: rules }), startInput())
    const guess = (index: number) =>
      (index % 2 ? first : second).store.verify(scope({ policy: rules }), verifyInput({ codeDigests: [`wrong${index}`] }))
    await Promise.all([
      ...Array.from({ length: 3 }, (_, index) => guess(index)),
      second.store.resend(scope({ policy: rules }), resendInput()),
      ...Array.from({ length: 100 }, (_, index) => guess(index)),
    ])
    // The new mail may have come last, with nobody left to guess at its code.
    await Promise.all(Array.from({ length: 20 }, (_, index) => guess(index)))
    const looked = (await rows<{ facts: string }>(first.engine, "select facts from events where kind = 'verify'"))
      .map(({ facts }) => JSON.parse(facts) as { code: string; mail: { ordinal: number } })
      .filter(({ code }) => code === 'wrong')
    expect(looked.filter(({ mail }) => mail.ordinal === 1)).toHaveLength(5)
    expect(looked.filter(({ mail }) => mail.ordinal === 0).length).toBeLessThanOrEqual(5)
    expect((await first.store.verify(scope({ policy: rules }), verifyInput({ codeDigests: ['code2'] }))).decision.reason).toBe(
      'code_locked',
    )
  })

  test('I2: twenty guesses at each of five challenges of one address, all at once: ten looks', async () => {
    const first = await database()
    const second = await first.again()
    const challenges = Array.from({ length: 5 }, (_, index) => ({ challenge: `challenge${index}`, browserDigest: `browser${index}` }))
    for (const one of challenges) await first.store.start(scope({ policy: policy({ mailsPerLinkTtl: 20 }) }), startInput(one))
    const outcomes = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        (index % 2 ? first : second).store.verify(scope(), verifyInput({ ...challenges[index % 5], codeDigests: [`wrong${index}`] })),
      ),
    )
    const looked = await rows<{ facts: string }>(first.engine, "select facts from events where kind = 'verify'")
    expect(looked.filter(({ facts }) => (JSON.parse(facts) as { code: string }).code === 'wrong')).toHaveLength(10)
    expect(outcomes.filter(({ decision }) => decision.reason === 'code_off').length).toBeGreaterThanOrEqual(75)
  })

  test('RL-22: the breaker counts each wrong code of everybody once, through two connections at once, and opens with the last of them', async () => {
    const first = await database()
    const second = await first.again()
    const rules = policy({ mailsPerLinkTtl: 20, breaker: { count: 40, per: '24h' } })
    const each = 86_400_000 / 40
    const flows = Array.from({ length: 8 }, (_, nth) => ({
      challenge: `flow${nth}`,
      email: `p${nth}@example.net`,
      browserDigest: `browser${nth}`,
    }))
    for (const flow of flows) await first.store.start(scope({ policy: rules }), startInput(flow))
    const guess = (nth: number) => {
      const { challenge, browserDigest } = flows[nth % 8] as (typeof flows)[0]
      return (nth % 2 ? first : second).store.verify(
        scope({ policy: rules }),
        verifyInput({ challenge, browserDigest, codeDigests: [`wrong${nth}`] }),
      )
    }
    const ask = async (name: string) =>
      (
        await second.store.start(
          scope({ policy: rules }),
          startInput({ challenge: name, email: `${name}@example.net`, browserDigest: name }),
        )
      ).decision
    // Of each flow four: 32. Then 7 more, of five tries each; the fortieth opens it.
    await Promise.all(Array.from({ length: 32 }, (_, nth) => guess(nth)))
    expect((await second.store.findBreaker('default')).emptyAt).toBe(clock.at + 32 * each)
    await Promise.all(Array.from({ length: 7 }, (_, nth) => guess(nth)))
    expect((await ask('before')).reason).toBe('mail_queued')
    await guess(7)
    const decision = await ask('after')
    expect(decision).toMatchObject({ verdict: 'send', reason: 'breaker_open', mail: { link: true, code: false } })
    // A guess that found no try left is none.
    await Promise.all(Array.from({ length: 40 }, (_, nth) => guess(nth)))
    for (const { store } of [first, second]) expect((await store.findBreaker('default')).emptyAt).toBe(clock.at + 40 * each)
    // It closes by itself.
    clock.at += each
    expect((await ask('later')).reason).toBe('mail_queued')
  })

  test('RL-22: a sign-in takes its own slips back, and none that ran over', async () => {
    const first = await database()
    const rules = policy({ mailsPerLinkTtl: 20, breaker: { count: 6, per: '12m' } })
    const each = 2 * MINUTE
    const begin = async (name: string) => {
      await first.store.start(scope({ policy: rules }), startInput({ challenge: name, email: `${name}@example.net`, browserDigest: name }))
      const own = { challenge: name, browserDigest: name, sessionId: `${name}s`, newUser: `${name}u` }
      const type = (code: string) => first.store.verify(scope({ policy: rules }), verifyInput({ ...own, codeDigests: [code] }))
      for (let nth = 0; nth < 3; nth++) await type(`wrong${nth}`)
      return () => type('code1')
    }
    const full = async () => ((await first.store.findBreaker('default')).emptyAt ?? 0) - clock.at
    const ada = await begin('ada')
    const bob = await begin('bob')
    expect(await full()).toBe(6 * each)
    // Full: what is taken back now could have run over.
    expect((await ada()).decision.reason).toBe('signed_in')
    expect(await full()).toBe(6 * each)
    clock.at += each
    expect((await bob()).decision.reason).toBe('signed_in')
    expect(await full()).toBe(2 * each)
  })

  test.each([
    ['network', 7],
    ['networkWide', 7],
    ['browser', 7],
    // A fifth of it is not for strangers.
    ['tenant', 6],
  ] as const)(
    'RC-17: of sixty starts at once through two connections, the bucket "%s" admits %i, not so many each',
    async (bucket, admitted) => {
      const first = await database()
      const second = await first.again()
      const rules = policy({ starts: { ...policy().starts, [bucket]: { count: 7, per: '1h' } } })
      const outcomes = await Promise.all(
        Array.from({ length: 60 }, (_, index) => {
          const own = { network: `net${index}`, networkWide: `wide${index}`, browser: `browser${index}`, tenant: 'tenant' }
          const email = `person${index}@example.net`
          return (index % 2 ? first : second).store.start(
            scope({ policy: rules }),
            startInput({ challenge: `challenge${index}`, email, buckets: { ...own, [bucket]: 'shared' } }),
          )
        }),
      )
      expect(outcomes.filter(({ decision }) => decision.verdict === 'send')).toHaveLength(admitted)
      expect(outcomes.filter(({ decision }) => decision.reason === 'too_many_requests')).toHaveLength(60 - admitted)
      expect(await count(first.engine, 'challenges')).toBe(admitted)
    },
  )

  test('RC-05: fifty starts for one mailbox at once through two connections: three mails, the rest for show', async () => {
    const first = await database()
    const second = await first.again()
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        (index % 2 ? first : second).store.start(scope(), startInput({ challenge: `challenge${index}`, buckets: ownBuckets(index) })),
      ),
    )
    expect(outcomes.filter(({ decision }) => decision.verdict === 'send')).toHaveLength(policy().mailsPerLinkTtl)
    expect(outcomes.filter(({ decision }) => decision.verdict === 'pretend')).toHaveLength(50 - policy().mailsPerLinkTtl)
  })

  test('RC-05: fifty resends of one challenge at once through two connections: one mail', async () => {
    const first = await database()
    const second = await first.again()
    await first.store.start(scope(), startInput())
    clock.at += policy().resendAfter
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        (index % 2 ? first : second).store.resend(scope(), resendInput({ buckets: ownBuckets(index) })),
      ),
    )
    expect(outcomes.filter(({ decision }) => decision.verdict === 'send')).toHaveLength(1)
    expect(outcomes.filter(({ decision }) => decision.reason === 'too_many_mails')).toHaveLength(49)
    expect((await first.store.findChallenge('default', 'challenge1', 'browser1'))?.mails).toHaveLength(2)
  })

  test('RC-05: resends that race the sign-in: each is before it or after it, and no mail comes after', async () => {
    const first = await database()
    const second = await first.again()
    const rules = policy({ resendAfter: 0, mailsPerLinkTtl: 20 })
    for (let round = 0; round < 5; round++) {
      const own = { challenge: `challenge${round}`, browserDigest: `browser${round}`, buckets: ownBuckets(round) }
      const email = `person${round}@example.net`
      await first.store.start(scope({ policy: rules }), startInput({ ...own, email }))
      const again = (index: number) => (index % 2 ? first : second).store.resend(scope({ policy: rules }), resendInput(own))
      const link = byLink({ ...own, sessionId: `session-id-${round}`, sessionDigests: [`session${round}`], newUser: `user${round}` })
      const early = Array.from({ length: 3 }, (_, index) => again(index))
      const signedIn = first.store.verify(scope({ policy: rules }), link)
      const resends = await Promise.all([...early, ...Array.from({ length: 3 }, (_, index) => again(index))])
      expect((await signedIn).decision.reason).toBe('signed_in')
      const sent = resends.filter(({ decision }) => decision.verdict === 'send').length
      expect(resends.filter(({ decision }) => decision.reason === 'challenge_completed')).toHaveLength(6 - sent)
      const view = await first.store.findChallenge('default', own.challenge, own.browserDigest)
      expect(view?.mails).toHaveLength(1 + sent)
      expect((await again(0)).decision.reason).toBe('challenge_completed')
      const code = verifyInput({ ...own, codeDigests: ['code2'], sessionId: 'other-session' })
      expect((await second.store.verify(scope({ policy: rules }), code)).decision.reason).toBe('code_used')
    }
  })

  test('RC-10: ten sign-outs and twenty repeated proofs at once: one of them ends the session, and nothing brings it back', async () => {
    const first = await database()
    const second = await first.again()
    await first.store.start(scope(), startInput())
    await first.store.verify(scope(), byLink())
    const key = { id: 'session-id-1', digest: 'session1' }
    const [outs, proofs] = await Promise.all([
      Promise.all(
        Array.from({ length: 10 }, (_, index) => (index % 2 ? first : second).store.endSessions(scope(), { key, which: 'this' })),
      ),
      Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          (index % 2 ? first : second).store.verify(scope(), index % 4 < 2 ? byLink() : verifyInput()),
        ),
      ),
    ])
    expect(outs.reduce((sum, { ended }) => sum + ended, 0)).toBe(1)
    for (const { decision } of proofs) expect(['replayed', 'link_used', 'code_used']).toContain(decision.reason)
    for (const { store } of [first, second]) {
      expect((await store.verify(scope(), byLink())).decision.reason).toBe('link_used')
      expect((await store.findSession('default', policy(), key))?.decision.reason).toBe('session_ended')
    }
    expect(await count(first.engine, 'sessions')).toBe(1)
  })

  test('RC-10, I9: of ten sign-outs at once one is written down as a sign-out; the others found it ended', async () => {
    const first = await database()
    const second = await first.again()
    await first.store.start(scope(), startInput())
    await first.store.verify(scope(), byLink())
    const key = { id: 'session-id-1', digest: 'session1' }
    const outs = await Promise.all(
      Array.from({ length: 10 }, (_, index) => (index % 2 ? first : second).store.endSessions(scope(), { key, which: 'this' })),
    )
    expect(outs.map(({ ended, reason }) => `${reason} ${ended}`).sort()).toEqual([...Array(9).fill('session_ended 0'), 'signed_out 1'])
    expect(await rows(first.engine, "select reason from events where reason = 'signed_out'")).toHaveLength(1)
  })

  test('RC-11: ending all others through one connection while each of them signs out through the other: nobody waits, nobody fails', async () => {
    const first = await database()
    const second = await first.again()
    const rules = policy({ mailsPerLinkTtl: 20, starts: { ...policy().starts, tenant: { count: 100_000, per: '1m' } } })
    let slow = 0
    for (let round = 0; round < 10; round++) {
      const keys = Array.from({ length: 40 }, (_, index) => ({ id: `session-${round}-${index}`, digest: `digest-${round}-${index}` }))
      await Promise.all(
        keys.map(async ({ id, digest }, index) => {
          const own = { challenge: `challenge-${round}-${index}`, browserDigest: `browser${index}` }
          const mine = { mailbox: `${round}-${index}`, buckets: ownBuckets(round * 40 + index) }
          await first.store.start(scope({ policy: rules }), startInput({ ...own, ...mine }))
          await first.store.verify(scope({ policy: rules }), verifyInput({ ...own, sessionId: id, sessionDigests: [digest] }))
        }),
      )
      const began = performance.now()
      await Promise.all([
        second.store.endSessions(scope(), { key: keys[5] as SessionKey, which: 'others' }),
        ...keys.toReversed().map((key) => first.store.endSessions(scope(), { key, which: 'this' })),
      ])
      if (performance.now() - began > 900) slow++
    }
    // PostgreSQL looks for a deadlock after a second. A busy machine may take one once.
    expect(slow).toBeLessThan(2)
  })

  test('RC-11: two browsers of one person that end each other at once: no look on any connection finds both alive afterwards', async () => {
    const first = await database()
    const second = await first.again()
    const keys: SessionKey[] = []
    for (let index = 0; index < 6; index++) {
      const own = { challenge: `challenge${index}`, browserDigest: `browser${index}` }
      await first.store.start(scope({ policy: policy({ mailsPerLinkTtl: 20 }) }), startInput(own))
      const key = { id: `session-id-${index}`, digest: `session${index}` }
      await first.store.verify(scope(), verifyInput({ ...own, sessionId: key.id, sessionDigests: [key.digest] }))
      keys.push(key)
    }
    const looks = Array.from({ length: 25 }, (_, index) => second.store.findSession('default', policy(), keys[index % 6] as SessionKey))
    const ends = await Promise.all(
      keys.slice(0, 2).map((key, index) => (index ? first : second).store.endSessions(scope(), { key, which: 'others' })),
    )
    await Promise.all(looks)
    // One came first, and ended the other before it could do the same; or both did, each the other.
    const live: SessionKey[] = []
    for (const key of keys) {
      const views = await Promise.all([first, second].map(({ store }) => store.findSession('default', policy(), key)))
      expect(new Set(views.map((view) => view?.decision.reason)).size).toBe(1)
      if (views[0]?.decision.verdict === 'live') live.push(key)
    }
    expect(live.length).toBeLessThanOrEqual(1)
    expect(ends.reduce((sum, { ended }) => sum + ended, 0)).toBe(6 - live.length)
  })

  test('RC-13: two first sign-ups of one address in parallel make one user', async () => {
    const { engine, store } = await database()
    await store.start(scope(), startInput())
    await store.start(
      scope(),
      startInput({
        challenge: 'challenge2',
        browserDigest: 'browser2',
        secrets: { linkDigest: 'link2', codeDigest: 'code2', sealed: 'sealed2' },
      }),
    )
    const outcomes = await Promise.all([
      store.verify(scope(), verifyInput()),
      store.verify(
        scope(),
        verifyInput({
          challenge: 'challenge2',
          browserDigest: 'browser2',
          codeDigests: ['code2'],
          sessionId: 'session-id-2',
          sessionDigests: ['session2'],
          newUser: 'user2',
        }),
      ),
    ])
    expect(outcomes.map(({ decision }) => decision.verdict)).toEqual(['signed_in', 'signed_in'])
    expect(outcomes[0]?.user?.id).toBe(outcomes[1]?.user?.id)
    expect(await count(engine, 'users')).toBe(1)
  })

  test('failures of a flow are refunded by its own success, and by no other', async () => {
    const { engine, store } = await database()
    const eve = { challenge: 'challenge2', browserDigest: 'browser2' }
    await store.start(scope(), startInput())
    await store.start(scope(), startInput({ ...eve, secrets: { linkDigest: 'link2', codeDigest: 'code2', sealed: 'sealed2' } }))
    await store.verify(scope(), verifyInput({ codeDigests: ['wrong'] }))
    await store.verify(scope(), verifyInput({ ...eve, codeDigests: ['wrong'] }))
    await store.verify(scope(), verifyInput())
    expect((await windowsOf(engine, 'ada@example.net')).failures).toEqual([[clock.at, 'challenge2']])
  })

  test('EN: a known, an unknown and a throttled address leave the same rows', async () => {
    const rules = policy({ signUp: 'invited', mailsPerLinkTtl: 1 })
    const shapes: unknown[] = []
    for (const prepare of ['known', 'unknown', 'throttled']) {
      const { engine, store } = await database()
      if (prepare !== 'unknown') {
        await engine.write({
          locks: nothing,
          run: () =>
            run(
              "insert into users (tenant, id, email, status, created_at, sign_in_count) values ('default', 'user1', 'ada@example.net', 'active', 1, 0)",
            ),
        })
      }
      if (prepare === 'throttled') {
        await windowsOf(engine, 'ada@example.net', { mails: [[now(), 'other']] })
      }
      const { decision } = await store.start(scope({ policy: rules }), startInput())
      expect(decision.verdict).toBe(prepare === 'known' ? 'send' : 'pretend')
      const mail = await rows<object>(
        engine,
        'select ordinal, created_at, link_expires_at, code_expires_at, state, sealed, tries, due_at, link_digest from mails',
      )
      const challenge = await rows<object>(engine, 'select email, browser, return_to, created_at, completed_at from challenges')
      shapes.push({
        mail,
        challenge,
        windows: Object.keys(await windowsOf(engine, 'ada@example.net')),
        events: await count(engine, 'events'),
      })
    }
    expect(shapes[1]).toEqual(shapes[0])
    expect(shapes[2]).toEqual(shapes[0])
  })

  test("a decoy's code matches nothing, not even the code that was minted for it", async () => {
    const { store } = await database()
    const rules = { policy: policy({ signUp: 'closed' }) }
    await store.start(scope(rules), startInput())
    expect((await store.verify(scope(rules), verifyInput())).decision.reason).toBe('code_wrong')
  })

  test('I3, TE-01: another tenant and another purpose find nothing', async () => {
    const { store } = await database()
    await store.start(scope(), startInput())
    expect((await store.verify(scope({ tenant: 'other' }), byLink())).decision.reason).toBe('link_unknown')
    expect((await store.verify(scope(), byLink({ purpose: 'recover' }))).decision.reason).toBe('link_unknown')
    expect(await store.findChallenge('other', 'challenge1', 'browser1')).toBeNull()
    expect((await store.verify(scope(), byLink())).decision.reason).toBe('signed_in')
    expect(await store.findSession('other', policy(), { id: 'session-id-1', digest: 'session1' })).toBeNull()
    expect((await store.findSession('default', policy(), { id: 'session-id-1', digest: 'session1' }))?.decision.reason).toBe('session_live')
  })

  test('SE-03: the digest of a session is not a session', async () => {
    const { engine, store } = await database()
    await store.start(scope(), startInput())
    await store.verify(scope(), verifyInput())
    const stored = await rows<{ digest: string }>(engine, 'select digest from sessions')
    expect(stored).toEqual([{ digest: 'session1' }])
  })

  test('I5: a leased mail goes to nobody else until the lease ends, then to exactly one', async () => {
    const first = await database()
    const second = await first.again()
    await first.store.start(scope(), startInput())
    const claims = await Promise.all(Array.from({ length: 10 }, (_, index) => (index % 2 ? first : second).store.claimMails(5, MINUTE)))
    expect(claims.flat()).toHaveLength(1)
    clock.at += MINUTE - 1
    expect(await first.store.claimMails(5, MINUTE)).toHaveLength(0)
    clock.at += 1
    expect(await second.store.claimMails(5, MINUTE)).toHaveLength(1)
  })

  test('TE-10: a tenant with twenty thousand queued mails keeps no other waiting: one of each, oldest first, then a second of each', async () => {
    const { engine, store } = await database()
    await queueMails(engine, 'loud', 20_000, 1)
    await queueMails(engine, 'aside', 1, 500_000)
    await queueMails(engine, 'quiet', 3, 500_001)
    await queueMails(engine, 'zest', 30, 500_002)
    await queueMails(engine, 'later', 5, clock.at + 1)
    const claim = async (most: number): Promise<Record<string, number>> => {
      const counts: Record<string, number> = {}
      for (const { tenant } of await store.claimMails(most, MINUTE)) counts[tenant] = (counts[tenant] ?? 0) + 1
      return counts
    }
    expect(await claim(2)).toEqual({ loud: 1, aside: 1 })
    expect(await claim(12)).toEqual({ loud: 5, quiet: 3, zest: 4 })
    expect(await claim(20)).toEqual({ loud: 10, zest: 10 })
    expect(await claim(40)).toEqual({ loud: 24, zest: 16 })
    expect(await claim(40)).toEqual({ loud: 40 })
    // The oldest of the long queue went first.
    const oldest = await rows<{ challenge: string }>(
      engine,
      "select challenge from mails where tenant = 'loud' and due_at > 200000 order by challenge",
    )
    expect(oldest.map(({ challenge }) => challenge)).toEqual(Array.from({ length: 80 }, (_, index) => `loud${100_001 + index}`))
    expect(await store.nextMailDue()).toEqual({ now: expect.any(Number), dueAt: 81 })

    // However long the queue is, only the beginnings of the tenants' queues are read.
    const tx = {
      now: clock.at,
      elapsed: () => 0,
      limits: { get: () => null, set: () => {}, drop: () => {}, pour: () => {}, settle: () => {} },
    }
    for (const statement of [claimMails(tx, 20, MINUTE).next().value, nextMailDue(tx).next().value] as Statement[]) {
      expect(await mostRowsRead(engine, statement)).toBeLessThan(500)
      await engine.write({ locks: nothing, run: () => run('analyze mails') })
    }
  }, 60_000)

  test('FA-03, I5: ten workers with a connection each, all at once: every mail of every tenant is leased once', async () => {
    const first = await database()
    const workers = await Promise.all(Array.from({ length: 10 }, () => first.again()))
    await queueMails(first.engine, 'one', 150, 1)
    await queueMails(first.engine, 'two', 30, 1)
    const claimed: string[] = []
    await Promise.all(
      workers.map(async ({ store }) => {
        for (let empty = 0; empty < 3; ) {
          const mails = await store.claimMails(7, MINUTE)
          claimed.push(...mails.map(({ challenge }) => challenge))
          empty = mails.length === 0 ? empty + 1 : 0
        }
      }),
    )
    expect(claimed).toHaveLength(180)
    expect(new Set(claimed).size).toBe(180)
  })

  test('settling erases the sealed secrets, once, and never un-settles', async () => {
    const { engine, store } = await database()
    await store.start(scope(), startInput())
    const [mail] = await store.claimMails(5, MINUTE)
    if (!mail) throw new Error('nothing claimed')
    const settle = (reply: 'accepted' | 'temporary') => store.settleMail(scope(), { mail, reply, replyText: '', bytes: 1 })
    await settle('temporary')
    expect(await rows(engine, 'select state, sealed, tries from mails')).toEqual([{ state: 'queued', sealed: 'sealed1', tries: 1 }])
    await settle('accepted')
    await settle('temporary')
    expect(await rows(engine, 'select state, sealed, tries from mails')).toEqual([{ state: 'sent', sealed: null, tries: 2 }])
  })

  test('I9: every decision leaves exactly one event, with facts, decision, versions and cost', async () => {
    const { engine, store } = await database()
    await store.start(scope(), startInput())
    await store.verify(scope(), verifyInput({ codeDigests: ['wrong'] }))
    await store.verify(scope(), verifyInput())
    const found = await rows<Record<string, string>>(
      engine,
      'select kind, reason, facts, decision, versions, cost from events order by at, id',
    )
    expect(found.map(({ kind, reason }) => `${kind} ${reason}`).sort()).toEqual([
      'start mail_queued',
      'verify code_wrong',
      'verify signed_in',
    ])
    for (const event of found) {
      expect(JSON.parse(event.versions ?? '')).toEqual({ app: 'test', schema: 1, policy: 'test', template: 'test' })
      expect(JSON.parse(event.cost ?? '')).toMatchObject({ dbMs: expect.any(Number) as number })
      expect((JSON.parse(event.decision ?? '') as { reason: string }).reason).toBe(event.reason)
    }
  })

  test('one bad operation fails alone; its neighbours in the batch commit', async () => {
    const { engine, store } = await database()
    const results = await Promise.allSettled([
      store.start(scope(), startInput()),
      engine.write({
        locks: nothing,
        *run() {
          yield* run(
            "insert into users (tenant, id, email, status, created_at, sign_in_count) values ('default', 'user9', 'eve@example.net', 'active', 1, 0)",
          )
          yield* run('insert into no_such_table values (1)')
        },
      }),
      store.start(scope(), startInput({ challenge: 'challenge2' })),
    ])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect([await count(engine, 'challenges'), await count(engine, 'users')]).toEqual([2, 0])
  })

  test('I13, FA-10: while somebody else holds the database a write waits, then says "unavailable"; after that it works', async () => {
    const first = await database()
    const release = await first.block()
    const waiting = first.store.start(scope(), startInput())
    let settled = false
    void waiting.finally(() => {
      settled = true
    })
    await new Promise((resolve) => setTimeout(resolve, 150))
    expect(settled).toBe(false)
    await release()
    expect((await waiting).decision.verdict).toBe('send')
    const held = await first.block()
    await expect(first.store.verify(scope(), verifyInput())).rejects.toBeInstanceOf(Unavailable)
    await held()
    expect((await first.store.verify(scope(), verifyInput())).decision.reason).toBe('signed_in')
  }, 15_000)

  test('I14: counters survive closing and opening again (FA-20)', async () => {
    const first = await database()
    await first.store.start(scope(), startInput())
    await first.store.verify(scope(), verifyInput({ codeDigests: ['wrong'] }))
    const before = await windowsOf(first.engine, 'ada@example.net')
    expect(before).toMatchObject({ mails: [[clock.at, 'challenge1']], failures: [[clock.at, 'challenge1']] })
    await first.store.close()
    const second = await first.again()
    expect(await windowsOf(second.engine, 'ada@example.net')).toEqual(before)
    expect((await second.store.verify(scope(), verifyInput({ codeDigests: ['wrong'] }))).decision.triesLeft).toBe(3)
  })

  test('the newest so many events, and who asked for what: found by their keys, of this tenant alone', async () => {
    const { store } = await database()
    const ids = ['a', 'b', 'c', 'd', 'e'].map((letter) => letter.repeat(16))
    for (const [nth, id] of ids.entries()) {
      const buckets = { network: `net${nth}`, networkWide: `wide${nth}`, browser: `browser${nth}`, tenant: 'tenant' }
      const device = nth === 1 ? 'Safari on iPhone' : 'Firefox on Linux'
      const input = startInput({ challenge: id, email: `ada-${nth}@mail${nth}.example`, device, buckets })
      await store.start(scope({ requestId: id, eventId: id }), input)
      await store.start(scope({ requestId: id, eventId: id, tenant: 'other' }), input)
    }
    const behind = (after: string, newest: number) => store.findPlaceBefore('default', { requestId: after, id: '' }, newest)
    expect(await behind('', 2)).toEqual({ requestId: ids[2], id: ids[2] })
    expect(await store.readEvents('default', (await behind('', 2)) as EventPlace, 10)).toHaveLength(2)
    expect(await behind('', 4)).toEqual({ requestId: ids[0], id: ids[0] })
    expect(await behind('', 5)).toBeNull()
    // Those behind a place are fewer.
    expect(await behind(ids[3] as string, 1)).toEqual({ requestId: ids[3], id: ids[3] })
    expect(await behind(ids[3] as string, 2)).toBeNull()

    const found = await store.findAskers('default', [ids[1] as string, ids[4] as string, 'nobody'])
    expect(found.toSorted((one, other) => (one.challenge < other.challenge ? -1 : 1))).toEqual([
      { challenge: ids[1], domain: 'mail1.example', device: 'Safari on iPhone' },
      { challenge: ids[4], domain: 'mail4.example', device: 'Firefox on Linux' },
    ])
    expect(await store.findAskers('default', [])).toEqual([])
  })

  test('a policy is written down once, so that its decisions can be made again', async () => {
    const { engine, store } = await database()
    await store.keepPolicy('default', 'v1', policy())
    await store.keepPolicy('default', 'v1', policy())
    const kept = await engine.read(() => one<{ policy: string }>("select policy from policies where version = 'v1'"))
    expect(readPolicy(JSON.parse(kept?.policy ?? ''))).toEqual({ ok: true, policy: policy() })
  })
})

test('FA-03: PostgreSQL: mails that another worker has in hand are passed over, not waited for', async () => {
  const { engine, store, destroy, url } = await openPostgres()
  await queueMails(engine, 'one', 60, 1)
  const other = new pg.Client(seeing(url))
  await other.connect()
  await other.query("begin; select 1 from mails where tenant = 'one' order by due_at limit 45 for update")
  const began = performance.now()
  const mails = await store.claimMails(20, MINUTE)
  expect(performance.now() - began).toBeLessThan(2_000)
  expect(mails.map(({ challenge }) => challenge)).toEqual(Array.from({ length: 15 }, (_, index) => `one${100_046 + index}`))
  await other.query('rollback')
  await other.end()
  await destroy()
})

/** What an operation answers that has named its locks and waits for that of the challenge, while somebody else changes the rows. */
async function meanwhile<T>(
  ask: (store: Store) => Promise<T>,
  change: string,
  look: (client: pg.Client, answer: T) => Promise<void> | void,
) {
  const { store, url, destroy } = await openPostgres()
  const other = new pg.Client(seeing(url))
  await other.connect()
  try {
    await store.start(scope(), startInput())
    await other.query("begin; select pg_advisory_xact_lock(hashtextextended('default/challenge:challenge1', 0))")
    const waiting = ask(store)
    const isWaiting = async (): Promise<boolean> =>
      (await other.query("select 1 from pg_locks where locktype = 'advisory' and not granted")).rows.length > 0
    while (!(await isWaiting())) await new Promise((resolve) => setTimeout(resolve, 5))
    await other.query(`${change}; commit`)
    await look(other, await waiting)
  } finally {
    await other.end()
    await destroy()
  }
}

test('I1: PostgreSQL: what was spent while a proof waited for its lock is spent: it is read when the lock is held, and not before', () =>
  meanwhile(
    (store) => store.verify(scope(), byLink({ ...elsewhere(1), address: 'ada@example.net', addressTyped: 'given' })),
    'update mails set link_used_at = created_at',
    (_, { decision }) => expect(decision.reason).toBe('link_used'),
  ))

test('AU-07: PostgreSQL: whose challenge it was when a resend named its locks, and whose no more when it had them, is asked again', () =>
  meanwhile(
    (store) => store.resend(scope({ policy: policy({ resendAfter: 0 }) }), resendInput()),
    "update challenges set email = 'nobody@erased.invalid'",
    async (client, { decision }) => {
      expect(decision.verdict).not.toBe('refuse')
      const names = await client.query<{ name: string }>("select name from limits where name like 'mailbox:%' order by name")
      expect(names.rows.map(({ name }) => name)).toEqual(['mailbox:ada@example.net', 'mailbox:nobody@erased.invalid'])
    },
  ))

test('operations that wait together share one commit, of at most a hundred', async () => {
  const { engine, destroy } = await openSqlite()
  const { database } = engine as SqliteEngine
  const commits: string[] = []
  const counted = new SqliteEngine(
    {
      exec: (sql) => {
        if (sql === 'commit') commits.push(sql)
        database.exec(sql)
      },
      prepare: (sql) => database.prepare(sql),
      close: () => {},
    },
    { now },
  )
  const store = storeOver(counted)
  await Promise.all(Array.from({ length: 200 }, (_, index) => store.start(scope(), startInput({ challenge: `challenge${index}` }))))
  expect(commits).toHaveLength(2)
  await destroy()
})

test('FA-16: a PostgreSQL that ends every connection fails what was under way, and neither the process nor what comes after', async () => {
  const { store, destroy, block, engine } = await openPostgres()
  const release = await block()
  // Held by somebody else's lock, so that it is under way when its connection ends.
  const waiting = store.start(scope(), startInput())
  const failed = expect(waiting).rejects.toBeInstanceOf(Unavailable)
  await new Promise((resolve) => setTimeout(resolve, 200))
  await engine
    .read(() =>
      all(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'postkey' and pid <> pg_backend_pid() and datname = current_database()",
      ),
    )
    .catch(() => {})
  await failed
  await release()
  expect((await store.start(scope(), startInput())).decision.verdict).toBe('send')
  expect((await store.verify(scope(), verifyInput())).decision.reason).toBe('signed_in')
  await destroy()
})
