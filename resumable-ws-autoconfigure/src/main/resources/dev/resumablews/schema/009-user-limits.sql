--liquibase formatted sql

-- What users may have. Run it after the files with lower numbers, in the same way. The sizes of the events that are there
-- are summed up once, while storing events waits: of 100 million events, for some minutes.

--changeset resumable-ws:open-sessions
--comment: bounded counts of the open sessions of a user; storing events does not touch it. Instead of ws_sessions_user_idx
create index if not exists ws_sessions_user_closed_idx on ws_sessions (user_id, closed_at);

drop index if exists ws_sessions_user_idx;

--changeset resumable-ws:oldest-empty-sessions
--comment: the oldest empty sessions of a user make room for others; instead of ws_empty_sessions_user_idx
create index if not exists ws_empty_sessions_user_created_idx on ws_empty_sessions (user_id, created_at);

drop index if exists ws_empty_sessions_user_idx;

--changeset resumable-ws:stored-bytes splitStatements:false
--comment: the sizes of the session's events; in one step with the column, so that running it again does not overwrite what was counted since
do $$
begin
	if exists (
		select from pg_attribute
		where attrelid = 'ws_sessions'::regclass and attname = 'stored_bytes' and not attisdropped
	) then
		return;
	end if;
	alter table ws_sessions add column stored_bytes bigint not null default 0;
	update ws_sessions s
	set stored_bytes = e.bytes
	from (
		select session_id, sum(coalesce(payload_bytes, octet_length(payload::text))) as bytes
		from ws_events
		group by session_id
	) e
	where e.session_id = s.session_id;
end
$$;
