// What is sealed when, and that no two records look alike to a seal.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { closedBefore, EVENTS_MAX, type EventRow, eventText, goneBefore, nextWindow, PRINT_LENGTH, printsOf, sealText } from './seal.ts'
import { compareWindow, type Present } from './seal-difference.ts'

const MINUTE = 60_000
const now = Date.UTC(2026, 10, 21, 9, 0, 30)
/** Sorts as ids of ours do, and can be read. */
const idsOf = (at: number): string => new Date(at).toISOString().slice(0, 19)

function row(requestId: string, id = '', over: Partial<EventRow> = {}): EventRow {
  const none = { challenge: null, user: null, session: null, facts: '{}', decision: '{}', versions: '{}', cost: '{}' }
  return { tenant: 'default', at: now, requestId, id, kind: 'start', reason: 'mail_queued', ...none, ...over }
}

describe('what is closed', () => {
  test.each<[string, string | null, string]>([
    ['nothing waits', null, '2026-11-21T08:45:00'],
    ['a mail waits that was asked for later', '2026-11-21T08:50:00abc', '2026-11-21T08:45:00'],
    ['a mail waits that was asked for before', '2026-11-21T08:31:12abc', '2026-11-21T08:31:12abc'],
  ])('%s', (_, queued, closed) => {
    expect(closedBefore(now, queued, idsOf)).toBe(closed)
  })

  test('in one minute everybody sees the same end', () => {
    const ends = new Set(Array.from({ length: 60 }, (_, second) => closedBefore(Date.UTC(2026, 10, 21, 9, 0, second), null, idsOf)))
    expect([...ends]).toEqual(['2026-11-21T08:45:00'])
    expect(closedBefore(now + MINUTE, null, idsOf)).toBe('2026-11-21T08:46:00')
  })

  test('a clock that stands at its beginning closes nothing', () => {
    expect(closedBefore(5, null, idsOf)).toBe(idsOf(0))
  })
})

describe('the next window', () => {
  const rows = (count: number): EventRow[] => Array.from({ length: count }, (_, nth) => row(`r${String(nth).padStart(4, '0')}`, 'e'))

  test.each<[string, number, object | null]>([
    ['no event, no seal', 0, null],
    ['one', 1, { until: { requestId: 'z', id: '' }, more: false }],
    ['as many as a seal takes', EVENTS_MAX, { until: { requestId: 'z', id: '' }, more: false }],
    ['one more', EVENTS_MAX + 1, { until: { requestId: `r0${EVENTS_MAX - 1}`, id: 'e' }, more: true }],
  ])('%s', (_, count, expected) => {
    const window = nextWindow(rows(count), 'z')
    if (expected === null) expect(window).toBe(null)
    else expect(window).toMatchObject({ ...expected, rows: { length: Math.min(count, EVENTS_MAX) } })
  })

  test('more events of one request than a seal takes are cut between two of them', () => {
    const many = Array.from({ length: EVENTS_MAX + 1 }, (_, nth) => row('r', `e${String(nth).padStart(4, '0')}`))
    expect(nextWindow(many, 'z')?.until).toEqual({ requestId: 'r', id: `e0${EVENTS_MAX - 1}` })
  })
})

test.each([
  ['as the row says, where the policy agrees', '', 'b', 'c', 'b'],
  ['no further than the policy removes', '', 'x', 'c', 'c'],
  ['what was believed once stays, also when events are kept longer since', 'd', 'e', 'b', 'd'],
  ['or when the row is gone', 'd', '', 'e', 'd'],
])('up to where events may be gone: %s', (_, sealed, removed, due, expected) => {
  expect(goneBefore(sealed, removed, due)).toBe(expected)
})

