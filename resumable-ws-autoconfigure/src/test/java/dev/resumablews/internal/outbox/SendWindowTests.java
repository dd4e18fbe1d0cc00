package dev.resumablews.internal.outbox;

import java.time.Duration;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class SendWindowTests {

	private static final long SECOND = Duration.ofSeconds(1).toNanos();

	private final SendWindow window = new SendWindow(65_536, Duration.ofSeconds(25));

	private long now;

	@Test
	void theFirstFrameIsSizedForHalfAHeartbeatIntervalAtOneKilobyteASecond() {
		assertThat(this.window.frameLength()).isEqualTo(12_500);
		assertThat(new SendWindow(4096, Duration.ofSeconds(25)).frameLength()).isEqualTo(4096);
		assertThat(new SendWindow(65_536, Duration.ofMillis(100)).frameLength()).isEqualTo(1024);
	}

	@Test
	void onASlowLinkFramesHaveTheLengthThatIsTransmittedInASecond() {
		transmit(1700, 10);
		assertThat(this.window.frameLength()).isBetween(1500L, 1900L);
	}

	@Test
	void onAFastLinkFramesGrowToTheMaximum() {
		transmit(10_000_000, 3);
		assertThat(this.window.frameLength()).isEqualTo(65_536);
	}

	@Test
	void framesGrowAgainWhenTheLinkRecovers() {
		transmit(1000, 5);
		transmit(1_000_000, 10);
		assertThat(this.window.frameLength()).isEqualTo(65_536);
	}

	@Test
	void noEventIsSentWhileFourFramesAreUnconfirmed() {
		int frames = 0;
		while (this.window.isOpen()) {
			this.window.sent(this.window.frameLength());
			frames++;
		}
		assertThat(frames).isEqualTo(4);
		long probe = this.window.ping(this.now);
		assertThat(this.window.pong(probe, this.now + SECOND)).isTrue();
		assertThat(this.window.isOpen()).isTrue();
	}

	@Test
	void aPongIsOverdueAfterTheTimeoutPlusTheTransmissionAtOneKilobyteASecond() {
		this.window.sent(15_000);
		this.window.ping(this.now);
		assertThat(this.window.isOverdue(this.now + 34 * SECOND, Duration.ofSeconds(20))).isFalse();
		assertThat(this.window.isOverdue(this.now + 36 * SECOND, Duration.ofSeconds(20))).isTrue();
	}

	@Test
	void aSingleLargeEventGetsTheTimeThatItNeeds() {
		this.window.sent(300_000);
		this.window.ping(this.now);
		assertThat(this.window.isOverdue(this.now + 319 * SECOND, Duration.ofSeconds(20))).isFalse();
		assertThat(this.window.isOverdue(this.now + 321 * SECOND, Duration.ofSeconds(20))).isTrue();
	}

	@Test
	void aClientThatDoesNotAnswerPingsIsSentShortFrames() {
		while (this.window.isOpen()) {
			this.window.sent(this.window.frameLength());
		}
		this.window.ping(this.now);
		this.window.doNotProbe();
		assertThat(this.window.isOpen()).isTrue();
		assertThat(this.window.isProbeDue()).isFalse();
		assertThat(this.window.frameLength()).isEqualTo(12_500);
	}

	@Test
	void thePongOfAHeartbeatConfirmsFramesAndDoesNotMeasureTheLink() {
		this.window.sent(2000);
		long number = this.window.ping(this.now);
		assertThat(this.window.isProbing()).isFalse();
		assertThat(this.window.hasRoomForPing()).isFalse();
		assertThat(this.window.pong(number, this.now + 10 * SECOND)).isTrue();
		assertThat(this.window.hasRoomForPing()).isTrue();
		assertThat(this.window.frameLength()).isEqualTo(12_500);
	}

	@Test
	void aProbeFollowsAnUnansweredHeartbeat() {
		long heartbeat = this.window.ping(this.now);
		this.window.sent(20_000);
		assertThat(this.window.isProbeDue()).isTrue();
		long probe = this.window.ping(this.now);
		assertThat(this.window.isProbing()).isTrue();
		assertThat(this.window.pong(heartbeat, this.now + SECOND)).isFalse();
		assertThat(this.window.pong(probe, this.now + SECOND)).isTrue();
	}

	@Test
	void anUnexpectedPongConfirmsNothing() {
		this.window.sent(20_000);
		long probe = this.window.ping(this.now);
		assertThat(this.window.pong(0, this.now)).isFalse();
		assertThat(this.window.pong(probe + 1, this.now)).isFalse();
		assertThat(this.window.pong(probe, this.now)).isTrue();
		assertThat(this.window.pong(probe, this.now)).isFalse();
	}

	private void transmit(long perSecond, int probes) {
		for (int i = 0; i < probes; i++) {
			long sent = 0;
			while (!this.window.isProbeDue()) {
				sent += this.window.frameLength();
				this.window.sent(this.window.frameLength());
			}
			long probe = this.window.ping(this.now);
			this.now += sent * SECOND / perSecond;
			this.window.pong(probe, this.now);
		}
	}

}
