package dev.resumablews.internal.connection;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongSupplier;

import dev.resumablews.CloseCode;
import dev.resumablews.internal.outbox.SendWindow;
import dev.resumablews.internal.workers.ListeningClock;
import org.jspecify.annotations.Nullable;

/**
 * Tells when a connection is to be closed, because something is overdue, and when its
 * client is to be sent a ping. All times but those of tokens and lifetimes are those of
 * {@link ListeningClock}. Called by the clock's thread, unless a method says otherwise.
 */
final class ConnectionWatchdog {

	private final ConnectionSettings settings;

	private final LongSupplier time;

	private final ConnectionLoop loop;

	private final SendWindow window;

	private final long created;

	private final long lifetime;

	private final long createdNanos = System.nanoTime();

	/**
	 * Set by the container's threads.
	 */
	private volatile long lastHeard;

	/**
	 * Set by the container's threads.
	 */
	private volatile boolean receiving;

	/**
	 * Set by the container's threads.
	 */
	private volatile @Nullable Instant tokenExpiresAt;

	private long lastPing;

	ConnectionWatchdog(ConnectionSettings settings, LongSupplier time, ConnectionLoop loop, SendWindow window,
			@Nullable Instant tokenExpiresAt) {
		this.settings = settings;
		this.time = time;
		this.loop = loop;
		this.window = window;
		this.tokenExpiresAt = tokenExpiresAt;
		this.created = time.getAsLong();
		this.lastHeard = this.created;
		this.lastPing = this.created;
		this.lifetime = lifetime(settings).toNanos();
	}

	/**
	 * Notes that something was heard of the client. Called by the container's threads.
	 */
	void heard() {
		this.lastHeard = this.time.getAsLong();
	}

	/**
	 * Notes that a message of the client is handled, while which the container reads
	 * nothing else of the client's, or that it is not any more. Called by the container's
	 * threads.
	 */
	void receiving(boolean receiving) {
		heard();
		this.receiving = receiving;
	}

	/**
	 * Notes how long the client's newest token lasts. Any thread.
	 */
	void tokenExpiresAt(@Nullable Instant expiresAt) {
		this.tokenExpiresAt = expiresAt;
	}

	/**
	 * Returns whether opening the session has taken too long.
	 */
	boolean isOpeningOverdue(long now) {
		return now - this.created > this.settings.sendTimeout().toNanos();
	}

	/**
	 * Returns why the connection has to be closed.
	 * @param now the time
	 * @return the close code; null if it has not
	 */
	@Nullable CloseCode overdue(long now) {
		Instant expiresAt = this.tokenExpiresAt;
		if (isClientStuck(now)) {
			return CloseCode.TRY_AGAIN_LATER;
		}
		if (isClientSilent(now)) {
			return CloseCode.HEARTBEAT_MISSED;
		}
		if (expiresAt != null && !Instant.now().isBefore(expiresAt)) {
			return CloseCode.UNAUTHORIZED;
		}
		return (this.lifetime > 0 && System.nanoTime() - this.createdNanos >= this.lifetime) ? CloseCode.RESTART : null;
	}

	/**
	 * Returns whether the client is to be sent a ping, and notes that it is. None is
	 * while a frame is being sent or a probe is unanswered: that has a time-out, and a
	 * ping could not overtake what is on its way.
	 * @param now the time
	 */
	boolean takePing(long now) {
		if (this.loop.isSending() || this.window.isProbing()) {
			return false;
		}
		if (Math.min(now - this.lastHeard, now - this.lastPing) <= this.settings.heartbeatInterval().toNanos()) {
			return false;
		}
		this.lastPing = now;
		return true;
	}

	private boolean isClientStuck(long now) {
		Duration timeout = this.settings.sendTimeout();
		if (this.window.isOverdue(now, timeout)) {
			if (!this.window.isAfterProbe(this.lastHeard)) {
				return true;
			}
			// it lives, and does not answer pings
			this.window.doNotProbe();
			this.loop.wake();
		}
		return this.loop.isOverdue(now, timeout);
	}

	/**
	 * A pong cannot come before what was sent before the ping has arrived, and that has a
	 * time-out.
	 */
	private boolean isClientSilent(long now) {
		return now - this.lastHeard > this.settings.heartbeatTimeout().toNanos() && !this.receiving
				&& !this.loop.isSending() && !this.window.isProbing();
	}

	private static Duration lifetime(ConnectionSettings settings) {
		double share = 1 - settings.maxLifetimeJitter() * ThreadLocalRandom.current().nextDouble();
		return Duration.ofMillis((long) (settings.maxLifetime().toMillis() * share));
	}

}
