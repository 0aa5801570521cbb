-- Tenants beside the one of the settings, which has no row. A process keeps all of them in mind, and asks for those with a greater version
-- than it has seen; so one that is removed keeps its row, and its name is not given to anybody else.
create table tenants (
  tenant text {binary} not null,
  status text not null check (status in ('active', 'suspended', 'removed')),
  -- Where it is: a JSON list of hosts, and a path below the installation.
  hosts text not null,
  prefix text,
  settings text not null,
  -- Greater with each change of any of them.
  version {int} not null,
  created_at {int} not null,
  updated_at {int} not null,
  primary key (tenant)
) {compact};
-- Not by tenant: it is what finds them.
create unique index tenants_version on tenants (version);
