--liquibase formatted sql

-- What keeps the cost of each statement independent of how much there is in the tables. Runs after 001-tables.sql.
-- Indexes are created in the transaction, so that storing events waits for them: on a table of 100 million events, for
-- some minutes.

--changeset resumable-ws:session-bounds
--comment: lower bounds, so that the cleanup finds sessions by an index that storing events does not touch; it raises them itself
alter table ws_sessions
	-- no event of the session is older
	add column if not exists events_since timestamptz not null default '-infinity',
	-- the session was last active then, or later
	add column if not exists active_since timestamptz not null default '-infinity';

alter table ws_sessions
	alter column events_since set default clock_timestamp(),
	alter column active_since set default clock_timestamp();

create index if not exists ws_sessions_events_since_idx on ws_sessions (events_since, session_id);
create index if not exists ws_sessions_active_since_idx on ws_sessions (active_since, session_id);

--changeset resumable-ws:event-sizes
--comment: the size tells which events fit a page without reading their payloads
alter table ws_events
	-- octets of the payload; null for events that earlier versions stored
	add column if not exists payload_bytes int;

create index if not exists ws_events_messages_idx on ws_events (session_id, type, id)
	where type in ('user_message', 'assistant_message');

-- found old events at a cost that grew with the pages that had ever held one; the cleanup goes by session now
drop index if exists ws_events_created_idx;

--changeset resumable-ws:key-age
create index if not exists ws_idempotency_keys_age_idx on ws_idempotency_keys (created_at);

drop index if exists ws_idempotency_keys_created_idx;

--changeset resumable-ws:connected-nodes
--comment: which nodes have connections; a hint, like the live connections
create unlogged table if not exists ws_connected_nodes (
	node_id uuid primary key,
	last_seen_at timestamptz not null default clock_timestamp()
) with (fillfactor = 50);

alter table ws_connected_nodes enable row level security;

--changeset resumable-ws:vacuum
--comment: vacuum after a number of changes that does not grow with the table
alter table ws_sessions set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05);
alter table ws_events set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05,
	toast.autovacuum_vacuum_scale_factor = 0.02);
alter table ws_idempotency_keys set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05);
alter table ws_live_connections set (autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);
alter table ws_replies set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
