package dev.resumablews.internal.observability;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionHandler;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Supplier;

import dev.resumablews.ClientConnectedEvent;
import dev.resumablews.ClientDisconnectedEvent;
import dev.resumablews.ReplyEndedEvent;
import dev.resumablews.ResumableWsListener;
import dev.resumablews.SecurityEvent;
import dev.resumablews.internal.concurrent.Threads;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.SmartInitializingSingleton;

/**
 * Notifies the listeners, one after the other. The application's listeners are called on
 * a dedicated thread, so that they can neither delay the log nor cause a deadlock; their
 * exceptions are logged. They are looked up when all beans exist, because they may use
 * the library; earlier events are kept for them. Safe for use by many threads.
 */
public final class ListenerDispatcher implements SmartInitializingSingleton, AutoCloseable {

	private static final Log logger = LogFactory.getLog(ListenerDispatcher.class);

	private static final int QUEUE_CAPACITY = 10_000;

	private static final Duration IDLE_THREAD = Duration.ofSeconds(10);

	private final Supplier<? extends List<? extends ResumableWsListener>> lookup;

	private final Consumer<Object> publisher;

	private final CountDownLatch resolved = new CountDownLatch(1);

	private final ThreadPoolExecutor executor = new ListenerThread(this::overflow);

	/**
	 * Set once, before {@link #resolved}.
	 */
	private volatile List<? extends ResumableWsListener> direct = List.of();

	private volatile List<? extends ResumableWsListener> applications = List.of();

	private volatile boolean overflowing;

	/**
	 * Number of sent live events that the application's listeners are not notified of
	 * yet.
	 */
	private final AtomicInteger liveEvents = new AtomicInteger();

	private final AtomicInteger replayedEvents = new AtomicInteger();

	private final AtomicBoolean sentPending = new AtomicBoolean();

	/**
	 * Creates a dispatcher.
	 * @param lookup finds the listeners, in their order, when all beans exist
	 */
	public ListenerDispatcher(Supplier<? extends List<? extends ResumableWsListener>> lookup) {
		this(lookup, (event) -> {
		});
	}

	/**
	 * Creates a dispatcher that also publishes events.
	 * @param lookup finds the listeners, in their order, when all beans exist
	 * @param publisher publishes events of the application context; called on the thread
	 * of the application's listeners
	 */
	ListenerDispatcher(Supplier<? extends List<? extends ResumableWsListener>> lookup, Consumer<Object> publisher) {
		this.lookup = lookup;
		this.publisher = publisher;
		this.executor.allowCoreThreadTimeOut(true);
	}

	/**
	 * Returns the listener that notifies all others.
	 * @return a listener that neither throws exceptions nor blocks
	 */
	public ResumableWsListener listener() {
		return new All();
	}

	@Override
	public void afterSingletonsInstantiated() {
		List<? extends ResumableWsListener> listeners = this.lookup.get();
		this.direct = listeners.stream().filter(DirectListener.class::isInstance).toList();
		this.applications = listeners.stream().filter((listener) -> !(listener instanceof DirectListener)).toList();
		this.resolved.countDown();
	}

	@Override
	public void close() {
		this.executor.shutdownNow();
	}

	private void notify(Consumer<ResumableWsListener> event) {
		if (this.resolved.getCount() > 0) {
			this.executor.execute(() -> notifyLater(event));
			return;
		}
		notify(this.direct, event);
		if (!this.applications.isEmpty()) {
			this.executor.execute(() -> notify(this.applications, event));
		}
	}

	/**
	 * Notifies the listeners and publishes an event of the application context in the
	 * same task.
	 */
	private void notifyAndPublish(Consumer<ResumableWsListener> event, Object published) {
		if (this.resolved.getCount() > 0) {
			this.executor.execute(() -> {
				notifyLater(event);
				publish(published);
			});
			return;
		}
		notify(this.direct, event);
		this.executor.execute(() -> {
			notify(this.applications, event);
			publish(published);
		});
	}

	private void publish(Object event) {
		try {
			this.publisher.accept(event);
		}
		catch (Throwable ex) {
			logger.warn("A listener of the application failed: " + event.getClass().getSimpleName(), ex);
		}
	}

	/**
	 * Combines many frames into one notification, because one notification per frame
	 * would cost as much as sending it.
	 */
	private void notifySent(int events, boolean replayed) {
		if (this.resolved.getCount() > 0) {
			notify((listener) -> listener.onEventsSent(events, replayed));
			return;
		}
		notify(this.direct, (listener) -> listener.onEventsSent(events, replayed));
		if (!this.applications.isEmpty()) {
			(replayed ? this.replayedEvents : this.liveEvents).addAndGet(events);
			if (!this.sentPending.getAndSet(true)) {
				this.executor.execute(this::flushSent);
			}
		}
	}

