// The client's own list of reasons against the server's table, and answers that are no answer of Postkey.
import { describe, expect, test } from 'vitest'
import { reasons } from '../core/reason.ts'
import { failureOf, nextSteps, type Reason, refusalOf } from './failure.ts'

const OWN: readonly Reason[] = ['unreachable', 'answer_unknown', 'timed_out', 'aborted']

describe('the list of reasons', () => {
  test('it holds every "no" that the API may show, with the next step of the server’s table, and no other', () => {
    const shown = Object.values(reasons)
      .filter(({ kind, status }) => kind !== 'delivery' && kind !== 'operator' && kind !== 'account' && status >= 400)
      .map(({ face }) => face as keyof typeof reasons)
      // What only whoever runs it is told, and what is said on pages alone.
      .filter((face) => reasons[face].kind !== 'operator' && face !== 'recovery_waiting')
    const expected = Object.fromEntries([...new Set(shown)].map((face) => [face, reasons[face].next]))
    const { unreachable, answer_unknown, timed_out, aborted, ...served } = nextSteps
    expect(served).toEqual(expected)
    expect(OWN.filter((reason) => Object.hasOwn(reasons, reason))).toEqual([])
  })

  test.each(Object.keys(nextSteps) as Reason[])('%s has words to show even where the server said none', (reason) => {
    const { words } = failureOf(reason)
    for (const text of Object.values(words)) expect(text).toMatch(/^[A-Z][^<>]+$/)
  })
})

const words = { title: 'A', detail: 'B', nextStep: 'C' }

describe('an answer that is no success', () => {
  test('a problem of ours is told as it is', () => {
    const problem = { reason: 'code_wrong', ...words, triesLeft: 3, requestId: '0123456789abcdef' }
    expect(refusalOf(422, problem, null)).toEqual({
      ok: false,
      reason: 'code_wrong',
      nextStep: 'correct_code',
      words,
      triesLeft: 3,
      retryAt: null,
      requestId: '0123456789abcdef',
    })
  })

  test.each<[string, number, Record<string, unknown> | null, Reason]>([
    ['429 of a proxy', 429, null, 'too_many_requests'],
    ['502 of a proxy', 502, null, 'unavailable'],
    ['503 with JSON of somebody else', 503, { message: 'no healthy upstream' }, 'unavailable'],
    ['504 of a proxy', 504, null, 'unavailable'],
    ['500 of the host', 500, null, 'failed'],
    ['404 of the host, as with a wrong basePath', 404, null, 'answer_unknown'],
    ['403 of a firewall', 403, { reason: 17 }, 'answer_unknown'],
    ['a reason of a newer server', 422, { reason: 'moon_too_full', ...words }, 'answer_unknown'],
    ['a newer reason that asks for a pause', 429, { reason: 'moon_too_full', ...words }, 'too_many_requests'],
    ['the name of an own property', 400, { reason: 'constructor', ...words }, 'answer_unknown'],
    ['a reason that only a client has', 400, { reason: 'aborted', ...words }, 'answer_unknown'],
  ])('%s', (_, status, body, reason) => {
    expect(refusalOf(status, body, null)).toMatchObject({ ok: false, reason, triesLeft: null, retryAt: null })
  })

  test('a newer reason keeps the server’s words; words without a reason are somebody else’s and are not shown', () => {
    expect(refusalOf(422, { reason: 'moon_too_full', ...words }, null).words).toEqual(words)
    expect(refusalOf(422, words, null).words).not.toEqual(words)
  })

  test('when to try again is read from the body, else from the header, in seconds or as a date', () => {
    const left = (body: Record<string, unknown> | null, header: string | null): number => {
      const { retryAt } = refusalOf(429, body, header)
      return Math.round(((retryAt ?? Number.NaN) - Date.now()) / 1_000)
    }
    expect(left({ reason: 'too_many_mails', retryAfter: 40 }, '7')).toBe(40)
    expect(left(null, '7')).toBe(7)
    expect(left(null, new Date(Date.now() + 90_000).toUTCString())).toBeGreaterThanOrEqual(89)
    expect(refusalOf(429, null, 'soon').retryAt).toBeNull()
  })
})
