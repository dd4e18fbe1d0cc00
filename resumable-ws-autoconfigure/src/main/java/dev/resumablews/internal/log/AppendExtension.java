package dev.resumablews.internal.log;

import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;

import dev.resumablews.internal.log.AppendStatement.Locking;
import org.jspecify.annotations.Nullable;

/**
 * Contribution of a feature to the append statement: rows to lock, conditions on the
 * events, and changes that are committed together with the events. The contributions are
 * common table expressions (CTEs) of the one statement, and are left out if no request of
 * a batch concerns the feature. Changes are also left out if no request of a batch
 * changes anything, which is true of most batches: Postgres prepares each CTE for every
 * execution, even if it finds no row.
 */
public interface AppendExtension {

	/**
	 * Returns whether a request needs this extension.
	 * @param request the request
	 * @return whether it does
	 */
	boolean concerns(AppendRequest request);

	/**
	 * Returns whether a request needs the {@link #changes()} or the {@link #compaction()}
	 * of this extension.
	 * @param request the request
	 * @return whether it does
	 */
	boolean changes(AppendRequest request);

	/**
	 * Returns the columns that this extension adds to the {@code input}.
	 * @return the columns that {@link #locks} and {@link #condition()} use
	 */
	List<Column> columns();

	/**
	 * Returns the columns that this extension adds to the {@code input} of a statement
	 * with changes.
	 * @return the columns that only {@link #changes()} and {@link #compaction()} use
	 */
	List<Column> changeColumns();

	/**
	 * Returns the name of the CTE with the rows that this extension has locked.
	 * @return the name
	 */
	String claimed();

	/**
	 * Returns the name of the CTE with the {@code session_id} of the rows that are locked
	 * by another transaction.
	 * @return the name
	 */
	String contended();

	/**
	 * Returns the CTEs that lock the rows of this extension, including
	 * {@link #claimed()}. They run after {@code locked} has locked the sessions.
	 * @param locking how to handle locked rows. If they are to be reported, the CTEs
	 * include {@link #contended()}
	 * @return the CTEs, without a leading or trailing comma
	 */
	String locks(Locking locking);

	/**
	 * Returns the join with {@code input i} and {@code locked l}.
	 * @return a full join of {@link #claimed()}
	 */
	String join();

	/**
	 * Returns the condition under which an event is stored, on {@code i} and the joined
	 * tables.
	 * @return the condition
	 */
	String condition();

	/**
	 * Returns the CTE that deletes the events which those in {@code fresh} replace or
	 * make obsolete. It is named {@code compacted}, has no parameters, and returns the
	 * {@code
	 * session_id} and the payload size in {@code bytes} of each deleted event.
	 * @return the CTE, without a leading or trailing comma; null if this extension
	 * deletes no events
	 */
	@Nullable String compaction();

	/**
	 * Returns the CTEs that change the tables of this extension for the events in {@code
	 * fresh}.
	 * @return the CTEs, without a leading or trailing comma
	 */
	String changes();

	/**
	 * Sets the parameters of {@link #locks}.
	 * @param statement the statement
	 * @param index index of the first parameter
	 * @param batch all requests
	 * @return index of the parameter after the last one
	 * @throws SQLException if a parameter cannot be set
	 */
	int setLocks(PreparedStatement statement, int index, List<AppendRequest> batch) throws SQLException;

	/**
	 * Sets the parameters of {@link #changes}.
	 * @param statement the statement
	 * @param index index of the first parameter
	 * @return index of the parameter after the last one
	 * @throws SQLException if a parameter cannot be set
	 */
	int setChanges(PreparedStatement statement, int index) throws SQLException;

	/**
	 * A column of the {@code input}.
	 *
	 * @param name its name
	 * @param type its Postgres type
	 * @param value returns its value for a request
	 */
	record Column(String name, String type, Function<AppendRequest, @Nullable Object> value) {

		Array array(Connection connection, List<AppendRequest> batch) throws SQLException {
			@Nullable Object[] values = values(batch.size());
			boolean empty = true;
			for (int i = 0; i < values.length; i++) {
				@Nullable Object each = this.value.apply(batch.get(i));
				values[i] = each;
				empty &= each == null;
			}
			// unnest treats an empty array like an array of nulls
			return connection.createArrayOf(this.type, empty ? values(0) : values);
		}

		/**
		 * Creates a typed array. The driver sends it in binary form, whereas it sends an
		 * array of objects as text that it must quote and Postgres must parse.
		 */
		private @Nullable Object[] values(int size) {
			return switch (this.type) {
				case "uuid" -> new @Nullable UUID[size];
				case "bigint" -> new @Nullable Long[size];
				case "bool" -> new @Nullable Boolean[size];
				default -> new @Nullable String[size];
			};
		}

	}

}
