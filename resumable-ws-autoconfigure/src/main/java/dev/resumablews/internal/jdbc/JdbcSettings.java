package dev.resumablews.internal.jdbc;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;

import dev.resumablews.internal.schema.SchemaName;

/**
 * Settings for running statements. Caches the text of each statement, so that the driver
 * finds its prepared statement by a string with a cached hash code. Safe for use by many
 * threads.
 */
final class JdbcSettings {

	/**
	 * Time limit for idle transactions. The library's transactions wait only for
	 * Postgres, so a transaction that is idle for longer belongs to a frozen or
	 * unreachable node and still holds its locks.
	 */
	private static final Duration IDLE_IN_TRANSACTION = Duration.ofSeconds(5);

	private static final Duration LONGEST_LOCK_WAIT = Duration.ofSeconds(10);

	static final int BOUNDING_STATEMENTS = 2;

	private final SchemaName schema;

	private final Duration statementTimeout;

	private final String epoch;

	private final String bounds;

	private final Map<String, String> texts = new ConcurrentHashMap<>();

	private final Map<String, String> boundedTexts = new ConcurrentHashMap<>();

	private final AtomicBoolean mixedUp = new AtomicBoolean();

	/**
	 * Creates settings.
	 * @param schema the schema of the tables
	 * @param statementTimeout time limit for a response on the client; at least one
	 * millisecond is used
	 * @param operatorEpoch the operator's part of the epoch; must not contain a quote
	 */
	JdbcSettings(SchemaName schema, Duration statementTimeout, String operatorEpoch) {
		this.schema = schema;
		this.statementTimeout = (statementTimeout.toMillis() < 1) ? Duration.ofMillis(1) : statementTimeout;
		this.epoch = "ws_epoch('" + operatorEpoch + "')";
		this.bounds = bounds();
	}

	Duration statementTimeout() {
		return this.statementTimeout;
	}

	/**
	 * Prepares the text of a statement: qualifies the names of tables and functions, and
	 * adds the operator's part of the epoch to {@code ws_epoch()}.
	 * @param statement one of the library's few statements
	 */
	String sql(String statement) {
		return this.texts.computeIfAbsent(statement,
				(text) -> this.schema.qualify(text.replace("ws_epoch()", this.epoch)));
	}

	/**
	 * Prepares the text of a statement, preceded by the isolation level, the server's
	 * limits and the choice of plans for the current transaction, in
	 * {@value #BOUNDING_STATEMENTS} statements.
	 * @param statement one of the library's few statements
	 */
	String boundedSql(String statement) {
		return this.boundedTexts.computeIfAbsent(statement, (text) -> this.bounds + sql(text));
	}

	/**
	 * Returns whether this is the first mix-up of prepared statements, which is logged.
	 */
	boolean isFirstMixUp() {
		return this.mixedUp.compareAndSet(false, true);
	}

	int networkTimeoutMillis() {
		return (int) Math.min(Integer.MAX_VALUE, this.statementTimeout.toMillis());
	}

	/**
	 * Returns the time limit for a statement on the server. It is shorter than the
	 * client's by a tenth, but at most by two seconds.
	 */
	Duration serverTimeout() {
		long millis = this.statementTimeout.toMillis();
		return Duration.ofMillis(Math.max(1, millis - Math.min(2000, Math.max(1, millis / 10))));
	}

	Duration lockTimeout() {
		Duration half = serverTimeout().dividedBy(2);
		return (half.compareTo(LONGEST_LOCK_WAIT) < 0) ? half.plusMillis(1) : LONGEST_LOCK_WAIT;
	}

	/**
	 * The isolation level comes first, as it cannot be set once a statement has a
	 * snapshot. Without {@code local}, as Postgres warns of that outside of a transaction
	 * block; it lasts for the transaction either way.
	 * <p>
	 * Statements are planned once for each connection, without their parameters, and read
	 * tables by their indexes only. If left to choose, Postgres plans statements with a
	 * limit or an array again for each execution, which takes longer than executing them,
	 * and reads a table that was small when a statement was planned row by row, even when
	 * it has thousands of dead rows a minute later. The costs of a disabled scan must not
	 * trigger the compiler.
	 */
	private String bounds() {
		return ("set transaction_isolation = 'read committed'; select set_config('statement_timeout', '%d', true), set_config('lock_timeout', '%d', true), "
				+ "set_config('idle_in_transaction_session_timeout', '%d', true), "
				+ "set_config('plan_cache_mode', 'force_generic_plan', true), "
				+ "set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true); ")
			.formatted(serverTimeout().toMillis(), lockTimeout().toMillis(), IDLE_IN_TRANSACTION.toMillis());
	}

}
