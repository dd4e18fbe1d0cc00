package dev.resumablews.internal.handshake;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

import dev.resumablews.ResumableWsProperties;
import dev.resumablews.internal.handshake.HandshakeServer.Answer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests the property with the sources of tokens.
 */
class TokenSourceTests {

	@ParameterizedTest
	@EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "MESSAGE")
	void aDisabledSourceIsIgnored(ResumableWsProperties.TokenSource off) {
		List<ResumableWsProperties.TokenSource> all = Arrays.stream(ResumableWsProperties.TokenSource.values())
			.filter((source) -> source != ResumableWsProperties.TokenSource.MESSAGE)
			.toList();
		String on = all.stream()
			.filter((source) -> source != off)
			.map((source) -> source.name().toLowerCase(Locale.ROOT))
			.reduce((a, b) -> a + "," + b)
			.orElseThrow();
		try (HandshakeServer server = HandshakeServer.startWithSecret("resumable-ws.auth.token-sources=" + on)) {
			for (ResumableWsProperties.TokenSource source : all) {
				Answer answer = connect(server, source);
				assertThat(answer.status()).as("%s, without %s", source, off).isEqualTo((source == off) ? 401 : 101);
			}
		}
	}

	@Test
	void theSourcesAreTriedInTheOrderOfTheProperty() {
		try (HandshakeServer server = HandshakeServer.startWithSecret("resumable-ws.auth.token-sources=query,header")) {
			assertThat(server
				.connect("token=" + TestTokens.of("query"), "Authorization: Bearer " + TestTokens.of("header"))
				.body()).startsWith("query ");
			assertThat(server.connect("", "Authorization: Bearer " + TestTokens.of("header")).body())
				.startsWith("header ");
		}
	}

	private static Answer connect(HandshakeServer server, ResumableWsProperties.TokenSource source) {
		String token = TestTokens.of("ada");
		return switch (source) {
			case HEADER -> server.connect("", "Authorization: Bearer " + token);
			case SUBPROTOCOL -> server.connect("", "Sec-WebSocket-Protocol: resumable-ws.v1, jwt-" + token);
			case COOKIE -> server.connect("", "Cookie: resumable-ws-token=" + token);
			case QUERY -> server.connect("token=" + token);
			case MESSAGE -> throw new IllegalArgumentException("Not in the handshake");
		};
	}

}
