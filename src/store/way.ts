// How statements come to PostgreSQL: each behind the name of its tenant, since the policies of the tables (migration 016) show a transaction
// the rows of the tenant that it named last, and no others. To name one is a statement in the same pipeline: no further round trip.
import type pg from 'pg'

export interface Way {
  send(tenant: string, query: pg.QueryConfig): Promise<pg.QueryResult>
  /** When all of a round is sent; null: nothing comes behind it. */
  endRound(): Promise<pg.QueryResult> | null
}

/** For the transaction only: a name that stayed with the connection would be there for the next who has it (TE-07). */
const NAME = { name: 'tenant', text: "select set_config('postkey.tenant', $1, true)" }

/** Within a transaction that somebody else begins and ends. */
export function inTransaction(client: pg.PoolClient): Way {
  let named: string | null = null
  return {
    send(tenant, query) {
      gather(client)
      // If it fails, what comes behind it fails too, and that is heard.
      if (tenant !== named) client.query({ ...NAME, values: [tenant] }).catch(() => {})
      named = tenant
      return client.query(query)
    },
    endRound: () => null,
  }
}

/** Each round in a transaction of its own, which needs no taking back: the commit of one that failed is its rollback. */
export function roundByRound(client: pg.PoolClient): Way {
  let round: Way | null = null
  return {
    send(tenant, query) {
      gather(client)
      if (round === null) client.query('begin').catch(() => {})
      round ??= inTransaction(client)
      return round.send(tenant, query)
    },
    endRound() {
      if (round === null) return null
      round = null
      return client.query('commit')
    },
  }
}

/** What is sent from here to the end of this turn is one write: the driver makes one of each statement, and that costs more than the statement. */
export function gather(client: pg.PoolClient): void {
  const { stream } = (client as pg.PoolClient & Pick<pg.Client, 'connection'>).connection
  if (stream.writableCorked > 0) return
  stream.cork()
  process.nextTick(() => stream.uncork())
}

export function byTenant<T extends { readonly tenant: string }>(all: readonly T[]): [tenant: string, own: T[]][] {
  const shares = new Map<string, T[]>()
  for (const one of all) {
    const share = shares.get(one.tenant)
    if (share === undefined) shares.set(one.tenant, [one])
    else share.push(one)
  }
  return [...shares]
}
