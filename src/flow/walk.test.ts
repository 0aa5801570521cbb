// The walk over a record that is longer than one look takes: nothing is left out, nothing is seen twice, no request is cut in two.
import { expect, test } from 'vitest'
import { type Policy, readPolicy } from '../core/policy.ts'
import { mintId } from '../secret.ts'
import { openStore } from '../store/open.ts'
import type { EventPlace, RecordedEvent } from '../store/record-store.ts'
import type { Store } from '../store/store.ts'
import { walkEvents } from './walk.ts'

const versions = { app: '0', schema: 0, policy: '0', template: '0' }

/** Requests of one to seven events each. */
async function fill(requests: number): Promise<{ store: Store; count: number }> {
  const store = await openStore('file::memory:')
  const policy = (readPolicy('standard') as { policy: Policy }).policy
  const writes: Promise<void>[] = []
  for (let nth = 0; nth < requests; nth++) {
    const requestId = mintId(1_000_000 + nth)
    for (let event = 0; event <= nth % 7; event++) {
      const scope = { tenant: 'default', policy, versions, requestId, eventId: mintId(1_000_000 + event) }
      writes.push(store.record(scope, { kind: 'guard', reason: 'origin_null', facts: {} }))
    }
  }
  await Promise.all(writes)
  return { store, count: writes.length }
}

const START: EventPlace = { requestId: '', id: '' }

test('all of it is seen once, request by request, whatever is interrupted', async () => {
  const { store, count } = await fill(500)
  expect(count).toBeGreaterThan(1_500)
  for (const interruptedAfter of [1, 2, Number.POSITIVE_INFINITY]) {
    const seen: RecordedEvent[] = []
    const finished = new Set<string>()
    let after: EventPlace | null = START
    let looked = 0
    for (let runs = 0; after !== null && runs < 10; runs++) {
      let steps = 0
      const onStep = async (): Promise<boolean> => ++steps < interruptedAfter
      const walked = await walkEvents({ store, tenant: 'default', after, onStep }, async (events) => {
        for (const { requestId } of events) expect(finished.has(requestId)).toBe(false)
        for (const { requestId } of events) finished.add(requestId)
        seen.push(...events)
      })
      looked += walked.looked
      after = walked.goOnAfter
    }
    expect(after).toBeNull()
    expect(looked).toBe(count)
    expect(new Set(seen.map(({ id }) => id)).size).toBe(count)
    expect(seen.length).toBe(count)
  }
  await store.close()
})

test('an empty record is walked at once', async () => {
  const { store } = await fill(0)
  const walked = await walkEvents({ store, tenant: 'default', after: START, onStep: async () => true }, async (events) => {
    expect(events).toEqual([])
  })
  expect(walked).toEqual({ looked: 0, goOnAfter: null })
  await store.close()
})
