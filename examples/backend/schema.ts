// The tables of the example. Put yours here, with all rules that a write must follow: no client, no bug and no second
// server can get around the database.

/** Every row has an `id`, made by the client, and an `owner_id`, set by the backend. */
export const SCHEMA = `
  create table if not exists lists (
    id text primary key,
    name text not null check (length(name) between 1 and 200),
    owner_id text not null
  );

  create table if not exists todos (
    id text primary key,
    list_id text not null references lists (id) on delete cascade,
    description text not null check (char_length(description) <= 140),
    completed integer not null default 0,
    owner_id text not null
  );
  create index if not exists todos_of_list on todos (list_id);

  -- A foreign key alone would let one user put todos into another user's list.
  create or replace function check_owner_of_list() returns trigger language plpgsql as $$
    begin
      if exists (select from lists where id = new.list_id and owner_id <> new.owner_id) then
        raise exception 'The list belongs to another user' using errcode = 'insufficient_privilege';
      end if;
      return new;
    end
  $$;
  create or replace trigger check_owner before insert or update on todos
    for each row execute function check_owner_of_list();

  -- Which uploaded transactions were applied: see idempotency.ts.
  create table if not exists applied_transactions (
    user_id text not null,
    key text not null,
    op_range text generated always as (substring(key from '^(.*):[^:]*$')) stored,
    applied_at timestamptz not null default now(),
    primary key (user_id, key)
  );
  create index if not exists applied_transactions_by_age on applied_transactions (applied_at);

  -- Tells whoever listens that data was committed, no matter who wrote it.
  -- (PowerSync itself doesn't need this: it reads the database's replication log.)
  create or replace function tell_of_change() returns trigger language plpgsql as $$
    begin
      perform pg_notify('data_changed', '');
      return null;
    end
  $$;
  create or replace trigger data_changed after insert or update or delete on lists
    for each statement execute function tell_of_change();
  create or replace trigger data_changed after insert or update or delete on todos
    for each statement execute function tell_of_change();
`;

/** The tables that clients may write to. They are named one by one, so that a new table isn't open by accident. */
export const WRITABLE_TABLES: readonly string[] = ['lists', 'todos'];
