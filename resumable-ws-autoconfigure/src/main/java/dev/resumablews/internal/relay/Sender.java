package dev.resumablews.internal.relay;

import java.io.IOException;
import java.time.Duration;
import java.util.List;

import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.RelayMessage;
import dev.resumablews.internal.codec.StoredPayloads;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.web.socket.CloseStatus;

/**
 * Sends messages of the log on one upstream connection. Used by the relay's thread.
 */
final class Sender {

	private static final Log logger = LogFactory.getLog(Sender.class);

	private static final Duration RETRY_INTERVAL = Duration.ofMillis(500);

	private static final Duration PING_INTERVAL = Duration.ofSeconds(15);

	private static final Duration MAX_SILENCE = Duration.ofSeconds(60);

	private static final JsonMapper JSON = JsonMapper.shared();

	private final Relay relay;

	private final Upstream upstream;

	private final RelayCursor cursor;

	private final StoredPayloads payloads;

	private long retryAt = System.nanoTime();

	private long pingedAt = System.nanoTime();

	/**
	 * Event up to which messages were sent on this connection.
	 */
	private long sent;

	Sender(Relay relay, Upstream upstream, RelayCursor cursor, StoredPayloads payloads) {
		this.relay = relay;
		this.upstream = upstream;
		this.cursor = cursor;
		this.payloads = payloads;
	}

	/**
	 * Sends the first messages of a connection.
	 */
	void open(List<JsonNode> messages) throws BrokenException {
		send(messages);
	}

	/**
	 * Sends the next messages, if there are any and the limit on messages in flight
	 * permits.
	 * @return whether there may be more
	 */
	boolean step() throws BrokenException, InterruptedException {
		if (this.cursor.hasDiverged() || this.cursor.hasEnded()) {
			this.relay.lost();
			return false;
		}
		boolean forwarded = forward();
		keepAlive();
		return forwarded;
	}

	private boolean forward() throws BrokenException, InterruptedException {
		if (System.nanoTime() - this.retryAt < 0 || !this.cursor.hasMore()) {
			return false;
		}
		RelayPage page;
		try {
			page = this.cursor.read();
		}
		catch (EventLogUnavailableException ex) {
			logger.debug("Failed to read messages to forward", ex);
			this.retryAt = System.nanoTime() + RETRY_INTERVAL.toNanos();
			return false;
		}
		if (page == null) {
			return false;
		}
		if (!page.owned()) {
			this.relay.lost();
			return false;
		}
		for (RelayPage.Message message : page.messages()) {
			if (!this.relay.awaitLease() || this.upstream.closed() != null) {
				return false;
			}
			forward(message);
			this.sent = message.id();
			ping();
		}
		return true;
	}

	private void forward(RelayPage.Message message) throws BrokenException, InterruptedException {
		RelaySettings settings = this.relay.settings();
		ClaimedRelay claim = this.relay.claim();
		boolean redelivered = this.cursor.attempt(message.id());
		if (redelivered && !settings.resend()) {
			return;
		}
		List<JsonNode> translated;
		try {
			String json = this.payloads.decode(claim.sessionId(), message.id(), RelayType.of(settings.name()),
					message.payload());
			translated = settings.customizer()
				.toUpstream(new RelayMessage(settings.name(), claim.sessionId(), claim.userId(), message.id(),
						message.key(), JSON.readTree(json).path(RelayEvents.MESSAGE), redelivered));
		}
		catch (EventLogUnavailableException ex) {
			throw new BrokenException(CloseStatus.GOING_AWAY);
		}
		catch (Throwable ex) {
			logger.warn("Skipped message %d of session %s for relay '%s', because its translation failed: %s"
				.formatted(message.id(), claim.sessionId(), settings.name(), ex.getClass().getName()));
			this.relay.journal().append(RelayEvents.error("message_not_translated", message.id()));
			return;
		}
		send(translated);
	}

	private void send(List<JsonNode> messages) throws BrokenException {
		try {
			for (JsonNode message : messages) {
				this.upstream.send(RelayEvents.text(message));
				this.relay.sent();
			}
		}
		catch (IOException | RuntimeException ex) {
			throw broken(ex);
		}
	}

	/**
	 * Detects an upstream that has disappeared without closing the connection.
	 */
	private void keepAlive() throws BrokenException {
		if (this.upstream.silence() > MAX_SILENCE.toNanos()) {
			throw new BrokenException(CloseStatus.SESSION_NOT_RELIABLE.withReason("silent"));
		}
		if (System.nanoTime() - this.pingedAt > PING_INTERVAL.toNanos()) {
			ping();
		}
	}

	private void ping() throws BrokenException {
		this.pingedAt = System.nanoTime();
		try {
			this.upstream.ping(this.sent);
		}
		catch (IOException | RuntimeException ex) {
			throw broken(ex);
		}
	}

	private static BrokenException broken(Exception failure) {
		logger.debug("Failed to send to an upstream: " + failure.getClass().getName());
		return new BrokenException(CloseStatus.SESSION_NOT_RELIABLE.withReason("send_failed"));
	}

	/**
	 * Thrown when the connection is no longer usable.
	 */
	static final class BrokenException extends Exception {

		private static final long serialVersionUID = 1;

		private final transient CloseStatus status;

		BrokenException(CloseStatus status) {
			this.status = status;
		}

		CloseStatus status() {
			return this.status;
		}

	}

}
