package dev.resumablews.internal.log;

import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;

import org.jspecify.annotations.Nullable;

/**
 * What a feature adds to the append statement: rows that it locks, conditions on what is
 * stored, and changes that are committed together with the events. The parts are common
 * table expressions of the one statement, and are left out when no request of a batch
 * concerns the feature.
 */
public interface AppendExtension {

	/**
	 * Returns whether a request needs the feature's parts.
	 * @param request the request
	 * @return whether it does
	 */
	boolean concerns(AppendRequest request);

	/**
	 * Returns the columns that the feature adds to the {@code input}.
	 * @return the columns
	 */
	List<Column> columns();

	/**
	 * Returns the name of the expression that has the rows that the feature has locked.
	 * @return the name
	 */
	String claimed();

	/**
	 * Returns the name of the expression that has the {@code session_id} of those rows
	 * that another transaction has locked.
	 * @return the name
	 */
	String contended();

	/**
	 * Returns the expressions that lock the feature's rows, after {@code locked} has
	 * locked those of the sessions, {@link #claimed()} and {@link #contended()} among
	 * them.
	 * @param skipLocked whether to leave out rows that are locked, instead of waiting
	 * @return the expressions, without a comma at either end
	 */
	String locks(boolean skipLocked);

	/**
	 * Returns what is joined to {@code input i} and {@code locked l}.
	 * @return a full join of {@link #claimed()}
	 */
	String join();

	/**
	 * Returns the condition for an event to be stored, on {@code i} and what is joined.
	 * @return the condition
	 */
	String condition();

	/**
	 * Returns the expression that deletes the events which those in {@code fresh} replace
	 * or make obsolete. It is named {@code compacted}, has no parameters, and returns the
	 * {@code session_id} and the {@code bytes} of the payload of each.
	 * @return the expression, without a comma at either end; null if the feature deletes
	 * none
	 */
	@Nullable String compaction();

	/**
	 * Returns the expressions that change the feature's tables for the events in
	 * {@code fresh}.
	 * @return the expressions, without a comma at either end
	 */
	String changes();

	/**
	 * Sets the parameters of {@link #locks}.
	 * @param statement the statement
	 * @param index index of the first of the parameters
	 * @param batch all requests
	 * @return index of the parameter after the last one
	 * @throws SQLException if one cannot be set
	 */
	int setLocks(PreparedStatement statement, int index, List<AppendRequest> batch) throws SQLException;

	/**
	 * Sets the parameters of {@link #changes}.
	 * @param statement the statement
	 * @param index index of the first of the parameters
	 * @return index of the parameter after the last one
	 * @throws SQLException if one cannot be set
	 */
	int setChanges(PreparedStatement statement, int index) throws SQLException;

	/**
	 * A column of the {@code input}.
	 *
	 * @param name its name
	 * @param type its type in Postgres
	 * @param value its value for a request
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
			// to unnest, an empty array is the same as one of nulls
			return connection.createArrayOf(this.type, empty ? values(0) : values);
		}

		/**
		 * The driver sends an array of a known class in binary, and one of objects as a
		 * text that it has to quote and Postgres to parse.
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
