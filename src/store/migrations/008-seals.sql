-- What makes it show that the record was changed: for each closed window of events a print of every one of them, chained to the seal before.
-- Written in the background, by one process or another; nothing of a sign-in waits for it, and no event has a column or an index for it.
create table seals (
  tenant text not null,
  -- From 1 on, without a gap.
  seq {int} not null,
  -- The request of its first event.
  from_request text {binary} not null,
  -- The window ends with this event, or before the first of this request; it begins where the one before ended.
  until_request text {binary} not null,
  until_id text {binary} not null,
  events {int} not null,
  -- One behind the other, in the order of the key of events.
  prints text not null,
  -- Events of requests before this one may have been removed since, as old.
  gone_before text {binary} not null,
  made_at {int} not null,
  -- Of all of the above and the digest before; and what only a holder of the secret can make of that, behind the name of its key.
  digest text not null,
  mac text not null,
  primary key (tenant, seq)
) {table};
