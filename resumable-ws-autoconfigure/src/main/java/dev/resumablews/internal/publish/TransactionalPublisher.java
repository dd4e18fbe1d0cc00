package dev.resumablews.internal.publish;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

import javax.sql.DataSource;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.core.Ordered;
import org.springframework.jdbc.datasource.ConnectionHolder;
import org.springframework.transaction.support.DefaultTransactionStatus;
import org.springframework.transaction.support.TransactionSynchronization;

/**
 * Publishes as part of one transaction of the application. The transaction passes through
 * these phases:
 * <ol>
 * <li>{@code COLLECTING}, until Spring has called every synchronization before the
 * commit: operations are collected in order;
 * <li>{@code COMMITTING}, until the commit: the persistence context has been flushed and
 * all operations were executed, so the transaction locks the rows of the sessions last.
 * Operations of entity listeners are now executed immediately;
 * <li>{@code COMMITTED}, {@code ROLLED_BACK} or {@code UNKNOWN}: the transaction has
 * ended. Further operations are not part of it.
 * </ol>
 * Used by the transaction's thread.
 */
final class TransactionalPublisher implements TransactionSynchronization {

	private static final Log logger = LogFactory.getLog(TransactionalPublisher.class);

	private final DefaultTransactionStatus transaction;

	private final DataSource dataSource;

	private final ConnectionHolder holder;

	private final @Nullable TransactionalPublisher enclosing;

	private final List<Operation> waiting = new ArrayList<>();

	/**
	 * Number of collected operations by savepoint. Savepoints set before the first
	 * operation are absent.
	 */
	private final Map<Object, Integer> savepoints = new HashMap<>();

	private @Nullable TransactionalStore store;

	private @Nullable StoredOperations stored;

	/**
	 * Whether operations were executed during the commit.
	 */
	private boolean late;

	private Phase phase = Phase.COLLECTING;

	/**
	 * Creates the publisher of a transaction that has begun.
	 * @param dataSource the key of its connection
	 * @param holder its connection
	 * @param enclosing the publisher to restore afterwards, whose transaction is
	 * suspended or uses another connection
	 */
	TransactionalPublisher(DefaultTransactionStatus transaction, DataSource dataSource, ConnectionHolder holder,
			@Nullable TransactionalPublisher enclosing) {
		this.transaction = transaction;
		this.dataSource = dataSource;
		this.holder = holder;
		this.enclosing = enclosing;
	}

	DefaultTransactionStatus transaction() {
		return this.transaction;
	}

	ConnectionHolder holder() {
		return this.holder;
	}

	@Nullable TransactionalPublisher enclosing() {
		return this.enclosing;
	}

	/**
	 * Returns whether the transaction has ended. Hibernate calls its listeners after the
	 * commit but before Spring processes it.
	 */
	boolean isOver() {
		return switch (this.phase) {
			case COLLECTING -> false;
			case COMMITTING -> TransactionTracker.isAutoCommit(this.dataSource, this.holder);
			case COMMITTED, ROLLED_BACK, UNKNOWN -> true;
		};
	}

	boolean isUnknown() {
		return this.phase == Phase.UNKNOWN;
	}

	/**
	 * Returns whether this transaction closes a session.
	 */
	boolean closes(UUID sessionId) {
		return this.waiting.contains(new Operation.Close(sessionId));
	}

	/**
	 * Adds an operation to the transaction.
	 * @param operation the operation
	 * @param store executes the operation
	 * @throws IllegalStateException if the transaction is read-only
	 */
	void add(Operation operation, TransactionalStore store) {
		if (this.transaction.isReadOnly()) {
			throw new IllegalStateException(
					"A read-only transaction cannot publish to a session or close one. Make the "
							+ "transaction writable, or do it in another one, for example with Propagation.REQUIRES_NEW");
		}
		this.store = store;
		this.waiting.add(operation);
		if (this.phase == Phase.COMMITTING) {
			this.late = true;
			execute(store);
		}
	}

	/**
	 * Executes the collected operations at the end of the transaction.
	 */
	void prepareCommit() {
		TransactionalStore store = this.store;
		if (store != null && !this.waiting.isEmpty()) {
			this.transaction.flush();
			execute(store);
		}
		this.phase = Phase.COMMITTING;
	}

	@Override
	public int getOrder() {
		// called first after the commit, so that operations of other synchronizations do
		// not use
		// the connection of an ended transaction
		return Ordered.HIGHEST_PRECEDENCE;
	}

	@Override
	public void savepoint(Object savepoint) {
		if (!this.waiting.isEmpty()) {
			this.savepoints.put(savepoint, this.waiting.size());
		}
	}

	@Override
	public void savepointRollback(Object savepoint) {
		this.waiting.subList(this.savepoints.getOrDefault(savepoint, 0), this.waiting.size()).clear();
	}

	@Override
	public void afterCommit() {
		this.phase = Phase.COMMITTED;
		TransactionalStore store = this.store;
		if (store != null && this.stored != null) {
			if (this.late) {
				store.commitRest(this.dataSource);
			}
			try {
				store.deliver(this.stored);
			}
			catch (RuntimeException ex) {
				// the transaction is committed, and other nodes deliver its events
				logger.warn("Failed to deliver committed events immediately", ex);
			}
		}
	}

	@Override
	public void afterCompletion(int status) {
		this.phase = switch (status) {
			case STATUS_COMMITTED -> Phase.COMMITTED;
			case STATUS_ROLLED_BACK -> Phase.ROLLED_BACK;
			default -> Phase.UNKNOWN;
		};
	}

	private void execute(TransactionalStore store) {
		StoredOperations stored = (this.stored != null) ? this.stored : new StoredOperations();
		this.stored = stored;
		store.execute(this.dataSource, List.copyOf(this.waiting), stored);
		this.waiting.clear();
	}

	private enum Phase {

		COLLECTING, COMMITTING, COMMITTED, ROLLED_BACK, UNKNOWN

	}

}
