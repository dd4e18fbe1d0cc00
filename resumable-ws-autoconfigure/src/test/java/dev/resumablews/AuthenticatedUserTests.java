package dev.resumablews;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

class AuthenticatedUserTests {

	@ParameterizedTest
	@ValueSource(strings = { "", " ", "a\0b", "a\nb", "victim\ud800", "\udc00victim" })
	void anIdThatPostgresDoesNotStoreAsItIsIsRefused(String userId) {
		assertThatIllegalArgumentException().isThrownBy(() -> new AuthenticatedUser(userId, null));
	}

	@Test
	void theIdOfATokenIsOptionalAndNotBlank() {
		assertThat(new AuthenticatedUser("alice", null).tokenId()).isNull();
		assertThat(new AuthenticatedUser("alice", null, "jti-1").tokenId()).isEqualTo("jti-1");
		assertThatIllegalArgumentException().isThrownBy(() -> new AuthenticatedUser("alice", null, " "));
	}

	@Test
	void anIdMayBeLongAndOfAnyLetters() {
		String longest = "x".repeat(253) + "\ud83d\ude00";
		assertThat(new AuthenticatedUser(longest, null).userId()).isEqualTo(longest);
		assertThatIllegalArgumentException().isThrownBy(() -> new AuthenticatedUser(longest + "x", null));
	}

}
