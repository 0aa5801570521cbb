// Rows of an import, a batch in one transaction: what is there already is found by the addresses, external ids and ids of all of them, and what is
// not is made. A batch that was done is done: the same rows once more find everything there, and that is how an import goes on after it was
// killed.
import { Beside, type ImportRow, type Known, type RowOutcome } from '../core/user-import.ts'
import { writeEvent } from './event.ts'
import { mailboxLimit } from './limits.ts'
import { all, type Locks, type Operation, run, type Tx } from './operation.ts'
import type { ImportInput, Scope } from './store.ts'
import { EXTERNAL_IDS } from './users.ts'

/** Every mailbox: a first sign-in of the same address makes the same user. */
export function importLocks({ tenant }: Scope, { rows }: ImportInput): Locks {
  return { tenant, keys: [EXTERNAL_IDS, ...rows.map(({ row }) => mailboxLimit(row.email))], limits: [] }
}

const KNOWN = 'select id, email, external_id as "externalId" from users'
const FIND = {
  email: `${KNOWN}{by_email} where tenant = ? and email {is_listed}`,
  id: `${KNOWN} where tenant = ? and id {is_listed}`,
  externalId: `${KNOWN}{by_external_id} where tenant = ? and external_id {is_listed} and external_id is not null`,
} as const

function* findBeside(tenant: string, rows: readonly ImportRow[]): Operation<Beside> {
  const beside = new Beside()
  for (const by of ['email', 'id', 'externalId'] as const) {
    const names = rows.flatMap((row) => row[by] ?? [])
    if (names.length > 0) for (const known of yield* all<Known>(FIND[by], tenant, JSON.stringify(names))) beside.add(known)
  }
  return beside
}

/** What would become of them; nothing is written. */
export function* tryImport(tenant: string, rows: ImportInput['rows']): Operation<readonly RowOutcome[]> {
  const beside = yield* findBeside(
    tenant,
    rows.map(({ row }) => row),
  )
  return rows.map(({ row, newId }) => beside.take(row, newId))
}

export function* importUsers(
  tx: Tx,
  scope: Scope,
  input: ImportInput,
): Operation<{ readonly outcomes: readonly RowOutcome[]; readonly tookMs: number }> {
  const { tenant } = scope
  const { by, rows } = input
  const beside = yield* findBeside(
    tenant,
    rows.map(({ row }) => row),
  )
  const outcomes = rows.map(({ row, newId }) => beside.take(row, newId))
  const made = rows.filter((_, at) => outcomes[at] === 'created')
  const linked = rows.filter((_, at) => outcomes[at] === 'linked').map(({ row }) => ({ id: beside.idOf(row.email) ?? '', row }))
  if (made.length > 0) {
    const values = made.map(({ row, newId }) => [
      row.id ?? newId,
      row.email,
      row.status,
      Math.min(row.createdAt ?? tx.now, tx.now),
      row.externalId,
    ])
    yield* run(
      'insert into users (tenant, id, email, status, created_at, sign_in_count, external_id) select ?, r.id, r.email, r.status, r.created_at, 0, r.external_id from {listed_users} as r',
      tenant,
      JSON.stringify(values),
    )
  }
  // Few, and each by its key: joined to a list, either engine would go through all users of the tenant.
  for (const { id, row } of linked) yield* run('update users set external_id = ? where tenant = ? and id = ?', row.externalId, tenant, id)
  // One for a batch, and none for one that found everything there: each user that was made is named in one.
  if (made.length > 0 || linked.length > 0)
    yield* writeEvent(tx, scope, {
      kind: 'console',
      reason: 'operator_imported_users',
      facts: { now: tx.now, by, rows: rows.length },
      decision: {
        reason: 'operator_imported_users',
        created: made.map(({ row, newId }) => row.id ?? newId),
        linked: linked.map(({ id }) => id),
      },
    })
  return { outcomes, tookMs: tx.elapsed() }
}
