package dev.resumablews.internal.admission;

import java.time.Duration;
import java.util.Iterator;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;

import dev.resumablews.UserValidator;
import dev.resumablews.internal.concurrent.OutageLog;
import dev.resumablews.internal.concurrent.SupervisedScheduler;
import dev.resumablews.internal.concurrent.Threads;
import dev.resumablews.internal.connection.Connection;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.util.Assert;

/**
 * Validates the users of this node's connections periodically with the application's
 * {@link UserValidator}, each user once per round, on its own threads. A round that is
 * still running when the next one is due replaces it. Safe for use by many threads.
 */
final class UserRevalidation implements AutoCloseable {

	static final Duration TIMEOUT = Duration.ofSeconds(10);

	private static final Log logger = LogFactory.getLog(UserRevalidation.class);

	private static final int CALLERS = 4;

	private static final Duration IDLE_THREAD = Duration.ofSeconds(30);

	private final UserValidator validator;

	private final Connections connections;

	private final Disconnector disconnector;

	private final Duration timeout;

	private final Set<Call> calls = ConcurrentHashMap.newKeySet();

	private final OutageLog outages = new OutageLog("Revalidating users");

	/**
	 * The first failure of the current round.
	 */
	private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

	private final AtomicBoolean running = new AtomicBoolean();

	/**
	 * Number of threads that have not finished the current round.
	 */
	private final AtomicInteger left = new AtomicInteger();

	private final ThreadPoolExecutor executor = new ThreadPoolExecutor(CALLERS, CALLERS, IDLE_THREAD.toMillis(),
			TimeUnit.MILLISECONDS, new LinkedBlockingQueue<>(), Threads.named("resumable-ws-validate-"),
			new ThreadPoolExecutor.DiscardPolicy());

	/**
	 * Creates it.
	 * @param timeout after which a call is interrupted
	 */
	UserRevalidation(UserValidator validator, Connections connections, Disconnector disconnector, Duration timeout) {
		this.validator = validator;
		this.connections = connections;
		this.disconnector = disconnector;
		this.timeout = timeout;
		this.executor.allowCoreThreadTimeOut(true);
	}

	/**
	 * Schedules rounds at an interval.
	 */
	void every(Duration interval, SupervisedScheduler clock) {
		clock.every(interval, "Revalidating users", this::begin);
		clock.every(this.timeout.dividedBy(4), "Interrupting overdue validations",
				() -> this.calls.forEach((call) -> call.endIfOverdue(System.nanoTime() - this.timeout.toNanos())));
	}

	/**
	 * Begins a round, unless one is still running.
	 * @throws IllegalStateException if a call of the last round does not end
	 */
	void begin() {
		Set<String> users = this.connections.all().stream().map(Connection::userId).collect(Collectors.toSet());
		if (this.running.get()) {
			long overdue = System.nanoTime() - this.timeout.toNanos() * 2;
			Assert.state(this.calls.stream().noneMatch((call) -> call.since - overdue < 0),
					() -> "%s does not end when it is interrupted".formatted(this.validator.getClass().getName()));
		}
		else if (!users.isEmpty() && this.running.compareAndSet(false, true)) {
			this.failure.set(null);
			this.left.set(CALLERS);
			Iterator<String> next = users.iterator();
			for (int i = 0; i < CALLERS; i++) {
				this.executor.execute(() -> askAll(next));
			}
		}
	}

	private void askAll(Iterator<String> users) {
		try {
			for (String user = next(users); !user.isEmpty(); user = next(users)) {
				ask(user);
			}
		}
		finally {
			if (this.left.decrementAndGet() == 0) {
				report();
				this.running.set(false);
			}
		}
	}

	private void report() {
		Throwable failure = this.failure.get();
		if (failure != null) {
			this.outages.failed(failure);
		}
		else {
			this.outages.worked();
		}
	}

	/**
	 * Returns the next user, or an empty string, which is not a valid user id.
	 */
	private static String next(Iterator<String> users) {
		synchronized (users) {
			return users.hasNext() ? users.next() : "";
		}
	}

	private void ask(String userId) {
		Call call = new Call(Thread.currentThread(), System.nanoTime());
		this.calls.add(call);
		try {
			if (!this.validator.isValid(userId)) {
				this.disconnector.invalid(userId, call.since);
			}
		}
		catch (Throwable ex) {
			this.failure.compareAndSet(null, ex);
			logger.debug("Failed to revalidate a user", ex);
		}
		finally {
			this.calls.remove(call);
			call.end();
		}
	}

	@Override
	public void close() {
		this.executor.shutdownNow();
	}

	/**
	 * A call to the application's validator.
	 */
	private static final class Call {

		private final Thread thread;

		private final long since;

		private boolean ended;

		Call(Thread thread, long since) {
			this.thread = thread;
			this.since = since;
		}

		/**
		 * Interrupts the call if it is overdue.
		 * @param overdue calls that began at or before this time are overdue
		 */
		synchronized void endIfOverdue(long overdue) {
			if (!this.ended && this.since - overdue <= 0) {
				this.thread.interrupt();
			}
		}

		/**
		 * Ends the call, so that an interrupt cannot reach the next call of the thread.
		 */
		synchronized void end() {
			this.ended = true;
			Thread.interrupted();
		}

	}

}
