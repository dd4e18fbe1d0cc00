package dev.resumablews.internal.codec;

import java.util.Map;
import java.util.UUID;

import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;

import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.PayloadCodec;
import dev.resumablews.PayloadCodecException;
import dev.resumablews.testing.AesGcmPayloadCodec;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests how payloads are encoded for the database, with and without a
 * {@code PayloadCodec}.
 */
class StoredPayloadsTests {

	private static final UUID SESSION = UUID.randomUUID();

	private static final SecretKey FIRST = new SecretKeySpec(new byte[32], "AES");

	private static final SecretKey SECOND = new SecretKeySpec("secret-secret-secret-secret-1234".getBytes(), "AES");

	private final StoredPayloads payloads = new StoredPayloads(new AesGcmPayloadCodec(Map.of("1", FIRST), "1"));

	@Test
	void theStoredObjectContainsOnlyTheEncodedTextAndTheFieldsThatSqlReads() {
		String stored = this.payloads.encode(SESSION, "tick", "{\"secret\":1}", null);
		JsonNode json = JsonMapper.shared().readTree(stored);
		assertThat(json.propertyNames()).containsExactly("encoded");
		assertThat(stored).doesNotContain("secret");
		assertThat(this.payloads.decode(SESSION, 1, "tick", stored)).isEqualTo("{\"secret\":1}");
		String started = this.payloads.encode(SESSION, "assistant_started", "{}", 7L);
		assertThat(JsonMapper.shared().readTree(started).path("in_reply_to").asLong()).isEqualTo(7);
		assertThat(this.payloads.decode(SESSION, 1, "assistant_started", started)).isEqualTo("{}");
	}

	@ParameterizedTest
	@ValueSource(strings = { "{}", "{\"encoded\":\"x\"}", "{ \"encoded\" : \"x\" }" })
	void aPayloadThatLooksLikeAnEncodedOneIsReadAsItIs(String stored) {
		assertThat(this.payloads.decode(SESSION, 1, "tick", stored)).isEqualTo(stored);
		assertThat(StoredPayloads.PLAIN.decode(SESSION, 1, "tick", stored)).isEqualTo(stored);
	}

	@ParameterizedTest
	@ValueSource(strings = { "\u0000 \" \\ \n", "\ud83d\ude00 \u6587" })
	void aCodecCanReturnAnyText(String text) {
		StoredPayloads same = new StoredPayloads(codec(text, "{}"));
		String stored = same.encode(SESSION, "tick", "{}", null);
		assertThat(JsonMapper.shared().readTree(stored).path("encoded").asString()).isEqualTo(text);
		assertThat(same.decode(SESSION, 1, "tick", stored)).isEqualTo("{}");
	}

	@Test
	void theResultOfACodecIsValidated() {
		assertThatExceptionOfType(PayloadCodecException.class)
			.isThrownBy(() -> new StoredPayloads(codec("\ud83d", "{}")).encode(SESSION, "tick", "{}", null));
		assertThatExceptionOfType(PayloadCodecException.class)
			.isThrownBy(() -> new StoredPayloads(codec(null, "{}")).encode(SESSION, "tick", "{}", null));
		assertThatExceptionOfType(PayloadCodecException.class).isThrownBy(
				() -> new StoredPayloads(codec("x", "no object")).decode(SESSION, 5, "tick", " {\"encoded\":\"x\"}"))
			.withMessageContaining("Event 5 of type 'tick' in session " + SESSION);
	}

	@Test
	void anUnavailableCodecDoesNotFailTheEvent() {
		StoredPayloads unavailable = new StoredPayloads(new PayloadCodec() {

			@Override
			public String encode(UUID sessionId, String type, String payload) {
				throw new EventLogUnavailableException("no key");
			}

			@Override
			public String decode(UUID sessionId, String type, String encoded) {
				throw new EventLogUnavailableException("no key");
			}

		});
		assertThatExceptionOfType(EventLogUnavailableException.class)
			.isThrownBy(() -> unavailable.encode(SESSION, "tick", "{}", null));
		assertThatExceptionOfType(EventLogUnavailableException.class)
			.isThrownBy(() -> unavailable.decode(SESSION, 1, "tick", " {\"encoded\":\"x\"}"));
	}

	@Test
	void withoutACodecReadingAnEncodedEventFails() {
		String stored = this.payloads.encode(SESSION, "tick", "{}", null);
		assertThatExceptionOfType(PayloadCodecException.class)
			.isThrownBy(() -> StoredPayloads.PLAIN.decode(SESSION, 3, "tick", stored))
			.withMessageContaining("Event 3 ")
			.withMessageContaining("no PayloadCodec bean");
	}

	@Test
	void theExampleCodecDecodesWithOldKeysAndBindsEventsToTheirSession() {
		String stored = this.payloads.encode(SESSION, "tick", "{}", null);
		StoredPayloads rotated = new StoredPayloads(new AesGcmPayloadCodec(Map.of("1", FIRST, "2", SECOND), "2"));
		assertThat(rotated.decode(SESSION, 1, "tick", stored)).isEqualTo("{}");
		assertThat(rotated.encode(SESSION, "tick", "{}", null)).contains("\"2.");
		for (Runnable moved : new Runnable[] { () -> rotated.decode(UUID.randomUUID(), 1, "tick", stored),
				() -> rotated.decode(SESSION, 1, "tock", stored),
				() -> new StoredPayloads(new AesGcmPayloadCodec(Map.of("1", SECOND), "1")).decode(SESSION, 1, "tick",
						stored) }) {
			assertThatExceptionOfType(PayloadCodecException.class).isThrownBy(moved::run);
		}
	}

	private static PayloadCodec codec(@Nullable String encoded, String decoded) {
		return new PayloadCodec() {

			@Override
			@SuppressWarnings("NullAway")
			public String encode(UUID sessionId, String type, String payload) {
				return encoded;
			}

			@Override
			public String decode(UUID sessionId, String type, String text) {
				assertThat(text).isNotNull();
				return decoded;
			}

		};
	}

}
