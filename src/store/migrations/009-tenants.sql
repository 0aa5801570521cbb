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

-- Keys of programs that manage tenants: of one, or, in the name of the tenant of the settings, of all.
create table admin_keys (
  tenant text {binary} not null,
  id text {binary} not null,
  digest text not null,
  scope text not null check (scope in ('read', 'write')),
  created_at {int} not null,
  ended_at {int},
  primary key (tenant, id)
) {compact};
