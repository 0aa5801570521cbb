-- How far the removal of old rows has come, for each kind of them: what processes that remove from one database tell each other, and
-- what `postkey doctor --deep` must know so that it misses nothing that was removed.
create table purges (
  tenant text not null,
  kind text not null,
  -- Where the pass that is under way stands: the last key that was looked at; '' between passes.
  cursor text not null,
  -- Rows whose ids sort before this one, or that were made before that time, may be gone.
  before text {binary} not null,
  before_at {int} not null,
  -- Rows removed since ever.
  deleted {int} not null,
  -- When the last pass ended.
  finished_at {int} not null,
  primary key (tenant, kind)
) {compact};
