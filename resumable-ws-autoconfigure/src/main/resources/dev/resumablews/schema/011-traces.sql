--liquibase formatted sql

-- The trace that a reply continues. Run it after the files with lower numbers, in the same way.

--changeset resumable-ws:traces
--comment: the trace of the message that asked for a reply, written if the application has a tracer
alter table ws_replies add column if not exists trace text;