	private void flushSent() {
		this.sentPending.set(false);
		flushSent(this.liveEvents.getAndSet(0), false);
		flushSent(this.replayedEvents.getAndSet(0), true);
	}

	private void flushSent(int events, boolean replayed) {
		if (events > 0) {
			notify(this.applications, (listener) -> listener.onEventsSent(events, replayed));
		}
	}

	private void notifyLater(Consumer<ResumableWsListener> event) {
		try {
			this.resolved.await();
			notify(this.direct, event);
			notify(this.applications, event);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	private static void notify(List<? extends ResumableWsListener> listeners, Consumer<ResumableWsListener> event) {
		for (ResumableWsListener listener : listeners) {
			try {
				event.accept(listener);
			}
			catch (Throwable ex) {
				logger.warn("A listener failed: " + listener.getClass().getName(), ex);
			}
		}
	}

	private void overflow(Runnable event, ThreadPoolExecutor executor) {
		this.sentPending.set(false);
		if (!this.overflowing && !executor.isShutdown()) {
			this.overflowing = true;
			logger.warn("The listeners of the application are too slow: further events are dropped while %d are queued"
				.formatted(QUEUE_CAPACITY));
		}
	}

	/**
	 * The thread that calls the application's listeners. When its queue is empty, it
	 * pauses briefly, so that not every frame wakes it under load.
	 */
	private static final class ListenerThread extends ThreadPoolExecutor {

		private static final long PAUSE = TimeUnit.MILLISECONDS.toNanos(5);

		ListenerThread(RejectedExecutionHandler overflow) {
			super(1, 1, IDLE_THREAD.toMillis(), TimeUnit.MILLISECONDS, new ArrayBlockingQueue<>(QUEUE_CAPACITY),
					Threads.named("resumable-ws-listeners"), overflow);
		}

		@Override
		protected void afterExecute(Runnable event, @Nullable Throwable failure) {
			if (getQueue().isEmpty()) {
				// returns early when the thread is interrupted
				LockSupport.parkNanos(PAUSE);
			}
		}

	}

	/**
	 * Notifies all listeners.
	 */
	private final class All implements ResumableWsListener {

		@Override
		public void onHandshakeRejected(int status) {
			ListenerDispatcher.this.notify((listener) -> listener.onHandshakeRejected(status));
		}

		@Override
		public void onSecurityEvent(SecurityEvent event) {
			ListenerDispatcher.this.notify((listener) -> listener.onSecurityEvent(event));
		}

		@Override
		public void onConnectionOpened(boolean resumed) {
			ListenerDispatcher.this.notify((listener) -> listener.onConnectionOpened(resumed));
		}

		@Override
		public void onConnectionClosed(int code) {
			ListenerDispatcher.this.notify((listener) -> listener.onConnectionClosed(code));
		}

		@Override
		public void onBatchStored(int events, Duration duration) {
			ListenerDispatcher.this.notify((listener) -> listener.onBatchStored(events, duration));
		}

		@Override
		public void onAppendRejected() {
			ListenerDispatcher.this.notify(ResumableWsListener::onAppendRejected);
		}

		@Override
		public void onEventsSent(int events, boolean replayed) {
			ListenerDispatcher.this.notifySent(events, replayed);
		}

		@Override
		public void onReplyEnded(String outcome, Duration duration) {
			ListenerDispatcher.this.notify((listener) -> listener.onReplyEnded(outcome, duration));
		}

		@Override
		public void onClientConnected(ClientConnectedEvent event) {
			notifyAndPublish((listener) -> listener.onClientConnected(event), event);
		}

		@Override
		public void onClientDisconnected(ClientDisconnectedEvent event) {
			notifyAndPublish((listener) -> listener.onClientDisconnected(event), event);
		}

		@Override
		public void onReplyEnded(ReplyEndedEvent event) {
			notifyAndPublish((listener) -> listener.onReplyEnded(event), event);
		}

		@Override
		public void onCleanedUp(String what, long rows) {
			ListenerDispatcher.this.notify((listener) -> listener.onCleanedUp(what, rows));
		}

		@Override
		public void onCleanupOverdue(String what, Duration overdue) {
			ListenerDispatcher.this.notify((listener) -> listener.onCleanupOverdue(what, overdue));
		}

	}

}
