// A recorded decision made again under other rules, and what of its consequences would have been otherwise. Pure, and one event at a
// time: the facts stay those of what really happened, but for the lifetimes that the rules had written into them.
import type { DeliveryDecision, DeliveryFacts } from './delivery.ts'
import type { Policy } from './policy.ts'
import { reasons } from './reason.ts'
import { alike, decideAgain, type Recorded, unreadable } from './replay.ts'
import { livesOf, type StartDecision } from './start.ts'
import type { VerifyDecision, VerifyFacts } from './verify.ts'
import type { ViewFacts } from './view.ts'

type Decision = StartDecision | VerifyDecision | DeliveryDecision

/** What people notice of a decision. */
const SIGNS = {
  signIns: ({ verdict }) => verdict === 'signed_in',
  /** The same browser had the same session again. */
  repeats: ({ verdict }) => verdict === 'replayed',
  /** Queued to be received by somebody. */
  mails: ({ verdict }) => verdict === 'send',
  mailsWithoutCode: (decision) => decision.verdict === 'send' && !decision.mail?.code,
  /** Decided to be sent, and given up because nobody could have used it any more. */
  mailsGivenUp: ({ reason }) => reason === 'mail_expired',
  /** No mail, and the browser was told so. */
  startsRefused: ({ verdict, reason }) => verdict === 'refuse' && reasons[reason].kind === 'start',
  codesLocked: ({ reason }) => reason === 'code_locked',
  /** A link or a code that was presented after its life. */
  expired: ({ reason }) => reason === 'link_expired' || reason === 'code_expired',
  otherBrowser: ({ reason }) => reason === 'link_other_browser',
  /** A code or an address would have been compared that was not: nobody knows whether it was right. */
  notCompared: ({ verdict }) => verdict === 'claim',
} as const satisfies Record<string, (decision: Decision) => boolean>

export type Consequence = keyof typeof SIGNS
export const consequences = Object.keys(SIGNS) as readonly Consequence[]

export type Tried =
  | {
      /** `detail`: other times or another reason, and nothing of what is counted. `moot`: of a mail that would not be there. */
      readonly verdict: 'same' | 'detail' | 'different' | 'moot' | 'not_replayable'
      /** What would be there and was not. */
      readonly more: readonly Consequence[]
      /** What was there and would not be. */
      readonly less: readonly Consequence[]
      /** Of a start or resend: the mail as it would have been made; null: none. */
      readonly mail?: StartDecision['mail']
    }
  | { readonly verdict: 'unreadable'; readonly why: string }

/** @param mail of a delivery: what trying the start of its request gave; undefined: that is not in the record. */
export function tryEvent(policy: Policy, { kind, facts, decision }: Recorded, mail?: StartDecision['mail']): Tried {
  if (kind === 'deliver' && mail === null) return nothing('moot')
  try {
    const changed = kind === 'verify' ? proofUnder(policy, facts as VerifyFacts) : kind === 'deliver' ? deliveryOf(facts, mail) : facts
    const again = decideAgain(policy, { kind, facts: changed, decision })
    if (again.verdict === 'unreadable') return again
    if (again.verdict === 'not_replayable') return nothing('not_replayable')
    const then = decision as Decision
    const now = again.decision as Decision
    const more = consequences.filter((name) => SIGNS[name](now) && !SIGNS[name](then))
    const less = consequences.filter((name) => SIGNS[name](then) && !SIGNS[name](now))
    const verdict = more.length + less.length > 0 ? 'different' : alike(now, then) ? 'same' : 'detail'
    return { verdict, more, less, ...(kind === 'start' || kind === 'resend' ? { mail: (now as StartDecision).mail } : {}) }
  } catch (error) {
    return unreadable(error)
  }
}

/**
 * A view that was most likely a person's: would it have met an expired link, and did not (`more`), or did it and would not have (`less`)?
 * null: neither, or the link would have been used or off.
 */
export function tryView(policy: Policy, { state, ageMs }: ViewFacts): 'more' | 'less' | null {
  if ((state !== 'live' && state !== 'expired') || !policy.methods.includes('link')) return null
  const late = ageMs >= policy.linkTtl
  if (late === (state === 'expired')) return null
  return late ? 'more' : 'less'
}

const nothing = (verdict: 'moot' | 'not_replayable'): Tried => ({ verdict, more: [], less: [] })

/**
 * As if the mail had been made under these rules: its link and code live from its own time on, so that a longer life shows. And a try
 * that these rules would not have given was not taken.
 */
function proofUnder(policy: Policy, facts: VerifyFacts): VerifyFacts {
  const { mail, challenge, session } = facts
  if (mail === null) return facts
  const lives = livesOf(policy, facts.purpose ?? 'sign_in')
  // A spent challenge is recognised without a try.
  const open = challenge !== null && challenge.completedAt === null && session === null
  const compared = (match: VerifyFacts['code']): boolean => open && (match === 'right' || match === 'older' || match === 'wrong')
  return {
    ...facts,
    mail: { ...mail, linkExpiresAt: mail.createdAt + lives.link, codeExpiresAt: mail.createdAt + lives.code },
    ...(compared(facts.code) && mail.codeTries >= policy.codeTries ? { code: 'exhausted' } : {}),
    ...(compared(facts.address as VerifyFacts['code']) && mail.addressTries >= policy.addressTries ? { address: 'exhausted' } : {}),
  }
}

function deliveryOf(facts: object, mail: StartDecision['mail'] | undefined): object {
  if (!mail) return facts
  const expiresAt: DeliveryFacts['expiresAt'] = Math.max(mail.link ? mail.linkExpiresAt : 0, mail.code ? mail.codeExpiresAt : 0)
  return { ...facts, expiresAt }
}
