-- What another system knows a user by: whoever moves here has its own tables full of it. It is no key of ours, and signs nobody in.
alter table users add column external_id text;
create unique index users_external on users (tenant, external_id) where external_id is not null;
