package dev.resumablews.internal.cluster;

import java.time.Duration;
import java.util.Map;
import java.util.UUID;

import dev.resumablews.ResumableSessions;
import dev.resumablews.test.client.ResumableWsTestClient;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.StatefulRedisConnection;
import org.junit.jupiter.api.Test;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Primary;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

class OtherSignalsTests {

	@Test
	void eventsReachClientsOfAnotherNodeByPolling() {
		try (TwoNodes nodes = new TwoNodes("resumable-ws.cluster.signal", "polling",
				"resumable-ws.cluster.poll-interval", "50ms", "resumable-ws.cluster.backstop-interval", "1h");
				ResumableWsTestClient client = nodes.connect("alice")) {
			assertThat(nodes.listeners()).isEmpty();
			nodes.assertDelivered(client, TwoNodes.session(client), 1, 50);
		}
	}

	@Test
	void aLostSignalDelaysEventsByTheBackstopIntervalAtMost() {
		try (TwoNodes nodes = new TwoNodes(new Class<?>[] { Losing.class }, "resumable-ws.cluster.backstop-interval",
				"500ms"); ResumableWsTestClient client = nodes.connect("alice")) {
			UUID session = TwoNodes.session(client);
			for (int n = 1; n <= 3; n++) {
				long start = System.nanoTime();
				nodes.publish(session, n);
				TwoNodes.assertReceived(client, n, n);
				// plus a margin for a slow machine
				assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofMillis(500 + 1500));
			}
			assertThat(nodes.idsInFeed(session)).isEqualTo(TwoNodes.upTo(3));
		}
	}

	@Test
	void aClosedSessionEndsOnAnotherNodeEvenIfTheSignalIsLost() {
		try (TwoNodes nodes = new TwoNodes(new Class<?>[] { Losing.class }, "resumable-ws.cluster.backstop-interval",
				"500ms"); ResumableWsTestClient client = nodes.connect("alice")) {
			UUID session = TwoNodes.session(client);
			assertThat(nodes.first().bean(ResumableSessions.class).close(session)).isTrue();
			assertThat(client.awaitClose().code()).isEqualTo(1000);
		}
	}

	@Test
	void aUserIsDisconnectedFromAnotherNodeByPolling() {
		try (TwoNodes nodes = new TwoNodes("resumable-ws.cluster.signal", "polling",
				"resumable-ws.cluster.poll-interval", "50ms", "resumable-ws.cluster.backstop-interval", "1h");
				ResumableWsTestClient client = nodes.connect("alice")) {
			TwoNodes.session(client);
			nodes.first().bean(ResumableSessions.class).disconnect("alice");
			assertThat(client.awaitClose().code()).isEqualTo(4401);
		}
	}

	@Test
	void aUserIsDisconnectedFromAnotherNodeEvenIfTheSignalIsLost() {
		try (TwoNodes nodes = new TwoNodes(new Class<?>[] { Losing.class }, "resumable-ws.cluster.backstop-interval",
				"500ms"); ResumableWsTestClient client = nodes.connect("alice")) {
			TwoNodes.session(client);
			nodes.first().bean(ResumableSessions.class).disconnect("alice");
			assertThat(client.awaitClose().code()).isEqualTo(4401);
		}
	}

	@Test
	void aUserIsDisconnectedFromAnotherNodeThroughRedis() {
		try (TestRedis redis = TestRedis.start();
				TwoNodes nodes = new TwoNodes(redis.properties("resumable-ws.cluster.backstop-interval", "1h"));
				ResumableWsTestClient client = nodes.connect("alice")) {
			awaitSubscribers(redis.port());
			TwoNodes.session(client);
			nodes.first().bean(ResumableSessions.class).disconnect("alice");
			assertThat(client.awaitClose().code()).isEqualTo(4401);
		}
	}

	@Test
	void eventsReachClientsOfAnotherNodeThroughRedis() {
		try (TestRedis redis = TestRedis.start();
				TwoNodes nodes = new TwoNodes(redis.properties("resumable-ws.cluster.backstop-interval", "1h"));
				ResumableWsTestClient client = nodes.connect("alice")) {
			assertThat(nodes.listeners()).isEmpty();
			awaitSubscribers(redis.port());
			nodes.assertDelivered(client, TwoNodes.session(client), 1, 50);
		}
	}

	@Test
	void ephemeralEventsReachClientsOfAnotherNodeThroughRedis() {
		try (TestRedis redis = TestRedis.start();
				TwoNodes nodes = new TwoNodes(redis.properties("resumable-ws.cluster.backstop-interval", "1h"));
				ResumableWsTestClient client = nodes.connect("alice")) {
			awaitSubscribers(redis.port());
			UUID session = TwoNodes.session(client);
			ResumableSessions sessions = nodes.first().bean(ResumableSessions.class);
			String text = "é".repeat(50_000);
			sessions.sendEphemeral(session, "audio", Map.of("text", text));
			assertThat(client.await("audio").json().path("payload").path("text").asString()).isEqualTo(text);
			assertThatIllegalArgumentException()
				.isThrownBy(() -> sessions.sendEphemeral(session, "audio", Map.of("text", text + text)))
				.withMessageContaining("carries at most 130990")
				.withMessageNotContaining("redis");
		}
	}

	@Test
	void nodesStartWithoutRedisAndCatchUpWhenItBecomesAvailable() {
		TestRedis redis = TestRedis.start();
		redis.close();
		try (TwoNodes nodes = new TwoNodes(redis.properties("resumable-ws.cluster.backstop-interval", "1h",
				"spring.data.redis.connect-timeout", "500ms", "spring.data.redis.timeout", "500ms"));
				ResumableWsTestClient client = nodes.connect("alice")) {
			UUID session = TwoNodes.session(client);
			for (int n = 1; n <= 2; n++) {
				nodes.publish(session, 2 * n - 1);
				try (TestRedis again = TestRedis.start(redis.port())) {
					assertThat(again.port()).isEqualTo(redis.port());
					TwoNodes.assertReceived(client, 2 * n - 1, 2 * n - 1);
					awaitSubscribers(redis.port());
					nodes.publish(session, 2 * n);
					TwoNodes.assertReceived(client, 2 * n, 2 * n);
				}
			}
			assertThat(nodes.idsInFeed(session)).isEqualTo(TwoNodes.upTo(4));
		}
	}

	static void awaitSubscribers(int port) {
		await().atMost(Duration.ofSeconds(30)).ignoreExceptions().until(() -> {
			try (RedisClient client = RedisClient.create(RedisURI.create("127.0.0.1", port));
					StatefulRedisConnection<String, String> connection = client.connect()) {
				String channel = "resumable-ws:signal";
				return connection.sync().pubsubNumsub(channel).get(channel) == 2;
			}
		});
	}

	@Configuration(proxyBeanMethods = false)
	static class Losing {

		@Bean
		@Primary
		ClusterSignal losingSignal() {
			return new LosingSignal();
		}

	}

}
