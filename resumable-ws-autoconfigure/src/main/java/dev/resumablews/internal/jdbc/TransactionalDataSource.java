package dev.resumablews.internal.jdbc;

import javax.sql.DataSource;

import org.jspecify.annotations.Nullable;

import org.springframework.jdbc.datasource.DelegatingDataSource;
import org.springframework.jdbc.datasource.TransactionAwareDataSourceProxy;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/**
 * Finds the {@code DataSource} to which a transaction manager has bound the current
 * thread's connection. Transaction managers and applications may wrap the same pool
 * differently: managers unwrap a {@code TransactionAwareDataSourceProxy}, for example.
 */
public final class TransactionalDataSource {

	private TransactionalDataSource() {
	}

	/**
	 * Returns the {@code DataSource} of the current thread's connection.
	 * @param dataSource the application's bean
	 * @return the bean or the {@code DataSource} that it wraps; null if no connection is
	 * bound
	 */
	public static @Nullable DataSource bound(DataSource dataSource) {
		@Nullable DataSource candidate = dataSource;
		while (candidate != null && !TransactionSynchronizationManager.hasResource(candidate)) {
			candidate = (candidate instanceof DelegatingDataSource proxy) ? proxy.getTargetDataSource() : null;
		}
		return candidate;
	}

	/**
	 * Returns a {@code DataSource} whose connections do not take part in transactions.
	 */
	static DataSource withoutTransactions(DataSource dataSource) {
		DataSource result = dataSource;
		while (result instanceof TransactionAwareDataSourceProxy proxy && proxy.getTargetDataSource() != null) {
			result = proxy.getTargetDataSource();
		}
		return result;
	}

}
