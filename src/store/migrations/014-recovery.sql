-- Getting back in without the mailbox. Whichever way, a recovery ends in a limited session that can do one thing: name another address.
create table recoveries (
  tenant text not null,
  -- Of the request that began it, and of the first challenge that came of it.
  id text {binary} not null,
  -- '': for show, of an address that has no account, or none with a backup address.
  user_id text {binary} not null,
  way text not null check (way in ('code', 'backup', 'wait')),
  started_by text not null check (started_by in ('person', 'operator')),
  operator text {binary},
  -- The address of the account then; '': for show.
  email text not null,
  new_email text,
  new_proved_at {int},
  created_at {int} not null,
  -- From when it may be opened; null: at once.
  ready_at {int},
  -- The challenge of the mail that said that the wait is over; null: none did.
  ready_challenge text {binary},
  -- Of the token of the limited session; null: not opened.
  token_digest text,
  opened_at {int},
  open_until {int},
  applied_at {int},
  ended_at {int},
  ended_why text check (ended_why in ('signed_in', 'cancelled', 'superseded', 'expired', 'erased')),
  -- Those of one person lie together, as changes of address do.
  primary key (tenant, user_id, id)
) {compact};
create unique index recoveries_id on recoveries (tenant, id);
-- By waiting: those that are not over, in the order in which they can be.
create index recoveries_waiting on recoveries (tenant, ready_at, id) where ready_at is not null and applied_at is null and ended_at is null;

-- Operators who agreed to one that another operator began.
create table recovery_approvals (
  tenant text not null,
  recovery text {binary} not null,
  operator text {binary} not null,
  at {int} not null,
  primary key (tenant, recovery, operator)
) {compact};

-- Codes that were printed, as digests made with a key that is not here.
create table recovery_codes (
  tenant text not null,
  user_id text {binary} not null,
  digest text {binary} not null,
  created_at {int} not null,
  used_at {int},
  primary key (tenant, user_id, digest)
) {compact};

-- Where a mail may go that lets somebody back in; proved, always.
alter table users add column backup_email text;
alter table users add column backup_proved_at {int};
-- The challenge by which another backup address has to be proved; null: none is asked for.
alter table users add column backup_challenge text {binary};
-- Until when a sign-in has a recovery to end; null: there is none. It stands here because a sign-in reads this row anyway.
alter table users add column recovering_until {int};

-- The recovery that a change of address came of; null: somebody who was signed in asked for it.
alter table address_changes add column recovery text {binary};
