--liquibase formatted sql

-- The tables of resumable-ws. The library runs this file and those with higher numbers itself. To run them yourself, set
-- resumable-ws.schema.migrate=false and run each as it is, in one transaction, in the order of their numbers, for example
--     psql -v ON_ERROR_STOP=1 -1 -f 001-tables.sql
-- Running a file again changes nothing. It names no schema: the tables go into the first one of the search path, which is the one to name in
-- resumable-ws.schema.name (PGOPTIONS='--search-path=chat' psql ...).
--
-- Row level security is on, so that nobody but the tables' owner gets at them by accident (PostgREST, reporting roles).
-- The owner is not subject to it. If the application connects as another role, that role needs, for each table,
--     grant select, insert, update, delete on ws_sessions to app;
--     create policy resumable_ws on ws_sessions to app using (true) with check (true);
-- or the attribute BYPASSRLS besides the grants. Without a policy it sees no rows, and storing any fails.

--changeset resumable-ws:sessions
--validCheckSum: any
--comment: one row for each session; last_event_id is the head of its log, and its row lock gives event ids their order
create table if not exists ws_sessions (
	session_id uuid primary key,
	user_id text not null,
	last_event_id bigint not null default 0,
	-- events up to this id were removed because of their age
	truncated_through bigint not null default 0,
	created_at timestamptz not null default clock_timestamp(),
	-- not indexed, so that storing events updates this row in place (HOT)
	last_active_at timestamptz not null default clock_timestamp(),
	closed_at timestamptz
) with (fillfactor = 50);

create index if not exists ws_sessions_user_idx on ws_sessions (user_id);

alter table ws_sessions enable row level security;

--changeset resumable-ws:events
--validCheckSum: any
--comment: the log; no foreign key, because each append holds the lock of its session's row already
create table if not exists ws_events (
	session_id uuid not null,
	id bigint not null,
	type text not null,
	-- the reply that the event is a part of
	message_id uuid,
	-- json, not jsonb: the text that was stored is the text that is sent
	payload json not null,
	created_at timestamptz not null,
	primary key (session_id, id)
);

-- rows come in the order of their age, so a block range index finds the old ones at next to no cost
create index if not exists ws_events_created_idx on ws_events using brin (created_at) with (pages_per_range = 32, autosummarize = on);

alter table ws_events enable row level security;

--changeset resumable-ws:idempotency-keys
--validCheckSum: any
create table if not exists ws_idempotency_keys (
	session_id uuid not null,
	idempotency_key uuid not null,
	-- the event that the message was stored as; null when it was handled without storing it
	event_id bigint,
	created_at timestamptz not null default clock_timestamp(),
	primary key (session_id, idempotency_key)
);

create index if not exists ws_idempotency_keys_created_idx on ws_idempotency_keys using brin (created_at) with (pages_per_range = 32, autosummarize = on);

alter table ws_idempotency_keys enable row level security;

--changeset resumable-ws:live-connections
--validCheckSum: any
--comment: who is connected right now; a hint that heartbeats rebuild, so it need not survive a crash
create unlogged table if not exists ws_live_connections (
	connection_id uuid not null,
	session_id uuid not null,
	user_id text not null,
	node_id uuid not null,
	connected_at timestamptz not null default clock_timestamp(),
	last_seen_at timestamptz not null default clock_timestamp(),
	primary key (session_id, connection_id)
) with (fillfactor = 50);

create index if not exists ws_live_connections_user_idx on ws_live_connections (user_id);
create index if not exists ws_live_connections_node_idx on ws_live_connections (node_id);

alter table ws_live_connections enable row level security;

--changeset resumable-ws:replies
--validCheckSum: any
--comment: one row for each reply that has not ended; the event that ends a reply removes its row in the same transaction
create table if not exists ws_replies (
	session_id uuid not null,
	-- the user message that is answered
	event_id bigint not null,
	-- of the reply's events; another one with each attempt
	message_id uuid,
	state text not null default 'waiting' check (state in ('waiting', 'running')),
	-- the node that runs it, or that it waits for
	node_id uuid,
	-- until then nobody else may take it
	lease_until timestamptz,
	-- counts who took it; a write that holds an older number is refused
	fence bigint not null default 0,
	attempts int not null default 0,
	cancelled_at timestamptz,
	created_at timestamptz not null default clock_timestamp(),
	updated_at timestamptz not null default clock_timestamp(),
	primary key (session_id, event_id)
) with (fillfactor = 50);

alter table ws_replies enable row level security;

--changeset resumable-ws:nodes
--validCheckSum: any
--comment: which nodes there are; a hint, like the live connections
create unlogged table if not exists ws_nodes (
	node_id uuid primary key,
	last_seen_at timestamptz not null default clock_timestamp()
) with (fillfactor = 50);

alter table ws_nodes enable row level security;
