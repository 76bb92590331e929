-- powersync_upload(idempotency_key, crud) applies one uploaded transaction of a PowerSync client: as a whole or not at
-- all, and only once, however often it arrives. Use it with postgrest({ client, rpc: 'powersync_upload' }) of the
-- package powersync-backend-connector. It is plain PostgreSQL, 14 or newer: Supabase, or any database behind PostgREST.
--
-- * It runs with the caller's rights (SECURITY INVOKER). Grants, row-level security, constraints and triggers apply as
--   they do to the caller's own statements. Clients can write to a table only if these allow it.
-- * It writes to the tables of ONE schema, `public`. For another schema, change `target_schema` below.
-- * Each table needs a unique column `id` (the primary key). Values are converted to the types of the columns.
-- * PUT is an upsert of the columns that were sent. If the row of a PATCH is gone, that is an error. If the row of a
--   DELETE is gone, it isn't.
-- * The key is stored in the same transaction as the writes: both are there, or neither. A key belongs to a user (`sub`
--   of the JWT). Nobody sees the keys of others, and their table can't be reached through PostgREST.
-- * If a write is refused, the error is raised with the SQLSTATE that PostgreSQL gave it. The hint begins with the
--   place of the entry at fault: `crud[3]`, counted from 0.
--
-- A device may be offline with an upload whose answer it didn't get. Keep the keys for longer than that: if the upload
-- is sent again after its key was deleted, it is applied again, over what others have written since. 30 days are
-- enough. Run this daily, for example with pg_cron:
--
--   delete from powersync.applied_transactions where applied_at < now() - interval '30 days';
--
-- After a change, you can run this file again.

create schema if not exists powersync; -- Don't add it to the schemas that PostgREST exposes.

create table if not exists powersync.applied_transactions (
  user_id text not null,
  key text not null check (length(key) between 1 and 255),
  applied_at timestamptz not null default now(),
  primary key (user_id, key)
);
create index if not exists applied_transactions_by_age on powersync.applied_transactions (applied_at);

alter table powersync.applied_transactions enable row level security;
drop policy if exists own_keys on powersync.applied_transactions;
create policy own_keys on powersync.applied_transactions
  for all
  using (user_id = nullif(current_setting('request.jwt.claims', true), '')::json ->> 'sub')
  with check (user_id = nullif(current_setting('request.jwt.claims', true), '')::json ->> 'sub');

-- One entry: { "op": "PUT" | "PATCH" | "DELETE", "table": …, "id": …, "op_data": { column: value } }.
-- Names get into SQL only through %I, and values only as parameters.
create or replace function powersync.write_entry(entry jsonb) returns void
  language plpgsql
  security invoker
as $$
declare
  target_schema constant text := 'public';
  op constant text := entry ->> 'op';
  given jsonb := coalesce(entry -> 'op_data', '{}');
  target text;
  columns text; -- id, a, b
  excluded_columns text; -- excluded.id, excluded.a, excluded.b
  assignments text; -- a = given.a, b = given.b
  is_there boolean;
  written bigint;