const texts = fc.oneof(fc.string({ unit: 'binary', maxLength: 6 }), fc.constantFrom('', '"', '","', '\\', 'null', '[', '\0'))
const rowsAtAll = fc.record({
  tenant: texts,
  requestId: texts,
  id: texts,
  at: fc.nat(),
  challenge: fc.option(texts),
  user: fc.option(texts),
  session: fc.option(texts),
  kind: texts,
  reason: texts,
  facts: texts,
  decision: texts,
  versions: texts,
  cost: texts,
})

test('two rows have one text only if they are the same in every column', () => {
  fc.assert(
    fc.property(rowsAtAll, rowsAtAll, fc.nat(12), (one, other, nth) => {
      // Mostly alike: what differs by chance shows nothing.
      const name = Object.keys(one)[nth] as keyof EventRow
      const changed = { ...one, [name]: other[name] }
      expect(eventText(changed) === eventText(one)).toBe(changed[name] === one[name])
      expect(eventText(other) === eventText(one)).toBe(Object.keys(one).every((key) => other[key as 'id'] === one[key as 'id']))
    }),
  )
})

test('a seal says something else wherever anything of it, or of the one before, is another', () => {
  const sealed = {
    tenant: 'default',
    seq: 2,
    from: 'q',
    until: { requestId: 'r', id: 'e' },
    events: 1,
    prints: 'p'.repeat(PRINT_LENGTH),
    goneBefore: 'g',
    madeAt: 1,
  }
  const others = [
    { ...sealed, tenant: 'other' },
    { ...sealed, seq: 3 },
    { ...sealed, from: 'r' },
    { ...sealed, until: { requestId: 're', id: '' } },
    { ...sealed, until: { requestId: 'r', id: '' } },
    { ...sealed, events: 2 },
    { ...sealed, prints: `${sealed.prints}x` },
    { ...sealed, goneBefore: '' },
    { ...sealed, madeAt: 2 },
  ]
  const said = [sealText('before', sealed), sealText('', sealed), ...others.map((other) => sealText('before', other))]
  expect(new Set(said).size).toBe(said.length)
})

test('prints are told apart again', () => {
  const prints = ['a', 'b', 'c'].map((letter) => letter.repeat(PRINT_LENGTH))
  expect(printsOf({ prints: prints.join('') })).toEqual(prints)
  expect(printsOf({ prints: '' })).toEqual([])
})

