package dev.resumablews.internal.handshake;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;

import dev.resumablews.internal.handshake.HandshakeServer.Answer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests the verification of tokens with public keys, key sets and issuers.
 */
@ExtendWith(OutputCaptureExtension.class)
class VerificationKeysTests {

	private static final String JWT = "resumable-ws.auth.jwt.";

	@Test
	void aPublicKeyVerifiesTokens(@TempDir Path folder) throws IOException {
		KeyPair keys = TestTokens.rsaKeys();
		String pem = TestTokens.pem(keys);
		Path file = Files.writeString(folder.resolve("key.pem"), pem);
		try (HandshakeServer server = HandshakeServer.start(JWT + "public-key-location=" + file.toUri())) {
			assertThat(server.connect("token=" + TestTokens.signed(TestTokens.claims("ada"), keys, null)).body())
				.startsWith("ada ");
			assertInvalid(server, TestTokens.signed(TestTokens.claims("ada"), TestTokens.rsaKeys(), null));
			assertInvalid(server, TestTokens.unsigned(TestTokens.claims("ada")));
			// the public key must not be accepted as a secret
			assertInvalid(server, TestTokens.signed(TestTokens.claims("ada"), pem));
		}
	}

	@Test
	void aJwkSetVerifiesTokens() {
		try (TestIssuer issuer = new TestIssuer();
				HandshakeServer server = HandshakeServer.start(JWT + "jwk-set-uri=" + issuer.jwkSetUri())) {
			assertThat(server.connect("token=" + issuer.token("ada")).body()).startsWith("ada ");
			assertThat(server.connect("token=" + TestTokens.signed(TestTokens.claims("ada"), issuer.keys, null)).body())
				.startsWith("ada ");
			assertInvalid(server, TestTokens.signed(TestTokens.claims("ada"), TestTokens.rsaKeys(), "first"));
			assertInvalid(server, TestTokens.unsigned(TestTokens.claims("ada")));
			assertInvalid(server, TestTokens.of("ada"));
		}
	}

	@Test
	void tokensWithUnknownKeysDoNotFetchTheKeySetEachTime() {
		try (TestIssuer issuer = new TestIssuer();
				HandshakeServer server = HandshakeServer.start(JWT + "jwk-set-uri=" + issuer.jwkSetUri())) {
			assertThat(server.connect("token=" + issuer.token("ada")).status()).isEqualTo(101);
			KeyPair forger = TestTokens.rsaKeys();
			for (int i = 0; i < 20; i++) {
				assertInvalid(server, TestTokens.signed(TestTokens.claims("ada"), forger, "unknown-" + i));
			}
			assertThat(issuer.keyRequests).hasValueLessThan(10);
			assertThat(server.connect("token=" + issuer.token("ada")).status()).isEqualTo(101);
		}
	}

	@Test
	void aClientIsAskedToRetryWhileTheKeysAreUnavailable(CapturedOutput output) {
		try (TestIssuer issuer = new TestIssuer();
				HandshakeServer server = HandshakeServer.start(JWT + "jwk-set-uri=" + issuer.jwkSetUri())) {
			issuer.unreachable = true;
			String token = issuer.token("ada");
			assertUnavailable(server.connect("token=" + token));
			assertUnavailable(server.connect("token=" + token));
			assertThat(output).contains("A client cannot be authenticated at the moment").doesNotContain(token);
			issuer.unreachable = false;
			await().atMost(Duration.ofSeconds(20))
				.untilAsserted(() -> assertThat(server.connect("token=" + token).status()).isEqualTo(101));
			issuer.unreachable = true;
			assertThat(server.connect("token=" + token).status()).isEqualTo(101);
		}
	}

	@Test
	void anIssuerVerifiesTokens() {
		try (TestIssuer issuer = new TestIssuer();
				HandshakeServer server = HandshakeServer.start(JWT + "issuer-uri=" + issuer.uri())) {
			assertThat(server.connect("token=" + issuer.token("ada")).body()).startsWith("ada ");
			Answer answer = server.connect("token=" + issuer.token("ada", "https://evil.example"));
			assertThat(answer.status()).isEqualTo(401);
			assertThat(answer.body()).contains("iss");
			assertThat(server.connect("token=" + TestTokens.signed(TestTokens.claims("ada"), issuer.keys, "first"))
				.status()).isEqualTo(401);
			assertInvalid(server, TestTokens.unsigned(TestTokens.claims("ada").issuer(issuer.uri())));
		}
	}

	@Test
	void anIssuerCanPublishItsMetadataAsInRfc8414() {
		try (TestIssuer issuer = new TestIssuer()) {
			issuer.wellKnown = "/.well-known/oauth-authorization-server/tenant";
			try (HandshakeServer server = HandshakeServer.start(JWT + "issuer-uri=" + issuer.uri())) {
				assertThat(server.connect("token=" + issuer.token("ada")).status()).isEqualTo(101);
			}
		}
	}

	@Test
	void anIssuerWithAnotherNameInItsMetadataIsRejected(CapturedOutput output) {
		try (TestIssuer issuer = new TestIssuer()) {
			issuer.claimedIssuer = "https://evil.example";
			try (HandshakeServer server = HandshakeServer.start(JWT + "issuer-uri=" + issuer.uri())) {
				assertUnavailable(server.connect("token=" + issuer.token("ada")));
				assertThat(output).contains("is the configuration of the issuer https://evil.example");
			}
		}
	}

	@Test
	void anApplicationStartsWhileItsIssuerIsUnavailable(CapturedOutput output) {
		try (TestIssuer issuer = new TestIssuer()) {
			issuer.unreachable = true;
			try (HandshakeServer server = HandshakeServer.start(JWT + "issuer-uri=" + issuer.uri())) {
				String token = issuer.token("ada");
				assertUnavailable(server.connect("token=" + token));
				assertThat(output).contains(issuer.uri() + " does not provide the location of its keys")
					.doesNotContain(token);
				issuer.unreachable = false;
				await().atMost(Duration.ofSeconds(20))
					.untilAsserted(() -> assertThat(server.connect("token=" + token).body()).startsWith("ada "));
			}
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "jwk-set-uri", "issuer-uri" })
	void concurrentClientsDoNotQueueForAnUnresponsiveIssuer(String property) throws IOException {
		try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
				HandshakeServer server = HandshakeServer
					.start(JWT + property + "=http://localhost:" + silent.getLocalPort() + "/tenant");
				TestIssuer issuer = new TestIssuer()) {
			String token = issuer.token("ada");
			List<CompletableFuture<Answer>> answers = IntStream.range(0, 20)
				.mapToObj((i) -> new CompletableFuture<Answer>().completeAsync(() -> server.connect("token=" + token),
						(task) -> new Thread(task, "crowd-" + i).start()))
				.toList();
			// consecutive time-outs would take more than a minute
			await().atMost(Duration.ofSeconds(18)).until(() -> answers.stream().allMatch(CompletableFuture::isDone));
			assertThat(answers).allSatisfy((answer) -> assertUnavailable(answer.join()));
		}
	}

	private static void assertInvalid(HandshakeServer server, String token) {
		Answer answer = server.connect("token=" + token);
		assertThat(answer.status()).isEqualTo(401);
		assertThat(answer.body()).isEqualTo("Token invalid");
		assertThat(answer.header("WWW-Authenticate")).isEqualTo("Bearer error=\"invalid_token\"");
	}

	private static void assertUnavailable(Answer answer) {
		assertThat(answer.status()).isEqualTo(503);
		assertThat(answer.header("Retry-After")).containsOnlyDigits();
		assertThat(answer.body()).isEqualTo("Authentication is not available");
	}

}