begin
  if jsonb_typeof(entry -> 'table') is distinct from 'string'
    or jsonb_typeof(entry -> 'id') is distinct from 'string'
    or jsonb_typeof(given) is distinct from 'object'
  then
    raise exception 'an entry needs "table" and "id", and its "op_data" must be an object'
      using errcode = 'invalid_parameter_value';
  end if;
  target := format('%I.%I', target_schema, entry ->> 'table');
  given := given || jsonb_build_object('id', entry -> 'id');
  select
      string_agg(format('%I', name), ', '),
      string_agg(format('excluded.%I', name), ', '),
      string_agg(format('%1$I = given.%1$I', name), ', ') filter (where name <> 'id')
    into columns, excluded_columns, assignments
    from jsonb_object_keys(given) as name;

  case op
    when 'PUT' then
      -- `id` is also updated: else a row without other columns, or a row of another user, would be skipped silently.
      execute format(
        'insert into %1$s (%2$s) select %2$s from jsonb_populate_record(null::%1$s, $1)'
        ' on conflict (id) do update set (%2$s) = row(%3$s)',
        target, columns, excluded_columns
      ) using given;
    when 'PATCH' then
      if assignments is null then
        return;
      end if;
      execute format(
        'update %1$s as stored set %2$s from jsonb_populate_record(null::%1$s, $1) as given where stored.id = given.id',
        target, assignments
      ) using given;
    when 'DELETE' then
      execute format(
        'delete from %1$s as stored using jsonb_populate_record(null::%1$s, $1) as given where stored.id = given.id',
        target
      ) using given;
      return; -- If the row is gone, it was deleted before.
    else
      raise exception 'op must be PUT, PATCH or DELETE' using errcode = 'invalid_parameter_value';
  end case;

  get diagnostics written = row_count;
  if written > 0 then
    return;
  end if;
  if op = 'PUT' then
    raise exception 'no row was stored: a trigger or a rule kept it out' using errcode = 'PT409'; -- HTTP status 409
  end if;
  -- If a policy forbids an update, the update doesn't see the row, as if it weren't there.
  execute format(
    'select exists (select from %1$s as stored, jsonb_populate_record(null::%1$s, $1) as given'
    ' where stored.id = given.id)',
    target
  ) using given into is_there;
  if is_there then
    raise exception 'this user may not change the row' using errcode = 'insufficient_privilege';
  end if;
  raise exception 'the row to change is gone' using errcode = 'PT409';
end
$$;

create or replace function public.powersync_upload(idempotency_key text, crud jsonb) returns jsonb
  language plpgsql
  security invoker
as $$
declare
  -- No `set search_path`: the triggers and policies of the tables must find the same objects as in any other statement.
  subject constant text := nullif(current_setting('request.jwt.claims', true), '')::json ->> 'sub';
  place integer := -1;
  entry jsonb;
  state text;
  message text;
  detail text;
  hint text;
begin
  if subject is null then
    raise exception 'nobody is signed in' using errcode = 'insufficient_privilege';
  end if;
  if idempotency_key is null or jsonb_typeof(crud) is distinct from 'array' then
    raise exception 'idempotency_key and a list of entries are required' using errcode = 'invalid_parameter_value';
  end if;

  -- If another call has the same key, this waits until that one is committed or rolled back.
  insert into powersync.applied_transactions (user_id, key) values (subject, idempotency_key) on conflict do nothing;
  if not found then
    return jsonb_build_object('status', 'applied'); -- by an earlier call
  end if;

  begin
    for entry in select value from jsonb_array_elements(crud) with ordinality order by ordinality loop
      place := place + 1;
      perform powersync.write_entry(entry);
    end loop;
  exception when others then
    get stacked diagnostics
      state = returned_sqlstate, message = message_text, detail = pg_exception_detail, hint = pg_exception_hint;
    raise exception using
      errcode = state,
      message = message,
      detail = detail,
      hint = format('crud[%s]%s', place, coalesce(': ' || nullif(hint, ''), ''));
  end;
  return jsonb_build_object('status', 'applied');
end
$$;

-- Only for signed-in users. `authenticated` is their role in Supabase.
revoke all on function public.powersync_upload(text, jsonb) from public;
revoke all on function powersync.write_entry(jsonb) from public;
do $$
begin
  if exists (select from pg_roles where rolname = 'anon') then
    revoke all on function public.powersync_upload(text, jsonb) from anon; -- Supabase grants this by default.
  end if;
  if exists (select from pg_roles where rolname = 'authenticated') then
    grant usage on schema powersync to authenticated;
    grant insert on powersync.applied_transactions to authenticated;
    grant execute on function powersync.write_entry(jsonb) to authenticated;
    grant execute on function public.powersync_upload(text, jsonb) to authenticated;
  end if;
end
$$;

notify pgrst, 'reload schema'; -- so that PostgREST finds the function at once
