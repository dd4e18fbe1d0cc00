package dev.resumablews;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;

class ResumableWsPropertiesTests {

	private final ApplicationContextRunner runner = new ApplicationContextRunner().withUserConfiguration(Bound.class);

	@Test
	void everyPropertyHasADefaultThatWorks() {
		this.runner.run((context) -> assertThat(context).hasNotFailed());
	}

	/**
	 * Property, value, and how the message shows the value where that differs.
	 */
	@ParameterizedTest
	@CsvSource({ "path, ws, 'ws'", "path, /, '/'", "path, /ws/*, '/ws/*'", "path, /{x}, '/{x}'", "path, /w?, '/w?'",
			"path, /ws/, '/ws/'", "path, //ws, '//ws'", "path, /a/../ws, '/a/../ws'", "path, /ws;a, '/ws;a'",
			"path, /%77s, '/%77s'", "auth.handshakes-per-second-per-address, -1, -1",
			"auth.handshake-burst-per-address, 0, 0", "auth.first-message-timeout, 0s, PT0S",
			"auth.first-message-timeout, 61s, PT1M1S", "auth.max-unauthenticated-per-address, 0, 0",
			"auth.max-unauthenticated, 0, 0", "auth.jwt.max-age, 0s, PT0S", "auth.jwt.max-age, -1s, PT-1S",
			"auth.token-sources, 'cookie,cookie', '[COOKIE, COOKIE]'", "auth.cookie-name, ' ', ''",
			"auth.jwt.clock-skew, -1s, PT-1S", "auth.jwt.user-claim, ' ', ''",
			"connection.heartbeat-interval, 0s, PT0S", "connection.heartbeat-interval, -1s, PT-1S",
			"connection.heartbeat-timeout, 25s, PT25S", "connection.send-timeout, 0s, PT0S",
			"connection.max-lifetime, -1s, PT-1S", "connection.max-lifetime-jitter, 1.1, 1.1",
			"connection.max-lifetime-jitter, -0.1, -0.1", "connection.max-message-size, 0B, 0B",
			"connection.max-message-size, 65MB, 68157440B", "connection.max-malformed-messages, 0, 0",
			"user.messages-per-second, -1, -1", "user.message-burst, 0, 0", "user.size-per-second, -1B, -1B",
			"user.replies-per-minute, -1, -1", "user.max-sessions, -1, -1", "user.max-storage, -1B, -1B",
			"user.max-handlers, -1, -1", "connection.max-per-session, 0, 0", "connection.max-per-user, 0, 0",
			"connection.max-total, 0, 0", "connection.max-opening, 0, 0", "connection.max-send-size, 0B, 0B",
			"connection.max-send-size, 65MB, 68157440B", "log.lanes, 0, 0", "log.lanes, 65, 65",
			"log.queue-capacity, 0, 0", "log.queue-size, 1KB, 1024B", "log.max-batch, 0, 0",
			"log.max-batch, 10001, 10001", "log.commit-interval, -1ms, PT-0.001S", "log.commit-interval, 2s, PT2S",
			"log.append-timeout, 0s, PT0S", "log.statement-timeout, 0s, PT0S", "log.max-event-size, 0B, 0B",
			"log.max-event-size, 65MB, 68157440B", "log.readers, 0, 0", "log.readers, 65, 65", "log.page-size, 0, 0",
			"log.page-size, 10001, 10001", "log.epoch, 'a b', 'a b'", "feed.max-events, 0, 0", "feed.max-size, 0B, 0B",
			"reply.history-messages, 0, 0", "reply.history-characters, 0, 0", "reply.first-part-timeout, 0s, PT0S",
			"reply.idle-timeout, 0s, PT0S", "reply.max-duration, 0s, PT0S", "reply.max-concurrent, 0, 0",
			"reply.max-waiting, -1, -1", "reply.max-characters, 0, 0", "shutdown.timeout, 0s, PT0S",
			"shutdown.reply-grace, -1s, PT-1S", "shutdown.reply-grace, 20s, PT20S",
			"shutdown.reply-grace, 16001ms, PT16.001S", "shutdown.reconnect-window, -1s, PT-1S",
			"schema.name, Upper, 'Upper'", "schema.name, 1st, '1st'", "schema.name, 'a;b', 'a;b'",
			"cleanup.interval, 0s, PT0S", "cleanup.cron, every day, 'every day'", "cleanup.session-ttl, -1s, PT-1S",
			"cleanup.session-ttl, 119m, PT1H59M", "cleanup.event-ttl, -1s, PT-1S",
			"cleanup.closed-session-ttl, -1s, PT-1S", "auth.revalidation-interval, 0s, PT0S",
			"cleanup.idempotency-key-ttl, 0s, PT0S", "cleanup.live-connection-ttl, 0s, PT0S",
			"cleanup.batch-size, 0, 0", "cleanup.batch-size, 100001, 100001", "client.path, client.js, 'client.js'",
			"client.path, /js/**, '/js/**'", "client.path, /ws, '/ws'", "client.path, /js/http.js, '/js/http.js'",
			"client.path, /js/unsent.js, '/js/unsent.js'" })
	void aValueThatCannotWorkIsNamedWithItsProperty(String property, String value, String shown) {
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
			"auth.token-sources=message", "auth.jwt.max-age=1s" })
	void aValueAtTheEdgeIsTaken(String property) {
		this.runner.withPropertyValues("resumable-ws." + property).run((context) -> assertThat(context).hasNotFailed());
	}

	@Configuration(proxyBeanMethods = false)
	@EnableConfigurationProperties(ResumableWsProperties.class)
	static class Bound {

	}

}
