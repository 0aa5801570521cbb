// The floor's three statements on PostgreSQL: each request is one round trip, one transaction and one commit.
import { openPool } from './postgres.mjs'

const START = 'insert into challenges (id, email, code, expires_at) values ($1, $2, $3, $4)'
const VERIFY = `with spent as (
    update challenges set used_at = $4 where id = $1 and code = $2 and used_at is null and expires_at > $4 returning email
  ) insert into sessions (digest, email, created_at) select $3, email, $4 from spent`
const SESSION = 'select email, created_at from sessions where digest = $1'

export async function openStore(url) {
  const pool = openPool(url)
  await pool.query(`
    create table challenges (id text primary key, email text not null, code text not null, expires_at bigint not null, used_at bigint);
    create table sessions (digest text primary key, email text not null, created_at bigint not null);
  `)
  const query = (name, text, values, done) =>
    pool.query({ name, text, values }, (error, result) => {
      if (error) throw error
      done(result)
    })
  return {
    start: (id, email, code, expiresAt, done) => query('start', START, [id, email, code, expiresAt], done),
    verify: (id, code, session, now, done) => query('verify', VERIFY, [id, code, session, now], ({ rowCount }) => done(rowCount === 1)),
    session: (digest, done) => query('session', SESSION, [digest], ({ rows }) => done(rows[0])),
    close: () => pool.end(),
  }
}
