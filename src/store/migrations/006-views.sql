-- Who opened a link, and when: seen, never decided by. Written in the background and dropped when there is too much of it; no row of it
-- has a consequence, and none is missed.
create table views (
  tenant text not null,
  challenge text {binary} not null,
  at {int} not null,
  id text {binary} not null,
  -- Which mail of the challenge the link stands in.
  ordinal {int} not null,
  facts text not null,
  primary key (tenant, challenge, at, id)
) {compact};

-- From where somebody asked: /24 or /64, as sessions have it. Not known of challenges from before.
alter table challenges add column network text;

-- What happened to one challenge. Challenges of one hour are neighbours, so the index is written where it was written last.
create index events_challenge on events (tenant, challenge, at) where challenge is not null;

-- Addresses and networks come in no order: an index by them alone would have every start write to another page of it, anywhere in a
-- hundred million rows. The first three characters of an id are four hours of time, and an address is found by asking
-- for it in each four hours that are kept: docs/decisions/016.
create index challenges_email on challenges (tenant, substr(id, 1, 3), email, id);
create index challenges_network on challenges (tenant, substr(id, 1, 3), network, id);
