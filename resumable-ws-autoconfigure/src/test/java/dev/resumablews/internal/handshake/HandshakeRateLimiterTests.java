package dev.resumablews.internal.handshake;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

import dev.resumablews.AuthenticatedUser;
import dev.resumablews.HandshakeAuthenticator;
import dev.resumablews.internal.handshake.HandshakeServer.Answer;
import org.junit.jupiter.api.Test;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

class HandshakeRateLimiterTests {

	private static final RemoteAddress ADDRESS = RemoteAddress.parse("192.0.2.1");

	@Test
	void anAddressIsLimitedToItsBurst() {
		HandshakeRateLimiter limiter = new HandshakeRateLimiter(1, 3);
		for (int i = 0; i < 3; i++) {
			assertThat(limiter.admits(ADDRESS)).isTrue();
		}
		assertThat(limiter.admits(ADDRESS)).isFalse();
		assertThat(limiter.admits(RemoteAddress.parse("192.0.2.2"))).isTrue();
		await().until(() -> limiter.admits(ADDRESS));
	}

	@Test
	void addressesOfANetworkShareALimit() {
		HandshakeRateLimiter limiter = new HandshakeRateLimiter(1, 2);
		assertThat(limiter.admits(RemoteAddress.parse("2001:db8::1"))).isTrue();
		assertThat(limiter.admits(RemoteAddress.parse("2001:db8::2"))).isTrue();
		assertThat(limiter.admits(RemoteAddress.parse("2001:db8::3:4:5"))).isFalse();
		assertThat(limiter.admits(RemoteAddress.parse("2001:db8:0:1::1"))).isTrue();
	}

	@Test
	void invalidAddressesShareALimit() {
		HandshakeRateLimiter limiter = new HandshakeRateLimiter(1, 2);
		assertThat(limiter.admits(RemoteAddress.parse("one"))).isTrue();
		assertThat(limiter.admits(RemoteAddress.parse("two"))).isTrue();
		assertThat(limiter.admits(RemoteAddress.parse("three"))).isFalse();
	}

	@Test
	void theNumberOfAddressesIsLimited() {
		HandshakeRateLimiter limiter = new HandshakeRateLimiter(1, 1);
		for (int i = 0; i < 2 * HandshakeRateLimiter.MAX_ADDRESSES; i++) {
			assertThat(limiter.admits(RemoteAddress.parse("10." + (i >> 16) + "." + (i >> 8 & 255) + "." + (i & 255))))
				.isTrue();
		}
		assertThat(limiter.addresses()).isEqualTo(HandshakeRateLimiter.MAX_ADDRESSES);
		// the newest address is kept
		assertThat(limiter.admits(RemoteAddress.parse("10.0.78.31"))).isFalse();
	}

	@Test
	void theLimitCanBeDisabled() {
		HandshakeRateLimiter limiter = new HandshakeRateLimiter(0, 1);
		for (int i = 0; i < 10; i++) {
			assertThat(limiter.admits(ADDRESS)).isTrue();
		}
		assertThat(limiter.addresses()).isZero();
	}

	@Test
	void anAddressBeyondItsLimitIsRejectedBeforeItsTokenIsVerified() {
		try (HandshakeServer server = HandshakeServer.start(List.of(Counting.class),
				"resumable-ws.auth.handshakes-per-second-per-address=1",
				"resumable-ws.auth.handshake-burst-per-address=3", "server.forward-headers-strategy=framework")) {
			AtomicInteger looked = server.context().getBean(Counting.class).looked;
			Answer answer = server.connect("");
			int sent = 1;
			while (answer.status() == 101 && sent < 1000) {
				answer = server.connect("");
				sent++;
			}
			assertThat(answer.status()).isEqualTo(429);
			assertThat(answer.header("Retry-After")).containsOnlyDigits();
			assertThat(answer.body()).isEqualTo("Too many handshakes from this address");
			assertThat(looked).hasValue(sent - 1).hasValueGreaterThanOrEqualTo(3);
			assertThat(server.connect("", "X-Forwarded-For: 203.0.113.9").status()).isEqualTo(101);
			assertThat(server.send("GET", "/other", List.of()).status()).isEqualTo(200);
		}
	}

	@Configuration(proxyBeanMethods = false)
	static class Counting {

		private final AtomicInteger looked = new AtomicInteger();

		@Bean
		HandshakeAuthenticator counting() {
			return (request) -> {
				this.looked.incrementAndGet();
				return new AuthenticatedUser("ada", null);
			};
		}

	}

}
