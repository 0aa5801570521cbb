// The users of the application: its own table, by Kysely.
import { LibsqlDialect } from '@libsql/kysely-libsql'
import { Kysely, sql } from 'kysely'

const db = new Kysely({ dialect: new LibsqlDialect({ url: process.env.DATABASE_URL ?? 'file:app.db' }) })
await sql`create table if not exists users (id integer primary key, email text not null unique, blocked integer not null default 0)`.execute(
  db,
)

export async function findUser(email) {
  const user = await db.selectFrom('users').selectAll().where('email', '=', email).executeTakeFirst()
  return user ?? null
}

export async function addUser(email) {
  await db
    .insertInto('users')
    .values({ email })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}
