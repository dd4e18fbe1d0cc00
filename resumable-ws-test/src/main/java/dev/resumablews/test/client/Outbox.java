package dev.resumablews.test.client;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;

import org.jspecify.annotations.Nullable;

/**
 * Messages with a key, which a client keeps until the server acknowledges them, and sends
 * again if the log loses them. Not safe for use by many threads.
 */
final class Outbox {

	private static final Duration RESEND_AFTER = Duration.ofMillis(200);

	private final Map<UUID, Pending> pending = new LinkedHashMap<>();

	private final Map<UUID, Pending> acknowledged = new LinkedHashMap<>();

	void add(UUID key, Map<String, ?> message) {
		this.pending.put(key, new Pending(message));
	}

	Set<UUID> unacknowledged() {
		return Set.copyOf(this.pending.keySet());
	}

	boolean isPending(UUID key) {
		return this.pending.containsKey(key);
	}

	/**
	 * Sends the messages that are due.
	 * @param connection sends a message, and returns whether it succeeded
	 */
	void sendDue(Predicate<Object> connection) {
		long now = System.nanoTime();
		this.pending.values()
			.stream()
			.filter((message) -> !message.sent && now - message.notBefore >= 0)
			.forEach((message) -> message.sent = connection.test(message.fields));
	}

	void take(ServerFrame frame) {
		if (frame instanceof ServerFrame.SessionInit init) {
			restoreLost(init.rewindTo().orElse(Long.MAX_VALUE));
			this.pending.values().forEach((message) -> message.sent = false);
		}
		else if (frame instanceof ServerFrame.SessionEpoch epoch) {
			restoreLost(epoch.rewindTo());
		}
		else if (frame instanceof ServerFrame.Ack ack) {
			Pending message = remove(ack);
			if (message != null) {
				message.eventId = ack.eventId().orElse(Long.MAX_VALUE);
				this.acknowledged.put(ack.idempotencyKey().orElseThrow(), message);
			}
		}
		else if (frame instanceof ServerFrame.Error error) {
			if (error.code().equals("unavailable")) {
				error.idempotencyKey().map(this.pending::get).ifPresent(Pending::sendLater);
			}
			else {
				remove(error);
			}
		}
	}

	private @Nullable Pending remove(ServerFrame frame) {
		return frame.idempotencyKey().map(this.pending::remove).orElse(null);
	}

	/**
	 * Sends again the messages that were acknowledged in a history that is lost or may be
	 * lost.
	 */
	private void restoreLost(long rewindTo) {
		this.acknowledged.entrySet().removeIf((entry) -> {
			Pending message = entry.getValue();
			boolean lost = rewindTo != Long.MAX_VALUE && message.eventId > rewindTo;
			if (lost) {
				message.sent = false;
				this.pending.put(entry.getKey(), message);
			}
			return lost;
		});
	}

	private static final class Pending {

		private final Map<String, ?> fields;

		private boolean sent;

		private long eventId;

		private long notBefore = System.nanoTime();

		Pending(Map<String, ?> fields) {
			this.fields = fields;
		}

		private void sendLater() {
			this.sent = false;
			this.notBefore = System.nanoTime() + RESEND_AFTER.toNanos();
		}

	}

}
