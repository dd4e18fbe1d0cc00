package dev.resumablews;

import java.lang.reflect.RecordComponent;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Configuration;
import org.springframework.util.unit.DataSize;

import static org.assertj.core.api.Assertions.assertThat;

class ResumableWsPropertiesTests {

	/**
	 * Properties whose values usually are milliseconds, so a value without a unit is
	 * valid.
	 */
	private static final Set<String> USUALLY_MILLISECONDS = Set.of("log.commit-interval", "cluster.poll-interval",
			"relay.x.min-back-off");

	/**
	 * Typical values of properties without a default.
	 */
	private static final Map<String, String> TYPICAL_VALUES = Map.of("auth.jwt.max-age", "12h", "user.max-storage",
			"100MB");

	private final ApplicationContextRunner runner = new ApplicationContextRunner().withUserConfiguration(Bound.class);

	@Test
	void allDefaultsAreValid() {
		this.runner.run((context) -> assertThat(context).hasNotFailed());
	}

	/**
	 * The property, the value, and the value as shown in the message.
	 */
	@ParameterizedTest
	@CsvSource({ "path, ws, 'ws'", "path, /, '/'", "path, /ws/*, '/ws/*'", "path, /{x}, '/{x}'", "path, /w?, '/w?'",
			"path, /ws/, '/ws/'", "path, //ws, '//ws'", "path, /a/../ws, '/a/../ws'", "path, /ws;a, '/ws;a'",
			"path, /%77s, '/%77s'", "path, /ws?x=1, '/ws?x=1'", "path, /w s, '/w s'", "path, /ws/{room}, '/ws/{room}'",
			"auth.token-sources, '', '[]'", "cleanup.cron, 0 0 0 31 2 *, 0 0 0 31 2 *",
			"allowed-origins, example.com, example.com",
			"allowed-origins, https://b.example/app, https://b.example/app",
			"allowed-origins, https://b.example?x, https://b.example?x", "allowed-origins, https://, https://",
			"allowed-origins, localhost:3000, localhost:3000",
			"allowed-origins, https://bücher.example, https://bücher.example",
			"auth.handshakes-per-second-per-address, -1, -1", "auth.handshake-burst-per-address, 0, 0",
			"auth.first-message-timeout, 0s, 0s", "auth.first-message-timeout, 61s, 1m1s",
			"auth.max-unauthenticated-per-address, 0, 0", "auth.max-unauthenticated, 0, 0", "auth.jwt.max-age, 0s, 0s",
			"auth.jwt.max-age, 59s, 59s", "auth.jwt.max-age, -1s, -1s",
			"auth.token-sources, 'cookie,cookie', '[COOKIE, COOKIE]'", "auth.cookie-name, ' ', ''",
			"auth.jwt.clock-skew, -1s, -1s", "auth.jwt.user-claim, ' ', ''", "connection.heartbeat-interval, 0s, 0s",
			"connection.heartbeat-interval, -1s, -1s", "connection.heartbeat-timeout, 25s, 25s",
			"connection.send-timeout, 0s, 0s", "connection.max-lifetime, -1s, -1s",
			"connection.max-lifetime-jitter, 1.1, 1.1", "connection.max-lifetime-jitter, -0.1, -0.1",
			"connection.max-message-size, 0B, 0B", "connection.max-message-size, 65MB, 68157440B",
			"connection.max-malformed-messages, 0, 0", "user.messages-per-second, -1, -1", "user.message-burst, 0, 0",
			"user.size-per-second, -1B, -1B", "user.replies-per-minute, -1, -1", "user.max-sessions, -1, -1",
			"user.max-storage, -1B, -1B", "user.max-handlers, -1, -1", "connection.max-per-session, 0, 0",
			"connection.max-per-user, 0, 0", "connection.max-total, 0, 0", "connection.max-opening, 0, 0",
			"connection.max-send-size, 0B, 0B", "connection.max-send-size, 65MB, 68157440B", "log.writers, 0, 0",
			"log.writers, 65, 65", "log.queue-capacity, 0, 0", "log.queue-size, 1KB, 1024B", "log.max-batch, 0, 0",
			"log.max-batch, 10001, 10001", "log.commit-interval, -1ms, -1ms", "log.commit-interval, 2s, 2s",
			"log.append-timeout, 0s, 0s", "log.statement-timeout, 0s, 0s", "log.max-event-size, 0B, 0B",
			"log.max-event-size, 65MB, 68157440B", "log.readers, 0, 0", "log.readers, 65, 65", "log.page-size, 0, 0",
			"log.page-size, 10001, 10001", "log.epoch, 'a b', 'a b'", "feed.max-events, 0, 0", "feed.max-size, 0B, 0B",
			"reply.history-messages, 0, 0", "reply.history-characters, 0, 0", "reply.first-part-timeout, 0s, 0s",
			"reply.idle-timeout, 0s, 0s", "reply.max-duration, 0s, 0s", "reply.max-concurrent, 0, 0",
			"reply.max-waiting, -1, -1", "reply.max-characters, 0, 0", "shutdown.timeout, 0s, 0s",
			"shutdown.reply-grace, -1s, -1s", "shutdown.reply-grace, 20s, 20s", "shutdown.reply-grace, 16001ms, 16s1ms",
			"shutdown.reconnect-window, -1s, -1s", "schema.name, Upper, 'Upper'", "schema.name, 1st, '1st'",
			"schema.name, 'a;b', 'a;b'", "cleanup.interval, 0s, 0s", "cleanup.cron, every day, 'every day'",
			"cleanup.session-ttl, -1s, -1s", "cleanup.session-ttl, 119m, 1h59m", "cleanup.event-ttl, -1s, -1s",
			"cleanup.closed-session-ttl, -1s, -1s", "auth.revalidation-interval, 0s, 0s",
			"cleanup.idempotency-key-ttl, 0s, 0s", "cleanup.live-connection-ttl, 0s, 0s", "cleanup.batch-size, 0, 0",
			"cleanup.batch-size, 100001, 100001", "client.path, client.js, 'client.js'",
			"client.path, /js/**, '/js/**'", "client.path, /ws, '/ws'", "client.path, /js/http.js, '/js/http.js'",
			"client.path, /js/unsent.js, '/js/unsent.js'" })
	void anInvalidValueIsReportedWithItsProperty(String property, String value, String shown) {
		this.runner.withPropertyValues("resumable-ws." + property + "=" + value)
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.hasMessageStartingWith("Property resumable-ws." + property + " must be ")
				.hasMessageEndingWith("but is '" + shown + "'"));
	}

	@ParameterizedTest
	@CsvSource({ "connection.max-lifetime=0", "connection.max-lifetime-jitter=0", "connection.max-lifetime-jitter=1",
			"user.messages-per-second=0", "user.size-per-second=0", "user.max-handlers=0", "log.commit-interval=0",
			"reply.max-waiting=0", "shutdown.reply-grace=0", "shutdown.reply-grace=16s", "shutdown.reconnect-window=0",
			"cleanup.session-ttl=0", "cleanup.closed-session-ttl=0", "cleanup.event-ttl=0", "schema.name=",
			"schema.name=chat_1", "cleanup.cron=0 0 4 * * *", "log.epoch=", "log.epoch=restored-2026.01", "path=/a/b",
			"path=/.well-known/a-B_1.2", "auth.handshakes-per-second-per-address=0", "auth.first-message-timeout=1m",
			"auth.token-sources=message", "auth.jwt.max-age=1m", "allowed-origins=self", "allowed-origins=*",
			"allowed-origins=https://*.example.com:[*]", "allowed-origins=capacitor://localhost",
			"allowed-origins=*.example.com", "http.max-wait=0" })
	void aBoundaryValueIsAccepted(String property) {
		this.runner.withPropertyValues("resumable-ws." + property).run((context) -> assertThat(context).hasNotFailed());
	}

	@Test
	void toStringContainsNoSecrets() {
		this.runner
			.withPropertyValues("resumable-ws.auth.jwt.secret=a-secret-value",
					"resumable-ws.relay.x.uri=ws://localhost/a?key=a-secret-value",
					"resumable-ws.relay.x.headers.Authorization=a-secret-value")
			.run((context) -> assertThat(context.getBean(ResumableWsProperties.class)).asString()
				.contains("userClaim=sub", "ws://localhost/a")
				.doesNotContain("a-secret-value"));
	}

	@Test
	void originsAreNormalizedAsInBrowsers() {
		this.runner
			.withPropertyValues("resumable-ws.allowed-origins=https://D.Example,HTTPS://e.example:443/,"
					+ "http://f.example:80,https://g.example:8443,SELF")
			.run((context) -> assertThat(context.getBean(ResumableWsProperties.class).allowedOrigins()).containsExactly(
					"https://d.example", "https://e.example", "http://f.example", "https://g.example:8443", "self"));
	}

	@Test
	void anOriginWithoutASchemeIsRejectedWithASuggestion() {
		this.runner.withPropertyValues("resumable-ws.allowed-origins=self,b.example/app")
			.run((context) -> assertThat(context).getFailure().rootCause().hasMessageContaining("'https://b.example'"));
	}

	/**
	 * Every duration and size, with its typical value without the unit.
	 */
	@ParameterizedTest(name = "{0}: {1}")
	@MethodSource("withUnit")
	void aMissingUnitIsRejected(String property, String value) {
		Matcher parts = Pattern.compile("([0-9]+)([a-zA-Z]+)").matcher(value);
		assertThat(parts.matches()).isTrue();
		this.runner
			.withPropertyValues("resumable-ws.relay.x.uri=ws://localhost",
					"resumable-ws." + property + "=" + parts.group(1))
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.hasMessageContaining("resumable-ws." + property.replace("relay.x.", "relay.<name>.") + " must be ")
				.hasMessageContaining("a number without a unit is ")
				.hasMessageContaining("'" + value + "'"));
	}

	static Stream<Arguments> withUnit() {
		return components("", ResumableWsProperties.class)
			.filter((component) -> !USUALLY_MILLISECONDS.contains(component.name()))
			.map((component) -> Arguments.of(component.name(), component.typicalValue()));
	}

	private static Stream<Component> components(String prefix, Class<?> type) {
		return Arrays.stream(type.getRecordComponents()).flatMap((component) -> {
			String name = prefix + kebabCase(component.getName());
			if (component.getType().isRecord()) {
				return components(name + ".", component.getType());
			}
			if (component.getType() == Map.class && prefix.isEmpty()) {
				return components(name + ".x.", ResumableWsProperties.Relay.class);
			}
			return Set.of(Duration.class, DataSize.class).contains(component.getType())
					? Stream.of(new Component(name, typicalValue(name, type, component))) : Stream.empty();
		});
	}

	private static String typicalValue(String name, Class<?> type, RecordComponent component) {
		String documented = TYPICAL_VALUES.get(name);
		if (documented != null) {
			return documented;
		}
		int index = Arrays.stream(type.getRecordComponents())
			.map(RecordComponent::getName)
			.toList()
			.indexOf(component.getName());
		DefaultValue value = type.getDeclaredConstructors()[0].getParameters()[index].getAnnotation(DefaultValue.class);
		assertThat(value).as("typical value of " + name).isNotNull();
		return value.value()[0];
	}

	private static String kebabCase(String name) {
		return name.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
	}

	private record Component(String name, String typicalValue) {

	}

	@Configuration(proxyBeanMethods = false)
	@EnableConfigurationProperties(ResumableWsProperties.class)
	static class Bound {

	}

}
