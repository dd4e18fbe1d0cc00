package dev.resumablews.internal.relay;

import java.util.UUID;
import java.util.concurrent.CompletableFuture;

import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.internal.budget.BudgetExceededException;
import dev.resumablews.internal.log.AppendRequest;
import dev.resumablews.internal.log.AppendResult;
import dev.resumablews.internal.log.EventLog;
import dev.resumablews.internal.protocol.Utf8;
import dev.resumablews.internal.relay.RelayTable.State;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Stores client messages that are forwarded to an upstream. Each is stored together with
 * the row of its relay, so that none is left behind. Safe for use by many threads.
 */
public final class RelayMessages {

	private final EventLog log;

	private final RelayTable table;

	private final RelayScheduler relays;

	RelayMessages(EventLog log, RelayTable table, RelayScheduler relays) {
		this.log = log;
		this.table = table;
		this.relays = relays;
	}

	/**
	 * Returns whether messages of a type are forwarded.
	 * @param type the type
	 * @return whether a relay of that type is configured
	 */
	public boolean handles(String type) {
		return RelayType.isRelay(type) && this.relays.settings(RelayType.name(type)) != null;
	}

	/**
	 * Stores a message once per key. This or another node forwards it. Blocks until
	 * Postgres answers if this node does not run the session's relay.
	 * @param sessionId the session
	 * @param userId the user, who must own the session
	 * @param type the message's type, for which {@link #handles} is true
	 * @param message the message to forward, a JSON object
	 * @param idempotencyKey the message's key
	 * @return completes when the message is durable; fails as
	 * {@link EventLog#append(AppendRequest)} does, and with
	 * {@link EventLogUnavailableException} when this node is stopping, too many messages
	 * wait to be forwarded, or the user has too many relays
	 */
	public CompletableFuture<AppendResult> submit(UUID sessionId, String userId, String type, JsonNode message,
			UUID idempotencyKey) {
		RelaySettings settings = this.relays.settings(RelayType.name(type));
		if (settings == null || !this.relays.isRunning()) {
			return CompletableFuture.failedFuture(new EventLogUnavailableException("The server is stopping"));
		}
		RelayKey key = new RelayKey(sessionId, settings.name());
		String payload = RelayEvents.message(message, idempotencyKey);
		String refusal = refusal(key, userId, settings);
		if (refusal != null) {
			return CompletableFuture.failedFuture(new BudgetExceededException(refusal));
		}
		AppendRequest.Message request = AppendRequest.of(sessionId, type, payload)
			.once(userId, idempotencyKey)
			.askingForRelay();
		long bytes = Utf8.length(payload);
		return this.log.append(request, (stored) -> this.relays.stored(key, stored.eventId(), bytes));
	}

	/**
	 * Returns the name of the exceeded limit, or null. Concurrent messages may exceed a
	 * limit together.
	 */
	private @Nullable String refusal(RelayKey key, String userId, RelaySettings settings) {
		long most = (settings.maxWaitingBytes() > 0) ? settings.maxWaitingBytes() : Long.MAX_VALUE;
		Relay relay = this.relays.find(key);
		if (relay != null) {
			return (relay.waitingBytes() > most) ? "waiting_relay_size" : null;
		}
		int relays = (settings.maxPerUser() > 0) ? settings.maxPerUser() : Integer.MAX_VALUE;
		State state = this.table.state(key, userId, Math.min(relays, Integer.MAX_VALUE - 1));
		if (state.waiting() > most) {
			return "waiting_relay_size";
		}
		return (!state.open() && state.used() >= relays) ? "max_relays" : null;
	}

}
