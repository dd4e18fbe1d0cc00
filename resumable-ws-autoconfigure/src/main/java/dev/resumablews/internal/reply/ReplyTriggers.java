package dev.resumablews.internal.reply;

import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

import dev.resumablews.EventLogUnavailableException;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * Says when to claim replies, to extend leases, and to look whether a reply takes too
 * long. Two threads: the one that waits for Postgres must not keep the other from timing
 * replies out. Safe for use by many threads.
 */
final class ReplyTriggers implements AutoCloseable {

	private static final Log logger = LogFactory.getLog(ReplyTriggers.class);

	private static final Duration LONGEST_TICK = Duration.ofSeconds(1);

	private static final Duration SHORTEST_TICK = Duration.ofMillis(10);

	private static final int EXTENSIONS_IN_A_LEASE = 3;

	private final ScheduledExecutorService timer = thread("resumable-ws-reply-timer");

	private final ScheduledExecutorService claims = thread("resumable-ws-reply-claims");

	private final AtomicBoolean claimDue = new AtomicBoolean();

	private final AtomicBoolean lookDue = new AtomicBoolean();

	private final ReplySettings settings;

	private final Runnable claim;

	private final Runnable extend;

	private final Runnable checkTime;

	private volatile boolean failing;

	ReplyTriggers(ReplySettings settings, Runnable claim, Runnable extend, Runnable checkTime) {
		this.settings = settings;
		this.claim = claim;
		this.extend = extend;
		this.checkTime = checkTime;
	}

	void start() {
		long tick = tick(this.settings).toNanos();
		this.timer.scheduleWithFixedDelay(this.checkTime, tick, tick, TimeUnit.NANOSECONDS);
		long extension = this.settings.lease().toNanos() / EXTENSIONS_IN_A_LEASE;
		this.claims.scheduleWithFixedDelay(this::extendAndClaim, 0, extension, TimeUnit.NANOSECONDS);
	}

	/**
	 * Claims replies as soon as the thread is free. Calls until then are one.
	 */
	void claimSoon() {
		if (this.claimDue.compareAndSet(false, true)) {
			this.claims.execute(() -> {
				this.claimDue.set(false);
				attempt(this.claim);
			});
		}
	}

	/**
	 * Extends leases and claims replies as soon as the thread is free: another node says
	 * that there is something to be done. Calls until then are one.
	 */
	void lookSoon() {
		if (this.lookDue.compareAndSet(false, true)) {
			this.claims.execute(() -> {
				this.lookDue.set(false);
				extendAndClaim();
			});
		}
	}

	@Override
	public void close() {
		this.timer.shutdownNow();
		this.claims.shutdownNow();
	}

	private void extendAndClaim() {
		attempt(this.extend);
		attempt(this.claim);
	}

	private void attempt(Runnable task) {
		try {
			task.run();
			this.failing = false;
		}
		catch (EventLogUnavailableException ex) {
			if (!this.failing) {
				this.failing = true;
				logger.warn("Replies are neither claimed nor kept, and will be tried again: " + ex.getMessage());
			}
		}
		catch (RuntimeException ex) {
			logger.error("Replies could not be claimed or kept", ex);
		}
	}

	/**
	 * A twentieth of the shorter time-out: exact enough, and cheap.
	 */
	private static Duration tick(ReplySettings settings) {
		Duration shorter = (settings.idleTimeout().compareTo(settings.maxDuration()) < 0) ? settings.idleTimeout()
				: settings.maxDuration();
		Duration tick = shorter.dividedBy(20);
		if (tick.compareTo(SHORTEST_TICK) < 0) {
			return SHORTEST_TICK;
		}
		return (tick.compareTo(LONGEST_TICK) > 0) ? LONGEST_TICK : tick;
	}

	private static ScheduledExecutorService thread(String name) {
		return new ScheduledThreadPoolExecutor(1, (task) -> {
			Thread thread = new Thread(task, name);
			thread.setDaemon(true);
			return thread;
		}, new ThreadPoolExecutor.DiscardPolicy());
	}

}
