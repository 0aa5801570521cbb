// What somebody may do to their own account: ask for another address, undo such a change, be erased, and prepare for the loss of the mailbox. Pure, and made inside the transaction
// that writes what follows.
import { type Rule, spend } from './bucket.ts'
import type { Ms } from './model.ts'
import type { Policy } from './policy.ts'
import type { ReasonCode } from './reason.ts'
import { isProofRecent } from './session.ts'

export interface AccountFacts {
  readonly now: Ms
  /** `recover`: another address, by a limited session. */
  readonly wants: 'change_email' | 'recover' | 'erase' | 'print_codes' | 'set_backup' | 'remove_backup'
  /** The live session that asks; null: there is none. For `recover`: the limited one. */
  readonly session: { readonly provedAt: Ms } | null
  /** For a change or a backup: the address is the one that the person has. */
  readonly same: boolean
  /** When the bucket of such questions of this person will be full again; null: it was never used. */
  readonly tat: Ms | null
  /** On the list of operators, whose addresses the settings know. */
  readonly listed: boolean
}

export interface AccountDecision {
  /** `confirm`: prove the mailbox again, then go on. */
  readonly verdict: 'go' | 'sign_in' | 'confirm' | 'refuse'
  readonly reason: ReasonCode
  readonly retryAfterMs: Ms | null
  /** New state of the bucket; null: nothing was spent. */
  readonly tat: Ms | null
}

export function decideAccount(policy: Policy, facts: AccountFacts): AccountDecision {
  const { now, wants, session } = facts
  if (session === null) return wants === 'recover' ? no('refuse', 'recovery_over') : no('sign_in', 'session_unknown')
  if (wants !== 'recover' && !isProofRecent(session, policy.recentProof, now)) return no('confirm', 'proof_old')
  // Whoever is an operator is so by the address: another one would be none, and the old one would be free to be had.
  if (facts.listed) return no('refuse', 'operator_protected')
  if (wants === 'erase') return { verdict: 'go', reason: 'person_erased', retryAfterMs: null, tat: null }
  if (wants === 'print_codes' && policy.recovery.codes === 0) return no('refuse', 'recovery_off')
  if (wants === 'set_backup' && !policy.recovery.backup) return no('refuse', 'recovery_off')
  if (facts.same) return no('refuse', 'address_same')
  const bucket = spend(asksOf(policy), facts.tat, now)
  if (!bucket.allowed) return no('refuse', 'too_many_changes', bucket.retryInMs)
  return { verdict: 'go', reason: DONE[wants], retryAfterMs: null, tat: bucket.tat }
}

const DONE = {
  change_email: 'change_asked',
  recover: 'change_asked',
  print_codes: 'recovery_codes_printed',
  set_backup: 'backup_asked',
  remove_backup: 'backup_removed',
} as const

const asksOf = ({ changeEmail }: Policy): Rule => changeEmail.asks

function no(verdict: AccountDecision['verdict'], reason: ReasonCode, retryAfterMs: Ms | null = null): AccountDecision {
  return { verdict, reason, retryAfterMs, tat: null }
}

export interface UndoFacts {
  readonly now: Ms
  /** The change that the link belongs to; null: there is none. */
  readonly change: null | {
    readonly undoUntil: Ms
    readonly undoneAt: Ms | null
    /** The person has the old address still, or again. */
    readonly current: boolean
    /** Somebody else has it by now. */
    readonly taken: boolean
  }
  readonly linkMatches: boolean
  /** null: erased. */
  readonly user: { readonly status: 'active' | 'disabled' } | null
}

export interface UndoDecision {
  /** `repeated`: it is undone already, and nothing follows once more. */
  readonly verdict: 'undo' | 'repeated' | 'refuse'
  readonly reason: ReasonCode
  readonly at: Ms | null
}

/** Whoever reads the old mailbox may, from any browser and whatever became of the account: it is theirs until the time is over. */
export function decideUndo(facts: UndoFacts): UndoDecision {
  const { now, change, user } = facts
  if (change === null || user === null) return { verdict: 'refuse', reason: 'link_unknown', at: null }
  if (!facts.linkMatches) return { verdict: 'refuse', reason: 'link_malformed', at: null }
  if (change.undoneAt !== null) return { verdict: 'repeated', reason: 'change_undone', at: change.undoneAt }
  if (now >= change.undoUntil) return { verdict: 'refuse', reason: 'undo_expired', at: change.undoUntil }
  if (change.taken) return { verdict: 'refuse', reason: 'address_in_use', at: null }
  return { verdict: 'undo', reason: 'change_undone', at: null }
}
