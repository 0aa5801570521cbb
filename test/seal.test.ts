// Sealing the record, on every engine: what is sealed and what waits, by several processes, and what of seals goes when events do.
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { EVENTS_MAX, type Seal } from '../src/core/seal.ts'
import type { Log } from '../src/flow/context.ts'
import { sealClosed, startSealing } from '../src/flow/seal.ts'
import { verifyRecord } from '../src/flow/verify-record.ts'
import { idsOf, keyring, mintId } from '../src/secret.ts'
import { type OpenEngine, openEngine, storeOver } from '../src/store/open.ts'
import { nothing, one, run } from '../src/store/operation.ts'
import type { Store } from '../src/store/store.ts'
import { DAY, HOUR, type Kit, MINUTE, SECRET, signIn, startKit } from './kit.ts'
import { sharedDatabases, type TestDatabase } from './nodes.ts'

const ADA = 'ada@example.net'

describe.each(sharedDatabases)('%s', (_, fresh) => {
  let database: TestDatabase
  let kit: Kit
  let engine: OpenEngine
  let store: Store

  beforeEach(async () => {
    database = await fresh()
    kit = await startKit({ database: database.url, seals: false })
    engine = await openEngine(database.url, { now: kit.clock.now })
    store = storeOver(engine)
  })
  afterEach(async () => {
    await kit.close()
    await engine.close()
    await database.drop()
  })

  const seals = (): Promise<readonly Seal[]> => store.readSeals('default', 0, 1_000)
  const numbers = async (): Promise<number[]> => (await seals()).map(({ seq }) => seq)
  const events = async (): Promise<number> => store.countEvents('default', { requestId: '', id: '' })
  const contextOf = (from: Store, log: Log = silent) => ({
    store: from,
    tenant: 'default',
    policy: kit.postkey.policy,
    keys: keyring([SECRET]),
    log,
  })
  const seal = (from: Store = store): Promise<void> => sealClosed(contextOf(from), async () => true)

  /** Refusals, as if they had been written one after the other up to now. */
  async function insertEvents(count: number): Promise<void> {
    const { policy, versions } = kit.postkey
    const writes = Array.from({ length: count }, (_, nth) => {
      const scope = { tenant: 'default', policy, versions, requestId: mintId(kit.clock.at - count + nth), eventId: mintId(kit.clock.at) }
      return store.record(scope, { kind: 'guard', reason: 'origin_null', facts: {} })
    })
    await Promise.all(writes)
  }

  const verified = (from: Store = store) =>
    verifyRecord({
      store: from,
      tenant: 'default',
      keys: keyring([SECRET]),
      policy: kit.postkey.policy,
      since: 0,
      after: null,
      head: null,
      onStep: async () => true,
      onDifference: (difference) => expect(difference).toBe(null),
      onLate: () => {},
    })

  test('AU-04: every event stands in one seal, in the order of their keys; seals have numbers without a gap, and what is young waits', async () => {
    for (const who of ['ada', 'bob', 'eve']) {
      await signIn(kit, `${who}@example.net`)
      await kit.postkey.seal()
      kit.clock.forward(14 * MINUTE)
      await kit.postkey.seal()
      kit.clock.forward(3 * MINUTE)
      await kit.postkey.seal()
    }
    await signIn(kit, ADA)
    await kit.postkey.seal()
    expect((await seals()).map(({ seq, events: count }) => [seq, count])).toEqual([
      [1, 3],
      [2, 3],
      [3, 3],
    ])
    expect(await verified()).toMatchObject({ seals: 3, events: 9, young: 3, differences: 0, late: 0, gone: 0, unconfirmed: null })
  })

  test('where nothing happens nothing is written', async () => {
    await kit.postkey.seal()
    await signIn(kit, ADA)
    kit.clock.forward(HOUR)
    for (let twice = 0; twice < 2; twice++) await kit.postkey.seal()
    kit.clock.forward(DAY)
    await kit.postkey.seal()
    expect(await numbers()).toEqual([1])
  })

  test('a lot of it becomes several seals of bounded size, also a request with more events than one takes', async () => {
    await insertEvents(2 * EVENTS_MAX + 7)
    kit.clock.forward(HOUR)
    await kit.postkey.seal()
    expect((await seals()).map(({ events: count }) => count)).toEqual([EVENTS_MAX, EVENTS_MAX, 7])
    await engine.write({
      locks: nothing,
      run: () => run("update events set request_id = ? where tenant = 'default'", mintId(kit.clock.at)),
    })
    kit.clock.forward(HOUR)
    await engine.write({ locks: nothing, run: () => run('delete from seals') })
    await kit.postkey.seal()
    expect((await seals()).map(({ events: count }) => count)).toEqual([EVENTS_MAX, EVENTS_MAX, 7])
    expect(await verified()).toMatchObject({ seals: 3, events: 2 * EVENTS_MAX + 7 })
  })

  test('a mail that waits holds up its window and what is behind it, until it is settled, or nobody settles it any more', async () => {
    await signIn(kit, ADA)
    kit.clock.forward(MINUTE)
    const { clock } = kit
    await kit.close()
    // A process without a worker: the mail waits.
    kit = await startKit({ database: database.url, sendsMail: false, seals: false, now: clock.now })
    await kit.browser().ask('bob@example.net')
    clock.forward(20 * MINUTE)
    await kit.postkey.seal()
    expect((await seals()).map(({ events: count }) => count)).toEqual([3])
    // Its link ran out five minutes ago: for an hour more a worker may come.
    clock.forward(50 * MINUTE)
    await kit.postkey.seal()
    expect(await numbers()).toEqual([1])
    clock.forward(10 * MINUTE)
    await kit.postkey.seal()
    expect((await seals()).map(({ events: count }) => count)).toEqual([3, 1])
    // The worker that comes after all is late, and that is what is said.
    const worker = await startKit({ database: database.url, seals: false, now: clock.now })
    await worker.settle()
    await worker.close()
    expect(await events()).toBe(5)
    expect(await verified()).toMatchObject({ seals: 2, events: 4, late: 1, differences: 0 })
  })

  test('processes that seal one database make one chain, and each event is sealed once', async () => {
    await insertEvents(5 * EVENTS_MAX)
    kit.clock.forward(HOUR)
    // Each sees another moment: of two that read the same, only one may be there in the end.
    const others = await Promise.all([1, 2, 3].map((ms) => openEngine(database.url, { now: () => kit.clock.at + ms })))
    const untilDone = async (from: Store): Promise<void> => {
      for (let round = 0; round < 40 && (await from.findSealing('default')).waitingSince !== null; round++) await seal(from)
    }
    await Promise.all([store, ...others.map(storeOver)].map(untilDone))
    await Promise.all(others.map((other) => other.close()))
    expect(await numbers()).toEqual([1, 2, 3, 4, 5])
    expect(await verified()).toMatchObject({ seals: 5, events: 5 * EVENTS_MAX, young: 0 })
  })

  test('who comes second with a number changes nothing: no seal is put in the place of another, and none goes', async () => {
    for (let day = 0; day < 3; day++) {
      await signIn(kit, ADA)
      kit.clock.forward(HOUR)
      await kit.postkey.seal()
    }
    const before = await seals()
    expect(await store.appendSeal({ ...(before[2] as Seal), digest: 'of another process' }, 3)).toBe(false)
    expect(await seals()).toEqual(before)
  })

  test('AU-03: purging is no difference; seals of which no event is kept go, but for the last', async () => {
    for (let day = 0; day < 4; day++) {
      await signIn(kit, ADA)
      kit.clock.forward(HOUR)
      await kit.postkey.seal()
      kit.clock.forward(DAY - HOUR)
    }
    kit.clock.forward(365 * DAY - 2 * DAY)
    await kit.postkey.purge()
    expect(await events()).toBe(6)
    // Before any seal says so, by the row of the purge and the policy.
    expect(await verified()).toMatchObject({ seals: 4, events: 6, gone: 6 })
    await signIn(kit, ADA)
    kit.clock.forward(HOUR)
    await kit.postkey.seal()
    expect(await numbers()).toEqual([2, 3, 4, 5])
    expect(await verified()).toMatchObject({ seals: 4, events: 9, gone: 0 })
    // A longer life of events from now on: what is gone stays gone, because a seal says so.
    const patient = { ...kit.postkey.policy, keep: { ...kit.postkey.policy.keep, events: 3_650 * DAY } }
    const difference: unknown[] = []
    const result = await verifyRecord({
      store,
      tenant: 'default',
      keys: keyring([SECRET]),
      policy: patient,
      since: 0,
      after: null,
      head: null,
      onStep: async () => true,
      onDifference: (one) => void difference.push(one),
      onLate: () => {},
    })
    expect({ difference, events: result.events }).toEqual({ difference: [], events: 9 })
  })

  test('of seals before the one whose window ends where the purge did, none is kept', async () => {
    for (let hour = 0; hour < 3; hour++) {
      await signIn(kit, ADA)
      kit.clock.forward(HOUR)
      await kit.postkey.seal()
    }
    const [, second] = await seals()
    // A quarter of an hour before it was made.
    kit.clock.forward(365 * DAY - HOUR - 15 * MINUTE)
    await kit.postkey.purge()
    expect(idsOf(kit.clock.at - 365 * DAY)).toBe(second?.until.requestId)
    await signIn(kit, ADA)
    kit.clock.forward(HOUR)
    await kit.postkey.seal()
    expect(await numbers()).toEqual([2, 3, 4])
    expect(await verified()).toMatchObject({ seals: 3, events: 6, differences: 0 })
  })

  test('what is purged while the record is looked at is no difference either', async () => {
    await insertEvents(10)
    kit.clock.forward(HOUR)
    await kit.postkey.seal()
    kit.clock.forward(366 * DAY)
    const purging: Store = {
      ...store,
      readEventRows: async (...given) => {
        await kit.postkey.purge()
        return await store.readEventRows(...given)
      },
    }
    expect(await verified(purging)).toMatchObject({ events: 0, gone: 10, differences: 0 })
  })

  test('a window that is purged by halves is whole as far as it is kept', async () => {
    await insertEvents(10)
    kit.clock.forward(HOUR)
    await kit.postkey.seal()
    kit.clock.forward(366 * DAY)
    await store.purge({ tenant: 'default', policy: kit.postkey.policy, kind: 'events', limit: 4, idsOf })
    expect(await verified()).toMatchObject({ events: 6, gone: 4, differences: 0 })
  })

  test('in the background: what is closed is sealed by itself and told in the log, and a stop does not wait for the rest', async () => {
    await insertEvents(5 * EVENTS_MAX)
    kit.clock.forward(HOUR)
    const lines: { readonly name: string; readonly fields: Readonly<Record<string, unknown>> }[] = []
    const log = { ...silent, event: (name: string, fields: object) => void lines.push({ name, fields: { ...fields } }) }
    const first = startSealing(contextOf(store, log), 50)
    while ((await numbers()).length === 0) await new Promise((resolve) => setTimeout(resolve, 1))
    await first.stop()
    const reached = (await numbers()).length
    const second = startSealing(contextOf(store, log), 20)
    while ((await numbers()).length < 5) await new Promise((resolve) => setTimeout(resolve, 5))
    await second.stop()
    expect(reached).toBeLessThan(5)
    const [newest] = (await seals()).slice(-1)
    expect(lines.map(({ name }) => name)).toEqual(['record_sealed', 'record_sealed'])
    expect(lines.at(-1)?.fields).toEqual({
      seq: 5,
      head: newest?.digest,
      until: expect.stringMatching(/^2026-11-21T09:/),
      count: (5 - reached) * EVENTS_MAX,
    })
    expect(lines[0]?.fields).toMatchObject({ seq: reached, count: reached * EVENTS_MAX })
  })

  test('AU-03: a process that saw a seal tells that it is gone, or another', async () => {
    await signIn(kit, ADA)
    kit.clock.forward(HOUR)
    const warnings: object[] = []
    const log = { ...silent, warn: (name: string, fields: object) => void warnings.push({ name, ...fields }) }
    let looks = 0
    const findSealing: Store['findSealing'] = async (...given) => {
      const found = await store.findSealing(...given)
      looks++
      return found
    }
    const sealing = startSealing(contextOf({ ...store, findSealing }, log), 10)
    while ((await numbers()).length === 0) await new Promise((resolve) => setTimeout(resolve, 2))
    // So that a round has looked for it.
    for (const before = looks; looks < before + 2; ) await new Promise((resolve) => setTimeout(resolve, 2))
    expect(warnings).toEqual([])
    const [seen] = await seals()
    kit.clock.forward(MINUTE)
    await engine.write({ locks: nothing, run: () => run('delete from seals') })
    while (warnings.length === 0) await new Promise((resolve) => setTimeout(resolve, 2))
    // What is left was sealed anew, at another time.
    while ((await numbers()).length === 0) await new Promise((resolve) => setTimeout(resolve, 2))
    await new Promise((resolve) => setTimeout(resolve, 100))
    await sealing.stop()
    // Once more where it went between two looks of one round.
    expect([...new Map(warnings.map((warning) => [JSON.stringify(warning), warning])).values()]).toEqual([
      { name: 'seals_cut_off', seq: 1, head: seen?.digest },
    ])
    expect((await seals())[0]?.digest).not.toBe(seen?.digest)
  })

  test('what goes wrong is told, and the next round goes on', async () => {
    await signIn(kit, ADA)
    kit.clock.forward(HOUR)
    const errors: string[] = []
    let broken = true
    const failing: Store = {
      ...store,
      appendSeal: (...given) => (broken ? Promise.reject(new Error('the disk is full')) : store.appendSeal(...given)),
    }
    const log = { ...silent, error: (name: string, error: unknown) => void errors.push(`${name}: ${error}`) }
    const sealing = startSealing(contextOf(failing, log), 10)
    while (errors.length === 0) await new Promise((resolve) => setTimeout(resolve, 2))
    broken = false
    while ((await numbers()).length === 0) await new Promise((resolve) => setTimeout(resolve, 2))
    await sealing.stop()
    expect(errors[0]).toBe('sealing_failed: Error: the disk is full')
  })

  test('the numbers tell how far it is', async () => {
    await signIn(kit, ADA)
    kit.clock.forward(20 * MINUTE)
    const number = async (name: string) => Number(new RegExp(`^postkey_${name} (\\S+)$`, 'm').exec(await kit.postkey.metrics())?.[1])
    expect([await number('record_seal_seq'), await number('record_unsealed_age_seconds')]).toEqual([0, 1_200])
    await kit.postkey.seal()
    expect([await number('record_seal_seq'), await number('record_unsealed_age_seconds')]).toEqual([1, 0])
  })

  test('a process seals by itself, unless it is switched off', async () => {
    await signIn(kit, ADA)
    kit.clock.forward(HOUR)
    // More than any lot: the first look is at once.
    const lot = vi.spyOn(Math, 'random').mockReturnValue(2)
    onTestFinished(() => lot.mockRestore())
    const purged = async (): Promise<boolean> => (await engine.read(() => one("select 1 as n from purges where kind = 'limits'"))) !== null
    await using _off = await startKit({ database: database.url, now: kit.clock.now, seals: false })
    while (!(await purged())) await new Promise((resolve) => setTimeout(resolve, 5))
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(await numbers()).toEqual([])
    await using _on = await startKit({ database: database.url, now: kit.clock.now })
    while ((await numbers()).length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  })
})

const silent = { event: () => {}, warn: () => {}, error: () => {} }
