package dev.resumablews.internal.concurrent;

import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests that loops survive everything that their steps throw.
 */
class SupervisedLoopTests {

	private static final BackOff QUICK = new BackOff(Duration.ofMillis(1), Duration.ofMillis(5));

	private final AtomicInteger steps = new AtomicInteger();

	private final Queue<Throwable> toThrow = new ConcurrentLinkedQueue<>();

	private final SupervisedLoop loop = new SupervisedLoop("test-loop", "Testing", QUICK, this::step);

	@AfterEach
	void stop() {
		this.loop.stop(Duration.ofSeconds(1));
	}

	@Test
	void nothingThatAStepThrowsEndsTheLoop() {
		this.toThrow.add(new IllegalStateException("a bug"));
		this.toThrow.add(new NoSuchMethodError("another version of a library"));
		this.toThrow.add(new AssertionError("an assertion"));
		this.toThrow.add(new OutOfMemoryError("a large batch"));
		this.toThrow.add(new InterruptedException("a stray interrupt"));
		this.loop.start();
		await().until(this.toThrow::isEmpty);
		int then = this.steps.get();
		await().until(() -> this.steps.get() > then);
		await().until(() -> !this.loop.outages().isFailing());
		assertThat(this.loop.outages().failures()).isEqualTo(5);
	}

	@Test
	void aStoppedLoopCanBeStartedAgain() {
		for (int i = 0; i < 3; i++) {
			this.loop.start();
			this.loop.start();
			int then = this.steps.get();
			await().until(() -> this.steps.get() > then);
			this.loop.stop(Duration.ofSeconds(1));
			this.loop.stop(Duration.ofSeconds(1));
			assertThat(threads()).isZero();
		}
	}

	@Test
	void aStepThatIgnoresTheStopIsInterrupted() {
		SupervisedLoop deaf = new SupervisedLoop("test-loop", "Testing", QUICK, (control) -> {
			this.steps.incrementAndGet();
			synchronized (this) {
				wait();
			}
		});
		deaf.start();
		await().until(() -> this.steps.get() > 0);
		deaf.stop(Duration.ofMillis(10));
		await().until(() -> threads() == 0);
	}

	@Test
	void aScheduledTaskThatThrowsAnErrorRunsAgain() {
		SupervisedScheduler scheduler = new SupervisedScheduler("test-scheduler");
		scheduler.every(Duration.ofMillis(1), "Testing", () -> {
			this.steps.incrementAndGet();
			throw new NoSuchMethodError();
		});
		for (int i = 0; i < 2; i++) {
			scheduler.start();
			int then = this.steps.get();
			await().until(() -> this.steps.get() > then + 3);
			scheduler.stop();
		}
	}

	private void step(SupervisedLoop.Control control) throws Exception {
		this.steps.incrementAndGet();
		Throwable failure = this.toThrow.poll();
		if (failure instanceof Error error) {
			throw error;
		}
		if (failure != null) {
			throw (Exception) failure;
		}
		control.await(Duration.ofMillis(1));
	}

	private static long threads() {
		return Thread.getAllStackTraces()
			.keySet()
			.stream()
			.filter((thread) -> thread.getName().equals("test-loop"))
			.count();
	}

}
