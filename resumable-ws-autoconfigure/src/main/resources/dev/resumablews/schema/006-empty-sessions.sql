--liquibase formatted sql

-- Sessions without events. Run it after the files with lower numbers, in the same way.

--changeset resumable-ws:empty-sessions
--comment: sessions that have no event yet; the first one moves them to ws_sessions. Nothing is lost with them, so they need not survive a crash
create unlogged table if not exists ws_empty_sessions (
	session_id uuid primary key,
	user_id text not null,
	created_at timestamptz not null default clock_timestamp(),
	-- when it was last seen to have a connection
	used_at timestamptz not null default clock_timestamp()
);

create index if not exists ws_empty_sessions_user_idx on ws_empty_sessions (user_id);
create index if not exists ws_empty_sessions_used_idx on ws_empty_sessions (used_at);

alter table ws_empty_sessions enable row level security;
