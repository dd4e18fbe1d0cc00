--liquibase formatted sql

-- Sessions that are connected to an upstream WebSocket. Run it after the files with lower numbers, in the same way.

--changeset resumable-ws:relays
--comment: a row for each upstream of a session, which says which node holds it and how far the client's messages are forwarded
create table if not exists ws_relays (
	session_id uuid not null,
	name text not null,
	user_id text not null,
	state text not null default 'waiting',
	node_id uuid,
	fence bigint not null default 0,
	lease_until timestamptz not null default clock_timestamp(),
	wanted_id bigint not null,
	attempted_id bigint not null,
	forwarded_id bigint not null,
	asked_bytes bigint not null default 0,
	forwarded_bytes bigint not null default 0,
	created_at timestamptz not null default clock_timestamp(),
	updated_at timestamptz not null default clock_timestamp(),
	primary key (session_id, name)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000);

-- relays are found by their lease, which tells from when on any node may claim them
create index if not exists ws_relays_lease_idx on ws_relays (lease_until) where state <> 'ended';

-- bounded counts of the relays of a user
create index if not exists ws_relays_users_idx on ws_relays (user_id, name) where state <> 'ended';

-- those that the cleanup removes
create index if not exists ws_relays_ended_idx on ws_relays (updated_at) where state = 'ended';

alter table ws_relays enable row level security;
