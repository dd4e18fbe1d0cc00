--liquibase formatted sql

-- The signals of nodes that poll for them; a table that is not needed any more. Run it after 001-tables.sql, in the same way.

--changeset resumable-ws:signals
--comment: what nodes tell each other when they poll (cluster.signal=polling); every node reads a row within seconds, and the cleanup removes it
create unlogged table if not exists ws_signals (
	id bigint generated always as identity primary key,
	text text not null,
	created_at timestamptz not null default clock_timestamp()
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

alter table ws_signals enable row level security;

--changeset resumable-ws:no-nodes
--comment: told a node that stops whether there was another one; nothing reads it any more
drop table if exists ws_nodes;
