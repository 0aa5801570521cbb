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
  /** Ends a select of rows that the transaction is about to change and that others may have in hand. */
  skip_locked: { sqlite: '', postgres: 'for update of m skip locked' },
} as const

export function speak(engine: EngineName, sql: string): string {
  return sql.replace(/\{(\w+)\}/g, (_, name: string) => {
    const words = fragments[name as keyof typeof fragments]
    if (words === undefined) throw new TypeError(`no fragment is called ${name}`)
    return words[engine]
  })
}
