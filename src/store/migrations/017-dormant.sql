-- When an operator enabled the account, or another address was set by a way back in. null: never. It stands here because a sign-in reads this row
-- anyway, and beside the time of the last sign-in, which is none of these.
alter table users add column awake_at {int};
