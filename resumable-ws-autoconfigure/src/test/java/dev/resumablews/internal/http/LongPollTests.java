package dev.resumablews.internal.http;

import java.time.Duration;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

class LongPollTests {

	@Test
	void aPollDoesNotEndBeforeTheSessionIsSent() {
		LongPoll poll = new LongPoll(Duration.ZERO);
		assertThat(poll.isOver(true)).isFalse();
		poll.sent(100, false);
		assertThat(poll.isOver(true)).isTrue();
		assertThat(poll.isOver(false)).isFalse();
	}

	@Test
	void aPollWithEventsEndsAfterAShortDelay() {
		LongPoll poll = new LongPoll(Duration.ofMinutes(1));
		long began = System.nanoTime();
		poll.sent(100, false);
		poll.sent(100, true);
		await().pollInterval(Duration.ofMillis(5)).until(() -> poll.isOver(true));
		assertThat(Duration.ofNanos(System.nanoTime() - began)).isBetween(Duration.ofMillis(450),
				Duration.ofSeconds(5));
	}

	@Test
	void aPollWithoutEventsWaits() {
		LongPoll poll = new LongPoll(Duration.ofMinutes(1));
		poll.sent(100, false);
		await().during(Duration.ofMillis(600)).until(() -> !poll.isOver(true));
	}

	@Test
	void aPollEndsWhenItsResponseIsLarge() {
		LongPoll poll = new LongPoll(Duration.ofMinutes(1));
		poll.sent(1_000_000, true);
		assertThat(poll.isOver(false)).isFalse();
		poll.sent(100_000, true);
		assertThat(poll.isOver(false)).isTrue();
	}

}
