package dev.resumablews.internal.cleanup;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

import javax.sql.DataSource;

import dev.resumablews.ResumableWsListener;
import dev.resumablews.internal.jdbc.JdbcExecutor;
import dev.resumablews.internal.schema.SchemaName;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import org.springframework.core.NestedRuntimeException;
import org.springframework.dao.DataAccessException;
import org.springframework.jdbc.CannotGetJdbcConnectionException;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.CannotCreateTransactionException;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.TransactionException;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Removes expired rows in many short transactions, according to the database's clock. One
 * node at a time does this: each transaction takes an advisory lock, and a node that does
 * not get it leaves the work to the holder. Therefore safe for use by many threads.
 */
final class Cleanup implements Runnable {

	private static final Log log = LogFactory.getLog(Cleanup.class);

	/**
	 * Time after which the next sweep continues, so that a backlog of one kind of row
	 * does not delay the other sweeps.
	 */
	private static final Duration TURN = Duration.ofSeconds(30);

	/**
	 * Length of the pause after a transaction, as a multiple of its duration. Cleanup
	 * therefore takes at most a tenth of the time, and slows down with the load on the
	 * database.
	 */
	private static final int PAUSE_FACTOR = 9;

	/**
	 * If rows are overdue by more than this time, cleanup does not keep up and may take
	 * half of the time.
	 */
	private static final Duration BACKLOG = Duration.ofHours(1);

	private static final Duration TRANSACTION_TIMEOUT = Duration.ofSeconds(30);

	/**
	 * The server ends a statement slightly before the client does, and a lock wait much
	 * earlier. Locked rows are left to the next run.
	 */
	private static final String BOUNDS = """
			select set_config('statement_timeout', '28s', true), set_config('lock_timeout', '2s', true),
				set_config('idle_in_transaction_session_timeout', '30s', true)
			""";

	/**
	 * Includes the schema, because applications may share a database.
	 */
	private static final String LOCK = """
			select pg_try_advisory_xact_lock(
				hashtextextended('resumable-ws cleanup ' || coalesce(nullif(?, ''), current_schema()), 0))
			""";

	private final JdbcClient jdbc;

	private final SweepStatements statements;

	private final TransactionTemplate transaction;

	private final SchemaName schema;

	private final CleanupSettings settings;

	private final ResumableWsListener listener;

	private final LockWait lockWait = new LockWait();

	Cleanup(DataSource dataSource, SchemaName schema, CleanupSettings settings, ResumableWsListener listener) {
		JdbcTemplate template = new JdbcTemplate(dataSource);
		this.jdbc = JdbcClient.create(template);
		this.statements = new SweepStatements(template, this.jdbc,
				new JdbcExecutor(dataSource, schema, TRANSACTION_TIMEOUT), schema, settings);
		this.transaction = new TransactionTemplate(new JdbcTransactionManager(dataSource));
		this.transaction.setIsolationLevel(TransactionDefinition.ISOLATION_READ_COMMITTED);
		this.transaction.setTimeout((int) TRANSACTION_TIMEOUT.toSeconds());
		this.schema = schema;
		this.settings = settings;
		this.listener = listener;
	}

	/**
	 * Removes all expired rows, unless another node is doing so. A failed sweep is left
	 * to the next run, and the others continue. Returns early if the thread is
	 * interrupted. Does not throw.
	 */
	@Override
	public void run() {
		List<SweepResult> removed = new ArrayList<>();
		List<Sweep> sweeps = sweeps();
		List<Sweep> unfinished = sweeps;
		while (!unfinished.isEmpty() && !Thread.currentThread().isInterrupted()) {
			List<Sweep> more = new ArrayList<>();
			for (Sweep sweep : unfinished) {
				switch (attempt(sweep, removed)) {
					case MORE -> more.add(sweep);
					case STOPPED -> {
						report(removed);
						return;
					}
					case NOT_LOCKED -> {
						report(removed);
						sweeps.forEach(this::reportOverdue);
						this.lockWait.notAcquired();
						return;
					}
					case ENDED -> {
					}
				}
			}
			unfinished = more;
		}
		report(removed);
		sweeps.forEach(this::reportOverdue);
	}

