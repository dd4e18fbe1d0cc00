package dev.resumablews.internal.jdbc;

import java.time.Duration;

import dev.resumablews.internal.schema.SchemaName;

/**
 * How statements are run. Immutable.
 *
 * @param schema the schema of the tables
 * @param statementTimeout how long the client waits for the answer to a statement, at
 * least a millisecond
 * @param operatorEpoch what the operator adds to the epoch; without a quote
 */
record JdbcSettings(SchemaName schema, Duration statementTimeout, String operatorEpoch) {

	/**
	 * No transaction of the library waits for anything but Postgres, so one that is idle
	 * for longer belongs to a node that is frozen or unreachable, and holds locks.
	 */
	private static final Duration IDLE_IN_TRANSACTION = Duration.ofSeconds(5);

	private static final Duration LONGEST_LOCK_WAIT = Duration.ofSeconds(10);

	JdbcSettings {
		statementTimeout = (statementTimeout.toMillis() < 1) ? Duration.ofMillis(1) : statementTimeout;
	}

	/**
	 * Prepares a statement: names the schema of the tables and functions, and gives
	 * {@code ws_epoch()} the operator's part of the epoch.
	 */
	String sql(String statement) {
		return this.schema.qualify(statement.replace("ws_epoch()", "ws_epoch('" + this.operatorEpoch + "')"));
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
	 * Returns the statement that gives the server its bounds for the current transaction.
	 */
	String bounds() {
		return ("select set_config('statement_timeout', '%d', true), set_config('lock_timeout', '%d', true), "
				+ "set_config('idle_in_transaction_session_timeout', '%d', true); ")
			.formatted(serverTimeout().toMillis(), lockTimeout().toMillis(), IDLE_IN_TRANSACTION.toMillis());
	}

}
