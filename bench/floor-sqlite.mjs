// The floor's three writes and reads on SQLite: a commit for each request, or one for all that wait together.
import { openSqlite } from './sqlite.mjs'

const BATCH_MAX = 50

export async function openStore(url, { groupCommit }) {
  const database = await openSqlite(url)
  database.exec(`
    create table challenges (id text primary key, email text not null, code text not null, expires_at integer not null, used_at integer) without rowid;
    create table sessions (digest text primary key, email text not null, created_at integer not null) without rowid;
  `)
  const insertChallenge = database.prepare('insert into challenges (id, email, code, expires_at) values (?, ?, ?, ?)')
  const spendChallenge = database.prepare(
    'update challenges set used_at = ? where id = ? and code = ? and used_at is null and expires_at > ? returning email',
  )
  const insertSession = database.prepare('insert into sessions (digest, email, created_at) values (?, ?, ?)')
  const findSession = database.prepare('select email, created_at from sessions where digest = ?')
  const commit = groupCommit ? commitTogether(database) : commitAlone(database)
  return {
    start: (id, email, code, expiresAt, done) => commit(() => insertChallenge.run(id, email, code, expiresAt), done),
    verify: (id, code, session, now, done) =>
      commit(() => {
        const row = spendChallenge.get(now, id, code, now)
        if (row === undefined) return false
        insertSession.run(session, row.email, now)
        return true
      }, done),
    session: (digest, done) => done(findSession.get(digest)),
    close: () => database.close(),
  }
}

function commitAlone(database) {
  return (write, done) => {
    database.exec('begin immediate')
    const result = write()
    database.exec('commit')
    done(result)
  }
}

/** Writes of one turn of the event loop share a commit. */
function commitTogether(database) {
  const queue = []
  const drain = () => {
    while (queue.length > 0) {
      const batch = queue.splice(0, BATCH_MAX)
      database.exec('begin immediate')
      const results = batch.map(({ write }) => write())
      database.exec('commit')
      batch.forEach(({ done }, index) => {
        done(results[index])
      })
    }
  }
  return (write, done) => {
    if (queue.length === 0) setImmediate(drain)
    queue.push({ write, done })
  }
}
