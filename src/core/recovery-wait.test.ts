// Facts → decision for getting back in by waiting, and a machine that does everything in any order: it never opens early, unasked or after a stop.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type PolicyInput, readPolicy } from './policy.ts'
import {
  type AnnounceFacts,
  type ApproveFacts,
  type AskFacts,
  asksForOne,
  type CancelFacts,
  decideWait,
  type OpenFacts,
  READY_FOR,
  standingOf,
  type Waiting,
  waitingOf,
} from './recovery-wait.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const now = Date.UTC(2026, 10, 21, 9)

function policyOf(recovery: Partial<NonNullable<PolicyInput['recovery']>> = {}) {
  const read = readPolicy({ recovery })
  if (!read.ok) throw new Error(read.problems.join('; '))
  return read.policy
}
const standard = policyOf()
const said = ({ verdict, reason }: { readonly verdict: string; readonly reason: string }): string => `${verdict}: ${reason}`

const ada = { status: 'active', listed: false, same: true } as const
const asking: AskFacts = { does: 'ask', now, by: 'person', account: ada, sameAddress: false, toOperator: false, tat: null }

describe('asked for', () => {
  test.each<[string, Partial<AskFacts>, string]>([
    ['by somebody', {}, 'go: recovery_asked'],
    ['for nobody', { account: null }, 'pretend: recovery_unknown'],
    ['for an operator', { account: { ...ada, listed: true } }, 'pretend: recovery_unknown'],
    ['for somebody who is disabled', { account: { ...ada, status: 'disabled' } }, 'pretend: recovery_unknown'],
    ['to the same address', { sameAddress: true }, 'refuse: address_same'],
    ['too often', { tat: now + DAY }, 'refuse: too_many_recoveries'],
    ['too often, for nobody', { account: null, tat: now + DAY }, 'refuse: too_many_recoveries'],
    ['by an operator', { by: 'operator' }, 'go: recovery_waiting'],
    ['by an operator, for nobody', { by: 'operator', account: null }, 'refuse: person_unknown'],
    ['by an operator, for another one', { by: 'operator', account: { ...ada, listed: true } }, 'refuse: operator_protected'],
    ['by an operator, to an address of theirs', { by: 'operator', toOperator: true }, 'refuse: operator_protected'],
    ['by an operator, for somebody who is disabled', { by: 'operator', account: { ...ada, status: 'disabled' } }, 'refuse: user_disabled'],
  ])('%s', (_, change, expected) => {
    expect(said(decideWait(standard, { ...asking, ...change }))).toBe(expected)
  })

  test('where the policy has no such way', () => {
    expect(said(decideWait(policyOf({ wait: null }), asking))).toBe('refuse: recovery_off')
    expect(said(decideWait(policyOf({ wait: null }), { does: 'begin', now, account: ada }))).toBe('refuse: recovery_off')
  })

  test('five times a day for one account, and the wait counts from the proof', () => {
    let tat: number | null = null
    for (let nth = 0; nth < asksForOne.count; nth++) tat = decideWait(standard, { ...asking, tat }).tat
    expect(decideWait(standard, { ...asking, tat }).reason).toBe('too_many_recoveries')
    expect(decideWait(standard, { does: 'begin', now, account: ada }).readyAt).toBe(now + 72 * HOUR)
    expect(said(decideWait(standard, { does: 'begin', now, account: null }))).toBe('pretend: recovery_unknown')
  })
})

const waiting: Waiting = {
  beganAt: now - 72 * HOUR,
  readyAt: now,
  operator: null,
  approvals: [],
  appliedAt: null,
  endedAt: null,
}
const opening: OpenFacts = {
  does: 'open',
  now,
  waiting,
  account: ada,
  linkMatches: true,
  address: 'right',
  mail: { ordinal: 0, addressTries: 0 },
}
const cancelling: CancelFacts = { does: 'cancel', now, by: 'link', waiting, linkMatches: true }
const approving: ApproveFacts = { does: 'approve', now, by: 'op-2', waiting: { ...waiting, operator: 'op-1' } }
const announcing: AnnounceFacts = { does: 'announce', now, waiting, account: ada }

test('the wait counts from the proof of the new mailbox; one that an operator began, from then; before that, not at all', () => {
  const recovery: Parameters<typeof waitingOf>[0] = {
    id: 'r',
    user: 'u',
    way: 'wait',
    startedBy: 'person',
    operator: null,
    email: 'ada@example.net',
    newEmail: 'ada@new.example',
    createdAt: now,
    newProvedAt: now + HOUR,
    readyAt: now + 2 * DAY,
    openedAt: null,
    openUntil: null,
    appliedAt: null,
    endedAt: null,
    endedWhy: null,
    approvals: [],
  }
  expect([
    waitingOf(recovery).beganAt,
    waitingOf({ ...recovery, startedBy: 'operator', newProvedAt: null }).beganAt,
    waitingOf({ ...recovery, newProvedAt: null, readyAt: null }).beganAt,
  ]).toEqual([now + HOUR, now, null])
})

