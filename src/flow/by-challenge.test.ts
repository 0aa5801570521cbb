// Two long lists read side by side: whatever lies in one, the other or both comes out once, in order, and a flood of one challenge is cut.
import { expect, test } from 'vitest'
import type { ViewFacts } from '../core/view.ts'
import { openEngine, storeOver } from '../store/open.ts'
import { nothing, run } from '../store/operation.ts'
import type { RecordedView } from '../store/record-store.ts'
import type { Store } from '../store/store.ts'
import { challengesAfter } from './by-challenge.ts'

const facts: ViewFacts = { method: 'GET', state: 'live', bound: true, cookie: true, prefetch: false, navigation: true, ageMs: 1 }

async function fill(events: Readonly<Record<string, number>>, views: Readonly<Record<string, number>>): Promise<Store> {
  const engine = await openEngine('file::memory:')
  await engine.migrate()
  await engine.write({
    locks: nothing,
    run: function* () {
      for (const [challenge, count] of Object.entries(events))
        for (let nth = 0; nth < count; nth++)
          yield* run(
            "insert into events (tenant, id, at, request_id, challenge, kind, reason, facts, decision, versions, cost) values ('default', ?, ?, ?, ?, 'verify', 'link_used', '{}', '{}', '{}', '{}')",
            `${challenge}${nth}`,
            nth,
            `r${String(nth).padStart(6, '0')}`,
            challenge === 'none' ? null : challenge,
          )
    },
  })
  const store = storeOver(engine)
  const seen = Object.entries(views).flatMap(([challenge, count]) =>
    Array.from({ length: count }, (_, nth): RecordedView => ({ challenge, at: nth, id: 'a', ordinal: 0, facts })),
  )
  await store.writeViews('default', seen)
  return store
}

async function read(store: Store, after = ''): Promise<(readonly [string, number, number])[]> {
  const found: (readonly [string, number, number])[] = []
  for await (const { challenge, events, views } of challengesAfter(store, 'default', after)) {
    expect(new Set([...events, ...views].map((one) => one.challenge))).toEqual(new Set([challenge]))
    found.push([challenge, events.length, views.length])
  }
  return found
}

test('events and views of a challenge meet, and those without the other are there too', async () => {
  const store = await fill({ none: 3, Z: 1, b: 2, d: 600, e: 1 }, { a: 1, b: 3, c: 50, e: 2, f: 1 })
  expect(await read(store)).toEqual([
    // Byte by byte, as ids are ordered.
    ['Z', 1, 0],
    ['a', 0, 1],
    ['b', 2, 3],
    ['c', 0, 50],
    ['d', 600, 0],
    ['e', 1, 2],
    ['f', 0, 1],
  ])
  expect((await read(store, 'c')).map(([challenge]) => challenge)).toEqual(['c', 'd', 'e', 'f'])
  await store.close()
})

test('more of one challenge than anybody needs is read past', async () => {
  const store = await fill({ a: 2_500, b: 1 }, {})
  expect(await read(store)).toEqual([
    ['a', 1_000, 0],
    ['b', 1, 0],
  ])
  await store.close()
})

test('nothing is read of nothing', async () => {
  const store = await fill({}, {})
  expect(await read(store)).toEqual([])
  await store.close()
})
