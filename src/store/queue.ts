// The outbox as an operator sees it. Counts stop at a bound, and of what has left the queue only the newest are looked at: ten million
// mails must not be gone through because somebody opened a page.
import type { Ms } from '../core/model.ts'
import { all, type Operation, one, type Tx } from './operation.ts'
import type { MailState, QueueView } from './store.ts'

const COUNTED_MAX = 10_000
const NEXT_SHOWN = 20
const RECENT = 1_000

export function* viewQueue(tx: Tx, tenant: string): Operation<QueueView> {
  const counted = yield* one<{ queued: number; due: number | null; oldest: Ms | null }>(
    "select count(*) as queued, sum(case when due_at <= ? then 1 else 0 end) as due, min(created_at) as oldest from (select due_at, created_at from mails where state = 'queued' and tenant = ? order by due_at limit ?) as waiting",
    tx.now,
    tenant,
    COUNTED_MAX,
  )
  const next = yield* all<QueueView['next'][number]>(
    `select challenge, ordinal, created_at as "createdAt", tries, due_at as "dueAt" from mails where state = 'queued' and tenant = ? order by due_at limit ?`,
    tenant,
    NEXT_SHOWN,
  )
  const recent = yield* all<{ state: MailState; n: number; since: Ms }>(
    'select state, count(*) as n, min(created_at) as since from (select state, created_at from mails where tenant = ? and challenge > ? order by challenge desc limit ?) as newest group by state',
    tenant,
    '',
    RECENT,
  )
  const states = { queued: 0, sent: 0, dead: 0, expired: 0, suppressed: 0 }
  for (const { state, n } of recent) states[state] = Number(n)
  return {
    now: tx.now,
    queued: counted?.queued ?? 0,
    due: Number(counted?.due ?? 0),
    oldest: counted?.oldest ?? null,
    next,
    recent: { since: recent.length === 0 ? null : Math.min(...recent.map(({ since }) => since)), states },
  }
}
