package dev.resumablews.test.client;

import java.nio.charset.StandardCharsets;
import java.util.List;

import javax.crypto.spec.SecretKeySpec;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.oauth2.jwt.JwtException;
import org.springframework.security.oauth2.jwt.NimbusJwtDecoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests of {@link TestTokens}, with the decoder that applications use.
 */
class TestTokensTests {

	private static final String SECRET = "a secret of at least thirty-two bytes";

	private final TestTokens tokens = TestTokens.signedWith(SECRET);

	private final JwtDecoder decoder = NimbusJwtDecoder
		.withSecretKey(new SecretKeySpec(SECRET.getBytes(StandardCharsets.UTF_8), "HmacSHA256"))
		.build();

	@Test
	void aTokenNamesItsUserAndExpires() {
		Jwt jwt = this.decoder.decode(this.tokens.forUser("ada"));
		assertThat(jwt.getSubject()).isEqualTo("ada");
		assertThat(jwt.getExpiresAt()).isAfter(jwt.getIssuedAt());
	}

	@Test
	void claimsAreAddedReplacedAndRemoved() {
		TestTokens issuer = this.tokens.withClaim("iss", "https://issuer").withClaim("aud", List.of("chat"));
		Jwt jwt = this.decoder.decode(issuer.forUser("ada", (claims) -> {
			claims.put("scope", "admin");
			claims.put("iss", "https://other");
			claims.remove("iat");
		}));
		assertThat(jwt.getClaimAsString("scope")).isEqualTo("admin");
		assertThat(jwt.getClaimAsString("iss")).isEqualTo("https://other");
		assertThat(jwt.getAudience()).containsExactly("chat");
		assertThat(this.tokens.forUser("ada")).isNotEqualTo(issuer.forUser("ada"));
	}

	@ParameterizedTest
	@ValueSource(strings = { "expired", "forged", "unsigned" })
	void anInvalidTokenIsRejected(String kind) {
		String token = switch (kind) {
			case "expired" -> this.tokens.expired("ada");
			case "forged" -> this.tokens.forged("ada");
			default -> this.tokens.unsigned("ada");
		};
		assertThatExceptionOfType(JwtException.class).isThrownBy(() -> this.decoder.decode(token));
	}

	@Test
	void aSecretThatIsTooShortForTheAlgorithmIsRejected() {
		assertThatIllegalArgumentException().isThrownBy(() -> TestTokens.signedWith("short").forUser("ada"))
			.withMessageContaining("HS256");
	}

}
