--liquibase formatted sql

-- Whose replies they are, so that users take turns. Runs after 003-replies.sql.

--changeset resumable-ws:reply-users
--comment: the user of each reply; null for one that was stored by an older version
alter table ws_replies add column if not exists user_id text;

-- bounded counts of the replies that wait, by user; instead of ws_replies_waiting_idx
create index if not exists ws_replies_waiting_users_idx on ws_replies (user_id, created_at) where state = 'waiting';

create index if not exists ws_replies_running_users_idx on ws_replies (user_id) where state = 'running';

drop index if exists ws_replies_waiting_idx;
