package dev.resumablews.log;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.UnknownSessionException;
import dev.resumablews.log.AppendStatement.Outcome;
import org.jspecify.annotations.Nullable;

import org.springframework.jdbc.datasource.DataSourceUtils;
import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/**
 * What one transaction of the application appends: stored by it shortly before it
 * commits, so that it holds the lock of the session's row for as short as possible, and
 * delivered after it has committed. Used by the transaction's thread.
 */
final class TransactionalAppends implements TransactionSynchronization {

	private final Database database;

	private final AppendStatement statement;

	private final SessionFeeds feeds;

	private final List<PendingAppend> waiting = new ArrayList<>();

	private final Map<UUID, List<SessionFeed.Recent>> stored = new LinkedHashMap<>();

	private final Map<Object, Integer> savepoints = new HashMap<>();

	private boolean committing;

	private TransactionalAppends(Database database, AppendStatement statement, SessionFeeds feeds) {
		this.database = database;
		this.statement = statement;
		this.feeds = feeds;
	}

	/**
	 * Returns what the current transaction appends.
	 * @return the appends, or null if there is no transaction on this database
	 */
	static @Nullable TransactionalAppends current(Database database, AppendStatement statement, SessionFeeds feeds) {
		if (!TransactionSynchronizationManager.isSynchronizationActive()
				|| !TransactionSynchronizationManager.isActualTransactionActive()
				|| !TransactionSynchronizationManager.hasResource(database.dataSource())) {
			return null;
		}
		for (TransactionSynchronization synchronization : TransactionSynchronizationManager.getSynchronizations()) {
			if (synchronization instanceof TransactionalAppends appends && appends.database == database) {
				return appends;
			}
		}
		TransactionalAppends appends = new TransactionalAppends(database, statement, feeds);
		TransactionSynchronizationManager.registerSynchronization(appends);
		return appends;
	}

	void append(Draft draft) {
		this.waiting.add(new PendingAppend(draft, System.nanoTime()));
		if (this.committing) {
			store();
		}
	}

	@Override
	public void savepoint(Object savepoint) {
		this.savepoints.put(savepoint, this.waiting.size());
	}

	@Override
	public void savepointRollback(Object savepoint) {
		int size = this.savepoints.getOrDefault(savepoint, 0);
		this.waiting.subList(size, this.waiting.size()).clear();
	}

	@Override
	public void beforeCommit(boolean readOnly) {
		this.committing = true;
		store();
	}

	@Override
	public void afterCommit() {
		this.stored.forEach(this.feeds::committed);
	}

	private void store() {
		if (this.waiting.isEmpty()) {
			return;
		}
		Connection connection = DataSourceUtils.getConnection(this.database.dataSource());
		try {
			Outcome outcome = this.statement.execute(connection, this.waiting);
			for (int i = 0; i < this.waiting.size(); i++) {
				PendingAppend append = this.waiting.get(i);
				Appended appended = outcome.appended().get(i);
				if (appended == null) {
					throw new UnknownSessionException(append.draft().sessionId());
				}
				this.stored.computeIfAbsent(append.draft().sessionId(), (id) -> new ArrayList<>())
					.add(SessionFeed.Recent.of(append.draft(), append.payload(), appended));
			}
			this.waiting.clear();
		}
		catch (SQLException ex) {
			throw new EventLogUnavailableException("The event could not be stored: " + ex.getMessage(), ex);
		}
		finally {
			DataSourceUtils.releaseConnection(connection, this.database.dataSource());
		}
	}

}
