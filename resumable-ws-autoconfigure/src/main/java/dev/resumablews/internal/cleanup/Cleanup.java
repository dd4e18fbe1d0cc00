package dev.resumablews.internal.cleanup;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

import javax.sql.DataSource;

import dev.resumablews.ResumableWsListener;
import dev.resumablews.internal.schema.SchemaName;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import org.springframework.dao.DataAccessException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.TransactionException;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Removes what is no longer needed, in many short transactions. It goes by the database's
 * clock. One node at a time does it: each transaction takes an advisory lock, and a node
 * that does not get it leaves the work to the one that has it. May be run by many threads
 * at once, for the same reason.
 */
final class Cleanup implements Runnable {

	private static final Log log = LogFactory.getLog(Cleanup.class);

	/**
	 * Bounds one sweep, so that a backlog of one kind does not keep the others waiting.
	 */
	private static final Duration SWEEP_TIME = Duration.ofMinutes(5);

	/**
	 * A transaction is followed by a pause as many times as long as it took. So removing
	 * takes at most a tenth of the time, and less of it the more the database has to do.
	 */
	private static final int PAUSE_FACTOR = 9;

	private static final Duration TRANSACTION_TIMEOUT = Duration.ofSeconds(30);

	/**
	 * By schema, as applications may share a database.
	 */
	private static final String LOCK = """
			select pg_try_advisory_xact_lock(
				hashtextextended('resumable-ws cleanup ' || coalesce(nullif(?, ''), current_schema()), 0))
			""";

	private final JdbcClient jdbc;

	private final TransactionTemplate transaction;

	private final SchemaName schema;

	private final CleanupSettings settings;

	private final ResumableWsListener listener;

	Cleanup(DataSource dataSource, SchemaName schema, CleanupSettings settings, ResumableWsListener listener) {
		this.jdbc = JdbcClient.create(dataSource);
		this.transaction = new TransactionTemplate(new JdbcTransactionManager(dataSource));
		this.transaction.setIsolationLevel(TransactionDefinition.ISOLATION_READ_COMMITTED);
		this.transaction.setTimeout((int) TRANSACTION_TIMEOUT.toSeconds());
		this.schema = schema;
		this.settings = settings;
		this.listener = listener;
	}

	/**
	 * Removes all there is to remove, unless another node does. Ends early when the
	 * thread is interrupted. Does not throw.
	 */
	@Override
	public void run() {
		List<SweepResult> removed = new ArrayList<>();
		try {
			for (Sweep sweep : sweeps()) {
				if (!complete(sweep, removed)) {
					break;
				}
			}
		}
		catch (DataAccessException | TransactionException ex) {
			if (!Thread.currentThread().isInterrupted()) {
				log.warn("Cleanup failed, and is tried again at its next run: " + ex.getMostSpecificCause());
			}
		}
		report(removed.stream().reduce(SweepResult.NOTHING, SweepResult::and));
	}

	private List<Sweep> sweeps() {
		List<Sweep> sweeps = new ArrayList<>();
		sweeps.add(ExpiredRowsSweep.liveConnections(this.jdbc, this.schema, this.settings));
		sweeps.add(ExpiredRowsSweep.idempotencyKeys(this.jdbc, this.schema, this.settings));
		if (this.settings.sessionTtl().toMillis() > 0) {
			sweeps.add(new IdleSessionsSweep(this.jdbc, this.schema, this.settings));
		}
		if (this.settings.eventTtl().toMillis() > 0) {
			sweeps.add(ExpiredRowsSweep.events(this.jdbc, this.schema, this.settings));
		}
		return sweeps;
	}

	/**
	 * Completes a sweep, or as much as there is time for.
	 * @return whether to go on with the next one
	 */
	private boolean complete(Sweep sweep, List<SweepResult> removed) {
		long start = System.nanoTime();
		while (!Thread.currentThread().isInterrupted()) {
			long begun = System.nanoTime();
			Optional<Sweep.Batch> batch = this.transaction
				.execute((status) -> isAlone() ? Optional.of(sweep.next()) : Optional.empty());
			if (batch == null || batch.isEmpty()) {
				return false;
			}
			removed.add(batch.get().removed());
			if (!batch.get().more() || System.nanoTime() - start > SWEEP_TIME.toNanos()) {
				return true;
			}
			// ends early, too, when the thread is interrupted
			LockSupport.parkNanos(PAUSE_FACTOR * (System.nanoTime() - begun));
		}
		return false;
	}

	private boolean isAlone() {
		return this.jdbc.sql(LOCK).param(this.schema.value()).query(Boolean.class).single();
	}

	private void report(SweepResult removed) {
		if (removed.rows().isEmpty()) {
			return;
		}
		log.info("Cleanup removed " + removed);
		removed.rows().forEach(this.listener::onCleanedUp);
	}

}
