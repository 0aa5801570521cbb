-- Ids begin with their time, digits before capitals before small letters. Only byte by byte does that order keep time: in the order of
-- most languages capitals and small letters mix, an hour's rows lie apart, and old ones cannot be found by their key.
-- All ids, since an index serves a join only in the order of both sides.
alter table users alter column id type text collate "C";
alter table challenges alter column id type text collate "C";
alter table mails
  alter column challenge type text collate "C",
  alter column request_id type text collate "C";
alter table sessions
  alter column id type text collate "C",
  alter column user_id type text collate "C",
  alter column challenge type text collate "C";
alter table events
  alter column id type text collate "C",
  alter column request_id type text collate "C",
  alter column challenge type text collate "C",
  alter column user_id type text collate "C",
  alter column session_id type text collate "C";
