-- The tables of createWriteHandler() for Postgres. Run it once; it can be run again.

-- What was answered to each uploaded transaction, so that a repeat gets the same answer and is not applied again.
-- Rows that are older than the longest time that a device is offline can go: writes.prune().
create table if not exists powersync_write_results (
  user_id text not null,
  key text not null,
  -- SHA-256 of the entries. The same key with other entries is an error.
  content_hash text not null,
  result jsonb not null,
  stored_at timestamptz not null default now(),
  primary key (user_id, key)
);
create index if not exists powersync_write_results_by_age on powersync_write_results (stored_at);

-- Refused transactions, for you and for the user who wrote them (`recordRefusals`). PowerSync can sync them back:
-- `select id, key, code, message, details from powersync_write_refusals where user_id = auth.user_id()`.
create table if not exists powersync_write_refusals (
  id uuid primary key default gen_random_uuid(),
  user_id text not null,
  key text,
  code text not null,
  message text not null,
  details jsonb,
  transaction jsonb not null,
  refused_at timestamptz not null default now()
);
create index if not exists powersync_write_refusals_by_age on powersync_write_refusals (refused_at);

-- The greatest checkpoint that each client has asked for, for backends that apply writes later.
create table if not exists powersync_checkpoint_requests (
  user_id text not null,
  client_id text not null,
  checkpoint bigint not null,
  requested_at timestamptz not null default now(),
  primary key (user_id, client_id)
);