describe('a window against its seal', () => {
  const madeAt = now
  const early = now - 20 * MINUTE
  const present = (name: string, over: Partial<Present> = {}): Present => ({
    requestId: name,
    id: 'e',
    at: early,
    kind: 'start',
    reason: 'mail_queued',
    print: `print of ${name}`,
    ...over,
  })
  const sealedWindow = (names: string, gone = ''): Parameters<typeof compareWindow>[0] => ({
    from: names.slice(0, 1),
    prints: [...names].map((name) => `print of ${name}`),
    madeAt,
    goneBefore: gone,
  })
  const compare = (names: string, events: readonly Present[], gone = '') => compareWindow(sealedWindow(names, gone), events)
  const changed = (name: string): Present => present(name, { print: 'another' })
  const told = ({ differences }: ReturnType<typeof compareWindow>): string[] =>
    differences.map((one) =>
      one.what === 'events_missing'
        ? `${one.count} missing ${one.after?.requestId ?? '-'} ${one.before?.requestId ?? '-'}`
        : `${one.what} ${one.event.requestId}`,
    )

  test.each<[string, string, readonly Present[], string, readonly string[], object]>([
    ['all as it was', 'bcd', [present('b'), present('c'), present('d')], '', [], { same: 3 }],
    ['one changed', 'bcd', [present('b'), changed('c'), present('d')], '', ['event_changed c'], { same: 2 }],
    ['one missing', 'bcd', [present('b'), present('d')], '', ['1 missing b d'], { same: 2 }],
    ['the first missing', 'bcd', [present('c'), present('d')], '', ['1 missing - c'], { same: 2 }],
    ['the last two missing', 'bcd', [present('b')], '', ['2 missing b -'], { same: 1 }],
    ['all missing', 'bcd', [], '', ['3 missing - -'], { same: 0 }],
    ['one added', 'bd', [present('b'), present('c'), present('d')], '', ['event_added c'], { same: 2 }],
    [
      'one changed, one added beside it',
      'bcd',
      [present('b'), changed('c'), present('cc', { print: 'third' }), present('d')],
      '',
      ['event_changed c', 'event_added cc'],
      { same: 2 },
    ],
    ['at two places', 'bcde', [changed('b'), present('c'), present('e')], '', ['event_changed b', '1 missing c e'], { same: 2 }],
    ['old enough to be removed', 'bcd', [present('d')], 'c', [], { same: 1, gone: 2 }],
    ['younger than what is removed', 'bcde', [present('b'), present('c'), present('e')], 'c', ['1 missing c e'], { same: 3, gone: 0 }],
    [
      'the first missing, and younger than what is removed',
      'bcd',
      [present('c'), present('d')],
      'b',
      ['1 missing - c'],
      { same: 2, gone: 0 },
    ],
    ['old, and changed instead of removed', 'bcd', [changed('c'), present('d')], 'cz', ['event_changed c'], { same: 1, gone: 1 }],
    ['came when it was sealed', 'bd', [present('b'), present('c', { at: madeAt }), present('d')], '', [], { same: 2, late: { length: 1 } }],
    [
      'says that it came later, in the place of one that is missing',
      'bcd',
      [present('b'), present('c', { at: madeAt + 1, print: 'another' }), present('d')],
      '',
      ['1 missing b d'],
      { same: 2, late: { length: 1 } },
    ],
    ['prints in another order than events', 'cb', [present('b'), present('c')], '', ['event_added b', 'event_added c'], { same: 0 }],
    ['a print twice', 'bb', [present('b')], '', ['1 missing b -'], { same: 1 }],
  ])('%s', (_, names, events, gone, differences, counts) => {
    const compared = compare(names, events, gone)
    expect(told(compared)).toEqual(differences)
    expect(compared).toMatchObject(counts)
  })

  const fates = fc.array(fc.constantFrom('kept', 'kept', 'kept', 'changed', 'dropped', 'added'), { maxLength: 40 })

  test('whatever is done to a window: what is untouched is the same, anything else shows, and the first of it where it is', () => {
    fc.assert(
      fc.property(fates, (list) => {
        const name = (nth: number): string => `n${String(nth).padStart(3, '0')}`
        const prints = list.flatMap((fate, nth) => (fate === 'added' ? [] : [`print of ${name(nth)}`]))
        const events = list.flatMap((fate, nth) =>
          fate === 'dropped' ? [] : [fate === 'changed' ? changed(name(nth)) : present(name(nth))],
        )
        const { same, differences, late, gone } = compareWindow({ from: name(0), prints, madeAt, goneBefore: '' }, events)
        const count = (fate: string): number => list.filter((one) => one === fate).length
        expect([same, late.length, gone]).toEqual([count('kept'), 0, 0])
        const strangers = differences.filter(({ what }) => what !== 'events_missing').length
        const missing = differences.reduce((sum, one) => sum + (one.what === 'events_missing' ? one.count : 0), 0)
        expect(strangers).toBe(count('changed') + count('added'))
        const taken = differences.filter(({ what }) => what === 'event_changed').length
        expect(missing + taken).toBe(count('changed') + count('dropped'))
        const first = list.findIndex((fate) => fate !== 'kept')
        expect(differences.length === 0).toBe(first === -1)
        const [one] = differences
        if (one === undefined) return
        // Not before the last that is untouched before it.
        const place = one.what === 'events_missing' ? (one.after?.requestId ?? '') : one.event.requestId
        const untouched = first === 0 ? '' : name(first - 1)
        if (one.what === 'events_missing') expect(place).toBe(untouched)
        else expect(place > untouched).toBe(true)
      }),
    )
  })
})
