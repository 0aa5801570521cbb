// Kysely's own SQLite dialect over the driver that Postkey and the floor use: it expects the interface of better-sqlite3, which
// needs a compiler. Statements are kept, which better-sqlite3 would not do for it.
import { SqliteDialect } from 'kysely'

export function sqliteDialect(database) {
  const statements = new Map()
  const prepare = (sql) => {
    let statement = statements.get(sql)
    if (statement === undefined) {
      const prepared = database.prepare(sql)
      statement = {
        reader: prepared.columns().length > 0,
        all: (parameters) => prepared.all(...parameters),
        run: (parameters) => prepared.run(...parameters),
      }
      statements.set(sql, statement)
    }
    return statement
  }
  return new SqliteDialect({ database: { prepare, close: () => database.close() } })
}
