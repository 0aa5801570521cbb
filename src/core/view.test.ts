import { describe, expect, test } from 'vitest'
import { type ReasonCode, reasons } from './reason.ts'
import { classesOfViews, classOfView, stateOfView, type View, type ViewClass, type ViewFacts } from './view.ts'

const SENT = Date.UTC(2026, 10, 21, 9)

const view = (ageMs: number, facts: Partial<ViewFacts> = {}): View => ({
  at: SENT + ageMs,
  ordinal: 0,
  facts: { method: 'GET', state: 'live', bound: false, cookie: false, prefetch: false, navigation: true, ageMs, ...facts },
})

const row = (says: string, seen: View, is: ViewClass, more: { others?: readonly View[]; acted?: boolean } = {}) => ({
  says,
  seen,
  is,
  ...more,
})

describe('the class of a view', () => {
  test.each([
    row('the cookie of whoever asked', view(5_000, { bound: true, cookie: true }), 'same_browser'),
    row('the same, by HEAD', view(5_000, { bound: true, cookie: true, method: 'HEAD' }), 'same_browser'),
    row('the same, and nothing submitted', view(500_000, { bound: true, cookie: true }), 'same_browser', { acted: false }),
    row('a prefetch of the asking browser', view(5_000, { bound: true, cookie: true, prefetch: true }), 'prefetch'),
    row('a prefetch elsewhere', view(5_000, { prefetch: true }), 'prefetch'),
    row('HEAD, however late', view(500_000, { method: 'HEAD' }), 'likely_scanner'),
    row('HEAD with some cookie', view(500_000, { method: 'HEAD', cookie: true }), 'likely_scanner'),
    row('a browser that was here before', view(5_000, { cookie: true, navigation: null }), 'other_browser', { acted: false }),
    row('soon, without Sec-Fetch', view(59_999, { navigation: null }), 'likely_scanner'),
    row('soon, and no navigation', view(59_999, { navigation: false }), 'likely_scanner'),
    row('soon, a navigation, alone', view(59_999), 'other_browser'),
    row('a minute later, without Sec-Fetch: an old browser', view(60_000, { navigation: null }), 'other_browser'),
    row('two within a second', view(20_000), 'likely_scanner', { others: [view(20_999)] }),
    row('two a second apart', view(20_000), 'other_browser', { others: [view(21_000)] }),
    row('with the asking browser at the same moment', view(20_000), 'other_browser', { others: [view(20_100, { bound: true })] }),
    row('two within a second, a minute later', view(60_000), 'other_browser', { others: [view(60_100)] }),
    row('live, and nobody did anything afterwards', view(500_000), 'likely_scanner', { acted: false }),
    row('expired: there was nothing to do', view(1_500_000, { state: 'expired' }), 'other_browser', { acted: false }),
    row('used: there was nothing to do', view(1_500_000, { state: 'used' }), 'other_browser', { acted: false }),
  ])('$says: $is', ({ seen, is, others = [], acted = true }) => {
    expect(classOfView(seen, [seen, ...others], acted)).toBe(is)
    expect(classOfView(seen, others, acted)).toBe(is)
  })

  test('of all views of a challenge: an action counts for those before it', () => {
    const views = [view(90_000), view(120_000), view(150_000)]
    expect(classesOfViews(views, [])).toEqual(['likely_scanner', 'likely_scanner', 'likely_scanner'])
    expect(classesOfViews(views, [SENT + 120_000, SENT + 10_000])).toEqual(['other_browser', 'other_browser', 'likely_scanner'])
  })
})

test('the state of a link is told from what a POST would be told', () => {
  const states = new Map((Object.keys(reasons) as ReasonCode[]).map((reason) => [reason, stateOfView(reason)]))
  const by = (state: string): string[] => [...states].filter(([, is]) => is === state).map(([reason]) => reason)
  expect(by('expired')).toEqual(['link_expired'])
  expect(by('used').toSorted()).toEqual(['link_used', 'replayed'])
  expect(by('off').toSorted()).toEqual(['disowned', 'link_off'])
  expect(by('unknown')).toEqual(['link_unknown'])
  for (const reason of ['signed_in', 'address_needed', 'link_other_browser'] as const) expect(stateOfView(reason)).toBe('live')
})
