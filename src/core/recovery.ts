// Getting back in without the mailbox. What is typed from a printed sheet, and whether it opens the limited session. Pure: the store has
// looked whether the code is one of the account's, and writes what follows in the same transaction.
import { spend } from './bucket.ts'
import type { Ms, Recovery } from './model.ts'
import type { Policy } from './policy.ts'
import type { ReasonCode } from './reason.ts'
import { type StartBucket, spendStart } from './start.ts'

/** Crockford's: no I, L, O and U, which are read as others or make words. */
export const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
/** 60 bits: whoever has the table and the key would still have to go through a billion billion. */
export const RECOVERY_CODE_LENGTH = 12

/** In capitals, without what parts its groups; null: it is no code, and no try is spent on it. */
export function readRecoveryCode(typed: string): string | null {
  if (typed.length > 200) return null
  const text = typed
    .normalize('NFKC')
    .replace(/[\p{Cf}\p{Z}\p{Pd}\s\u2212\u30fc]/gu, '')
    .toUpperCase()
    .replaceAll('O', '0')
    .replace(/[IL]/g, '1')
  return text.length === RECOVERY_CODE_LENGTH && [...text].every((character) => CROCKFORD.includes(character)) ? text : null
}

/** As it is printed: in groups of four. */
export function printedCode(code: string): string {
  return (code.match(/.{1,4}/g) ?? []).join('-')
}

export interface RecoveryCodeFacts {
  readonly now: Ms
  readonly presents: 'recovery_code'
  /** Of the buckets that every request for a mail spends from. */
  readonly tats: Readonly<Record<StartBucket, Ms | null>>
  /** Of wrong codes for this account, by browsers that signed in to it before or by all others; null: there were none. */
  readonly tat: Ms | null
  readonly knownBrowser: boolean
  /** `unclaimed`: nobody has looked yet. `used`: it was one of the account's, once. */
  readonly code: 'malformed' | 'unclaimed' | 'right' | 'used' | 'wrong'
  /** Of a used one: when this very browser began a limited session by it that nothing has ended. Absent: it did not. */
  readonly openedAt?: Ms
  readonly user: { readonly status: 'active' | 'disabled' } | null
  /** On the list of operators, who are known by their address. */
  readonly listed: boolean
}

export interface RecoveryCodeDecision {
  /** `claim`: look, and ask again. `opened`: a limited session begins. `replayed`: the same browser gets the one that it began, once more. */
  readonly verdict: 'opened' | 'replayed' | 'claim' | 'retry' | 'refuse'
  readonly reason: ReasonCode
  readonly retryAfterMs: Ms | null
  /** New states of the buckets; null: nothing was spent. */
  readonly tats: Readonly<Record<StartBucket, Ms>> | null
  readonly tat: Ms | null
}

/** Whether there is such an account is told by nothing: what is typed for an address that nobody has is wrong, and counts as that. */
export function decideRecoveryCode(policy: Policy, facts: RecoveryCodeFacts): RecoveryCodeDecision {
  const { now, code } = facts
  if (policy.recovery.codes === 0) return no('refuse', 'recovery_off')
  if (code === 'malformed') return no('retry', 'recovery_code_malformed')
  const asking = spendStart(policy, facts)
  if (asking.retryInMs > 0) return no('refuse', 'too_many_requests', asking.retryInMs)
  const wrong = spend(policy.recovery.tries, facts.tat, now)
  if (!wrong.allowed) return no('refuse', 'too_many_recovery_codes', wrong.retryInMs)
  if (code === 'unclaimed') return no('claim', 'recovery_code_wrong')
  const { tats } = asking
  // The answer was lost, or the button pressed twice: nothing begins, and nobody is told once more.
  const replays = code === 'used' && facts.openedAt !== undefined && now < facts.openedAt + policy.replayWindow
  if ((code !== 'right' && !replays) || facts.user === null) {
    return {
      verdict: 'retry',
      reason: code === 'used' ? 'recovery_code_used' : 'recovery_code_wrong',
      retryAfterMs: null,
      tats,
      tat: wrong.tat,
    }
  }
  if (facts.user.status === 'disabled') return { ...no('refuse', 'sign_in_refused'), tats }
  if (facts.listed) return { ...no('refuse', 'operator_protected'), tats }
  if (replays) return { verdict: 'replayed', reason: 'replayed', retryAfterMs: null, tats, tat: null }
  return { verdict: 'opened', reason: 'recovery_opened', retryAfterMs: null, tats, tat: null }
}

function no(verdict: 'claim' | 'retry' | 'refuse', reason: ReasonCode, retryAfterMs: Ms | null = null): RecoveryCodeDecision {
  return { verdict, reason, retryAfterMs, tats: null, tat: null }
}

/** Its limited session can still name an address, of an account that has the one it had. */
export function isRecoveryLive(recovery: Recovery, email: string, now: Ms): boolean {
  return (
    recovery.openUntil !== null &&
    now < recovery.openUntil &&
    recovery.appliedAt === null &&
    recovery.endedAt === null &&
    recovery.email === email
  )
}
