/** Supabase's roles, and its `auth.uid()` in plain SQL. */
export const SUPABASE_ROLES = `
  create role anon nologin;
  create role authenticated nologin;
  create schema auth;
  grant usage on schema auth to anon, authenticated;
  create function auth.uid() returns text language sql stable as $$
    select nullif(current_setting('request.jwt.claims', true), '')::json ->> 'sub'
  $$;
`;

/** Lets each user write their own rows of the example's tables `lists` and `todos` (examples/backend/schema.ts). */
export const LISTS_AND_TODOS_POLICIES = `
  alter table lists enable row level security;
  alter table todos enable row level security;
  create policy own_lists on lists to authenticated
    using (owner_id = (select auth.uid())) with check (owner_id = (select auth.uid()));
  create policy own_todos on todos to authenticated
    using (owner_id = (select auth.uid()))
    with check (
      owner_id = (select auth.uid())
      and exists (select from lists where lists.id = list_id) -- one that the user sees
    );
  alter table lists alter column owner_id set default auth.uid();
  alter table todos alter column owner_id set default auth.uid();
  grant select, insert, update, delete on lists, todos to authenticated;
`;
