// The users of the application: its own table, by Drizzle.
import { createClient } from '@libsql/client'
import { eq, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/libsql'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

const users = sqliteTable('users', {
  id: integer().primaryKey(),
  email: text().notNull().unique(),
  blocked: integer({ mode: 'boolean' }).notNull().default(false),
})

const db = drizzle(createClient({ url: process.env.DATABASE_URL ?? 'file:app.db' }))
await db.run(sql`create table if not exists users (id integer primary key, email text not null unique, blocked integer not null default 0)`)

export async function findUser(email) {
  const [user] = await db.select().from(users).where(eq(users.email, email))
  return user ?? null
}

export async function addUser(email) {
  await db.insert(users).values({ email }).onConflictDoNothing()
}
