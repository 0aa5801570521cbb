// The database of Auth.js: the official adapter of each engine, and the tables from that adapter's documents.
import { openPool } from '../postgres.mjs'
import { openSqlite } from '../sqlite.mjs'

export async function openAdapter(databaseUrl, schema) {
  return databaseUrl.startsWith('file:') ? onSqlite(databaseUrl, schema) : onPostgres(databaseUrl, schema)
}

async function onSqlite(url, schema) {
  const [{ KyselyAdapter }, { Kysely }, { sqliteDialect }, database] = await Promise.all([
    import('@auth/kysely-adapter'),
    import('kysely'),
    import('./kysely-sqlite.mjs'),
    openSqlite(url),
  ])
  if (schema !== 'ready')
    database.exec(`
      create table "User" (id text primary key, name text, email text unique not null, "emailVerified" text, image text);
      create table "Account" (
        id text primary key, "userId" text not null references "User" (id) on delete cascade, type text not null, provider text not null,
        "providerAccountId" text not null, refresh_token text, access_token text, expires_at integer, token_type text, scope text,
        id_token text, session_state text
      );
      create index "Account_userId" on "Account" ("userId");
      create table "Session" (
        id text primary key, "userId" text not null references "User" (id) on delete cascade, "sessionToken" text unique not null,
        expires text not null
      );
      create index "Session_userId" on "Session" ("userId");
      create table "VerificationToken" (identifier text not null, token text unique not null, expires text not null);
    `)
  return { adapter: KyselyAdapter(new Kysely({ dialect: sqliteDialect(database) })), close: async () => database.close() }
}

async function onPostgres(url, schema) {
  const { default: PostgresAdapter } = await import('@auth/pg-adapter')
  const pool = openPool(url)
  if (schema !== 'ready')
    await pool.query(`
      create table verification_token (
        identifier text not null, expires timestamptz not null, token text not null, primary key (identifier, token)
      );
      create table accounts (
        id serial primary key, "userId" integer not null, type varchar(255) not null, provider varchar(255) not null,
        "providerAccountId" varchar(255) not null, refresh_token text, access_token text, expires_at bigint, id_token text, scope text,
        session_state text, token_type text
      );
      create table sessions (
        id serial primary key, "userId" integer not null, expires timestamptz not null, "sessionToken" varchar(255) not null
      );
      create table users (id serial primary key, name varchar(255), email varchar(255), "emailVerified" timestamptz, image text);
      create unique index on users (email);
      create unique index on sessions ("sessionToken");
    `)
  return { adapter: PostgresAdapter(pool), close: () => pool.end() }
}
