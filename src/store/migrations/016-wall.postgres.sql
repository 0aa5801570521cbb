-- The second wall between tenants: a transaction sees and writes the rows of the tenant that it names (store/wall.ts), or, by '*', those of
-- everybody. Who names none, ever, is told so by an error: nothing is answered from tables that only look empty. The owner of the tables is
-- held to it too; superusers and roles with `bypassrls` are not. A table that comes later needs the same.
do $$ declare name text; begin
  for name in
    select relname from pg_class join pg_attribute on attrelid = pg_class.oid
    where relnamespace = current_schema()::regnamespace and relkind = 'r' and attname = 'tenant'
  loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    -- A `case`, since a planner without statistics takes `or` for nearly nothing; and in a select, so that it is asked once a statement.
    execute format(
      'create policy tenant on %I using (case (select current_setting(''postkey.tenant'')) when tenant then true when ''*'' then true else false end)',
      name
    );
  end loop;
end $$;

-- Under a policy PostgreSQL takes for an index only what is sure to tell nothing of other rows, and `substr` is not: the hours by which
-- challenges are found (006) are a column.
alter table challenges add column hours text collate "C" not null generated always as (substr(id, 1, 3)) stored;
drop index challenges_email;
drop index challenges_network;
create index challenges_email on challenges (tenant, hours, email, id);
-- The condition is in each question for a network, and in none for an address: without statistics either index would do for that.
create index challenges_network on challenges (tenant, hours, network, id) where network is not null;
