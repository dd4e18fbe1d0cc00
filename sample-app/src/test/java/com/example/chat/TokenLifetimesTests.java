package com.example.chat;

import java.time.Duration;
import java.util.UUID;
import java.util.stream.IntStream;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

class TokenLifetimesTests {

	private static final Duration USUAL = Duration.ofMinutes(10);

	private final TokenLifetimes lifetimes = new TokenLifetimes(USUAL);

	@Test
	void onlyTheNewestUsersAreKept() {
		UUID first = UUID.randomUUID();
		this.lifetimes.shortenNext(first);
		IntStream.range(0, TokenLifetimes.CAPACITY - 1).forEach((i) -> this.lifetimes.shortenNext(UUID.randomUUID()));
		assertThat(this.lifetimes.next(first)).isEqualTo(TokenLifetimes.SHORT);

		this.lifetimes.shortenNext(first);
		IntStream.range(0, TokenLifetimes.CAPACITY).forEach((i) -> this.lifetimes.shortenNext(UUID.randomUUID()));

		assertThat(this.lifetimes.next(first)).isEqualTo(USUAL);
	}

	@Test
	void aLifetimeOfLessThanASecondIsRejected() {
		assertThatIllegalArgumentException().isThrownBy(() -> new TokenLifetimes(Duration.ofMillis(1)))
			.withMessageContaining("chat.token-lifetime");
	}

}
