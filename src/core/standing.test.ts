import { expect, test } from 'vitest'
import { readPolicy } from './policy.ts'
import { standings } from './standing.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const now = Date.UTC(2026, 10, 25, 9)
const none = { mails: [], knownMails: [], failures: [], bounces: [] }

function standing(limit: string, hits: object) {
  const read = readPolicy('standard')
  if (!read.ok) throw new Error(read.problems.join())
  return standings(read.policy, { ...none, ...hits }, now).find((one) => one.limit === limit)
}

test('a mailbox without a hit has room everywhere', () => {
  expect(standing('mails', {})).toEqual({
    limit: 'mails',
    windows: [
      { count: 3, per: 15 * MINUTE, used: 0 },
      { count: 10, per: 24 * HOUR, used: 0 },
    ],
    openAt: null,
  })
})

test('one that is full says from when on it is not: when the first of its hits leaves the window', () => {
  const mails = [now - 16 * MINUTE, now - 10 * MINUTE, now - 5 * MINUTE, now - MINUTE]
  expect(standing('mails', { mails })).toMatchObject({ windows: [{ used: 3 }, { used: 4 }], openAt: now + 5 * MINUTE })
  expect(standing('knownMails', { mails })?.openAt).toBeNull()
})

test('wrong codes and refusals by the mail server have windows of their own', () => {
  const failures = Array.from({ length: 10 }, (_, index) => now - index * MINUTE)
  expect(standing('failures', { failures })).toMatchObject({
    windows: [{ used: 10 }, { used: 10 }, { used: 10 }],
    openAt: now + 24 * HOUR - 9 * MINUTE,
  })
  const bounces = [now - 3 * HOUR, now - 2 * HOUR, now - HOUR]
  expect(standing('bounces', { bounces })?.openAt).toBe(now + 7 * 24 * HOUR - 3 * HOUR)
})
