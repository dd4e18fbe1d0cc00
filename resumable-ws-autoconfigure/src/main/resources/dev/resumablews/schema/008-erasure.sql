--liquibase formatted sql

-- Who was disconnected, and what finds closed sessions. Run it after the files with lower numbers, in the same way.

--changeset resumable-ws:disconnects
--comment: users and tokens that were disconnected, by a hash; every node reads a row within seconds, and the cleanup removes it after a day
create table if not exists ws_disconnects (
	disconnect_key uuid primary key,
	disconnected_at timestamptz not null default clock_timestamp()
);

create index if not exists ws_disconnects_age_idx on ws_disconnects (disconnected_at);

alter table ws_disconnects enable row level security;

--changeset resumable-ws:closed-sessions
--comment: finds closed sessions by their age; storing events does not touch it
create index if not exists ws_sessions_closed_idx on ws_sessions (closed_at, session_id) where closed_at is not null;
