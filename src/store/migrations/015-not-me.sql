-- When whoever has a mail of the challenge said that they did not ask for it: nothing of it works any more. null: nobody said so.
alter table challenges add column disowned_at {int};
-- Of a notice: the challenge whose sign-in it tells of.
alter table challenges add column about text {binary};
-- Addresses that were typed to say so, and looked at.
alter table mails add column not_me_tries {int} not null default 0;
