package dev.resumablews.internal.workers;

import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

import dev.resumablews.internal.concurrent.FairExecutor;
import dev.resumablews.internal.concurrent.SupervisedScheduler;
import dev.resumablews.internal.concurrent.Threads;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.core.task.TaskRejectedException;

/**
 * The thread pools of the connections. A connection has at most one queued task of each
 * kind, which bounds the queues; work for application code is bounded by {@code
 * MessageBacklog}. The executors live as long as the context and are idle while it is
 * stopped; the clock starts and stops with it. Tasks submitted after closing are
 * discarded.
 */
public final class Workers implements AutoCloseable {

	private static final Log logger = LogFactory.getLog(Workers.class);

	private static final int CLOSERS = 4;

	/**
	 * Larger than the number of connections of one user, since each client that does not
	 * read can block one thread until its connection is closed.
	 */
	private static final int PINGERS = 256;

	private static final int HANDLERS = 64;

	private static final int EPHEMERAL = 8;

	private static final int PRESENCE = 2;

	/**
	 * Much larger than the number of cores, because an authenticator may wait for a
	 * remote service.
	 */
	private static final int AUTHENTICATORS = 16;

	/**
	 * Keeps threads available for other addresses while the authentications of one
	 * address are slow.
	 */
	private static final int AUTHENTICATORS_PER_ADDRESS = 4;

