-- Addresses that are sent nothing, and why: what operators look through. What a request for a mail is decided by stands in the state of the
-- mailbox, which it has at hand; both are written in one transaction.
create table suppressions (
  tenant text not null,
  -- The mailbox, as its limits name it.
  address text not null,
  why text not null check (why in ('refused', 'bounced', 'complained')),
  since {int} not null,
  -- null: until an operator lifts it.
  until {int},
  primary key (tenant, address)
) {compact};

-- When somebody reported that a mail which was taken came back. Its state stays: it was sent.
alter table mails add column bounced_at {int};
