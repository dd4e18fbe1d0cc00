package dev.resumablews.internal.admission;

import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

import dev.resumablews.UserValidator;
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests that a {@code UserValidator} of the application revalidates users.
 */
@ExtendWith(OutputCaptureExtension.class)
@TestInstance(Lifecycle.PER_CLASS)
class UserRevalidationTests {

	private static final Duration PATIENCE = Duration.ofSeconds(40);

	private TestServer server;

	private Users users;

	@BeforeAll
	void start() {
		this.server = TestServer.builder()
			.with(Users.class)
			.properties("resumable-ws.auth.revalidation-interval", "100ms")
			.start();
		this.users = this.server.bean(Users.class);
	}

	@AfterAll
	void stop() {
		this.server.close();
	}

	@Test
	void connectionsOfAUserWhoIsNoLongerValidAreClosed() {
		try (ResumableWsTestClient first = connect("alice");
				ResumableWsTestClient second = connect("alice");
				ResumableWsTestClient other = connect("bob")) {
			awaitRevalidations("alice", 2);
			assertAnswers(first);
			this.users.invalid.add("alice");
			assertThat(first.awaitClose().code()).isEqualTo(4401);
			assertThat(second.awaitClose().code()).isEqualTo(4401);
			awaitRevalidations("bob", 2);
			assertAnswers(other);
		}
	}

	@Test
	void aUserIsRevalidatedOnceForAllConnections() {
		try (ResumableWsTestClient first = connect("carol");
				ResumableWsTestClient second = connect("carol");
				ResumableWsTestClient third = connect("carol");
				ResumableWsTestClient single = connect("dave")) {
			int carol = this.users.revalidations("carol");
			int dave = this.users.revalidations("dave");
			awaitRevalidations("dave", 10);
			assertThat(this.users.revalidations("carol") - carol)
				.isLessThanOrEqualTo(this.users.revalidations("dave") - dave + 2);
			assertAnswers(first);
			assertAnswers(second);
			assertAnswers(third);
			assertAnswers(single);
		}
	}

	@Test
	void aFailedRevalidationKeepsTheConnection(CapturedOutput output) {
		this.users.unknown.add("erin");
		try (ResumableWsTestClient client = connect("erin")) {
			awaitRevalidations("erin", 3);
			assertAnswers(client);
			await().atMost(PATIENCE).untilAsserted(() -> assertThat(output).contains("Revalidating users failed"));
		}
	}

	@Test
	void aRevalidationThatHangsDelaysOtherUsersBriefly() {
		this.users.silent.add("frank");
		try (ResumableWsTestClient client = connect("frank"); ResumableWsTestClient other = connect("grace")) {
			awaitRevalidations("frank", 1);
			await().atMost(PATIENCE).until(() -> this.users.interrupted.getCount() == 0);
			this.users.silent.clear();
			awaitRevalidations("grace", 1);
			assertAnswers(client);
			assertAnswers(other);
		}
	}

	@Test
	void revalidationsRunOnTheirOwnThreads() {
		try (ResumableWsTestClient client = connect("heidi")) {
			awaitRevalidations("heidi", 1);
			assertAnswers(client);
			assertThat(this.users.threads).isNotEmpty().allMatch((name) -> name.startsWith("resumable-ws-validate-"));
		}
	}

	private void awaitRevalidations(String user, int more) {
		int before = this.users.revalidations(user);
		await().atMost(PATIENCE).until(() -> this.users.revalidations(user) >= before + more);
	}

	private ResumableWsTestClient connect(String user) {
		ResumableWsTestClient client = ResumableWsTestClient.builder(this.server.uri())
			.tokens(Tokens.ISSUER)
			.user(user)
			.timeout(PATIENCE)
			.connect();
		client.await("replay_complete");
		return client;
	}

	private static void assertAnswers(ResumableWsTestClient client) {
		client.sendOnce("{\"type\":\"ping\"}");
		assertThat(client.await("pong")).isNotNull();
	}

	@Configuration(proxyBeanMethods = false)
	static class Users implements UserValidator {

		final Set<String> invalid = ConcurrentHashMap.newKeySet();

		final Set<String> unknown = ConcurrentHashMap.newKeySet();

		final Set<String> silent = ConcurrentHashMap.newKeySet();

		final Set<String> threads = ConcurrentHashMap.newKeySet();

		final CountDownLatch interrupted = new CountDownLatch(1);

		private final Map<String, AtomicInteger> questions = new ConcurrentHashMap<>();

		int revalidations(String user) {
			return this.questions.computeIfAbsent(user, (id) -> new AtomicInteger()).get();
		}

		@Override
		public boolean isValid(String userId) throws InterruptedException {
			this.threads.add(Thread.currentThread().getName());
			this.questions.computeIfAbsent(userId, (id) -> new AtomicInteger()).incrementAndGet();
			if (this.unknown.contains(userId)) {
				throw new IllegalStateException("The directory is away");
			}
			if (this.silent.contains(userId)) {
				try {
					new CountDownLatch(1).await();
				}
				catch (InterruptedException ex) {
					this.interrupted.countDown();
					throw ex;
				}
			}
			return !this.invalid.contains(userId);
		}

	}

}
