// The users of the application: its own table, by Prisma.
import { PrismaLibSql } from '@prisma/adapter-libsql'
import { PrismaClient } from './build/client.ts'

const db = new PrismaClient({ adapter: new PrismaLibSql({ url: process.env.DATABASE_URL ?? 'file:app.db' }) })
await db.$executeRaw`create table if not exists users (id integer primary key, email text not null unique, blocked boolean not null default false)`

export async function findUser(email) {
  return db.user.findUnique({ where: { email } })
}

export async function addUser(email) {
  await db.user.upsert({ where: { email }, create: { email }, update: {} })
}
