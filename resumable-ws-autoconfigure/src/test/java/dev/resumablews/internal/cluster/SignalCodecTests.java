package dev.resumablews.internal.cluster;

import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import dev.resumablews.internal.node.NodeNotification;
import dev.resumablews.internal.schema.SchemaName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

class SignalCodecTests {

	private final UUID node = UUID.randomUUID();

	@Test
	void manySessionsAreSplitIntoTextsThatPostgresAccepts() {
		Set<UUID> sessionIds = Stream.generate(UUID::randomUUID).limit(1000).collect(Collectors.toSet());
		List<String> texts = SignalCodec.write(this.node, sessionIds, Set.of(), Set.of());
		assertThat(texts).hasSize(3)
			.allSatisfy((text) -> assertThat(text.getBytes(StandardCharsets.UTF_8)).hasSizeLessThan(8000));
		Set<UUID> read = new HashSet<>();
		texts.stream().map(SignalCodec::read).filter(Objects::nonNull).forEach((signal) -> {
			assertThat(signal.node()).isEqualTo(this.node);
			assertThat(signal.notifications()).isEmpty();
			read.addAll(signal.sessionIds());
		});
		assertThat(read).isEqualTo(sessionIds);
	}

	@Test
	void aNotificationIsASeparateText() {
		UUID sessionId = UUID.randomUUID();
		for (NodeNotification notification : NodeNotification.values()) {
			assertThat(SignalCodec.write(this.node, Set.of(sessionId), Set.of(sessionId), Set.of(notification)))
				.map(SignalCodec::read)
				.containsExactly(new SignalCodec(this.node, Set.of(sessionId), Set.of(), Set.of()),
						new SignalCodec(this.node, Set.of(), Set.of(sessionId), Set.of()),
						new SignalCodec(this.node, Set.of(), Set.of(), Set.of(notification)));
		}
	}

	@Test
	void noContentProducesNoText() {
		assertThat(SignalCodec.write(this.node, Set.of(), Set.of(), Set.of())).isEmpty();
	}

	@ParameterizedTest
	@ValueSource(
			strings = { "", "n", "n ", "r ", "d ", "hello", "n not-an-id", "n AAAAAAAAAAAAAAAAAAAAAA x", "n !", "{}" })
	void invalidTextsAreIgnored(String text) {
		assertThat(SignalCodec.read(text)).isNull();
	}

	@Test
	void everySchemaHasItsOwnChannel() {
		assertThat(PostgresSignal.channel(new SchemaName(""))).isEqualTo("resumable_ws");
		assertThat(PostgresSignal.channel(new SchemaName("chat"))).isEqualTo("resumable_ws_chat");
		String longest = "a".repeat(62);
		assertThat(PostgresSignal.channel(new SchemaName(longest + "b"))).hasSizeLessThan(63)
			.isNotEqualTo(PostgresSignal.channel(new SchemaName(longest + "c")));
	}

}
