--liquibase formatted sql

-- Which history of the database the events of a session belong to. Run it after 001-tables.sql, in the same way.

--changeset resumable-ws:forks
--comment: the epochs under which a session was written, each with the first event id under it: <epoch>.<id>-<epoch>.<id>
alter table ws_sessions add column if not exists forks text not null default '';

--changeset resumable-ws:epoch splitStatements:false
--comment: names the history of this database server: system identifier, timeline, and a value that the operator sets
create or replace function ws_epoch(operator_value text) returns text language plpgsql volatile as $$
declare
	history text := operator_value;
begin
	begin
		history := history || '/' || (select system_identifier from pg_control_system());
	exception when insufficient_privilege or feature_not_supported or undefined_function then
		null;
	end;
	begin
		-- fails on a standby, as it must: what a standby holds is not the head of the log
		history := history || '/' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8);
	exception when insufficient_privilege or feature_not_supported or undefined_function then
		null;
	end;
	return left(md5(history), 12);
end
$$;

--changeset resumable-ws:fork splitStatements:false
--comment: adds an epoch to the forks of a session unless it is among them; of more than about 20, the oldest become one that matches no other
create or replace function ws_forks(forks text, epoch text, next_event_id bigint) returns text language sql immutable as $$
	select case
		when strpos(forks, epoch || '.') > 0 then forks
		when forks = '' then epoch || '.' || next_event_id
		when length(forks) > 500 then
			regexp_replace(forks, '^[^.]*\.([0-9]+)(?:-[^-]+)+((?:-[^-]+){15})$', '*.\1\2') || '-' || epoch || '.' || next_event_id
		else forks || '-' || epoch || '.' || next_event_id
	end
$$;

--changeset resumable-ws:remembered-epoch splitStatements:false
--comment: a connection computes the epoch once: a server that is not a standby keeps its history until it is restarted, and that ends the connection
create or replace function ws_epoch(operator_value text) returns text language plpgsql volatile as $$
declare
	-- the operator's value and the epoch, or null or empty where the connection has not computed it
	remembered text := current_setting('resumable_ws.epoch', true);
	history text := operator_value;
begin
	if remembered <> '' and left(remembered, -13) = operator_value then
		return right(remembered, 12);
	end if;
	begin
		history := history || '/' || (select system_identifier from pg_control_system());
	exception when insufficient_privilege or feature_not_supported or undefined_function then
		null;
	end;
	begin
		-- fails on a standby, as it must: what a standby holds is not the head of the log
		history := history || '/' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8);
	exception when insufficient_privilege or feature_not_supported or undefined_function then
		null;
	end;
	history := left(md5(history), 12);
	perform set_config('resumable_ws.epoch', operator_value || '/' || history, false);
	return history;
end
$$;
