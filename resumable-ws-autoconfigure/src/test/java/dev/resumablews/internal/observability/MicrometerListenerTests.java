package dev.resumablews.internal.observability;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

import dev.resumablews.CloseCode;
import dev.resumablews.internal.budget.Share;
import dev.resumablews.internal.handshake.RejectionReason;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class MicrometerListenerTests {

	private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

	private final MicrometerListener listener = new MicrometerListener(this.registry);

	@Test
	void openConnectionsAreCounted() {
		this.listener.onConnectionOpened(true);
		this.listener.onConnectionOpened(false);
		this.listener.onConnectionOpened(false);
		this.listener.onConnectionClosed(1000);
		assertThat(this.registry.get("resumable.ws.connections").gauge().value()).isEqualTo(2);
		assertThat(count("resumable.ws.connections.opened", "resumed", "true")).isEqualTo(1);
		assertThat(count("resumable.ws.connections.opened", "resumed", "false")).isEqualTo(2);
		assertThat(count("resumable.ws.connections.closed", "code", "1000")).isEqualTo(1);
	}

	@Test
	void aClientCannotCreateTags() {
		int known = this.registry.find("resumable.ws.connections.closed").counters().size();
		this.listener.onConnectionClosed(4408);
		this.listener.onConnectionClosed(1006);
		for (int code = 3000; code < 3100; code++) {
			this.listener.onConnectionClosed(code);
		}
		assertThat(count("resumable.ws.connections.closed", "code", "4408")).isEqualTo(1);
		assertThat(count("resumable.ws.connections.closed", "code", "1006")).isEqualTo(1);
		assertThat(count("resumable.ws.connections.closed", "code", "other")).isEqualTo(100);
		assertThat(this.registry.find("resumable.ws.connections.closed").counters()).hasSize(known);
	}

	@Test
	void refusedHandshakesAreCountedByStatus() {
		this.listener.onHandshakeRejected(401);
		this.listener.onHandshakeRejected(403);
		this.listener.onHandshakeRejected(401);
		assertThat(count("resumable.ws.handshakes.refused", "status", "401")).isEqualTo(2);
		assertThat(count("resumable.ws.handshakes.refused", "status", "403")).isEqualTo(1);
	}

	@Test
	void batchesAreTimedAndTheirEventsCounted() {
		this.listener.onBatchStored(10, Duration.ofMillis(20));
		this.listener.onBatchStored(30, Duration.ofMillis(40));
		assertThat(this.registry.get("resumable.ws.log.batches").timer().totalTime(TimeUnit.MILLISECONDS))
			.isEqualTo(60);
		assertThat(this.registry.get("resumable.ws.log.batch.size").summary().totalAmount()).isEqualTo(40);
		assertThat(this.registry.get("resumable.ws.log.batch.size").summary().max()).isEqualTo(30);
	}

	@Test
	void sentEventsAreCountedBySource() {
		this.listener.onEventsSent(5, true);
		this.listener.onEventsSent(7, false);
		assertThat(count("resumable.ws.events.sent", "source", "log")).isEqualTo(5);
		assertThat(count("resumable.ws.events.sent", "source", "memory")).isEqualTo(7);
	}

	@Test
	void repliesAreTimedByOutcome() {
		this.listener.onReplyEnded("completed", Duration.ofSeconds(2));
		this.listener.onReplyEnded("timeout", Duration.ofSeconds(60));
		assertThat(this.registry.get("resumable.ws.replies").tag("outcome", "completed").timer().count()).isEqualTo(1);
		assertThat(this.registry.get("resumable.ws.replies").tag("outcome", "timeout").timer().max(TimeUnit.SECONDS))
			.isEqualTo(60);
	}

	@Test
	void removedRowsAreCountedByKind() {
		this.listener.onCleanedUp("events", 1000);
		this.listener.onCleanedUp("events", 10);
		this.listener.onCleanedUp("sessions", 1);
		assertThat(count("resumable.ws.cleanup.rows", "what", "events")).isEqualTo(1010);
		assertThat(count("resumable.ws.cleanup.rows", "what", "sessions")).isEqualTo(1);
	}

	@Test
	void theDelayOfTheCleanupIsReported() {
		this.listener.onCleanupOverdue("events", Duration.ofMinutes(2));
		this.listener.onCleanupOverdue("events", Duration.ofMinutes(3));
		this.listener.onCleanupOverdue("sessions", Duration.ZERO);
		assertThat(overdueSeconds("events")).isEqualTo(180);
		assertThat(overdueSeconds("sessions")).isZero();
	}

	@Test
	void countersExistBeforeTheirFirstEvent() {
		for (RejectionReason reason : RejectionReason.values()) {
			assertThat(count("resumable.ws.handshakes.refused", "status", String.valueOf(reason.status().value())))
				.isZero();
			assertThat(count("resumable.ws.security.events", "reason", reason.word())).isZero();
		}
		for (Share share : Share.values()) {
			assertThat(count("resumable.ws.security.events", "reason", share.reason())).isZero();
		}
		for (CloseCode code : CloseCode.values()) {
			assertThat(count("resumable.ws.connections.closed", "code", String.valueOf(code.code()))).isZero();
		}
		assertThat(this.registry.get("resumable.ws.replies").tag("outcome", "provider_error").timer().count()).isZero();
		for (String reason : List.of("disconnected", "invalid", "logged_out")) {
			assertThat(count("resumable.ws.security.events", "reason", reason)).isZero();
		}
		assertThat(count("resumable.ws.cleanup.rows", "what", "events")).isZero();
		assertThat(overdueSeconds("events")).isNaN();
	}

	/**
	 * Closed sessions are counted as sessions. Only their delay is reported separately.
	 */
	@Test
	void thereIsNoCounterForClosedSessions() {
		assertThat(this.registry.find("resumable.ws.cleanup.rows").counters())
			.extracting((counter) -> counter.getId().getTag("what"))
			.containsExactlyInAnyOrder("sessions", "empty_sessions", "events", "idempotency_keys", "live_connections",
					"disconnects", "signals", "relays");
		assertThat(overdueSeconds("closed_sessions")).isNaN();
	}

	private double overdueSeconds(String what) {
		return this.registry.get("resumable.ws.cleanup.overdue").tag("what", what).timeGauge().value(TimeUnit.SECONDS);
	}

	private double count(String name, String tag, String value) {
		return this.registry.get(name).tag(tag, value).counter().count();
	}

}
