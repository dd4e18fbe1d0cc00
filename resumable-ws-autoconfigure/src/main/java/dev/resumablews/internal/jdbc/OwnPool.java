package dev.resumablews.internal.jdbc;

import java.sql.SQLException;
import java.time.Duration;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.SQLExceptionOverride;

/**
 * Creates the library's own small Hikari pool with the settings of the application's
 * pool. Separate class, because Hikari is optional.
 */
final class OwnPool {

	/**
	 * Shorter than is common for an application's requests, because leases must be
	 * renewed within seconds.
	 */
	private static final Duration CONNECTION_TIMEOUT = Duration.ofSeconds(5);

	private static final Duration IDLE_TIMEOUT = Duration.ofMinutes(2);

	private OwnPool() {
	}

	/**
	 * Creates a pool.
	 * @param config the application's database and pool settings
	 * @param size maximum number of connections
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
		config.setExceptionOverride(new EvictReadOnly());
		return new HikariDataSource(config);
	}

	/**
	 * Evicts connections to a server that has become read-only, for example after a
	 * failover, so that new ones connect to the new primary.
	 */
	static final class EvictReadOnly implements SQLExceptionOverride {

		@java.lang.Override
		public SQLExceptionOverride.Override adjudicate(SQLException ex) {
			return SqlStates.isReadOnly(ex) ? SQLExceptionOverride.Override.MUST_EVICT
					: SQLExceptionOverride.Override.CONTINUE_EVICT;
		}

	}

}
