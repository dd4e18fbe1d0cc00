package dev.resumablews.test.client;

import java.time.Duration;
import java.time.Instant;
import java.util.UUID;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests of {@link ServerFrame}.
 */
class ServerFrameTests {

	private static final UUID KEY = UUID.randomUUID();

	@ParameterizedTest
	@CsvSource({ "session_init, SessionInit", "session_epoch, SessionEpoch", "replay_complete, ReplayComplete",
			"presence, Presence", "pong, Pong", "ack, Ack", "auth_ok, AuthOk", "error, Error",
			"server_restarting, ServerRestarting", "of_the_future, Unknown" })
	void eachControlMessageHasItsRecord(String type, String record) {
		ServerFrame frame = frame("{'type':'%s'}".formatted(type));
		assertThat(frame.getClass().getSimpleName()).isEqualTo(record);
		assertThat(frame.type()).isEqualTo(type);
	}

	@Test
	void aDurableEventIsTypedAndItsPayloadIsConverted() {
		ServerFrame.Event event = (ServerFrame.Event) frame(
				"{'type':'order','event_id':7,'payload':{'number':1},'created_at':'2026-01-31T12:00:00.123456Z','replay':true}");
		assertThat(event.eventId()).isEqualTo(7);
		assertThat(event.createdAt()).isEqualTo(Instant.parse("2026-01-31T12:00:00.123456Z"));
		assertThat(event.isReplay()).isTrue();
		assertThat(event.as(Order.class)).isEqualTo(new Order(1));
	}

	@Test
	void anEventWithTheTypeOfAControlMessageIsAnEvent() {
		assertThat(frame("{'type':'presence','event_id':1,'payload':{}}")).isInstanceOf(ServerFrame.Event.class);
	}

	@Test
	void anEphemeralEventHasNoId() {
		assertThat(frame("{'type':'typing','ephemeral':true,'payload':{'on':true}}")).isInstanceOfSatisfying(
				ServerFrame.EphemeralEvent.class,
				(event) -> assertThat(event.payload().path("on").asBoolean()).isTrue());
	}

	@Test
	void optionalFieldsMayBeMissing() {
		ServerFrame.Ack ack = (ServerFrame.Ack) frame("{'type':'ack','idempotency_key':'%s'}".formatted(KEY));
		assertThat(ack.idempotencyKey()).contains(KEY);
		assertThat(ack.eventId()).isEmpty();
		assertThat(ack.isDuplicate()).isFalse();
	}

	@Test
	void theErrorNamesARequiredFieldThatIsMissing() {
		ServerFrame.Error error = (ServerFrame.Error) frame("{'type':'error','message':'No'}");
		assertThatIllegalStateException().isThrownBy(error::code).withMessageContaining("'code'");
	}

	@Test
	void millisecondsAreReadAsDurations() {
		assertThat(((ServerFrame.ServerRestarting) frame("{'type':'server_restarting','reconnect_after_ms':2731}"))
			.reconnectAfter()).isEqualTo(Duration.ofMillis(2731));
	}

	@Test
	void aFailedAssertionNamesTheExpectedAndTheReceivedValue() {
		ServerFrame ack = frame("{'type':'ack','idempotency_key':'%s','event_id':3,'duplicate':true}".formatted(KEY));
		ResumableWsAssertions.assertThat(ack).isAck().isDuplicate().forKey(KEY).hasEventId(3);
		assertThatExceptionOfType(AssertionError.class)
			.isThrownBy(() -> ResumableWsAssertions.assertThat(ack).hasEventId(4))
			.withMessageContaining("event id 4")
			.withMessageContaining("\"event_id\":3");
		assertThatExceptionOfType(AssertionError.class)
			.isThrownBy(() -> ResumableWsAssertions.assertThat(ack).forKey(UUID.randomUUID()));
		assertThatExceptionOfType(AssertionError.class)
			.isThrownBy(() -> ResumableWsAssertions.assertThat(ack).isError("invalid"));
		assertThatExceptionOfType(AssertionError.class)
			.isThrownBy(() -> ResumableWsAssertions.assertThat(ack).isEvent("ack"));
	}

	private static ServerFrame frame(String json) {
		return ServerFrame.of(JsonMapper.shared().readTree(json.replace('\'', '"')));
	}

	record Order(int number) {
	}

}
