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
 * Takes connections out of their pool that lead to a server which cannot be written to.
 * The pool would hand them out again for as long as they live, although the address may
 * lead to another server by now.
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
			logger.debug("A connection could not be taken out of its pool", ex);
		}
	}

	/**
	 * Closes the physical connection when the current transaction has ended.
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
	 * Apart from the rest, as Hikari need not be there.
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
