-- A challenge has the id of the request that began it, so what happened in that request is found by its key. No more than what came later
-- needs an index: an entry for each sign-in instead of four.
drop index events_challenge;
create index events_later on events (tenant, challenge, at) where challenge <> request_id;
