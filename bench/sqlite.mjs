// A SQLite database for a server that is measured: the driver and the durability of Postkey, for the floor and the peers alike.

export async function openSqlite(url) {
  // The provider that src/store/sqlite.ts would choose.
  const [major, minor] = process.versions.node.split('.').map(Number)
  const builtIn = process.env.POSTKEY_SQLITE !== 'package' && (major > 22 || (major === 22 && minor >= 13))
  const { DatabaseSync } = await import(builtIn ? 'node:sqlite' : '@photostructure/sqlite')
  const database = new DatabaseSync(url.slice('file:'.length))
  database.exec('pragma journal_mode = wal; pragma synchronous = full; pragma wal_autocheckpoint = 4000; pragma cache_size = -65536')
  return database
}
