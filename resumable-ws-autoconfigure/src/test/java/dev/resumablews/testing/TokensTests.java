package dev.resumablews.testing;

import java.nio.charset.StandardCharsets;
import java.time.Instant;

import javax.crypto.spec.SecretKeySpec;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.oauth2.jwt.JwtException;
import org.springframework.security.oauth2.jwt.NimbusJwtDecoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link Tokens}, with the decoder that the library uses.
 */
class TokensTests {

	private final JwtDecoder decoder = NimbusJwtDecoder
		.withSecretKey(new SecretKeySpec(Tokens.SECRET.getBytes(StandardCharsets.UTF_8), "HmacSHA256"))
		.build();

	@Test
	void aValidTokenIsAccepted() {
		assertThat(this.decoder.decode(Tokens.forUser("alice")).getSubject()).isEqualTo("alice");
		assertThat(this.decoder.decode(Tokens.with("alice", (claims) -> claims.put("aud", "chat"))).getAudience())
			.containsExactly("chat");
		assertThat(this.decoder.decode(Tokens.with("alice", (claims) -> claims.put("email", "a@example.com")))
			.getClaimAsString("email")).isEqualTo("a@example.com");
	}

	@ParameterizedTest
	@ValueSource(strings = { "forged", "unsigned", "expired" })
	void anInvalidTokenIsRejected(String kind) {
		String token = switch (kind) {
			case "forged" -> Tokens.forged("alice");
			case "unsigned" -> Tokens.unsigned("alice");
			default -> Tokens.expiring("alice", Instant.now().minusSeconds(3600));
		};
		assertThatExceptionOfType(JwtException.class).isThrownBy(() -> this.decoder.decode(token));
	}

}
