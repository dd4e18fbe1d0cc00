package dev.resumablews.internal.operations;

import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

import dev.resumablews.ReplyGenerator;
import dev.resumablews.ResumableSessions;
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.testing.RestartablePostgres;
import dev.resumablews.testing.TestPostgres;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Flux;
import tools.jackson.databind.JsonNode;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests the health indicator as load balancers and operators use it.
 */
class HealthTests {

	private static final Duration PATIENCE = Duration.ofSeconds(60);

	/**
	 * A common time-out of health probes.
	 */
	private static final Duration IN_TIME = Duration.ofSeconds(1);

	@Test
	void aServingNodeIsUpAndHasDetails() {
		try (TestServer server = start(TestPostgres.createDatabase()); ResumableWsTestClient client = connect(server)) {
			UUID session = session(client);
			server.bean(ResumableSessions.class).publish(session, "tick", Map.of());
			client.await("tick");
			client.say("Hi");
			client.await("assistant_started");
			Actuator actuator = new Actuator(server);
			await().atMost(PATIENCE).until(() -> "connected".equals(detail(actuator.health(), "signals", "state")));
			JsonNode health = actuator.health();
			assertThat(health.path("status").asString()).isEqualTo("UP");
			assertThat(detail(health, "signals", "kind")).isEqualTo("postgres");
			assertThat(detail(health, "writer", "lastCommit")).isNotEmpty();
			assertThat(health.path("details").path("connections").asInt()).isEqualTo(1);
			assertThat(health.path("details").path("leases").path("replies").path("running").asInt()).isEqualTo(1);
			assertThat(health.path("details").has("failing")).isFalse();
			assertThat(health.path("details").has("reason")).isFalse();
		}
	}

	@Test
	@Timeout(180)
	void aNodeWithoutPostgresIsDownAndRecoversWithoutTraffic() throws Exception {
		try (RestartablePostgres postgres = RestartablePostgres.start();
				TestServer server = start(postgres.url(), "management.health.db.enabled", "false")) {
			Actuator actuator = new Actuator(server);
			assertThat(actuator.health().path("status").asString()).isEqualTo("UP");
			postgres.stop();
			await().atMost(PATIENCE).until(() -> status(actuator).equals("DOWN"));
			JsonNode health = actuator.health();
			assertThat(health.path("details").path("reason").asString())
				.matches("(?s)(Writing the event log has failed since 20.*: .+|Postgres has not answered .*)");
			assertThat(actuator.get("health").statusCode()).isEqualTo(503);
			postgres.startAgain();
			// without clients or appends that would reconnect to Postgres
			await().atMost(PATIENCE).until(() -> status(actuator).equals("UP"));
			assertThat(actuator.health().path("details").has("reason")).isFalse();
		}
	}

	@Test
	void healthRespondsInTimeWhilePostgresHangs() throws Exception {
		String url = TestPostgres.createDatabase();
		try (TestServer server = start(url);
				ResumableWsTestClient client = connect(server);
				SingleConnectionDataSource blocker = new SingleConnectionDataSource(url, true)) {
			UUID session = session(client);
			server.bean(ResumableSessions.class).publish(session, "tick", Map.of());
			JdbcClient sql = JdbcClient.create(blocker);
			blocker.getConnection().setAutoCommit(false);
			sql.sql("lock table ws_events in access exclusive mode").update();
			server.bean(ResumableSessions.class).publishAsync(session, "tick", Map.of());
			Actuator actuator = new Actuator(server);
			await().atMost(PATIENCE).until(() -> {
				long begin = System.nanoTime();
				String status = status(actuator);
				assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(IN_TIME.multipliedBy(3));
				return status.equals("DOWN");
			});
			assertThat(actuator.health().path("details").path("reason").asString()).containsAnyOf("has not answered",
					"has failed since");
			blocker.getConnection().rollback();
			await().atMost(PATIENCE).until(() -> status(actuator).equals("UP"));
		}
	}

