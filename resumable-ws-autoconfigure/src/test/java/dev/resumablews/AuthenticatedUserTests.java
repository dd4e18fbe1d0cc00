package dev.resumablews;

import java.security.Principal;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.entry;

class AuthenticatedUserTests {

	@ParameterizedTest
	@ValueSource(strings = { "", " ", "a\0b", "a\nb", "victim\ud800", "\udc00victim" })
	void anIdThatPostgresCannotStoreUnchangedIsRejected(String userId) {
		assertThatIllegalArgumentException().isThrownBy(() -> new AuthenticatedUser(userId, null));
	}

	@Test
	void theTokenIdIsOptionalAndNotBlank() {
		assertThat(new AuthenticatedUser("alice", null).tokenId()).isNull();
		assertThat(new AuthenticatedUser("alice", null, "jti-1").tokenId()).isEqualTo("jti-1");
		assertThatIllegalArgumentException().isThrownBy(() -> new AuthenticatedUser("alice", null, " "));
	}

	@Test
	void anIdMayHaveTheMaximumLengthAndAnyLetters() {
		String longest = "x".repeat(253) + "\ud83d\ude00";
		assertThat(new AuthenticatedUser(longest, null).userId()).isEqualTo(longest);
		assertThatIllegalArgumentException().isThrownBy(() -> new AuthenticatedUser(longest + "x", null));
	}

	@Test
	void authoritiesAndClaimsAreImmutable() {
		Set<String> authorities = new HashSet<>(Set.of("ROLE_ADMIN"));
		Map<String, Object> claims = new HashMap<>(Map.of("tenant", "acme"));
		Principal principal = () -> "alice";
		AuthenticatedUser user = new AuthenticatedUser("alice", null, "jti-1").withAuthorities(authorities)
			.withClaims(claims)
			.withPrincipal(principal);
		authorities.clear();
		claims.clear();
		assertThat(user.authorities()).containsExactly("ROLE_ADMIN").isUnmodifiable();
		assertThat(user.claims()).containsExactly(entry("tenant", "acme")).isUnmodifiable();
		assertThat(user.principal()).isSameAs(principal);
		assertThat(user.tokenId()).isEqualTo("jti-1");
	}

	@Test
	void toStringContainsNoSecrets() {
		AuthenticatedUser user = new AuthenticatedUser("alice", null, "hidden-id")
			.withAuthorities(Set.of("hidden-role"))
			.withClaims(Map.of("hidden-claim", "hidden-value"))
			.withPrincipal(() -> "hidden-principal");
		assertThat(user.toString()).contains("alice").doesNotContain("hidden");
	}

}
