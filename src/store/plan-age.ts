// How old the plans of a connection to PostgreSQL may become. One that was made while a table was empty may find rows by whichever index begins
// with the tenant, since all of them cost nothing then; it would be kept, and read all that the tenant has there by the time there is something.
// Statistics would end it, but autovacuum comes by once a minute, where it is on.
import type pg from 'pg'

/** What a table can become in such a time is read in no time by any plan. */
const FIRST_MS = 250
/** To plan all statements anew takes a fraction of a tenth of a second. */
const LONGEST_MS = 60_000

const renewals = new WeakMap<pg.PoolClient, { readonly at: number; readonly wait: number }>()

/** Plans anew when they are as old again as at the last time, and once a minute. Whoever comes next in the pipeline has new ones. */
export function renewPlans(client: pg.PoolClient): void {
  const now = performance.now()
  const last = renewals.get(client)
  if (last !== undefined && now < last.at) return
  const wait = last === undefined ? FIRST_MS : Math.min(2 * last.wait, LONGEST_MS)
  renewals.set(client, { at: now + wait, wait })
  // Of a connection that broke whoever asks next hears.
  if (last !== undefined) void client.query('discard plans').catch(() => {})
}
