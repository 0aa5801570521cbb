// Keys of programs that manage tenants. Only digests are kept, found by tenant and id.
import type { AdminKey } from '../core/admin-key.ts'
import { same } from './digest.ts'
import { all, type Operation, one, run, type Tx } from './operation.ts'

const columns = 'tenant, id, scope, created_at as "createdAt", ended_at as "endedAt"'

export interface NewAdminKey extends Pick<AdminKey, 'tenant' | 'id' | 'scope'> {
  readonly digest: string
}

export function* addAdminKey(tx: Tx, { tenant, id, scope, digest }: NewAdminKey): Operation<AdminKey> {
  yield* run('insert into admin_keys (tenant, id, digest, scope, created_at) values (?, ?, ?, ?, ?)', tenant, id, digest, scope, tx.now)
  return { tenant, id, scope, createdAt: tx.now, endedAt: null }
}

/** null: there is none with this id and digest. One that has ended is still found. */
export function* findAdminKey(tenant: string, id: string, digest: string): Operation<AdminKey | null> {
  const row = yield* one<AdminKey & { readonly digest: string }>(
    `select ${columns}, digest from admin_keys where tenant = ? and id = ?`,
    tenant,
    id,
  )
  if (row === null || !same(row.digest, digest)) return null
  const { digest: _, ...key } = row
  return key
}

/** Oldest first. */
export function* listAdminKeys(tenant: string): Operation<readonly AdminKey[]> {
  return yield* all<AdminKey>(`select ${columns} from admin_keys where tenant = ? order by id`, tenant)
}

/** false: there is none, or it had ended. */
export function* endAdminKey(tx: Tx, tenant: string, id: string): Operation<boolean> {
  const row = yield* one(
    'update admin_keys set ended_at = ? where tenant = ? and id = ? and ended_at is null returning id',
    tx.now,
    tenant,
    id,
  )
  return row !== null
}
