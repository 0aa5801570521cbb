// Who opened a link: what is written down of it, and what that most likely was. Nothing is ever decided by a view; it is for people who
// ask what happened, and for numbers.
import type { Ms } from './model.ts'
import type { ReasonCode } from './reason.ts'

/** How good the link was at that moment. `off`: the policy takes no links any more. `unknown`: no mail has such a link. */
export type ViewState = 'live' | 'expired' | 'used' | 'off' | 'unknown'

export interface ViewFacts {
  readonly method: 'GET' | 'HEAD'
  readonly state: ViewState
  /** It carried the cookie of the browser that asked. */
  readonly bound: boolean
  /** It carried a browser cookie of ours, whosever. */
  readonly cookie: boolean
  /** It called itself a prefetch or prerender. */
  readonly prefetch: boolean
  /** Sec-Fetch-* says that a person follows a link; null: no such headers, as from programs and old browsers. */
  readonly navigation: boolean | null
  /** Since the mail was queued. */
  readonly ageMs: Ms
}

export interface View {
  readonly at: Ms
  /** Which mail of the challenge. */
  readonly ordinal: number
  readonly facts: ViewFacts
}

export type ViewClass = 'same_browser' | 'other_browser' | 'prefetch' | 'likely_scanner'

/** So many views of one challenge are kept; the first ones tell all that there is to tell. */
export const VIEWS_KEPT = 50

/** A scanner comes with the mail: a person has to see it first. */
const SOON: Ms = 60_000
const TOGETHER: Ms = 1_000

/**
 * What a view most likely was: a guess, and to be called one wherever it is shown. Only the browser that asked has its cookie, so the
 * first answer is no guess.
 *
 * @param neighbours all views of the same challenge; whether this one is among them makes no difference.
 * @param laterAction somebody submitted a proof of the challenge afterwards.
 */
export function classOfView(view: View, neighbours: readonly View[], laterAction: boolean): ViewClass {
  const { method, state, bound, cookie, prefetch, navigation, ageMs } = view.facts
  if (prefetch) return 'prefetch'
  if (bound) return 'same_browser'
  if (method === 'HEAD') return 'likely_scanner'
  if (cookie) return 'other_browser'
  const together = neighbours.some((other) => other !== view && !other.facts.bound && Math.abs(other.at - view.at) < TOGETHER)
  if (ageMs < SOON && (together || navigation !== true)) return 'likely_scanner'
  // On a link that is over there is nothing to submit, and who left it at that may well be a person.
  return state === 'live' && !laterAction ? 'likely_scanner' : 'other_browser'
}

/** As old as the mail was when it was opened, told from when a mail server took it: scanners wait for the mail, not for us. */
export function sinceSent(view: View, sentAt: Ms | null): View {
  return sentAt === null || sentAt > view.at ? view : { ...view, facts: { ...view.facts, ageMs: view.at - sentAt } }
}

/** The class of each view of one challenge, in their order. `actions`: when proofs of it were submitted. */
export function classesOfViews(views: readonly View[], actions: readonly Ms[]): ViewClass[] {
  const last = Math.max(-1, ...actions)
  return views.map((view) => classOfView(view, views, last >= view.at))
}

const STATES: Partial<Record<ReasonCode, ViewState>> = {
  link_unknown: 'unknown',
  link_expired: 'expired',
  link_used: 'used',
  replayed: 'used',
  link_off: 'off',
  disowned: 'off',
}

/** From what a POST with the right secret would have been told. */
export function stateOfView(reason: ReasonCode): ViewState {
  return STATES[reason] ?? 'live'
}