describe('opened', () => {
  test.each<[string, Partial<OpenFacts>, string]>([
    ['when the wait is over', {}, 'go: recovery_opened'],
    ['a millisecond before', { now: now - 1 }, 'refuse: recovery_waiting'],
    ['at the end of its time', { now: now + READY_FOR }, 'refuse: recovery_expired'],
    ['a millisecond before that', { now: now + READY_FOR - 1 }, 'go: recovery_opened'],
    ['once it was stopped', { waiting: { ...waiting, endedAt: now - 1 } }, 'refuse: recovery_ended'],
    ['once it was used', { waiting: { ...waiting, appliedAt: now - 1 } }, 'refuse: recovery_ended'],
    ['before the new mailbox was proved', { waiting: { ...waiting, beganAt: null, readyAt: null } }, 'refuse: recovery_ended'],
    ['when the account has another address', { account: { ...ada, same: false } }, 'refuse: recovery_ended'],
    ['of somebody who is disabled', { account: { ...ada, status: 'disabled' } }, 'refuse: recovery_ended'],
    ['of somebody who is an operator by now', { account: { ...ada, listed: true } }, 'refuse: recovery_ended'],
    ['of nobody', { account: null }, 'refuse: recovery_ended'],
    ['with another secret', { linkMatches: false }, 'refuse: link_malformed'],
    ['with no link of ours', { waiting: null }, 'refuse: link_unknown'],
    ['without the address', { address: 'absent' }, 'retry: address_needed'],
    ['with an address nobody looked at', { address: 'unclaimed' }, 'claim: address_mismatch'],
    ['with another address', { address: 'wrong' }, 'retry: address_mismatch'],
    ['with the last try', { address: 'wrong', mail: { ordinal: 0, addressTries: 4 } }, 'refuse: recovery_ended'],
    ['with no try left', { address: 'unclaimed', mail: { ordinal: 0, addressTries: 5 } }, 'refuse: recovery_ended'],
    ['with no try left to claim', { address: 'exhausted' }, 'refuse: recovery_ended'],
  ])('%s', (_, change, expected) => {
    expect(said(decideWait(standard, { ...opening, ...change }))).toBe(expected)
  })

  test('a longer wait and more who have to agree count at once, a shorter wait does not', () => {
    expect(said(decideWait(policyOf({ wait: '96h' }), opening))).toBe('refuse: recovery_waiting')
    expect(said(decideWait(policyOf({ wait: '24h' }), { ...opening, now: now - 1 }))).toBe('refuse: recovery_waiting')
    expect(said(decideWait(policyOf({ approvals: 1 }), opening))).toBe('refuse: recovery_unapproved')
    expect(said(decideWait(policyOf({ wait: null }), opening))).toBe('refuse: recovery_ended')
  })

  test('who began it is not among those who agreed', () => {
    const two = policyOf({ approvals: 2 })
    const by = (...approvals: string[]) => said(decideWait(two, { ...opening, waiting: { ...waiting, operator: 'op-1', approvals } }))
    expect(by('op-1', 'op-2')).toBe('refuse: recovery_unapproved')
    expect(by('op-2', 'op-2')).toBe('refuse: recovery_unapproved')
    expect(by('op-2', 'op-3')).toBe('go: recovery_opened')
  })
})

