package dev.resumablews.internal.handshake;

import java.util.List;

import dev.resumablews.internal.handshake.HandshakeServer.Answer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests the handshake in the supported containers.
 */
@ExtendWith(OutputCaptureExtension.class)
class HandshakeContainerTests {

	@ParameterizedTest
	@ValueSource(classes = { HandshakeServer.Tomcat.class, HandshakeServer.Jetty.class })
	void clientsAreAcceptedAndRejectedInEveryContainer(Class<?> container, CapturedOutput output) {
		String secret = "resumable-ws.auth.jwt.secret=" + TestTokens.SECRET;
		try (HandshakeServer server = HandshakeServer.start(container, List.of(), secret)) {
			String token = TestTokens.of("ada");
			Answer accepted = server.connect("lastEventId=7",
					"Sec-WebSocket-Protocol: jwt-" + token + ", resumable-ws.v1");
			assertThat(accepted.status()).isEqualTo(101);
			assertThat(accepted.header("Sec-WebSocket-Protocol")).isEqualTo("resumable-ws.v1");
			assertThat(accepted.body()).isEqualTo("ada null 7 false");
			Answer refused = server.connect("token=" + token + "x");
			assertThat(refused.status()).isEqualTo(401);
			assertThat(refused.header("WWW-Authenticate")).isEqualTo("Bearer error=\"invalid_token\"");
			assertThat(refused.header("Content-Type")).isEqualToIgnoringCase("text/plain;charset=UTF-8");
			assertThat(refused.body()).isEqualTo("Token invalid");
			assertThat(server.connect("token=" + token, "Origin: null").status()).isEqualTo(403);
			assertThat(server.send("GET", "/ws", List.of()).status()).isEqualTo(400);
			assertThat(output).doesNotContain(token, "\tat dev.resumablews");
		}
	}

	@Test
	void aStartWithoutAuthenticationFailsWithTheRemedy(CapturedOutput output) {
		assertThatExceptionOfType(RuntimeException.class).isThrownBy(HandshakeServer::start);
		assertThat(output).contains("APPLICATION FAILED TO START", "No verification of WebSocket tokens is configured.",
				"Set one of resumable-ws.auth.jwt.secret, ");
	}

}
