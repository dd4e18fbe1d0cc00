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
 * Decides when a connection must be closed because of a timeout, and when its client must
 * be sent a ping. Times are those of {@link ListeningClock}, except for tokens and
 * lifetimes. Called by the clock's thread unless stated otherwise.
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
	private volatile long lastReceived;

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
		this.lastReceived = this.created;
		this.lastPing = this.created;
		this.lifetime = lifetime(settings).toNanos();
	}

	/**
	 * Records that data arrived from the client. Called by the container's threads.
	 */
	void dataReceived() {
		this.lastReceived = this.time.getAsLong();
	}

	/**
	 * Records whether a message of the client is being processed. During that time the
	 * container reads nothing else from the client. Called by the container's threads.
	 */
	void receiving(boolean receiving) {
		dataReceived();
		this.receiving = receiving;
	}

	/**
	 * Sets the expiry of the client's newest token. May be called by any thread.
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
	 * Returns the code with which the connection must be closed now.
	 * @param now the time
	 * @return the close code; null if no timeout has expired
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
	 * Returns whether the client must be sent a ping now, and records the ping. Returns
	 * false while a frame is being sent or a probe is unanswered: these have their own
	 * timeouts, and a ping could not overtake the data in flight.
	 * @param now the time
	 */
	boolean takePing(long now) {
		if (this.loop.isSending() || this.window.isProbing()) {
			return false;
		}
		if (Math.min(now - this.lastReceived, now - this.lastPing) <= this.settings.heartbeatInterval().toNanos()) {
			return false;
		}
		this.lastPing = now;
		return true;
	}

	private boolean isClientStuck(long now) {
		Duration timeout = this.settings.sendTimeout();
		if (this.window.isOverdue(now, timeout)) {
			if (!this.window.isAfterProbe(this.lastReceived)) {
				return true;
			}
			// the client is alive but does not answer pings
			this.window.doNotProbe();
			this.loop.wake();
		}
		return this.loop.isOverdue(now, timeout);
	}

	/**
	 * Returns whether the client is silent. A pong can only arrive after the data sent
	 * before its ping, which has its own timeout.
	 */
	private boolean isClientSilent(long now) {
		return now - this.lastReceived > this.settings.heartbeatTimeout().toNanos() && !this.receiving
				&& !this.loop.isSending() && !this.window.isProbing();
	}

	private static Duration lifetime(ConnectionSettings settings) {
		double share = 1 - settings.maxLifetimeJitter() * ThreadLocalRandom.current().nextDouble();
		return Duration.ofMillis((long) (settings.maxLifetime().toMillis() * share));
	}

}
