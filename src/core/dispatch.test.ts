import { describe, expect, test } from 'vitest'
import { type DispatchFacts, decideDispatch, dispatchTypes, failures, restOf, wantedOf } from './dispatch.ts'
import { reasons } from './reason.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

const facts = (more: Partial<DispatchFacts> = {}): DispatchFacts => ({
  now: 1_000 * HOUR,
  tries: 0,
  reply: 'refused',
  retryAfterMs: null,
  lot: 0.5,
  failingSince: null,
  ...more,
})

describe('WH3: what becomes of a message', () => {
  test('it is tried ten times in three days', () => {
    const waits = Array.from({ length: 10 }, (_, tries) => decideDispatch(facts({ tries })).retryInMs)
    expect(waits).toEqual([5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR, null])
  })

  test.each([
    [0, 4 * MINUTE],
    [0.5, 5 * MINUTE],
    [1, 6 * MINUTE],
  ])('the lot %f spreads the retry', (lot, retryInMs) => {
    expect(decideDispatch(facts({ tries: 1, lot })).retryInMs).toBe(retryInMs)
  })

  test.each([
    ['an answer that is good', { reply: 'accepted' }, 'delivered', null],
    ['410', { reply: 'gone' }, 'failed', 'gone'],
    ['410 at the last try', { reply: 'gone', tries: 9 }, 'failed', 'gone'],
    ['the last try, while others came through', { tries: 9, failingSince: null }, 'failed', null],
    ['the last try, and failing since yesterday', { tries: 9, failingSince: 976 * HOUR }, 'failed', null],
    ['the last try, and failing for three days', { tries: 9, failingSince: 928 * HOUR }, 'failed', 'dead'],
    ['an early try, and failing for three days', { tries: 3, failingSince: 928 * HOUR }, 'retry', null],
    ['no answer', { reply: 'unreachable' }, 'retry', null],
  ] as const)('%s', (_, more, verdict, disable) => {
    expect(decideDispatch(facts(more))).toMatchObject({ verdict, disable })
  })

  test.each([
    ['longer than the wait', 10 * MINUTE, 10 * MINUTE],
    ['shorter than the wait', 1 * MINUTE, 5 * MINUTE],
    ['a year', 9_000 * HOUR, 24 * HOUR],
    ['in the past', -HOUR, 5 * MINUTE],
  ])('Retry-After %s', (_, retryAfterMs, retryInMs) => {
    expect(decideDispatch(facts({ tries: 1, reply: 'busy', retryAfterMs })).retryInMs).toBe(retryInMs)
  })

  test('an endpoint that is busy rests with all of its messages, another one does not', () => {
    expect(restOf({ reply: 'busy', retryAfterMs: null })).toBe(30 * SECOND)
    expect(restOf({ reply: 'busy', retryAfterMs: 2 * MINUTE })).toBe(2 * MINUTE)
    expect(restOf({ reply: 'busy', retryAfterMs: 40 * HOUR })).toBe(HOUR)
    expect(restOf({ reply: 'refused', retryAfterMs: null })).toBe(0)
  })
})

test('WH4: who wants what: all types where none is named, nothing while it is not enabled', () => {
  const wanted = wantedOf([
    { id: 'a', types: [], state: 'enabled' },
    { id: 'b', types: ['session.ended'], state: 'enabled' },
    { id: 'c', types: [], state: 'disabled' },
    { id: 'd', types: [], state: 'dead' },
  ])
  expect(Object.keys(wanted)).toEqual([...dispatchTypes])
  expect(wanted['session.ended']).toEqual(['a', 'b'])
  expect(wanted['signin.completed']).toEqual(['a'])
  expect(wantedOf([])).toEqual({})
})

test('WH1: types are dotted words, and failures are reasons', () => {
  for (const type of dispatchTypes) expect(type).toMatch(/^[a-z_]+\.[a-z_]+$/)
  for (const reason of failures) expect(reasons[reason].kind).toBe('verify')
})
