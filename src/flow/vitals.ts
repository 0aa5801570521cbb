// How it stands at this moment, for whoever watches over it: looked up when asked for, and by nobody else.
import type { Ms } from '../core/model.ts'
import type { Context } from './context.ts'

export interface Vitals {
  /** For how long the mail that waits longest for a worker has been due; 0: none waits. One that is tried again later is not due. */
  readonly queueAgeMs: Ms
  readonly mailUnusableSince: Ms | null
  /** Views of links that were not written down, since the process began. */
  readonly viewsDropped: number
}

export async function lookAround({
  store,
  views,
  mailUnusableSince,
}: Pick<Context, 'store' | 'views' | 'mailUnusableSince'>): Promise<Vitals> {
  const { now, dueAt } = await store.nextMailDue()
  const queueAgeMs = dueAt === null ? 0 : Math.max(0, now - dueAt)
  return { queueAgeMs, mailUnusableSince: mailUnusableSince(), viewsDropped: views.counts().dropped }
}
