// How it stands at this moment, for whoever watches over it: looked up when asked for, and by nobody else.
import { fillOf } from '../core/bucket.ts'
import type { Ms } from '../core/model.ts'
import type { Context } from './context.ts'

export interface Vitals {
  /** For how long the mail that waits longest for a worker has been due; 0: none waits. One that is tried again later is not due. */
  readonly queueAgeMs: Ms
  readonly mailUnusableSince: Ms | null
  /** How full the breaker is of wrong codes; from 1 on mails carry links only. null: the policy has none. */
  readonly breakerFill: number | null
  /** Views of links that were not written down, since the process began. */
  readonly viewsDropped: number
  /** The number of the newest seal of the record; 0: there is none. */
  readonly sealSeq: number
  /** How old the oldest event is that no seal holds; 0: there is none. */
  readonly unsealedMs: Ms
}

type VitalsContext = Pick<Context, 'tenant' | 'policy' | 'store' | 'views' | 'mailUnusableSince'>

export async function lookAround({ tenant, policy, store, views, mailUnusableSince }: VitalsContext): Promise<Vitals> {
  const { now, dueAt } = await store.nextMailDue()
  const { breaker } = policy
  const { newest, waitingSince, now: sealedAt } = await store.findSealing(tenant)
  const poured = breaker === null ? null : await store.findBreaker(tenant)
  return {
    queueAgeMs: dueAt === null ? 0 : Math.max(0, now - dueAt),
    mailUnusableSince: mailUnusableSince(),
    breakerFill: breaker === null || poured === null ? null : fillOf(breaker, poured.emptyAt, poured.now),
    viewsDropped: views.counts().dropped,
    sealSeq: newest?.seq ?? 0,
    unsealedMs: waitingSince === null ? 0 : Math.max(0, sealedAt - waitingSince),
  }
}
