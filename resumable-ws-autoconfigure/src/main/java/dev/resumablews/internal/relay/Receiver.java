package dev.resumablews.internal.relay;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

import dev.resumablews.RelayEvent;
import dev.resumablews.internal.protocol.Utf8;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

import org.springframework.web.socket.CloseStatus;

/**
 * Handles the messages of one upstream connection in order. Events of durable types are
 * appended to the log, other events are sent to the connected clients, and messages that
 * are not JSON objects are dropped.
 */
final class Receiver implements Runnable {

	private static final Log logger = LogFactory.getLog(Receiver.class);

	private static final JsonMapper JSON = JsonMapper.shared();

	private final Relay relay;

	private final Upstream upstream;

	private final Secrets secrets;

	private final EphemeralSender ephemeral;

	private volatile boolean finished;

	/**
	 * Whether a dropped message has been logged. Used by the receiver's thread.
	 */
	private boolean warned;

	Receiver(Relay relay, Upstream upstream, Secrets secrets, EphemeralSender ephemeral) {
		this.relay = relay;
		this.upstream = upstream;
		this.secrets = secrets;
		this.ephemeral = ephemeral;
	}

	/**
	 * Returns whether everything received is stored.
	 */
	boolean isDone() {
		return this.finished && this.relay.journal().last().isDone();
	}

	@Override
	public void run() {
		try {
			for (Inbox.Item item = this.upstream.inbox().take(); item != null; item = this.upstream.inbox().take()) {
				handle(item);
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		catch (Throwable ex) {
			logger.error("Failed to handle messages of the upstream of relay '%s': %s"
				.formatted(this.relay.settings().name(), ex.getClass().getName()));
			this.upstream.close(CloseStatus.SERVER_ERROR);
		}
		finally {
			this.finished = true;
			this.relay.journal().last().whenComplete((stored, failure) -> this.relay.wake());
		}
	}

	private void handle(Inbox.Item item) throws InterruptedException {
		if (item instanceof Inbox.Text message) {
			this.relay.received();
			message(message.text());
		}
		else if (item instanceof Inbox.Pong pong) {
			CompletableFuture<?> last = this.relay.journal().last();
			last.whenComplete((stored, failure) -> this.relay.confirmed(pong.eventId()));
		}
	}

	private void message(String text) throws InterruptedException {
		JsonNode message = parse(text);
		if (message == null) {
			dropped("not a JSON object");
			return;
		}
		ClaimedRelay claim = this.relay.claim();
		RelaySettings settings = this.relay.settings();
		List<JsonNode> events;
		try {
			events = settings.customizer()
				.fromUpstream(new RelayEvent(settings.name(), claim.sessionId(), claim.userId(), message));
		}
		catch (Throwable ex) {
			dropped("translation failed: " + ex.getClass().getName());
			return;
		}
		for (JsonNode event : events) {
			event(event);
		}
	}

	private void event(JsonNode event) throws InterruptedException {
		RelaySettings settings = this.relay.settings();
		ObjectNode payload = RelayEvents.event(event);
		String written = RelayEvents.text(payload);
		String text = this.secrets.redact(written);
		if (!settings.isDurable(event.path("type").asString(""))) {
			sendEphemeral(() -> text.equals(written) ? payload : JSON.readTree(text));
		}
		else if (Utf8.length(text) > settings.maxEventBytes()) {
			dropped("larger than resumable-ws.log.max-event-size");
			this.relay.journal().append(RelayEvents.error("event_too_large", null));
		}
		else {
			this.relay.journal().append(text);
		}
	}

	private void sendEphemeral(Supplier<JsonNode> payload) {
		try {
			this.ephemeral.send(this.relay.claim().sessionId(), RelayType.of(this.relay.settings().name()),
					payload.get());
		}
		catch (RuntimeException ex) {
			dropped("sending failed: " + ex.getMessage());
		}
	}

	private static @Nullable JsonNode parse(String text) {
		try {
			JsonNode message = JSON.readTree(text);
			return (message != null && message.isObject()) ? message : null;
		}
		catch (JacksonException ex) {
			return null;
		}
	}

	/**
	 * Logs one warning per connection.
	 */
	private void dropped(String why) {
		String text = "Dropped a message of the upstream of relay '%s' for session %s: %s"
			.formatted(this.relay.settings().name(), this.relay.claim().sessionId(), why);
		if (this.warned) {
			logger.debug(text);
		}
		else {
			this.warned = true;
			logger.warn(text);
		}
	}

}
