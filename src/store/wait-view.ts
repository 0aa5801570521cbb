// Waits as pages and operators see them.
import { all, type Operation, one, type Tx } from './operation.ts'
import { type RecoveryRow, recoveryColumns } from './recoveries.ts'
import type { WaitPlace, WaitView } from './wait-store.ts'
import { findWaiting } from './waiting.ts'

interface ViewRow extends RecoveryRow {
  readonly device: string | null
  readonly accountId: string | null
  readonly accountEmail: string | null
  readonly accountStatus: 'active' | 'disabled' | null
}

const viewed = `${recoveryColumns}, c.device, u.id as "accountId", u.email as "accountEmail", u.status as "accountStatus" from recoveries r left join challenges c on c.tenant = r.tenant and c.id = r.id left join users u on u.tenant = r.tenant and u.id = r.user_id`

function* toView(tenant: string, row: ViewRow): Operation<WaitView> {
  const { device, accountId, accountEmail, accountStatus, tokenDigest: _, ...recovery } = row
  const { approvals } = yield* findWaiting(tenant, row)
  const account =
    accountId === null || accountEmail === null || accountStatus === null
      ? null
      : { id: accountId, email: accountEmail, status: accountStatus }
  return { ...recovery, approvals, device: device ?? '', account }
}

export function* viewWait(tx: Tx, tenant: string, challenge: string): Operation<{ readonly now: number; readonly wait: WaitView } | null> {
  const row = yield* one<ViewRow>(
    `select ${viewed} where r.tenant = ? and r.way = 'wait' and r.id = (select change_id from challenges where tenant = ? and id = ?)`,
    tenant,
    tenant,
    challenge,
  )
  return row && { now: tx.now, wait: yield* toView(tenant, row) }
}

export function* waitsOf(tenant: string, user: string): Operation<readonly WaitView[]> {
  const rows = yield* all<ViewRow>(
    `select ${viewed} where r.tenant = ? and r.user_id = ? and r.way = 'wait' and r.ready_at is not null and r.applied_at is null and r.ended_at is null order by r.id`,
    tenant,
    user,
  )
  const views: WaitView[] = []
  for (const row of rows) views.push(yield* toView(tenant, row))
  return views
}

export function* listWaits(
  tx: Tx,
  tenant: string,
  after: WaitPlace,
  limit: number,
): Operation<{ readonly now: number; readonly waits: readonly WaitView[] }> {
  const rows = yield* all<ViewRow>(
    `select ${viewed} where r.tenant = ? and r.ready_at is not null and r.applied_at is null and r.ended_at is null and (r.ready_at, r.id) > (?, ?) order by r.ready_at, r.id limit ?`,
    tenant,
    after.readyAt,
    after.id,
    limit,
  )
  const waits: WaitView[] = []
  for (const row of rows) waits.push(yield* toView(tenant, row))
  return { now: tx.now, waits }
}
