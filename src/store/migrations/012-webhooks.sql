-- What the host of an installation is told, and where: by webhooks to endpoints, by hooks to functions of its own. A row is written in the
-- transaction of what it tells, and only where somebody wants it.
create table endpoints (
  tenant text not null,
  id text {binary} not null,
  url text not null,
  -- JSON list of the types that are wanted; an empty one: all.
  types text not null,
  -- What is signed with, newest first, as JSON, sealed.
  secrets text not null,
  -- `gone`: it said so itself; `dead`: nothing came through for days.
  state text not null check (state in ('enabled', 'disabled', 'gone', 'dead')),
  created_at {int} not null,
  -- Since when nothing has come through; null: the last that was tried did.
  failing_since {int},
  primary key (tenant, id)
) {compact};

-- One row is one message to one endpoint. Nobody's address and no secret stands in it.
create table dispatches (
  tenant text not null,
  id text {binary} not null,
  endpoint text {binary} not null,
  type text not null,
  body text not null,
  created_at {int} not null,
  state text not null check (state in ('queued', 'delivered', 'failed')),
  tries {int} not null,
  -- When a worker may take it; a lease is a due time in the future.
  due_at {int} not null,
  settled_at {int},
  primary key (tenant, id, endpoint)
) {compact};
-- Each endpoint has a queue of its own: nobody waits behind one that is slow.
create index dispatches_due on dispatches (tenant, endpoint, due_at) where state = 'queued';
create index dispatches_endpoint on dispatches (tenant, endpoint, id);

-- What an endpoint answered to each try.
create table attempts (
  tenant text not null,
  dispatch text {binary} not null,
  endpoint text {binary} not null,
  id text {binary} not null,
  at {int} not null,
  took_ms {int} not null,
  -- null: there was no answer.
  status {int},
  reply text not null,
  primary key (tenant, dispatch, endpoint, id)
) {compact};
