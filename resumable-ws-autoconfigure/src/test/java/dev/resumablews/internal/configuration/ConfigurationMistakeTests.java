package dev.resumablews.internal.configuration;

import java.util.stream.Stream;

import dev.resumablews.ClientMessage;
import dev.resumablews.ClientMessageHandler;
import dev.resumablews.RelayCustomizer;
import dev.resumablews.testing.TestPostgres;
import dev.resumablews.testing.TestServer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.socket.server.support.WebSocketHandlerMapping;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;

/**
 * Tests what a user sees after a mistake in the configuration. An application that does
 * not start says why in two sentences. An application that starts works, or logs what is
 * wrong.
 */
@ExtendWith(OutputCaptureExtension.class)
class ConfigurationMistakeTests {

	private static String database;

	@BeforeAll
	static void createTables() {
		database = TestPostgres.createDatabase();
		TestServer.builder().database(database).start().close();
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource
	void theStartFailsWithAnExplanation(Mistake mistake, CapturedOutput output) {
		assertThatException().isThrownBy(() -> mistake.start().close());
		assertThat(output).contains("APPLICATION FAILED TO START")
			.contains("Action:")
			.doesNotContain("\n\tat ")
			.contains(mistake.texts());
	}

	static Stream<Mistake> theStartFailsWithAnExplanation() {
		return Stream.of(
				// tokens
				of("a secret that is too short", "has 5 bytes, but HS256 needs 32 or more")
					.with("auth.jwt.secret=short"),
				of("no key", "No verification of WebSocket tokens is configured").with("auth.jwt.secret="),
				of("two keys", "Only one way to verify tokens can be configured")
					.with("auth.jwt.jwk-set-uri=http://localhost/keys"),
				of("a key set that is no URI",
						"The value 'keys' of resumable-ws.auth.jwt.jwk-set-uri is not an http or https URI")
					.with("auth.jwt.secret=", "auth.jwt.jwk-set-uri=keys"),
				of("an issuer that is no URI", "resumable-ws.auth.jwt.issuer-uri is not an http or https URI")
					.with("auth.jwt.secret=", "auth.jwt.issuer-uri=me"),
				of("a public key that is none", "cannot be read as an RSA public key").with("auth.jwt.secret=",
						"auth.jwt.public-key-location=classpath:META-INF/spring.factories"),
				of("a public key that is not there", "public-key-location").with("auth.jwt.secret=",
						"auth.jwt.public-key-location=classpath:none.pem"),
				of("two issuers", "Only one issuer can be required").with("auth.jwt.secret=", "auth.jwt.issuer=a",
						"auth.jwt.issuer-uri=http://localhost/b"),
				of("a blank claim", "resumable-ws.auth.jwt.user-claim must be").with("auth.jwt.user-claim= "),
				of("no source of tokens", "resumable-ws.auth.token-sources must be at least one source")
					.with("auth.token-sources="),
				of("the same source twice", "resumable-ws.auth.token-sources must be")
					.with("auth.token-sources=cookie,cookie"),
				of("a source that does not exist", "The following values are valid:", "COOKIE")
					.with("auth.token-sources=cokie"),
				// paths and origins
				of("a path without a slash", "resumable-ws.path must be a path such as /ws").with("path=ws"),
				of("a path with a wildcard", "resumable-ws.path must be").with("path=/ws/*"),
				of("a path with a query", "resumable-ws.path must be", "'/ws?x=1'").with("path=/ws?x=1"),
				of("a path with a space", "resumable-ws.path must be").with("path=/w s"),
				of("a path with a variable", "resumable-ws.path must be").with("path=/ws/{room}"),
				of("a path with an open brace", "resumable-ws.path must be").with("path=/ws{"),
				of("a path with a slash at the end", "resumable-ws.path must be").with("path=/ws/"),
				of("the path of the script twice", "resumable-ws.client.path must be another path")
					.with("client.path=/ws"),
				of("an origin without a scheme", "resumable-ws.allowed-origins must be", "'https://example.com'")
					.with("allowed-origins=example.com"),
				of("an origin with a path", "resumable-ws.allowed-origins must be", "'https://b.example'")
					.with("allowed-origins=https://b.example/app"),
				of("any origin with cookies", "allows pages of any host").with("allowed-origins=*"),
				// times
				of("days without a unit", "resumable-ws.cleanup.session-ttl must be zero, or 2h or more",
						"a number without a unit is milliseconds; write '30d'")
					.with("cleanup.session-ttl=30"),
				of("events without a unit", "write '30d'").with("cleanup.event-ttl=30"),
				of("keys without a unit", "write '7d'").with("cleanup.idempotency-key-ttl=7"),
				of("a heartbeat without a unit", "write '25s'").with("connection.heartbeat-interval=25"),
				of("a timeout without a unit", "write '10s'").with("log.append-timeout=10"),
				of("a negative time", "resumable-ws.connection.send-timeout must be 1s or more")
					.with("connection.send-timeout=-1s"),
				of("contradicting times", "resumable-ws.connection.heartbeat-timeout must be longer than",
						"which is 25s")
					.with("connection.heartbeat-timeout=20s"),
				of("a unit that does not exist", "20sec").with("connection.send-timeout=20sec"),
				of("a lease that is too short", "resumable-ws.reply.lease must be 1s or more")
					.with("reply.lease=500ms"),
				of("a grace beyond the timeout", "resumable-ws.shutdown.reply-grace must be from zero to 4s")
					.with("shutdown.timeout=5s", "shutdown.reply-grace=20s"),
				of("a cron expression of five fields",
						"resumable-ws.cleanup.cron must be a cron expression of six fields")
					.with("cleanup.cron=0 4 * * *"),
				of("a cron expression that never comes", "resumable-ws.cleanup.cron must be", "'0 0 0 31 2 *'")
					.with("cleanup.cron=0 0 0 31 2 *"),
				of("connections that are forgotten while they live",
						"resumable-ws.cleanup.live-connection-ttl (30s) is less than two heartbeats (resumable-ws.connection.heartbeat-interval is 25s)")
					.with("cleanup.live-connection-ttl=30s"),
				// sizes and numbers
				of("a size without a unit", "resumable-ws.connection.max-message-size must be from 1KB to 64MB",
						"a number without a unit is bytes; write '128KB'")
					.with("connection.max-message-size=128"),
				of("a size of zero", "resumable-ws.connection.max-message-size must be")
					.with("connection.max-message-size=0B"),
				of("a size beyond what is possible",
						"resumable-ws.connection.max-message-size must be from 1KB to 64MB")
					.with("connection.max-message-size=65MB"),
				of("a queue smaller than an event", "resumable-ws.log.queue-size must be no smaller than",
						"which is 1048576B")
					.with("log.queue-size=64KB"),
				of("no writer", "resumable-ws.log.writers must be from 1 to 64").with("log.writers=0"),
				of("a pool of one", "resumable-ws.pool.size must be at least 6, as there are 2 writers")
					.with("pool.size=1"),
				of("a word for a number", "two").with("log.writers=two"),
				of("a share beyond one", "resumable-ws.connection.max-lifetime-jitter must be from 0 to 1")
					.with("connection.max-lifetime-jitter=20"),
				// switches and choices
				of("a misspelled switch", "Property resumable-ws.enabled must be true or false, but is 'fasle'")
					.with("enabled=fasle"),
				of("a switch that is on", "Property resumable-ws.schema.migrate must be true or false, but is 'on'")
					.with("schema.migrate=on"),
				of("a choice that does not exist", "The following values are valid:", "RESTART")
					.with("reply.takeover=restrat"),
				of("the spelling of a schema", "resumable-ws.schema.name must be lower-case")
					.with("schema.name=My-Schema"),
				// missing and duplicate beans
				of("Redis without Redis",
						"resumable-ws.cluster.signal is 'redis', but there is no RedisConnectionFactory",
						"spring-boot-starter-data-redis")
					.with("cluster.signal=redis")
					.without("org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration"),
				of("two handlers of one type", "Messages of type 'vote' have two handlers").with(TwoHandlers.class),
				of("a handler of the protocol's type", "Messages of type 'ping' are the protocol's own")
					.with(PingHandler.class),
				of("a relay without a URI", "must be a ws:// or wss:// URI").with("relay.x.idle-timeout=5m"),
				of("a customizer of no relay", "customizes relay 'other', which is not configured",
						"Set resumable-ws.relay.other.uri")
					.with("relay.x.uri=ws://localhost:1")
					.with(OtherRelay.class));
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource
	void theApplicationStartsWithAWarning(Mistake mistake, CapturedOutput output) {
		try (TestServer server = mistake.start()) {
			assertThat(server.bean(WebSocketHandlerMapping.class)).isNotNull();
		}
		assertThat(output.toString().lines().filter((line) -> line.contains(" WARN "))).anySatisfy((line) -> {
			for (String text : mistake.texts()) {
				assertThat(line).contains(text);
			}
		});
	}

	static Stream<Mistake> theApplicationStartsWithAWarning() {
		return Stream.of(
				of("a misspelled name", "Property resumable-ws.allowed-origin is unknown and has no effect",
						"did you mean resumable-ws.allowed-origins?")
					.with("allowed-origin=https://app.example"),
				of("a name in the wrong group", "Property resumable-ws.jwt.secret is unknown and has no effect",
						"did you mean resumable-ws.auth.jwt.secret?")
					.with("jwt.secret=0123456789"),
				of("a misspelled name of a relay's",
						"Property resumable-ws.relay.x.durable-type is unknown and has no effect",
						"did you mean resumable-ws.relay.x.durable-types?")
					.with("relay.x.uri=ws://localhost:1", "relay.x.durable-type=a"),
				of("a name that resembles none", "Property resumable-ws.colour is unknown and has no effect")
					.with("colour=blue"),
				of("seconds without a unit", "resumable-ws.connection.max-lifetime is '14400'", "means milliseconds")
					.with("connection.max-lifetime=14400"),
				of("bytes without a unit", "resumable-ws.feed.max-size is '65536'", "means bytes")
					.with("feed.max-size=65536"),
				of("more writers and readers than the pool has", "24 connections", "log.writers 12", "log.readers 4",
						"a pool of 10")
					.with("pool.enabled=false", "log.writers=12"),
				of("as many handlers as the application's pool",
						"resumable-ws.log.handlers (5) is not below spring.datasource.hikari.maximum-pool-size (2)")
					.with("spring.datasource.hikari.maximum-pool-size=2"),
				of("a pool that is smaller than what reads", "resumable-ws.pool.size (6) is below the 9 connections",
						"log.readers (4)")
					.with("pool.size=6"),
				of("a shutdown that is cut off",
						"resumable-ws.shutdown.timeout (40s) is not below spring.lifecycle.timeout-per-shutdown-phase (30s)")
					.with("shutdown.timeout=40s"),
				of("polls that are too rare", "resumable-ws.cluster.poll-interval (10s) is above", "(5s)")
					.with("cluster.signal=polling", "cluster.poll-interval=10s"),
				of("messages larger than events",
						"resumable-ws.connection.max-message-size (2MB) is above resumable-ws.log.max-event-size (1MB)")
					.with("connection.max-message-size=2MB"),
				of("messages larger than a request", "is above resumable-ws.http.max-request-size (64KB)")
					.with("http.max-request-size=64KB"),
				of("messages larger than what may wait", "is above resumable-ws.user.max-waiting-size (64KB)")
					.with("user.max-waiting-size=64KB"),
				of("messages larger than a user's share", "is above 16 times resumable-ws.user.size-per-second (4KB)")
					.with("user.size-per-second=4KB"),
				of("messages of a relay larger than events",
						"resumable-ws.relay.x.max-message-size (2MB) is above resumable-ws.log.max-event-size (1MB)")
					.with("relay.x.uri=ws://localhost:1", "relay.x.durable-types=*", "relay.x.max-message-size=2MB"),
				of("as many connections as Tomcat has",
						"server.tomcat.max-connections (8000) is not above resumable-ws.connection.max-total (8000)")
					.with("server.tomcat.max-connections=8000"));
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource
	void theApplicationStartsWithoutAWarning(Mistake mistake, CapturedOutput output) {
		try (TestServer server = mistake.start()) {
			assertThat(server.bean(WebSocketHandlerMapping.class).getHandlerMap()).containsKey(mistake.texts()[0]);
		}
		assertThat(output.toString()
			.lines()
			.filter((line) -> line.contains(" WARN  [main]") && line.contains("resumable"))
			// the tests configure this logger
			.filter((line) -> !line.contains("resumable-ws.test."))).isEmpty();
	}

	static Stream<Mistake> theApplicationStartsWithoutAWarning() {
		return Stream.of(of("the defaults", "/ws"), //
				of("a prefix without a dash", "/other").with("resumablews.path=/other"),
				of("names in camel case", "/other").with("resumableWs.path=/other",
						"resumableWs.connection.maxLifetime=2h"),
				of("entries of lists and maps", "/ws").with("allowed-origins[0]=https://a.example",
						"relay.x.uri=ws://localhost:1", "relay.x.headers.X-Any=1", "relay.x.headers[x.y]=2"),
				of("an origin in upper case", "/ws").with("allowed-origins=https://D.Example"));
	}

	private static Mistake of(String kind, String... texts) {
		return new Mistake(kind, texts);
	}

	/**
	 * A mistake, and the texts that the output must contain.
	 */
	private static final class Mistake {

		private final String kind;

		private final String[] texts;

		private final TestServer.Builder application = TestServer.builder();

		Mistake(String kind, String... texts) {
			this.kind = kind;
			this.texts = texts;
		}

		Mistake with(String... properties) {
			for (String property : properties) {
				String[] pair = property.split("=", 2);
				boolean whole = pair[0].matches("(spring|server|resumablews|resumableWs).*");
				this.application.properties((whole ? "" : "resumable-ws.") + pair[0], pair[1]);
			}
			return this;
		}

		Mistake with(Class<?> configuration) {
			this.application.with(configuration);
			return this;
		}

		Mistake without(String autoConfiguration) {
			this.application.without(autoConfiguration);
			return this;
		}

		TestServer start() {
			return this.application.database(database).start();
		}

		String[] texts() {
			return this.texts;
		}

		@Override
		public String toString() {
			return this.kind;
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class TwoHandlers {

		@Bean
		ClientMessageHandler first() {
			return new Handler("vote");
		}

		@Bean
		ClientMessageHandler second() {
			return new Handler("vote");
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class PingHandler {

		@Bean
		ClientMessageHandler ping() {
			return new Handler("ping");
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class OtherRelay {

		@Bean
		RelayCustomizer other() {
			return () -> "other";
		}

	}

	private record Handler(String type) implements ClientMessageHandler {

		@Override
		public void handle(ClientMessage message) {
		}

	}

}
