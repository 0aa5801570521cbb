-- Limits change with every request, and their names are scattered over the whole table: a commit would write a page for each.
-- So a commit appends all its changes here as one row, and they are put to their rows many at a time, in the order of their names.
create table limit_changes (
  number integer primary key,
  tenant text not null,
  -- {name: state}
  changes text not null
) strict;
