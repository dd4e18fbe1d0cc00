package dev.resumablews.internal.publish;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.function.Supplier;

import javax.sql.DataSource;

import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.internal.jdbc.TransactionalDataSource;
import org.jspecify.annotations.Nullable;

import org.springframework.jdbc.datasource.ConnectionHolder;
import org.springframework.jdbc.datasource.DataSourceUtils;
import org.springframework.jdbc.datasource.JdbcTransactionObjectSupport;
import org.springframework.transaction.TransactionExecution;
import org.springframework.transaction.TransactionExecutionListener;
import org.springframework.transaction.support.DefaultTransactionStatus;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/**
 * Attaches a {@link TransactionalPublisher} to each transaction on the application's
 * {@code DataSource}. A transaction synchronization alone is not sufficient: if it is
 * registered late, Spring silently skips its call before the commit. Transactions are
 * identified by their connection, because a transaction of another transaction manager
 * may run within one of them. Safe for use by many threads.
 */
final class TransactionTracker implements TransactionExecutionListener {

	private final Supplier<DataSource> dataSource;

	TransactionTracker(Supplier<DataSource> dataSource) {
		this.dataSource = dataSource;
	}

	/**
	 * Returns the publisher of the current transaction.
	 * @return the publisher; null if there is no transaction or it has ended
	 * @throws IllegalStateException if the current transaction is not tracked
	 */
	@Nullable TransactionalPublisher current() {
		DataSource key = TransactionalDataSource.bound(this.dataSource.get());
		if (key == null || !(TransactionSynchronizationManager.getResource(key) instanceof ConnectionHolder holder)) {
			return null;
		}
		TransactionalPublisher publisher = find(holder);
		if (publisher != null) {
			return publisher.isOver() ? null : publisher;
		}
		if (!isAutoCommit(key, holder)) {
			throw new IllegalStateException("The transaction manager of the current transaction does not report to "
					+ "resumable-ws, which therefore cannot store an event with this transaction. Declare the "
					+ "transaction manager as a bean, or add the bean 'resumableWsTransactionTracker' to its listeners "
					+ "and leave its transaction synchronization on");
		}
		return null;
	}

	@Override
	public void afterBegin(TransactionExecution transaction, @Nullable Throwable beginFailure) {
		if (beginFailure != null || !(transaction instanceof DefaultTransactionStatus status)
				|| !status.isNewTransaction() || !status.isNewSynchronization()
				|| !(status.getTransaction() instanceof JdbcTransactionObjectSupport object)
				|| !object.hasConnectionHolder()) {
			return;
		}
		DataSource key = TransactionalDataSource.bound(this.dataSource.get());
		if (key == null || TransactionSynchronizationManager.getResource(key) != object.getConnectionHolder()) {
			return;
		}
		TransactionalPublisher enclosing = innermost();
		while (enclosing != null && enclosing.isUnknown()) {
			// Spring does not always report the end of a transaction with an unknown
			// outcome
			enclosing = enclosing.enclosing();
		}
		TransactionalPublisher publisher = new TransactionalPublisher(status, key, object.getConnectionHolder(),
				enclosing);
		bind(publisher);
		TransactionSynchronizationManager.registerSynchronization(publisher);
	}

	@Override
	public void beforeCommit(TransactionExecution transaction) {
		TransactionalPublisher publisher = find(transaction);
		if (publisher != null) {
			publisher.prepareCommit();
		}
	}

	@Override
	public void afterCommit(TransactionExecution transaction, @Nullable Throwable commitFailure) {
		forget(transaction);
	}

	@Override
	public void afterRollback(TransactionExecution transaction, @Nullable Throwable rollbackFailure) {
		forget(transaction);
	}

	/**
	 * Returns whether the connection is not part of a transaction, which is the case for
	 * a synchronization started by the transaction manager of another resource.
	 */
	static boolean isAutoCommit(DataSource key, ConnectionHolder holder) {
		if (holder.getConnectionHandle() == null) {
			return true;
		}
		Connection connection = DataSourceUtils.getConnection(key);
		try {
			return connection.getAutoCommit();
		}
		catch (SQLException ex) {
			throw new EventLogUnavailableException("The transaction's connection is broken: " + ex.getMessage(), ex);
		}
		finally {
			DataSourceUtils.releaseConnection(connection, key);
		}
	}

	private void forget(TransactionExecution transaction) {
		TransactionalPublisher publisher = find(transaction);
		if (publisher != null) {
			bind(publisher.enclosing());
		}
	}

	private void bind(@Nullable TransactionalPublisher publisher) {
		TransactionSynchronizationManager.unbindResourceIfPossible(this);
		if (publisher != null) {
			TransactionSynchronizationManager.bindResource(this, publisher);
		}
	}

	private @Nullable TransactionalPublisher innermost() {
		return (TransactionalPublisher) TransactionSynchronizationManager.getResource(this);
	}

	private @Nullable TransactionalPublisher find(ConnectionHolder holder) {
		TransactionalPublisher publisher = innermost();
		while (publisher != null && publisher.holder() != holder) {
			publisher = publisher.enclosing();
		}
		return publisher;
	}

	private @Nullable TransactionalPublisher find(TransactionExecution transaction) {
		TransactionalPublisher publisher = innermost();
		while (publisher != null && publisher.transaction() != transaction) {
			publisher = publisher.enclosing();
		}
		return publisher;
	}

}
