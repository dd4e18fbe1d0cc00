package dev.resumablews.internal.cleanup;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import org.junit.jupiter.api.Test;

import org.springframework.scheduling.support.PeriodicTrigger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

class CleanupScheduleTests {

	private static final Duration INTERVAL = Duration.ofMillis(20);

	private final Set<Thread> before = Set.copyOf(Thread.getAllStackTraces().keySet());

	private final AtomicInteger runs = new AtomicInteger();

	@Test
	void theCleanupRunsAfterEachStartAndLeavesNoThreadAfterEachStop() {
		CleanupSchedule schedule = schedule(this.runs::incrementAndGet);
		for (int i = 0; i < 3; i++) {
			int soFar = this.runs.get();
			schedule.start();
			schedule.start();
			assertThat(schedule.isRunning()).isTrue();
			await().until(() -> this.runs.get() >= soFar + 3);
			assertThat(threads()).hasSize(1);
			schedule.stop();
			schedule.stop();
			assertThat(schedule.isRunning()).isFalse();
			assertNoThreads();
		}
	}

	@Test
	void aStopInterruptsTheCurrentRunAndTheNextStartRunsAgain() throws InterruptedException {
		CountDownLatch begun = new CountDownLatch(1);
		AtomicInteger interrupted = new AtomicInteger();
		CleanupSchedule schedule = schedule(() -> {
			this.runs.incrementAndGet();
			begun.countDown();
			try {
				new CountDownLatch(1).await();
			}
			catch (InterruptedException ex) {
				interrupted.incrementAndGet();
			}
		});
		schedule.start();
		assertThat(begun.await(20, TimeUnit.SECONDS)).isTrue();
		schedule.stop();
		assertThat(interrupted).hasValue(1);
		assertNoThreads();
		schedule.start();
		await().until(() -> this.runs.get() == 2);
		schedule.stop();
		assertThat(interrupted).hasValue(2);
		assertNoThreads();
	}

	private static CleanupSchedule schedule(Runnable cleanup) {
		return new CleanupSchedule(cleanup, new PeriodicTrigger(INTERVAL));
	}

	/**
	 * Asserts that all threads that run the cleanup have ended.
	 */
	private void assertNoThreads() {
		await().untilAsserted(() -> assertThat(threads()).isEmpty());
	}

	private List<Thread> threads() {
		return Thread.getAllStackTraces()
			.keySet()
			.stream()
			.filter((thread) -> thread.isAlive() && !this.before.contains(thread))
			.filter((thread) -> thread.getName().startsWith("resumable-ws-cleanup"))
			.toList();
	}

}
