--liquibase formatted sql

-- What users may have. Run it after the files with lower numbers, in the same way.

--changeset resumable-ws:open-sessions
--comment: bounded counts of the open sessions of a user; storing events does not touch it. Instead of ws_sessions_user_idx
create index if not exists ws_sessions_user_closed_idx on ws_sessions (user_id, closed_at);

drop index if exists ws_sessions_user_idx;

--changeset resumable-ws:oldest-empty-sessions
--comment: the oldest empty sessions of a user make room for others; instead of ws_empty_sessions_user_idx
create index if not exists ws_empty_sessions_user_created_idx on ws_empty_sessions (user_id, created_at);

drop index if exists ws_empty_sessions_user_idx;