	private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);

	private final SupervisedScheduler clock = new SupervisedScheduler("resumable-ws-clock");

	private final ThreadPoolExecutor readers;

	private final FairExecutor reading;

	/**
	 * Keeps one reader available for open connections, if there is more than one.
	 */
	private final FairExecutor opening;

	private final ThreadPoolExecutor presence = pool("resumable-ws-presence-", PRESENCE);

	private final ThreadPoolExecutor pinging = new ThreadPoolExecutor(0, PINGERS, 30, TimeUnit.SECONDS,
			new SynchronousQueue<>(), Threads.named("resumable-ws-ping-"));

	private final Executor delivery;

	private final Executor closing;

	private final Executor cutting;

	private final FairExecutor handling;

	private final FairExecutor ephemeral;

	private final FairExecutor authenticating;

	private final Runnable stop;

	private Workers(int readers, FairExecutor handling, FairExecutor ephemeral, FairExecutor authenticating,
			Executor delivery, Executor closing, Executor cutting, Runnable stop) {
		this.readers = pool("resumable-ws-read-", readers);
		int most = Math.max(1, readers - 1);
		this.reading = new FairExecutor(this.readers, readers, most);
		this.opening = new FairExecutor(this.readers, most, most);
		this.delivery = delivery;
		this.closing = closing;
		this.cutting = cutting;
		this.handling = handling;
		this.ephemeral = ephemeral;
		this.authenticating = authenticating;
		this.stop = stop;
	}

	/**
	 * Creates pools of platform threads.
	 * @param readers number of threads that read the log
	 * @param handlersPerUser maximum number of handlers that run concurrently for one
	 * user
	 */
	public static Workers platform(int readers, int handlersPerUser) {
		ThreadPoolExecutor delivery = pool("resumable-ws-send-", Runtime.getRuntime().availableProcessors());
		ThreadPoolExecutor closing = pool("resumable-ws-close-", CLOSERS);
		ThreadPoolExecutor cutting = pool("resumable-ws-cut-", CLOSERS);
		ThreadPoolExecutor handling = pool("resumable-ws-handle-", HANDLERS);
		ThreadPoolExecutor ephemeral = pool("resumable-ws-ephemeral-", EPHEMERAL);
		ThreadPoolExecutor authenticating = pool("resumable-ws-auth-", AUTHENTICATORS);
		return new Workers(readers, new FairExecutor(handling, HANDLERS, handlersPerUser),
				new FairExecutor(ephemeral, EPHEMERAL, 1),
				new FairExecutor(authenticating, AUTHENTICATORS, AUTHENTICATORS_PER_ADDRESS), delivery, closing,
				cutting, () -> {
					delivery.shutdown();
					handling.shutdown();
					ephemeral.shutdown();
					authenticating.shutdownNow();
					closing.shutdown();
					cutting.shutdown();
					awaitTermination(closing);
					awaitTermination(handling);
				});
	}

	/**
	 * Creates a virtual thread per task. Tasks that wait for Postgres are limited in
	 * number, because each holds a pooled connection; tasks that send pings are limited
	 * because the container may pin the carrier thread.
	 * @param readers number of threads that read the log
	 * @param handlersPerUser maximum number of handlers that run concurrently for one
	 * user
	 */
	public static Workers virtual(int readers, int handlersPerUser) {
		SimpleAsyncTaskExecutor threads = new SimpleAsyncTaskExecutor("resumable-ws-");
		threads.setVirtualThreads(true);
		Executor whileOpen = (task) -> {
			try {
				threads.execute(task);
			}
			catch (TaskRejectedException ex) {
				logger.debug("Discarded a task submitted after closing", ex);
			}
		};
		return new Workers(readers, new FairExecutor(whileOpen, Integer.MAX_VALUE, handlersPerUser),
				new FairExecutor(whileOpen, Integer.MAX_VALUE, 1),
				new FairExecutor(whileOpen, AUTHENTICATORS, AUTHENTICATORS_PER_ADDRESS), whileOpen, whileOpen,
				whileOpen, threads::close);
	}

	/**
	 * Returns the executor of tasks that never wait.
	 */
	public Executor delivery() {
		return this.delivery;
	}

	/**
	 * Returns the executor of tasks that read the log and wait for Postgres. Fair between
	 * users.
	 */
	public FairExecutor reading() {
		return this.reading;
	}

	/**
	 * Returns the executor of tasks that open sessions. Shares the threads of
	 * {@link #reading()}. Fair between users.
	 */
	public FairExecutor opening() {
		return this.opening;
	}

	/**
	 * Returns the executor of tasks that write and count live connections and wait for
	 * Postgres.
	 */
	public Executor presence() {
		return this.presence;
	}

	/**
	 * Returns the executor of tasks that send pings and may wait for the client. Rejects
	 * tasks when all its threads are waiting, and after closing.
	 */
	public Executor pinging() {
		return this.pinging;
	}

	/**
	 * Returns the executor of tasks that close WebSockets whose clients read.
	 */
	public Executor closing() {
		return this.closing;
	}

	/**
	 * Returns the executor of tasks that close WebSockets whose clients do not read.
	 * Separate, so that other closes do not wait for these.
	 */
	public Executor cutting() {
		return this.cutting;
	}

	/**
	 * Returns the executor of the application's handlers, which may run for any time.
	 * Fair between users.
	 */
	public FairExecutor handling() {
		return this.handling;
	}

	/**
	 * Returns the executor of the application's handlers of ephemeral messages. Runs one
	 * at a time per user.
	 */
	public FairExecutor ephemeral() {
		return this.ephemeral;
	}

	/**
	 * Returns the executor of tasks that verify first messages and may wait for a remote
	 * service. Fair between addresses.
	 */
	public FairExecutor authenticating() {
		return this.authenticating;
	}

	/**
	 * Returns the scheduler of periodic and delayed tasks that never wait.
	 */
	public SupervisedScheduler clock() {
		return this.clock;
	}

	@Override
	public void close() {
		this.clock.stop();
		this.readers.shutdownNow();
		this.presence.shutdownNow();
		this.pinging.shutdownNow();
		this.stop.run();
	}

	private static void awaitTermination(ExecutorService executor) {
		try {
			executor.awaitTermination(CLOSE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	private static ThreadPoolExecutor pool(String name, int size) {
		ThreadPoolExecutor executor = new ThreadPoolExecutor(size, size, 30, TimeUnit.SECONDS,
				new LinkedBlockingQueue<>(), Threads.named(name), new ThreadPoolExecutor.DiscardPolicy());
		executor.allowCoreThreadTimeOut(true);
		return executor;
	}

}
