package dev.resumablews.internal.log;

import java.time.Duration;
import java.util.UUID;

import dev.resumablews.internal.concurrent.BackOff;
import dev.resumablews.internal.concurrent.SupervisedLoop;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests how long a writer collects appends, with a simulated clock.
 */
class BatchCollectorTests {

	private static final Duration INTERVAL = Duration.ofMillis(10);

	private long now = 42;

	private Duration waited = Duration.ZERO;

	private Runnable duringDelay = () -> {
	};

	private final AppendQueue queue;

	private final BatchCollector collector;

	private final SupervisedLoop.Control control = new SupervisedLoop.Control() {

		@Override
		public boolean await(Duration duration) {
			BatchCollectorTests.this.duringDelay.run();
			BatchCollectorTests.this.waited = BatchCollectorTests.this.waited.plus(duration);
			pass(duration);
			return false;
		}

		@Override
		public boolean stopped() {
			return false;
		}

		@Override
		public void worked() {
		}

	};

	BatchCollectorTests() {
		LogSettings settings = new LogSettings(1, 100, 10_000, 4, INTERVAL, Duration.ofSeconds(5),
				Duration.ofSeconds(5), 1000, 1000);
		this.queue = new AppendQueue(settings, new BackOff(Duration.ofMillis(1), Duration.ofMillis(2)));
		this.collector = new BatchCollector(this.queue, settings, () -> this.now);
	}

	@Test
	void aBatchIsDelayedByHalfTheTimeOfThePreviousOne() throws Exception {
		take(2);
		assertThat(this.waited).isZero();
		pass(Duration.ofMillis(2));
		take(2);
		assertThat(this.waited).isEqualTo(Duration.ofMillis(1));
	}

	@Test
	void appendsDuringTheDelayJoinTheBatch() throws Exception {
		take(2);
		pass(Duration.ofMillis(2));
		this.duringDelay = () -> append(1);
		append(1);
		assertThat(this.collector.take(this.control)).hasSize(2);
	}

	@Test
	void theDelayGrowsWithTheCostOfCommitsUpToTheInterval() throws Exception {
		take(2);
		Duration before = Duration.ZERO;
		for (int millis = 1; millis <= 6; millis++) {
			pass(Duration.ofMillis(millis));
			take(2);
			assertThat(this.waited).isBetween(before, INTERVAL.minusMillis(millis).plus(before));
			before = this.waited;
		}
		assertThat(this.waited).isPositive();
	}

	@Test
	void nothingIsDelayedWhileCommitsTakeLongerThanTheInterval() throws Exception {
		take(2);
		for (int i = 0; i < 3; i++) {
			pass(INTERVAL);
			take(2);
		}
		assertThat(this.waited).isZero();
	}

	@Test
	void afterAPauseNothingIsDelayed() throws Exception {
		take(2);
		pass(Duration.ofMillis(2));
		take(2);
		this.waited = Duration.ZERO;
		pass(Duration.ofMillis(2));
		this.collector.take(this.control);
		pass(INTERVAL);
		take(2);
		assertThat(this.waited).isZero();
	}

	@Test
	void aPublisherThatAppendsOneEventAtATimeIsNotDelayed() throws Exception {
		for (int i = 0; i < 3; i++) {
			take(1);
			pass(Duration.ofMillis(2));
		}
		assertThat(this.waited).isZero();
	}

	@Test
	void aFullBatchIsNotDelayed() throws Exception {
		take(2);
		pass(Duration.ofMillis(2));
		take(4);
		assertThat(this.waited).isZero();
	}

	private void append(int count) {
		for (int i = 0; i < count; i++) {
			this.queue.add(new QueuedAppend(AppendRequest.of(new UUID(0, i), "type", "{}"), Long.MAX_VALUE));
		}
	}

	private void take(int appends) throws InterruptedException {
		append(appends);
		assertThat(this.collector.take(this.control)).hasSize(appends);
	}

	private void pass(Duration duration) {
		this.now += duration.toNanos();
	}

}
