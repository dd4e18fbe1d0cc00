package dev.resumablews.internal.jdbc;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;

import dev.resumablews.internal.schema.SchemaName;

/**
 * How statements are run. Their texts are made once, so that the driver finds a statement
 * that it has prepared by a text whose hash it need not compute again. Safe for use by
 * many threads.
 */
final class JdbcSettings {

	/**
	 * No transaction of the library waits for anything but Postgres, so one that is idle
	 * for longer belongs to a node that is frozen or unreachable, and holds locks.
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
	 * @param statementTimeout how long the client waits for the answer to a statement;
	 * less than a millisecond counts as one
	 * @param operatorEpoch what the operator adds to the epoch; without a quote
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
	 * Prepares a statement: names the schema of the tables and functions, and gives
	 * {@code ws_epoch()} the operator's part of the epoch.
	 * @param statement one of the statements of the library, of which there are few
	 */
	String sql(String statement) {
		return this.texts.computeIfAbsent(statement,
				(text) -> this.schema.qualify(text.replace("ws_epoch()", this.epoch)));
	}

	/**
	 * Prepares a statement, in front of which the server is given the isolation level and
	 * the bounds of the current transaction, in {@value #BOUNDING_STATEMENTS} statements.
	 * @param statement one of the statements of the library, of which there are few
	 */
	String boundedSql(String statement) {
		return this.boundedTexts.computeIfAbsent(statement, (text) -> this.bounds + sql(text));
	}

	/**
	 * Returns whether a mix-up of prepared statements is the first one, which is
	 * reported.
	 */
	boolean isFirstMixUp() {
		return this.mixedUp.compareAndSet(false, true);
	}

	int networkTimeoutMillis() {
		return (int) Math.min(Integer.MAX_VALUE, this.statementTimeout.toMillis());
	}

	/**
	 * Returns the time after which the server ends a statement: a tenth, and two seconds
	 * at most, before the client stops to wait for it.
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
	 */
	private String bounds() {
		return ("set transaction_isolation = 'read committed'; select set_config('statement_timeout', '%d', true), set_config('lock_timeout', '%d', true), "
				+ "set_config('idle_in_transaction_session_timeout', '%d', true); ")
			.formatted(serverTimeout().toMillis(), lockTimeout().toMillis(), IDLE_IN_TRANSACTION.toMillis());
	}

}
