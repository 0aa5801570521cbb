-- A copy of the database that is put in its place knows nothing of what was spent or ended since: an epoch begins, and nothing that
-- was handed out in the one before is good any more. A copy made by `postkey backup` carries a row that says so and is not voided yet.
create table epochs (
  number {int} primary key,
  began_at {int} not null,
  voided_at {int}
) {table};