describe('stopped, agreed to, announced', () => {
  test.each<[string, Partial<CancelFacts>, string]>([
    ['by the link of a notice', {}, 'go: recovery_cancelled cancelled'],
    ['by a sign-in', { by: 'sign_in', linkMatches: false }, 'go: recovery_cancelled signed_in'],
    ['in a session', { by: 'session', linkMatches: false }, 'go: recovery_cancelled cancelled'],
    ['by an operator', { by: 'operator', linkMatches: false }, 'go: recovery_cancelled cancelled'],
    ['before the wait is over', { now: now - HOUR }, 'go: recovery_cancelled cancelled'],
    ['with another secret', { linkMatches: false }, 'refuse: link_malformed null'],
    ['twice', { waiting: { ...waiting, endedAt: now - 1 } }, 'repeated: recovery_cancelled null'],
    ['when its time was over', { now: now + READY_FOR }, 'repeated: recovery_cancelled null'],
    ['once the address is set', { waiting: { ...waiting, appliedAt: now - 1 } }, 'refuse: recovery_ended null'],
    ['where there is none, by link', { waiting: null }, 'refuse: link_unknown null'],
    ['where there is none, in a session', { by: 'session', waiting: null }, 'refuse: recovery_ended null'],
  ])('stopped %s', (_, change, expected) => {
    const decision = decideWait(standard, { ...cancelling, ...change })
    expect(`${said(decision)} ${decision.ends}`).toBe(expected)
  })

  test.each<[string, Partial<ApproveFacts>, string]>([
    ['by another operator', {}, 'go: recovery_approved'],
    ['by who began it', { by: 'op-1' }, 'refuse: recovery_own'],
    ['twice', { waiting: { ...waiting, operator: 'op-1', approvals: ['op-2'] } }, 'repeated: recovery_approved'],
    ['after it was stopped', { waiting: { ...waiting, endedAt: now } }, 'refuse: recovery_ended'],
    ['of nothing', { waiting: null }, 'refuse: recovery_ended'],
  ])('agreed to %s', (_, change, expected) => {
    expect(said(decideWait(standard, { ...approving, ...change }))).toBe(expected)
  })

  test.each<[string, Partial<AnnounceFacts>, string]>([
    ['when the wait is over', {}, 'go: recovery_ready null'],
    ['a millisecond before', { now: now - 1 }, 'idle: recovery_waiting null'],
    ['when nobody used it', { now: now + READY_FOR }, 'refuse: recovery_expired expired'],
    ['when the account has another address', { account: { ...ada, same: false } }, 'refuse: recovery_ended superseded'],
    ['of nobody', { account: null }, 'refuse: recovery_ended superseded'],
    ['of somebody who is disabled for now', { account: { ...ada, status: 'disabled' } }, 'idle: recovery_waiting null'],
    ['after it was stopped', { waiting: { ...waiting, endedAt: now } }, 'idle: recovery_ended null'],
  ])('announced %s', (_, change, expected) => {
    const decision = decideWait(standard, { ...announcing, ...change })
    expect(`${said(decision)} ${decision.ends}`).toBe(expected)
  })
})

const operators = fc.constantFrom('op-1', 'op-2', 'op-3')
const steps = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 40 * HOUR }) }) },
    { weight: 8, arbitrary: fc.record({ kind: fc.constantFrom('prove' as const, 'announce' as const, 'open' as const) }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('approve' as const), operator: operators }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('sign_in' as const, 'session' as const, 'link' as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('stop' as const), operator: operators }) },
  ),
  { maxLength: 40 },
)

const policies = new Map(
  [0, 1, 2].flatMap((approvals) => ['24h', '72h'].map((wait) => [`${approvals} ${wait}`, policyOf({ approvals, wait })] as const)),
)

test('whatever is done in whichever order: never early, never without those who have to agree, never after a stop', () => {
  let opened = 0
  fc.assert(
    fc.property(
      steps,
      fc.constantFrom(null, 'op-1'),
      fc.constantFrom(0, 1, 2),
      fc.constantFrom('24h', '72h'),
      (run, operator, approvals, wait) => {
        const policy = policies.get(`${approvals} ${wait}`) ?? standard
        const waitMs = wait === '24h' ? DAY : 3 * DAY
        let at = now
        let stopped = false
        const agreed = new Set<string>()
        let began: number | null = operator === null ? null : at
        let state: Waiting = { ...waiting, beganAt: began, readyAt: began === null ? null : at + waitMs, operator }
        for (const step of run) {
          if (step.kind === 'pass') at += step.ms
          else if (step.kind === 'prove') {
            const decision = decideWait(policy, { does: 'begin', now: at, account: ada })
            // The store lets a mailbox be proved once.
            if (decision.verdict === 'go' && state.beganAt === null) {
              began = at
              state = { ...state, beganAt: at, readyAt: decision.readyAt }
            }
          } else if (step.kind === 'approve') {
            const decision = decideWait(policy, { does: 'approve', now: at, by: step.operator, waiting: state })
            if (decision.verdict === 'go') {
              agreed.add(step.operator)
              state = { ...state, approvals: [...state.approvals, step.operator] }
            }
          } else if (step.kind === 'announce' || step.kind === 'open') {
            const facts = step.kind === 'open' ? { ...opening, now: at, waiting: state } : { ...announcing, now: at, waiting: state }
            const decision = decideWait(policy, facts)
            if (decision.ends !== null) {
              stopped = true
              state = { ...state, endedAt: at }
            } else if (decision.verdict === 'go') {
              expect(began).not.toBeNull()
              expect(at).toBeGreaterThanOrEqual((began ?? 0) + waitMs)
              expect([...agreed].filter((one) => one !== operator).length).toBeGreaterThanOrEqual(approvals)
              expect(stopped).toBe(false)
              opened++
            }
          } else {
            const by = step.kind === 'stop' ? 'operator' : step.kind
            const decision = decideWait(policy, { ...cancelling, by, now: at, waiting: state })
            if (decision.ends !== null) {
              stopped = true
              state = { ...state, endedAt: at }
            }
            // Whoever can show that they have the account always ends it.
            expect(['ended', 'expired']).toContain(standingOf(policy, state, at).is)
          }
        }
      },
    ),
    { numRuns: 3_000 },
  )
  // Else nothing was tried.
  expect(opened).toBeGreaterThan(100)
})
