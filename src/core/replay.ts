// A decision made once more, from what was written down of it. What comes out otherwise is a defect, or a change of the code since.
import { type AccountFacts, decideAccount, decideUndo, type UndoFacts } from './account.ts'
import { type BounceFacts, decideBounce } from './bounce.ts'
import { decideDelivery } from './delivery.ts'
import { decideNotMe, type NotMeFacts } from './not-me.ts'
import { decideOperator, type OperatorFacts } from './operator.ts'
import type { Policy } from './policy.ts'
import { decideRecoveryCode, type RecoveryCodeFacts } from './recovery.ts'
import { decideWait, type WaitFacts } from './recovery-wait.ts'
import { decideStart } from './start.ts'
import { decideVerify } from './verify.ts'

export interface Recorded {
  readonly kind: string
  readonly facts: object
  readonly decision: object
}

/** `not_replayable`: written down by no function of policy and facts: a refused origin, an end of sessions. */
export type Replayed =
  | { readonly verdict: 'same' }
  | { readonly verdict: 'not_replayable' }
  | { readonly verdict: 'different'; readonly decision: object }
  /** The facts are not those that this version asks for. */
  | { readonly verdict: 'unreadable'; readonly why: string }

type Decide = (policy: Policy, facts: never) => object

const decides: ReadonlyMap<string, Decide> = new Map<string, Decide>([
  ['start', decideStart],
  ['resend', decideStart],
  ['verify', decideVerify],
  ['deliver', decideDelivery],
  ['bounce', (_: Policy, facts: BounceFacts) => decideBounce(facts)],
  ['account', decideOwn],
  ['console', (_: Policy, facts: OperatorFacts) => decideOperator(facts)],
])

function decideOwn(policy: Policy, facts: AccountFacts | NotMeFacts | RecoveryCodeFacts | UndoFacts | WaitFacts): object {
  if ('does' in facts) return decideWait(policy, facts)
  if ('disowns' in facts) return decideNotMe(policy, facts)
  if ('wants' in facts) return decideAccount(policy, facts)
  return 'presents' in facts ? decideRecoveryCode(policy, facts) : decideUndo(facts)
}

/** @param policy the one in force then. */
export function replay(policy: Policy, recorded: Recorded): Replayed {
  const again = decideAgain(policy, recorded)
  if (again.verdict !== 'decided') return again
  return alike(again.decision, recorded.decision) ? { verdict: 'same' } : { verdict: 'different', decision: again.decision }
}

export type Decided =
  | { readonly verdict: 'decided'; readonly decision: object }
  | Extract<Replayed, { verdict: 'not_replayable' }>
  | Extract<Replayed, { verdict: 'unreadable' }>

/** Under any policy; the decision as it would have been written down. */
export function decideAgain(policy: Policy, { kind, facts, decision }: Recorded): Decided {
  const decide = decides.get(kind)
  // What was refused before any facts were looked up has a reason and no verdict.
  if (decide === undefined || !('verdict' in decision)) return { verdict: 'not_replayable' }
  try {
    return { verdict: 'decided', decision: JSON.parse(JSON.stringify(decide(policy, facts as never))) as object }
  } catch (error) {
    return unreadable(error)
  }
}

export function unreadable(error: unknown): Extract<Replayed, { verdict: 'unreadable' }> {
  return { verdict: 'unreadable', why: error instanceof Error ? error.message : String(error) }
}

/** The same JSON, in whatever order its names stand. */
export function alike(one: unknown, other: unknown): boolean {
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return one === other
  const names = Object.keys(one)
  return (
    Array.isArray(one) === Array.isArray(other) &&
    names.length === Object.keys(other).length &&
    names.every((name) => Object.hasOwn(other, name) && alike(one[name as never], other[name as never]))
  )
}
