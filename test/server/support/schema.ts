/** Tables of the tests, for Postgres. */
export const POSTGRES_TABLES = `
  create table lists (id text primary key, name text not null check (length(name) <= 20), owner_id text not null);
  create table todos (
    id uuid primary key,
    list_id text references lists on delete cascade,
    description text unique,
    completed boolean not null default false,
    count bigint not null default 0,
    version integer not null default 1,
    tags text[],
    meta jsonb,
    price numeric(10, 2),
    ratio double precision,
    due_on date,
    due_at timestamptz,
    noted_at timestamp,
    code varchar(5),
    owner_id text not null
  );
  create table counters (id bigint primary key, value integer not null default 0, owner_id text not null);
`;

/**
 * The same for MySQL and MariaDB, with the usual collation: it takes upper and lower case for the same. There are no
 * arrays.
 */
export const MYSQL_TABLES = `
  create table lists (
    id varchar(64) primary key,
    name varchar(200) not null check (char_length(name) <= 20),
    owner_id varchar(64) not null
  );
  create table todos (
    id char(36) primary key,
    list_id varchar(64),
    description varchar(255) unique,
    completed boolean not null default false,
    count bigint not null default 0,
    version integer not null default 1,
    tags json,
    meta json,
    price decimal(10, 2),
    ratio double,
    due_on date,
    due_at timestamp(3) null,
    noted_at datetime,
    code varchar(5),
    owner_id varchar(64) not null,
    foreign key (list_id) references lists (id) on delete cascade
  );
  create table counters (id bigint primary key, value integer not null default 0, owner_id varchar(64) not null);
`;

/** An id that the database keeps as it is. */
export function uuid(n: number): string {
  return `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
}
