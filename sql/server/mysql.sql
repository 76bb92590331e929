-- The tables of createWriteHandler() for MySQL 8 and MariaDB. Run it once; it can be run again. Times are in UTC.

-- What was answered to each uploaded transaction, so that a repeat gets the same answer and is not applied again.
-- Rows that are older than the longest time that a device is offline can go: writes.prune().
create table if not exists powersync_write_results (
  -- Bytes: other types take upper and lower case, or a trailing space, for the same.
  user_id varbinary(1020) not null,
  `key` varbinary(255) not null,
  -- SHA-256 of the entries. The same key with other entries is an error.
  content_hash varchar(64) not null,
  result json not null,
  stored_at datetime(6) not null default current_timestamp(6),
  primary key (user_id, `key`),
  key powersync_write_results_by_age (stored_at)
) engine = InnoDB default charset = utf8mb4;

-- Refused transactions, for you and for the user who wrote them (`recordRefusals`). PowerSync can sync them back:
-- `select id, "key", code, message, details from powersync_write_refusals where user_id = auth.user_id()`.
create table if not exists powersync_write_refusals (
  id char(36) character set ascii not null default (uuid()) primary key,
  user_id varchar(255) character set utf8mb4 collate utf8mb4_bin not null,
  `key` varchar(255) character set utf8mb4 collate utf8mb4_bin,
  code varchar(255) not null,
  message text not null,
  details json,
  transaction json not null,
  refused_at datetime(6) not null default current_timestamp(6),
  key powersync_write_refusals_by_age (refused_at)
) engine = InnoDB default charset = utf8mb4;

-- The greatest checkpoint that each client has asked for, for backends that apply writes later.
create table if not exists powersync_checkpoint_requests (
  user_id varbinary(1020) not null,
  client_id varbinary(1020) not null,
  checkpoint bigint not null,
  requested_at datetime(6) not null default current_timestamp(6),
  primary key (user_id, client_id)
) engine = InnoDB default charset = utf8mb4;
