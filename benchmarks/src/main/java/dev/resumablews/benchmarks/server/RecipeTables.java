package dev.resumablews.benchmarks.server;

import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Objects;
import java.util.UUID;

import javax.sql.DataSource;

import org.jspecify.annotations.Nullable;

import org.springframework.jdbc.core.JdbcTemplate;

/**
 * The log of the recipe, with a global identity column, and a statement with its own
 * commit for each operation. Safe for use by many threads.
 */
final class RecipeTables {

	private static final String SCHEMA = """
			create table if not exists recipe_sessions (
				session_id uuid primary key, user_id text not null, created_at timestamptz not null default now());
			create table if not exists recipe_events (
				id bigint generated always as identity primary key, session_id uuid not null, type text not null,
				payload jsonb not null, created_at timestamptz not null default now());
			create index if not exists recipe_events_session_idx on recipe_events (session_id, id);
			create table if not exists recipe_idempotency_keys (
				session_id uuid not null, idempotency_key uuid not null, primary key (session_id, idempotency_key));
			create unlogged table if not exists recipe_live_connections (
				connection_id uuid primary key, session_id uuid not null, user_id text not null,
				connected_at timestamptz not null default now());
			""";

	private final JdbcTemplate jdbc;

	RecipeTables(DataSource dataSource) {
		this.jdbc = new JdbcTemplate(dataSource);
		this.jdbc.execute(SCHEMA);
	}

	void open(UUID sessionId, String userId) {
		this.jdbc.update("insert into recipe_sessions (session_id, user_id) values (?, ?)", sessionId, userId);
	}

	boolean exists(UUID sessionId, String userId) {
		return !this.jdbc
			.queryForList("select 1 from recipe_sessions where session_id = ? and user_id = ?", sessionId, userId)
			.isEmpty();
	}

	void connected(UUID connectionId, UUID sessionId, String userId) {
		this.jdbc.update("insert into recipe_live_connections (connection_id, session_id, user_id) values (?, ?, ?)",
				connectionId, sessionId, userId);
	}

	void disconnected(UUID connectionId) {
		this.jdbc.update("delete from recipe_live_connections where connection_id = ?", connectionId);
	}

	/**
	 * Stores an idempotency key.
	 * @return whether it is new
	 */
	boolean claim(UUID sessionId, UUID idempotencyKey) {
		return this.jdbc.update("insert into recipe_idempotency_keys (session_id, idempotency_key) values (?, ?)"
				+ " on conflict do nothing", sessionId, idempotencyKey) == 1;
	}

	/**
	 * Stores an event.
	 * @return its id
	 */
	long append(UUID sessionId, String type, String payload) {
		@Nullable Long id = this.jdbc.queryForObject(
				"insert into recipe_events (session_id, type, payload) values (?, ?, ?::jsonb) returning id",
				Long.class, sessionId, type, payload);
		return Objects.requireNonNull(id);
	}

	/**
	 * Returns the frames of the events after an event.
	 */
	List<String> after(UUID sessionId, long lastEventId) {
		return this.jdbc.query(
				"select id, type, payload, created_at from recipe_events where session_id = ? and id > ? order by id",
				(row, number) -> {
					Instant createdAt = row.getObject("created_at", OffsetDateTime.class).toInstant();
					return Frames.event(row.getString("type"), row.getLong("id"), row.getString("payload"), createdAt);
				}, sessionId, lastEventId);
	}

}