	private List<Sweep> sweeps() {
		SweepStatements statements = this.statements;
		List<Sweep> sweeps = new ArrayList<>();
		sweeps.add(new SignalsSweep(statements));
		sweeps.add(new DisconnectsSweep(statements));
		sweeps.add(new EndedRelaysSweep(statements));
		sweeps.add(new DeadConnectionsSweep(statements));
		sweeps.add(new EmptySessionsSweep(statements));
		sweeps.add(new ExpiredKeysSweep(statements));
		sweeps.add(new ClosedSessionsSweep(statements));
		if (this.settings.sessionTtl().toMillis() > 0) {
			sweeps.add(new IdleSessionsSweep(statements));
		}
		if (this.settings.eventTtl().toMillis() > 0) {
			sweeps.add(new ExpiredEventsSweep(statements));
		}
		return sweeps;
	}

	private Outcome attempt(Sweep sweep, List<SweepResult> removed) {
		try {
			return takeTurn(sweep, removed);
		}
		catch (CannotCreateTransactionException | CannotGetJdbcConnectionException ex) {
			warn("Cleanup", ex);
			return Outcome.STOPPED;
		}
		catch (DataAccessException | TransactionException ex) {
			warn("Cleanup of " + sweep.what(), ex);
			return Outcome.ENDED;
		}
	}

	private Outcome takeTurn(Sweep sweep, List<SweepResult> removed) {
		Duration overdue = inTransaction(sweep::overdue).orElse(Duration.ZERO);
		int pauseFactor = (overdue.compareTo(BACKLOG) > 0) ? 1 : PAUSE_FACTOR;
		long start = System.nanoTime();
		while (!Thread.currentThread().isInterrupted()) {
			long begun = System.nanoTime();
			Optional<Sweep.Batch> batch = inTransaction(() -> tryLock() ? Optional.of(sweep.next()) : Optional.empty());
			if (batch.isEmpty()) {
				return Outcome.NOT_LOCKED;
			}
			this.lockWait.acquired();
			removed.add(batch.get().removed());
			if (!batch.get().more()) {
				return Outcome.ENDED;
			}
			if (System.nanoTime() - start > TURN.toNanos()) {
				return Outcome.MORE;
			}
			// also ends if the thread is interrupted
			LockSupport.parkNanos(pauseFactor * (System.nanoTime() - begun));
		}
		return Outcome.ENDED;
	}

	private <T> Optional<T> inTransaction(Supplier<Optional<T>> task) {
		Optional<T> result = this.transaction.execute((status) -> {
			this.jdbc.sql(BOUNDS).query((rows) -> {
			});
			return task.get();
		});
		return (result != null) ? result : Optional.empty();
	}

	private boolean tryLock() {
		return this.jdbc.sql(LOCK).param(this.schema.value()).query(Boolean.class).single();
	}

	private void report(List<SweepResult> batches) {
		SweepResult removed = batches.stream().reduce(SweepResult.NOTHING, SweepResult::and);
		if (!removed.rows().isEmpty()) {
			log.info("Cleanup removed " + removed);
			removed.rows().forEach(this.listener::onCleanedUp);
		}
	}

	private void reportOverdue(Sweep sweep) {
		try {
			inTransaction(sweep::overdue).ifPresent((overdue) -> this.listener.onCleanupOverdue(sweep.what(), overdue));
		}
		catch (DataAccessException | TransactionException ex) {
			log.debug("Could not determine the age of the oldest of the " + sweep.what(), ex);
		}
	}

	private static void warn(String what, NestedRuntimeException ex) {
		if (!Thread.currentThread().isInterrupted()) {
			log.warn(what + " failed and will be retried in the next run: " + ex.getMostSpecificCause());
		}
	}

	private enum Outcome {

		/**
		 * The sweep has removed all its rows, or cannot continue in this run.
		 */
		ENDED,

		/**
		 * The sweep has more rows to remove.
		 */
		MORE,

		/**
		 * Postgres is unavailable.
		 */
		STOPPED,

		/**
		 * Another node holds the advisory lock and does the work.
		 */
		NOT_LOCKED

	}

}
