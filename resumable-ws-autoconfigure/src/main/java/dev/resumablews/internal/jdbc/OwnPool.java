package dev.resumablews.internal.jdbc;

import java.sql.SQLException;
import java.time.Duration;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.SQLExceptionOverride;

/**
 * The library's own small Hikari pool, with the settings of the application's. Apart from
 * the rest, as Hikari need not be there.
 */
final class OwnPool {

	/**
	 * Leases are renewed within seconds, so nothing may wait for a connection for as long
	 * as an application's request may.
	 */
	private static final Duration CONNECTION_TIMEOUT = Duration.ofSeconds(5);

	private static final Duration IDLE_TIMEOUT = Duration.ofMinutes(2);

	private OwnPool() {
	}

	/**
	 * Creates a pool.
	 * @param config where the database is, and what else the application has set
	 * @param size how many connections the pool may have
	 * @return the pool
	 */
	static HikariDataSource create(HikariConfig config, int size) {
		config.setMetricsTrackerFactory(null);
		config.setPoolName("resumable-ws");
		config.setMaximumPoolSize(size);
		config.setMinimumIdle(1);
		config.setIdleTimeout(IDLE_TIMEOUT.toMillis());
		config.setConnectionTimeout(CONNECTION_TIMEOUT.toMillis());
		config.setInitializationFailTimeout(-1);
		config.setAutoCommit(true);
		config.setReadOnly(false);
		config.setRegisterMbeans(false);
		config.setLeakDetectionThreshold(0);
		config.setTransactionIsolation("TRANSACTION_READ_COMMITTED");
		config.setExceptionOverride(new GiveUpReadOnly());
		return new HikariDataSource(config);
	}

	/**
	 * Gives up connections to a server that has become read-only, as after a failover:
	 * new ones lead to the new primary.
	 */
	static final class GiveUpReadOnly implements SQLExceptionOverride {

		@java.lang.Override
		public SQLExceptionOverride.Override adjudicate(SQLException ex) {
			return SqlStates.isReadOnly(ex) ? SQLExceptionOverride.Override.MUST_EVICT
					: SQLExceptionOverride.Override.CONTINUE_EVICT;
		}

	}

}
