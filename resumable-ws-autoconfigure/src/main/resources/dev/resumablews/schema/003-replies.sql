--liquibase formatted sql

-- What claims of replies need, so that their cost does not depend on how many replies there are. Runs after
-- 001-tables.sql.

--changeset resumable-ws:reply-claims
--comment: replies are found by their lease, which tells from when on any node may claim them
update ws_replies set lease_until = clock_timestamp() where lease_until is null;

alter table ws_replies alter column lease_until set default clock_timestamp(), alter column lease_until set not null;

create index if not exists ws_replies_lease_idx on ws_replies (lease_until);

-- bounded counts of the replies that wait
create index if not exists ws_replies_waiting_idx on ws_replies (created_at) where state = 'waiting';

-- those that are to be cancelled, which are few and go soon
create index if not exists ws_replies_cancelled_idx on ws_replies (node_id) where cancelled_at is not null;
