package dev.resumablews.internal.publish;

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
import dev.resumablews.internal.feed.SessionFeed;
import dev.resumablews.internal.feed.SessionFeeds;
import dev.resumablews.internal.jdbc.JdbcExecutor;
import dev.resumablews.internal.log.AppendRequest;
import dev.resumablews.internal.log.AppendResult;
import dev.resumablews.internal.log.AppendStatement;
import dev.resumablews.internal.log.QueuedAppend;
import org.jspecify.annotations.Nullable;

import org.springframework.jdbc.datasource.DataSourceUtils;
import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/**
 * What one transaction of the application appends, and closes: stored by it shortly
 * before it commits, so that it holds the lock of the session's row for as short as
 * possible, and delivered after it has committed. Used by the transaction's thread.
 */
final class TransactionalPublisher implements TransactionSynchronization {

	private final JdbcExecutor database;

	private final AppendStatement statement;

	private final SessionFeeds feeds;

	private final List<Waiting> waiting = new ArrayList<>();

	private final List<SessionFeed.Recent> stored = new ArrayList<>();

	private final List<Closed> closed = new ArrayList<>();

	private final Map<Object, Savepoint> savepoints = new HashMap<>();

	/**
	 * Whether to store at once what is appended, because the transaction commits already.
	 */
	private boolean committing;

	private TransactionalPublisher(JdbcExecutor database, AppendStatement statement, SessionFeeds feeds) {
		this.database = database;
		this.statement = statement;
		this.feeds = feeds;
		this.committing = calledBeforeCommit();
	}

	/**
	 * Returns what the current transaction appends.
	 * @return the appends, or null if there is no transaction on this database
	 */
	static @Nullable TransactionalPublisher current(JdbcExecutor database, AppendStatement statement,
			SessionFeeds feeds) {
		if (!TransactionSynchronizationManager.isSynchronizationActive()
				|| !TransactionSynchronizationManager.isActualTransactionActive()
				|| !TransactionSynchronizationManager.hasResource(database.dataSource())) {
			return null;
		}
		for (TransactionSynchronization synchronization : TransactionSynchronizationManager.getSynchronizations()) {
			if (synchronization instanceof TransactionalPublisher appends && appends.database == database) {
				return appends;
			}
		}
		TransactionalPublisher appends = new TransactionalPublisher(database, statement, feeds);
		TransactionSynchronizationManager.registerSynchronization(appends);
		return appends;
	}

	/**
	 * Appends an event.
	 * @param required whether the transaction fails if the session is not open
	 */
	void append(AppendRequest draft, boolean required) {
		this.waiting.add(new Waiting(new QueuedAppend(draft, System.nanoTime()), required));
		if (this.committing) {
			store();
		}
	}

	/**
	 * Notes that the transaction has closed a session.
	 * @param lastEventId the last event that was stored in it
	 */
	void closed(UUID sessionId, long lastEventId) {
		this.closed.add(new Closed(sessionId, lastEventId));
	}

	@Override
	public void savepoint(Object savepoint) {
		this.savepoints.put(savepoint, new Savepoint(this.waiting.size(), this.stored.size(), this.closed.size()));
	}

	@Override
	public void savepointRollback(Object savepoint) {
		Savepoint then = this.savepoints.getOrDefault(savepoint, new Savepoint(0, 0, 0));
		this.waiting.subList(then.waiting(), this.waiting.size()).clear();
		this.stored.subList(then.stored(), this.stored.size()).clear();
		this.closed.subList(then.closed(), this.closed.size()).clear();
	}

	@Override
	public void beforeCommit(boolean readOnly) {
		this.committing = true;
		store();
	}

	@Override
	public void afterCommit() {
		Map<UUID, List<SessionFeed.Recent>> news = new LinkedHashMap<>();
		this.stored.forEach(
				(recent) -> news.computeIfAbsent(recent.event().sessionId(), (id) -> new ArrayList<>()).add(recent));
		this.feeds.committed(news);
		this.closed.forEach((session) -> this.feeds.closed(session.sessionId(), session.lastEventId()));
	}

	/**
	 * Tells whether this is called by a synchronization that runs shortly before the
	 * commit. One that is registered only then is not told that the transaction commits.
	 */
	private static boolean calledBeforeCommit() {
		return StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE)
			.walk((frames) -> frames.anyMatch((frame) -> frame.getMethodName().equals("beforeCommit")
					&& TransactionSynchronization.class.isAssignableFrom(frame.getDeclaringClass())));
	}

	private void store() {
		if (this.waiting.isEmpty()) {
			return;
		}
		Connection connection = DataSourceUtils.getConnection(this.database.dataSource());
		try {
			List<QueuedAppend> batch = this.waiting.stream().map(Waiting::append).toList();
			List<@Nullable AppendResult> appended = this.statement.execute(connection, batch);
			for (int i = 0; i < batch.size(); i++) {
				QueuedAppend append = batch.get(i);
				AppendResult event = appended.get(i);
				if (event != null) {
					this.stored.add(append.toFeedEntry(event));
				}
				else if (this.waiting.get(i).required()) {
					throw new UnknownSessionException(append.request().sessionId());
				}
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

	/**
	 * An append that is not stored yet.
	 *
	 * @param append the append
	 * @param required whether the transaction fails if the session is not open
	 */
	private record Waiting(QueuedAppend append, boolean required) {

	}

	/**
	 * How much there was when a savepoint was set.
	 *
	 * @param waiting appends that waited
	 * @param stored events that were stored
	 * @param closed sessions that were closed
	 */
	private record Savepoint(int waiting, int stored, int closed) {

	}

	/**
	 * A session that was closed.
	 *
	 * @param sessionId the session
	 * @param lastEventId the last event that was stored in it
	 */
	private record Closed(UUID sessionId, long lastEventId) {

	}

}
