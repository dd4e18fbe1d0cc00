package dev.resumablews.internal.protocol;

import java.time.Instant;
import java.util.UUID;

import dev.resumablews.SessionEvent;
import dev.resumablews.internal.protocol.ServerMessage.Ack;
import dev.resumablews.internal.protocol.ServerMessage.Close;
import dev.resumablews.internal.protocol.ServerMessage.ReplayComplete;
import dev.resumablews.internal.protocol.ServerMessage.ServerRestarting;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class EventStreamWriterTests {

	private final FrameWriter frames = new FrameWriter();

	@Test
	void aDurableEventHasItsId() {
		String event = this.frames
			.write(new SessionEvent(UUID.randomUUID(), 4711, "tick", "{\n\"event_id\":1}", Instant.EPOCH), true);
		assertThat(event(event)).isEqualTo("id: 4711\ndata: " + event + "\n\n");
	}

	@Test
	void aControlMessageHasNoIdEvenIfItNamesAnEvent() {
		String ack = this.frames.write(new Ack(UUID.randomUUID(), 5L, false));
		assertThat(event(ack)).isEqualTo("data: " + ack + "\n\n");
		assertThat(event("{\"type\":\"x\",\"event_ids\":5}")).startsWith("data: ");
		assertThat(event("{}")).isEqualTo("data: {}\n\n");
	}

	@Test
	void aRestartHasTheTimeToReconnect() {
		assertThat(event(this.frames.write(new ServerRestarting(1234))))
			.isEqualTo("retry: 1234\ndata: {\"type\":\"server_restarting\",\"reconnect_after_ms\":1234}\n\n");
	}

	@Test
	void theLastMessageNamesTheCloseCode() {
		assertThat(event(this.frames.write(new Close(4401, "unauthorized"))))
			.isEqualTo("data: {\"type\":\"close\",\"code\":4401,\"reason\":\"unauthorized\"}\n\n");
	}

	@Test
	void onlySessionInitAndReplayCompleteArePreamble() {
		assertThat(EventStreamWriter.isPreamble(this.frames.write(new ReplayComplete(1, 0)))).isTrue();
		assertThat(EventStreamWriter.isPreamble("{\"type\":\"session_init\",\"session_id\":\"x\"}")).isTrue();
		assertThat(EventStreamWriter.isPreamble("{\"type\":\"session_epoch\"}")).isFalse();
		assertThat(EventStreamWriter.isPreamble(this.frames.write(new ServerRestarting(1)))).isFalse();
	}

	private static String event(String message) {
		StringBuilder text = new StringBuilder();
		EventStreamWriter.write(message, text);
		return text.toString();
	}

}
