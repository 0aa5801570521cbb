import { describe, expect, test } from 'vitest'
import { type BounceFacts, decideBounce, isSuppressed, type Suppression } from './bounce.ts'

const NOW = 1_000_000
const facts = (more: Partial<BounceFacts> = {}): BounceFacts => ({
  now: NOW,
  reporter: 'dsn',
  kind: 'bounced',
  address: 'a•••@example.net',
  mail: null,
  suppressed: null,
  ...more,
})
const was = (why: Suppression['why'], until: number | null = null): Suppression => ({ why, since: 1, until })

describe('RL-21: what a report means', () => {
  test.each([
    ['the first', {}, 'suppress', 'mail_bounced', { why: 'bounced', since: NOW, until: null }],
    ['a complaint', { kind: 'complained' }, 'suppress', 'mail_complained', { why: 'complained', since: NOW, until: null }],
    ['the same again', { suppressed: was('bounced') }, 'keep', 'mail_bounced', was('bounced')],
    ['a bounce after a complaint', { suppressed: was('complained') }, 'keep', 'mail_bounced', was('complained')],
    [
      'a complaint after a bounce',
      { kind: 'complained', suppressed: was('bounced') },
      'suppress',
      'mail_complained',
      { why: 'complained', since: NOW, until: null },
    ],
    [
      'after refusals, which end by themselves',
      { suppressed: was('refused', NOW + 1) },
      'suppress',
      'mail_bounced',
      { why: 'bounced', since: NOW, until: null },
    ],
  ] as const)('%s', (_, more, verdict, reason, suppression) => {
    expect(decideBounce(facts(more))).toEqual({ verdict, reason, suppression })
  })

  test.each([
    [null, false],
    [was('bounced'), true],
    [was('refused', NOW + 1), true],
    [was('refused', NOW), false],
  ])('%j suppresses: %s', (suppression, suppressed) => {
    expect(isSuppressed(suppression, NOW)).toBe(suppressed)
  })
})
