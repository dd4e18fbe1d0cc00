package dev.resumablews.test.client;

import java.util.Objects;
import java.util.OptionalLong;
import java.util.UUID;

import org.assertj.core.api.AbstractAssert;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Assertions about a {@link ServerFrame}. Not safe for use by many threads.
 */
public final class ServerFrameAssert extends AbstractAssert<ServerFrameAssert, ServerFrame> {

	ServerFrameAssert(ServerFrame actual) {
		super(actual, ServerFrameAssert.class);
	}

	/**
	 * Verifies that the frame is the {@code session_init} of a resumed session.
	 * @return this
	 */
	public ServerFrameAssert isResumed() {
		ServerFrame.SessionInit init = as(ServerFrame.SessionInit.class);
		return verify(init.isResumed(), "a resumed session");
	}

	/**
	 * Verifies that the frame is an {@code ack}.
	 * @return this
	 */
	public ServerFrameAssert isAck() {
		as(ServerFrame.Ack.class);
		return this;
	}

	/**
	 * Verifies that the frame is the {@code ack} of a message that was sent before.
	 * @return this
	 */
	public ServerFrameAssert isDuplicate() {
		return verify(as(ServerFrame.Ack.class).isDuplicate(), "the ack of a duplicate");
	}

	/**
	 * Verifies that the frame is an {@code error}.
	 * @param code the expected code, such as {@code invalid}
	 * @return this
	 */
	public ServerFrameAssert isError(String code) {
		return verify(as(ServerFrame.Error.class).code().equals(code), "an error with code '" + code + "'");
	}

	/**
	 * Verifies that the frame is a durable event.
	 * @param type the expected type
	 * @return this
	 */
	public ServerFrameAssert isEvent(String type) {
		return verify(as(ServerFrame.Event.class).type().equals(type), "an event of type '" + type + "'");
	}

	/**
	 * Verifies that the frame is an ephemeral event.
	 * @param type the expected type
	 * @return this
	 */
	public ServerFrameAssert isEphemeralEvent(String type) {
		return verify(as(ServerFrame.EphemeralEvent.class).type().equals(type),
				"an ephemeral event of type '" + type + "'");
	}

	/**
	 * Verifies that the frame is a durable event that was replayed.
	 * @return this
	 */
	public ServerFrameAssert isReplay() {
		return verify(as(ServerFrame.Event.class).isReplay(), "a replayed event");
	}

	/**
	 * Verifies which message the frame answers.
	 * @param key the expected idempotency key
	 * @return this
	 */
	public ServerFrameAssert forKey(UUID key) {
		isNotNull();
		return verify(this.actual.idempotencyKey().filter(key::equals).isPresent(), "the idempotency key " + key);
	}

	/**
	 * Verifies the event's id, of an event or of an {@code ack}.
	 * @param eventId the expected id
	 * @return this
	 */
	public ServerFrameAssert hasEventId(long eventId) {
		isNotNull();
		OptionalLong id = Fields.optionalLong(this.actual.json(), "event_id");
		return verify(id.isPresent() && id.getAsLong() == eventId, "the event id " + eventId);
	}

	/**
	 * Verifies the payload of an event.
	 * @param expected the expected payload, which is converted to JSON
	 * @return this
	 */
	public ServerFrameAssert hasPayload(Object expected) {
		JsonNode payload = as(ServerFrame.Published.class).payload();
		// through text, so that an int equals a long
		JsonNode wanted = JsonMapper.shared().readTree(JsonMapper.shared().writeValueAsString(expected));
		return verify(Objects.equals(payload, wanted), "the payload " + wanted);
	}

	private <F extends ServerFrame> F as(Class<F> type) {
		isInstanceOf(type);
		return type.cast(this.actual);
	}

	private ServerFrameAssert verify(boolean holds, String expected) {
		if (!holds) {
			failWithMessage("%nExpected %s, but was:%n  %s", expected, this.actual.json());
		}
		return this;
	}

}
