package dev.resumablews.internal.cluster;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Collection;
import java.util.List;

import dev.resumablews.internal.jdbc.JdbcExecutor;

/**
 * The table of signals. Its ids are given in the order of inserts and become visible in
 * the order of commits. It is emptied, and its ids may begin again, when Postgres crashes
 * or a standby is promoted. Safe for use by many threads.
 */
final class SignalTable {

	/**
	 * Rows that are read at once.
	 */
	static final int PAGE = 500;

	/**
	 * Does not wait for the disk: a signal that is lost in a crash is no loss.
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
	 * Without an order and a limit, a plan that does not know the id would read the whole
	 * table.
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
	 * @return their rows
	 */
	List<Row> insert(List<String> texts) {
		return this.database.execute((session) -> session.list(INSERT,
				(statement) -> statement.setArray(1, statement.getConnection().createArrayOf("text", texts.toArray())),
				SignalTable::row));
	}

	/**
	 * Reads a page of signals.
	 * @param from the first id of the page
	 * @param ids lower ids to read as well
	 * @return the rows that are visible, in the order of their ids
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
	 * @param createdAt when it was inserted; tells it from one that was given the same id
	 * after a crash
	 * @param text what is signalled
	 */
	record Row(long id, Instant createdAt, String text) {

	}

}
