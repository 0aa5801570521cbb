-- When the mailbox of a session was proved again; null: not since the sign-in. The session goes on in a row of its own with a new token, and
-- keeps the time of its sign-in, from which its lifetime counts.
alter table sessions add column proved_at {int};

-- Changes of address that people asked for.
create table address_changes (
  tenant text not null,
  -- The challenge that went to the new address.
  id text {binary} not null,
  user_id text {binary} not null,
  old_email text not null,
  new_email text not null,
  created_at {int} not null,
  -- Whether both mailboxes have to agree, and which did.
  both_agree {int} not null,
  new_proved_at {int},
  old_proved_at {int},
  -- The challenge by which the old mailbox agrees, where it has to, and the one by which it takes the change back.
  leave_challenge text {binary},
  undo_challenge text {binary} not null,
  undo_until {int} not null,
  applied_at {int},
  -- Undone, or another one was asked for; undone, in the end, is undone for good.
  ended_at {int},
  undone_at {int},
  -- Those of one person lie together; SQLite, which knows nothing of how full tables are, would not take another index for them.
  primary key (tenant, user_id, id)
) {compact};
create unique index address_changes_id on address_changes (tenant, id);

-- The change that a challenge belongs to; null: none.
alter table challenges add column change_id text {binary};
