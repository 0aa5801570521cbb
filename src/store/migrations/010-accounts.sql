-- When the mailbox of a session was proved again; null: not since the sign-in. The session goes on in a row of its own with a new token, and
-- keeps the time of its sign-in, from which its lifetime counts.
alter table sessions add column proved_at {int};
