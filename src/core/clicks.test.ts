import { describe, expect, test } from 'vitest'
import { type Clicks, clicksOf, type RecordedOf } from './clicks.ts'
import type { View, ViewFacts } from './view.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const asked = Date.UTC(2026, 10, 21, 9)

/** Asked at zero; the second mail after two minutes. */
const start: RecordedOf = {
  kind: 'start',
  reason: 'mail_queued',
  at: asked,
  facts: { now: asked },
  decision: { verdict: 'send', mail: {} },
}
const resend: RecordedOf = { ...start, kind: 'resend', at: asked + 2 * MINUTE }
const sent = (ordinal: number, after: number): RecordedOf => ({
  kind: 'deliver',
  reason: 'mail_sent',
  at: asked + after,
  facts: { ordinal },
  decision: {},
})

function proof(after: number, facts: object, reason = 'signed_in', mail: object = { ordinal: 0, createdAt: asked }): RecordedOf {
  const at = asked + after
  return { kind: 'verify', reason, at, decision: {}, facts: { now: at, bound: true, address: 'absent', mail, ...facts } }
}
const link = (after: number, more: object = {}, reason?: string): RecordedOf =>
  proof(after, { proof: 'link', linkMatches: true, code: null, ...more }, reason)
const code = (after: number, match: string, reason?: string): RecordedOf =>
  proof(after, { proof: 'code', linkMatches: false, code: match }, reason)

const view = (after: number, more: Partial<ViewFacts> = {}, ordinal = 0): View => ({
  at: asked + ordinal * 2 * MINUTE + after,
  ordinal,
  facts: { method: 'GET', state: 'live', bound: true, cookie: true, prefetch: false, navigation: true, ageMs: after, ...more },
})
const stranger: Partial<ViewFacts> = { bound: false, cookie: false }

const of = (events: readonly RecordedOf[], views: readonly View[] = []): Clicks => clicksOf([start, sent(0, 10 * SECOND), ...events], views)

describe('the first click on a link', () => {
  test.each<[string, readonly RecordedOf[], readonly View[], number | null]>([
    ['nothing at all', [], [], null],
    ['a submit', [link(5 * MINUTE)], [], 5 * MINUTE],
    ['a view before its submit', [link(5 * MINUTE)], [view(4 * MINUTE)], 4 * MINUTE],
    ['the first of several', [link(7 * MINUTE), link(5 * MINUTE)], [view(9 * MINUTE)], 5 * MINUTE],
    ['a view of an expired link, and nothing after it', [], [view(40 * MINUTE, { state: 'expired' })], 40 * MINUTE],
    ['the same in another browser', [], [view(40 * MINUTE, { ...stranger, state: 'expired' })], 40 * MINUTE],
    ['a late submit', [link(16 * MINUTE, {}, 'link_expired')], [], 16 * MINUTE],
    ['a scanner that looks', [], [view(20 * SECOND, { ...stranger, navigation: null })], null],
    ['a scanner, and a person later', [link(8 * MINUTE)], [view(20 * SECOND, { ...stranger, navigation: null })], 8 * MINUTE],
    [
      'a scanner that waited for a late mail',
      [sent(0, 20 * MINUTE)],
      [view(20 * MINUTE + 20 * SECOND, { ...stranger, navigation: null, state: 'expired' })],
      null,
    ],
    ['a HEAD', [], [view(MINUTE, { ...stranger, method: 'HEAD' })], null],
    ['a prefetch', [], [view(MINUTE, { prefetch: true })], null],
    ['a view of a used link', [], [view(50 * MINUTE, { state: 'used' })], null],
    ['another browser without the address', [link(5 * MINUTE, { bound: false }, 'address_needed')], [], null],
    ['another browser with an address', [link(5 * MINUTE, { bound: false, address: 'wrong' }, 'address_mismatch')], [], 5 * MINUTE],
    ['a submit whose secret was cut', [link(5 * MINUTE, { linkMatches: false }, 'link_malformed')], [], null],
    ['by a clock that is behind', [], [view(-3)], 0],
  ])('%s', (_, events, views, expected) => {
    expect(of(events, views).links.map(({ sinceQueued }) => sinceQueued)).toEqual(expected === null ? [] : [expected])
  })

  test('counts from the queue and from the mail server, each mail by itself', () => {
    const second = proof(3 * MINUTE, { proof: 'link', linkMatches: true }, 'signed_in', { ordinal: 1, createdAt: asked + 2 * MINUTE })
    const { links } = of([resend, sent(1, 2 * MINUTE + 30 * SECOND), second], [view(90 * SECOND)])
    expect(links).toEqual([
      { sinceQueued: 90 * SECOND, sinceAccepted: 80 * SECOND },
      { sinceQueued: 60 * SECOND, sinceAccepted: 30 * SECOND },
    ])
  })

  test('a mail that nobody saw accepted counts from the queue alone', () => {
    expect(clicksOf([start, link(MINUTE)], []).links).toEqual([{ sinceQueued: MINUTE, sinceAccepted: null }])
  })
})

describe('the first code', () => {
  test.each<[string, readonly RecordedOf[], number | null]>([
    ['the right one', [code(MINUTE, 'right')], MINUTE],
    ['after a wrong one', [code(MINUTE, 'wrong', 'code_wrong'), code(2 * MINUTE, 'right')], 2 * MINUTE],
    ['too late to be compared', [code(12 * MINUTE, 'unclaimed', 'code_expired')], 12 * MINUTE],
    ['never the right one', [code(MINUTE, 'wrong', 'code_wrong')], null],
    ['in another browser', [proof(MINUTE, { proof: 'code', code: 'unclaimed', bound: false }, 'code_other_browser')], null],
    ['locked', [code(MINUTE, 'unclaimed', 'code_locked')], null],
  ])('%s', (_, events, expected) => {
    expect(of(events).codes.map(({ sinceQueued }) => sinceQueued)).toEqual(expected === null ? [] : [expected])
  })
})

test('views are counted as people, and of them those that came too late', () => {
  const views = [
    view(MINUTE),
    view(20 * MINUTE, { state: 'expired' }),
    view(21 * MINUTE, { ...stranger, state: 'expired' }),
    view(22 * MINUTE, { state: 'used' }),
    view(23 * MINUTE, { ...stranger, method: 'HEAD', state: 'expired' }),
  ]
  expect(of([], views)).toMatchObject({ humanViews: 4, expiredViews: 2 })
})

test('what another version wrote down is left aside, and does not stop the rest', () => {
  const odd: RecordedOf[] = [
    { kind: 'verify', reason: 'signed_in', at: asked, facts: {}, decision: {} },
    { kind: 'deliver', reason: 'mail_sent', at: asked, facts: { ordinal: 'one' }, decision: {} },
    { kind: 'start', reason: 'address_invalid', at: asked, facts: { why: 'at' }, decision: { reason: 'address_invalid' } },
  ]
  expect(of([...odd, link(MINUTE)]).links).toEqual([{ sinceQueued: MINUTE, sinceAccepted: 50 * SECOND }])
})
