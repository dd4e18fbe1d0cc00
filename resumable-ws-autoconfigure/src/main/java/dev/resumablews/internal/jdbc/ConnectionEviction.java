package dev.resumablews.internal.jdbc;

import java.sql.Connection;
import java.sql.SQLException;

import javax.sql.DataSource;

import com.zaxxer.hikari.HikariDataSource;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;
import org.springframework.util.ClassUtils;

/**
 * Evicts connections from their pool if their server no longer accepts writes. The pool
 * would otherwise reuse them until the end of their lifetime, although the address may
 * lead to a different server by now.
 */
final class ConnectionEviction {

	private static final Log logger = LogFactory.getLog(ConnectionEviction.class);

	private static final boolean HIKARI = ClassUtils.isPresent("com.zaxxer.hikari.HikariDataSource",
			ConnectionEviction.class.getClassLoader());

	private ConnectionEviction() {
	}

	/**
	 * Closes the physical connection.
	 */
	static void evict(DataSource dataSource, Connection connection) {
		try {
			if (HIKARI && Hikari.evict(dataSource, connection)) {
				return;
			}
			connection.abort(Runnable::run);
		}
		catch (SQLException ex) {
			logger.debug("Could not evict a connection from its pool", ex);
		}
	}

	/**
	 * Closes the physical connection after the current transaction.
	 */
	static void evictAfterTransaction(DataSource dataSource, Connection connection) {
		if (TransactionSynchronizationManager.isSynchronizationActive()) {
			TransactionSynchronizationManager.registerSynchronization(new TransactionSynchronization() {

				@Override
				public void afterCompletion(int status) {
					evict(dataSource, connection);
				}

			});
		}
	}

	/**
	 * Separate class, because Hikari is optional.
	 */
	private static final class Hikari {

		static boolean evict(DataSource dataSource, Connection connection) throws SQLException {
			if (!dataSource.isWrapperFor(HikariDataSource.class)) {
				return false;
			}
			dataSource.unwrap(HikariDataSource.class).evictConnection(connection);
			return connection.isClosed();
		}

	}

}
