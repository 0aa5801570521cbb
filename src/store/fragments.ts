// Where the two engines need different words, a statement names a fragment in braces. These are all of them.

export type EngineName = 'sqlite' | 'postgres'

const fragments = {
  /** A 64-bit integer. */
  int: { sqlite: 'integer', postgres: 'bigint' },
  /** How a table ends. */
  table: { sqlite: 'strict', postgres: '' },
  /** The same, for short rows that are found by their key only. */
  compact: { sqlite: 'strict, without rowid', postgres: '' },
  /** After a column of JSON, so that it can be looked into. */
  json: { sqlite: '', postgres: '::json' },
  /** The windows of a policy that bound wrong codes, as rows. */
  each_of_code_failures: {
    sqlite: "json_each(p.policy, '$.codeFailures') w",
    postgres: "json_array_elements(p.policy::json -> 'codeFailures') w(value)",
  },
  /** After a text that is compared byte by byte, in whatever language the database sorts. */
  binary: { sqlite: 'collate binary', postgres: 'collate "C"' },
  /**
   * The first few due mails of each queue. PostgreSQL would otherwise plan from what it believes about the average tenant, and read
   * all queued mails of everybody; SQLite has no `lateral`, and finds the last of the few first.
   */
  first_due: {
    sqlite:
      "cross join mails m on m.state = 'queued' and m.tenant = q.tenant and m.due_at <= coalesce((select n.due_at from mails n where n.state = 'queued' and n.tenant = q.tenant and n.due_at <= (select now from given) order by n.due_at limit 1 offset (select each - 1 from share)), (select now from given))",
    postgres:
      "cross join lateral (select * from mails where state = 'queued' and tenant = q.tenant and due_at <= (select now from given) order by due_at limit (select each from share)) as m",
  },
  /**
   * The row of a mail that was found: locked, unless somebody else has it in hand or had it meanwhile. By its due time as well, so that
   * every index that could be taken is a good one.
   */
  taken: {
    sqlite: 'cross join mails m on m.tenant = t.tenant and m.challenge = t.challenge and m.ordinal = t.ordinal',
    postgres:
      "cross join lateral (select * from mails where tenant = t.tenant and challenge = t.challenge and ordinal = t.ordinal and due_at = t.due_at and state = 'queued' for update skip locked) as m",
  },
  /**
   * Behind the table, where all that a user has is asked for. SQLite, which knows nothing of how full tables are, would go through all sessions of
   * the tenant: those are in the table itself, and to find a user's takes two looks.
   */
  by_user: { sqlite: ' indexed by sessions_user', postgres: '' },
  /** The same for users of a list of addresses, and of external ids. */
  by_email: { sqlite: ' indexed by users_email', postgres: '' },
  by_external_id: { sqlite: ' indexed by users_external', postgres: '' },
  /** And for changes of address of a list of ids: those of one person lie together, which SQLite takes for a reason to read those of all. */
  by_change: { sqlite: ' indexed by address_changes_id', postgres: '' },
  by_recovery: { sqlite: ' indexed by recoveries_id', postgres: '' },
  /** One of a parameter that is a JSON list of texts. */
  is_listed: {
    sqlite: 'in (select value from json_each(?))',
    postgres: '= any (array (select json_array_elements_text(cast(? as json))))',
  },
  /** After a select: rows for this transaction alone, without those that another one has in hand. */
  locked: { sqlite: '', postgres: 'for update skip locked' },
  /**
   * A parameter that is a JSON list of [tenant, challenge, ordinal], as rows. "offset 0" makes columns of them: under a policy PostgreSQL finds no
   * row by what `->>` gives.
   */
  listed: {
    sqlite: '(select value ->> 0 as tenant, value ->> 1 as challenge, value ->> 2 as ordinal from json_each(?))',
    postgres:
      '(select value ->> 0 as tenant, value ->> 1 as challenge, cast(value ->> 2 as bigint) as ordinal from json_array_elements(cast(? as json)) offset 0)',
  },
  /** A parameter that is a JSON list of how ids begin, as rows. */
  hours: { sqlite: 'json_each(?) h', postgres: 'json_array_elements_text(cast(? as json)) h(value)' },
  /**
   * The challenges of one address, or of one network, in each of those hours. Either engine would rather go through all challenges of the
   * tenant, newest first, until it has found enough.
   */
  with_email: {
    sqlite: 'cross join challenges c indexed by challenges_email on c.tenant = ? and substr(c.id, 1, 3) = h.value and c.email = ?',
    postgres: 'cross join lateral (select id from challenges where tenant = ? and hours = h.value and email = ? offset 0) c',
  },
  with_network: {
    sqlite: 'cross join challenges c indexed by challenges_network on c.tenant = ? and substr(c.id, 1, 3) = h.value and c.network = ?',
    postgres: 'cross join lateral (select id from challenges where tenant = ? and hours = h.value and network = ? offset 0) c',
  },
  /** A parameter that is a JSON list of users, as rows. */
  listed_users: {
    sqlite:
      '(select value ->> 0 as id, value ->> 1 as email, value ->> 2 as status, value ->> 3 as created_at, value ->> 4 as external_id from json_each(?))',
    postgres:
      '(select value ->> 0 as id, value ->> 1 as email, value ->> 2 as status, cast(value ->> 3 as bigint) as created_at, value ->> 4 as external_id from json_array_elements(cast(? as json)))',
  },
  /** A parameter that is a JSON list of views, as rows. */
  listed_views: {
    sqlite:
      '(select value ->> 0 as tenant, value ->> 1 as challenge, value ->> 2 as at, value ->> 3 as id, value ->> 4 as ordinal, value ->> 5 as facts from json_each(?))',
    postgres:
      '(select value ->> 0 as tenant, value ->> 1 as challenge, cast(value ->> 2 as bigint) as at, (value ->> 3) collate "C" as id, cast(value ->> 4 as bigint) as ordinal, value ->> 5 as facts from json_array_elements(cast(? as json)))',
  },
} as const

export function speak(engine: EngineName, sql: string): string {
  return sql.replace(/\{(\w+)\}/g, (_, name: string) => {
    const words = fragments[name as keyof typeof fragments]
    if (words === undefined) throw new TypeError(`no fragment is called ${name}`)
    return words[engine]
  })
}
