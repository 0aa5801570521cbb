// Whether the second wall between tenants stands: policies of PostgreSQL's tables (migration 016) for a role that is held by them.
import type pg from 'pg'

/** Why the wall does not stand, and what to do about it. */
export interface NoWall {
  readonly what: string
  readonly remedy: string
}

/** Superusers, and roles that may pass by policies, are held by none; and a table that was made or restored without them has none. */
const LOOK = `select (select rolsuper or rolbypassrls from pg_roles where rolname = current_user) as exempt, coalesce(string_agg(relname, ', ' order by relname), '') as bare
from pg_class join pg_attribute on attrelid = pg_class.oid
where relnamespace = current_schema()::regnamespace and relkind = 'r' and attname = 'tenant'
and not (relrowsecurity and relforcerowsecurity and exists (select 1 from pg_policy where polrelid = pg_class.oid and polname = 'tenant'))`

export async function lookForWall(client: pg.PoolClient): Promise<NoWall | null> {
  const { rows } = await client.query<{ exempt: boolean; bare: string }>(LOOK)
  const [{ exempt, bare }] = rows as [{ exempt: boolean; bare: string }]
  if (exempt)
    return {
      what: 'our role is superuser or has bypassrls: PostgreSQL does not hold tenants apart, only our statements do',
      remedy: 'connect as a role that is neither and owns the tables: docs/operating.md, "A role that is held"',
    }
  if (bare === '') return null
  return {
    what: `PostgreSQL does not hold tenants apart in ${bare}: there is no policy, or it is not forced`,
    remedy: 'restore a dump that has them, or make them as migration 016 does',
  }
}