	@Test
	void aNodeWithoutSignalsIsUpAndExplainsTheEffect() {
		String url = TestPostgres.createDatabase();
		String name = url.replaceFirst(".*/([^/?]+)\\?.*", "$1");
		try (TestServer server = start(url);
				SingleConnectionDataSource admin = new SingleConnectionDataSource(TestPostgres.createDatabase(),
						true)) {
			JdbcClient sql = JdbcClient.create(admin);
			Actuator actuator = new Actuator(server);
			await().atMost(PATIENCE).until(() -> "connected".equals(detail(actuator.health(), "signals", "state")));
			sql.sql("alter database " + name + " with allow_connections false").update();
			sql.sql("select pg_terminate_backend(pid) from pg_stat_activity where datname = ?"
					+ " and application_name = 'resumable-ws listener'")
				.param(name)
				.query()
				.listOfRows();
			await().atMost(PATIENCE)
				.until(() -> "reconnecting".equals(detail(actuator.health(), "signals", "state"))
						&& !detail(actuator.health(), "signals", "since").isEmpty());
			JsonNode health = actuator.health();
			assertThat(health.path("status").asString()).isEqualTo("UP");
			assertThat(detail(health, "signals", "effect")).isEqualTo("Events of other nodes arrive up to PT5S late");
			assertThat(health.path("details").path("failing").path(0).asString())
				.startsWith("Listening to the signals of other nodes has failed since 20");
			sql.sql("alter database " + name + " with allow_connections true").update();
			await().atMost(PATIENCE).until(() -> "connected".equals(detail(actuator.health(), "signals", "state")));
			assertThat(actuator.health().path("details").has("failing")).isFalse();
		}
	}

	@Test
	void aDrainingNodeIsOutOfService() throws Exception {
		try (TestServer server = start(TestPostgres.createDatabase(), "resumable-ws.shutdown.reply-grace", "8s",
				"resumable-ws.shutdown.timeout", "15s"); ResumableWsTestClient client = connect(server)) {
			client.await("replay_complete");
			client.say("Hi");
			client.await("assistant_started");
			Actuator actuator = new Actuator(server);
			assertThat(actuator.get("health").statusCode()).isEqualTo(200);
			Thread stop = new Thread(server::close);
			stop.start();
			client.await("server_restarting");
			JsonNode health = actuator.health();
			assertThat(health.path("status").asString()).isEqualTo("OUT_OF_SERVICE");
			assertThat(health.path("details").path("reason").asString())
				.isEqualTo("The node is stopping and accepts no connections");
			assertThat(actuator.get("health").statusCode()).isEqualTo(503);
			stop.join(TimeUnit.SECONDS.toMillis(60));
			assertThat(stop.isAlive()).isFalse();
		}
	}

	@Test
	void aPausedNodeIsOutOfServiceUntilItIsRestarted() {
		try (TestServer server = start(TestPostgres.createDatabase())) {
			Actuator actuator = new Actuator(server);
			server.context().pause();
			assertThat(status(actuator)).isEqualTo("OUT_OF_SERVICE");
			server.context().restart();
			await().atMost(PATIENCE).until(() -> status(actuator).equals("UP"));
		}
	}

	@Test
	void theIndicatorIsDisabledByThePropertyOfSpringBoot() {
		try (TestServer server = start(TestPostgres.createDatabase(), "management.health.resumablews.enabled",
				"false")) {
			assertThat(new Actuator(server).json("health").path("components").has("resumableWs")).isFalse();
		}
	}

	@Test
	void theIndicatorIsAMemberOfTheDocumentedReadinessGroup() {
		try (TestServer server = start(TestPostgres.createDatabase(), "management.endpoint.health.probes.enabled",
				"true", "management.endpoint.health.group.readiness.include", "readinessState,resumableWs")) {
			Actuator actuator = new Actuator(server);
			assertThat(actuator.json("health/readiness").path("components").has("resumableWs")).isTrue();
			server.context().pause();
			assertThat(actuator.get("health/readiness").statusCode()).isEqualTo(503);
			assertThat(actuator.get("health/liveness").statusCode()).isEqualTo(200);
			server.context().restart();
		}
	}

	private static String status(Actuator actuator) {
		return actuator.health().path("status").asString("");
	}

	private static String detail(JsonNode health, String part, String name) {
		return health.path("details").path(part).path(name).asString("");
	}

	private static UUID session(ResumableWsTestClient client) {
		return client.sessionId();
	}

	private static ResumableWsTestClient connect(TestServer server) {
		return ResumableWsTestClient.builder(server.uri()).tokens(Tokens.ISSUER).user("alice").connect();
	}

	private static TestServer start(String url, String... properties) {
		return TestServer.builder()
			.database(url)
			.with(Generator.class)
			.properties(Actuator.EXPOSED)
			.properties(properties)
			.start();
	}

	@Configuration(proxyBeanMethods = false)
	static class Generator {

		@Bean
		ReplyGenerator endless() {
			return (request) -> Flux.never();
		}

	}

}
