-- The first schema. The text is what SQLite and PostgreSQL both take; the fragments in braces are the engine's words:
-- {int} a 64-bit integer, {table} how a table ends, {compact} the same for short rows found by their key only.
-- Every table, key and index starts with the tenant. Times are milliseconds since 1970. Nothing here signs anybody in:
-- links, browsers and sessions are stored as digests, codes as keyed digests, a queued mail's secrets sealed.

create table users (
  tenant text not null,
  id text not null,
  email text not null,
  status text not null check (status in ('active', 'disabled')),
  created_at {int} not null,
  confirmed_at {int},
  sign_in_count {int} not null,
  current_sign_in_at {int},
  current_sign_in_place text,
  last_sign_in_at {int},
  last_sign_in_place text,
  -- Digests of the browsers that signed in last, as JSON: they have a share of mails that no stranger can use up.
  browsers text not null default '[]',
  primary key (tenant, id)
) {compact};
create unique index users_email on users (tenant, email);

create table challenges (
  tenant text not null,
  id text not null,
  purpose text not null,
  email text not null,
  browser text not null,
  return_to text,
  locale text not null,
  device text not null,
  created_at {int} not null,
  completed_at {int},
  primary key (tenant, id)
) {compact};

-- One row is one message: the digests of its proofs, and its place in the outbox.
create table mails (
  tenant text not null,
  challenge text not null,
  ordinal {int} not null,
  request_id text not null,
  created_at {int} not null,
  link_digest text,
  code_digest text,
  link_expires_at {int} not null,
  code_expires_at {int} not null,
  -- Spent in a browser that did not ask; in the one that did, the whole challenge is completed.
  link_used_at {int},
  code_tries {int} not null,
  address_tries {int} not null,
  decoy {int} not null,
  state text not null check (state in ('queued', 'sent', 'dead', 'expired', 'suppressed')),
  sealed text,
  tries {int} not null,
  -- When a worker may take it; a lease is a due time in the future.
  due_at {int} not null,
  settled_at {int},
  primary key (tenant, challenge, ordinal)
) {compact};
-- By tenant first, so that each has a queue of its own in it and nobody waits behind another's.
create index mails_due on mails (tenant, due_at) where state = 'queued';

create table sessions (
  tenant text not null,
  id text not null,
  digest text not null,
  user_id text not null,
  challenge text not null,
  proof text not null,
  device text not null,
  network text not null,
  created_at {int} not null,
  seen_at {int} not null,
  ended_at {int},
  -- The id begins with the challenge's, so that rows of one hour lie together; who presents it must know what the digest is of.
  primary key (tenant, id)
) {compact};
create index sessions_user on sessions (tenant, user_id, created_at);

-- The state of one limit: a GCRA bucket is the time when it will be full again; an exact window is the times it has seen, as JSON
-- [[time, challenge], …], never longer than its count.
create table limits (
  tenant text not null,
  name text not null,
  state text not null,
  primary key (tenant, name)
) {compact};

create table events (
  tenant text not null,
  id text not null,
  at {int} not null,
  request_id text not null,
  challenge text,
  user_id text,
  session_id text,
  kind text not null,
  reason text not null,
  facts text not null,
  decision text not null,
  versions text not null,
  cost text not null,
  -- A request is what people ask about: all of it stands together.
  primary key (tenant, request_id, id)
) {table};

-- Every policy that ever decided, so that an old decision can be made again.
create table policies (
  tenant text not null,
  version text not null,
  policy text not null,
  first_used_at {int} not null,
  primary key (tenant, version)
) {compact};
