package dev.resumablews.internal.protocol;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

import dev.resumablews.SessionEvent;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests of {@link DeltaMerger}.
 */
class DeltaMergerTests {

	private static final UUID SESSION = UUID.randomUUID();

	private static final Instant BEGIN = Instant.parse("2026-01-31T12:00:00Z");

	private final DeltaMerger merger = new DeltaMerger(65_536);

	private final List<SessionEvent> events = new ArrayList<>();

	@Test
	void consecutiveDeltasAreMerged() {
		delta("m", 0, "Hel");
		delta("m", 3, "lo, ");
		delta("m", 7, "\\\"wo\\nrld\\\"");
		assertThat(merged()).singleElement().satisfies((event) -> {
			assertThat(event.sessionId()).isEqualTo(SESSION);
			assertThat(event.id()).isEqualTo(3);
			assertThat(event.type()).isEqualTo("assistant_delta");
			assertThat(event.createdAt()).isEqualTo(BEGIN.plusSeconds(3));
			JsonNode payload = payload(event);
			assertThat(payload.propertyNames()).containsExactly("message_id", "offset", "content");
			assertThat(payload.path("message_id").asString("")).isEqualTo("m");
			assertThat(payload.path("offset").asInt(-1)).isZero();
			assertThat(payload.path("content").asString("")).isEqualTo("Hello, \"wo\nrld\"");
		});
	}

	@Test
	void offsetsCountUtf16CodeUnits() {
		delta("m", 4, "😀");
		delta("m", 6, "\\ud83d\\ude00");
		delta("m", 8, "é");
		delta("m", 9, "!");
		assertThat(merged()).singleElement().satisfies((event) -> {
			assertThat(payload(event).path("offset").asInt(-1)).isEqualTo(4);
			assertThat(payload(event).path("content").asString("")).isEqualTo("😀😀é!");
		});
	}

	@Test
	void unpairedSurrogatesAreUnchanged() {
		delta("m", 0, "a");
		delta("m", 1, "\\ud83d");
		delta("m", 2, "\\ude00");
		delta("m", 3, "b");
		assertThat(merged()).isEqualTo(this.events);
	}

	@Test
	void gapsAndRepetitionsAreNotMerged() {
		delta("m", 0, "ab");
		delta("m", 2, "cd");
		delta("m", 5, "fg");
		delta("m", 7, "hi");
		delta("m", 8, "i");
		assertThat(merged()).extracting(SessionEvent::id).containsExactly(2L, 4L, 5L);
		assertThat(contents()).containsExactly("abcd", "fghi", "i");
	}

	@Test
	void deltasOfDifferentRepliesAreNotMerged() {
		delta("m", 0, "a");
		delta("m", 1, "b");
		delta("n", 2, "c");
		delta("n", 3, "d");
		delta("m", 2, "e");
		assertThat(contents()).containsExactly("ab", "cd", "e");
	}

	@Test
	void otherEventsKeepTheirPosition() {
		delta("m", 0, "a");
		delta("m", 1, "b");
		event("order.paid", "{\"message_id\":\"m\",\"offset\":2,\"content\":\"x\"}");
		delta("m", 2, "c");
		delta("m", 3, "d");
		event("assistant_failed", "{\"message_id\":\"m\"}");
		assertThat(merged()).extracting(SessionEvent::id).containsExactly(2L, 3L, 5L, 6L);
		assertThat(merged().get(1)).isEqualTo(this.events.get(2));
		assertThat(merged().get(3)).isEqualTo(this.events.get(5));
	}

	@Test
	void aMergedPayloadIsLimitedInLength() {
		DeltaMerger small = new DeltaMerger(300);
		for (int i = 0; i < 100; i++) {
			delta("m", i * 10, "0123456789");
		}
		List<SessionEvent> merged = small.merge(this.events);
		assertThat(merged).hasSizeBetween(20, 50).allMatch((event) -> event.payload().length() <= 300);
		assertThat(String.join("", merged.stream().map(DeltaMergerTests::content).toList()))
			.isEqualTo("0123456789".repeat(100));
	}

	@Test
	void aDeltaBeyondTheLimitIsUnchanged() {
		delta("m", 0, "x".repeat(400));
		delta("m", 400, "y");
		delta("m", 401, "z");
		assertThat(new DeltaMerger(300).merge(this.events)).hasSize(2).first().isEqualTo(this.events.get(0));
	}

	@Test
	void manyDeltasAreMerged() {
		StringBuilder text = new StringBuilder();
		for (int i = 0; i < 500; i++) {
			String piece = "piece " + i + ";";
			delta("m", text.length(), piece);
			text.append(piece);
		}
		assertThat(contents()).containsExactly(text.toString());
		assertThat(merged().get(0).id()).isEqualTo(500);
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "null", "[]", "{", "{}", "7", "{\"message_id\":\"m\",\"offset\":1,\"content\":\"b\"", //
			"{\"message_id\":\"m\",\"offset\":1,\"content\":\"b\"}{}",
			"{\"message_id\":\"m\",\"offset\":1,\"content\":\"b\",\"more\":1}",
			"{\"message_id\":\"m\",\"offset\":1,\"offset\":1,\"content\":\"b\"}", //
			"{\"message_id\":\"m\",\"content\":\"b\"}", //
			"{\"message_id\":\"m\",\"offset\":1}", //
			"{\"offset\":1,\"content\":\"b\"}", //
			"{\"message_id\":\"m\",\"offset\":\"1\",\"content\":\"b\"}",
			"{\"message_id\":\"m\",\"offset\":1.0,\"content\":\"b\"}",
			"{\"message_id\":\"m\",\"offset\":99999999999999999999,\"content\":\"b\"}",
			"{\"message_id\":\"m\",\"offset\":1,\"content\":null}",
			"{\"message_id\":\"m\",\"offset\":1,\"content\":[\"b\"]}",
			"{\"message_id\":7,\"offset\":1,\"content\":\"b\"}" })
	void otherPayloadsAreUnchanged(String payload) {
		delta("m", 0, "a");
		event("assistant_delta", payload);
		delta("m", 2, "c");
		assertThat(merged()).isEqualTo(this.events);
	}

	@Test
	void whitespaceAndTheOrderOfFieldsAreIgnored() {
		delta("m", 0, "a");
		event("assistant_delta", " { \"content\" : \"b\",\n\"offset\":1, \"message_id\" : \"m\" } ");
		assertThat(contents()).containsExactly("ab");
	}

	@Test
	void aSingleDeltaIsNotParsed() {
		event("assistant_delta", "{\"message_id\":\"m\",\"offset\":0,\"content\":\"a\"}");
		assertThat(merged().get(0)).isSameAs(this.events.get(0));
		assertThat(this.merger.merge(List.of())).isEmpty();
	}

	private void delta(String messageId, int offset, String content) {
		event("assistant_delta",
				"{\"message_id\":\"" + messageId + "\",\"offset\":" + offset + ",\"content\":\"" + content + "\"}");
	}

	private void event(String type, String payload) {
		long id = this.events.size() + 1;
		this.events.add(new SessionEvent(SESSION, id, type, payload, BEGIN.plusSeconds(id)));
	}

	private List<SessionEvent> merged() {
		return this.merger.merge(this.events);
	}

	private List<String> contents() {
		return merged().stream().map(DeltaMergerTests::content).toList();
	}

	private static String content(SessionEvent event) {
		return payload(event).path("content").asString("");
	}

	private static JsonNode payload(SessionEvent event) {
		return JsonMapper.shared().readTree(event.payload());
	}

}
