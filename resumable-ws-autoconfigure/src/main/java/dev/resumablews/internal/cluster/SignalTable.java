package dev.resumablews.internal.cluster;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Collection;
import java.util.List;

import dev.resumablews.internal.jdbc.JdbcExecutor;

/**
 * The table of signals. Ids are assigned in the order of inserts and become visible in
 * the order of commits. When Postgres crashes or a standby is promoted, the table is
 * emptied and ids may start again. Safe for use by many threads.
 */
final class SignalTable {

	/**
	 * Maximum number of rows per read.
	 */
	static final int PAGE = 500;

	/**
	 * Does not wait for the disk: losing a signal in a crash is harmless.
	 */
	private static final String INSERT = """
			with async_commit as materialized (
				select set_config('synchronous_commit', 'off', true)
			)
			insert into ws_signals (text)
			select text from async_commit, unnest(?::text[]) as text
			returning id, created_at, text
			""";

	/**
	 * Without an order and a limit, a generic plan would scan the whole table.
	 */
	private static final String READ = """
			(select id, created_at, text from ws_signals where id >= ? order by id limit ?)
			union all
			select id, created_at, text from ws_signals where id = any (?::bigint[])
			order by id
			""";

	private final JdbcExecutor database;

	SignalTable(JdbcExecutor database) {
		this.database = database.reserved();
	}

	/**
	 * Inserts signals.
	 * @return the inserted rows
	 */
	List<Row> insert(List<String> texts) {
		return this.database.execute((session) -> session.list(INSERT,
				(statement) -> statement.setArray(1, statement.getConnection().createArrayOf("text", texts.toArray())),
				SignalTable::row));
	}

	/**
	 * Reads a page of signals.
	 * @param from first id of the page
	 * @param ids lower ids to read as well
	 * @return the visible rows, ordered by id
	 */
	List<Row> read(long from, Collection<Long> ids) {
		return this.database.execute((session) -> session.list(READ, (statement) -> {
			statement.setLong(1, from);
			statement.setInt(2, PAGE);
			statement.setArray(3, statement.getConnection().createArrayOf("bigint", ids.toArray()));
		}, SignalTable::row));
	}

	private static Row row(ResultSet row) throws SQLException {
		return new Row(row.getLong("id"), row.getObject("created_at", OffsetDateTime.class).toInstant(),
				row.getString("text"));
	}

	/**
	 * A signal.
	 *
	 * @param id its id
	 * @param createdAt time of insertion; distinguishes it from a row that got the same
	 * id after a crash
	 * @param text the encoded signal
	 */
	record Row(long id, Instant createdAt, String text) {

	}

}
