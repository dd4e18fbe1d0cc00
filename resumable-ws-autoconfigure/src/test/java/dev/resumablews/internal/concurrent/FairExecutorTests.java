package dev.resumablews.internal.concurrent;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Executor;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

class FairExecutorTests {

	private final Deque<Runnable> threads = new ArrayDeque<>();

	private final List<String> ran = new ArrayList<>();

	@Test
	void anOwnerWithFewTasksWaitsForOneTurn() {
		FairExecutor executor = new FairExecutor(this.threads::add, 1, 1);
		for (int i = 1; i <= 4; i++) {
			add(executor, "alice", i);
		}
		add(executor, "bob", 1);
		runAll();
		assertThat(this.ran).containsExactly("alice1", "bob1", "alice2", "alice3", "alice4");
	}

	@Test
	void concurrencyIsLimited() {
		FairExecutor executor = new FairExecutor(this.threads::add, 3, 2);
		for (int i = 1; i <= 4; i++) {
			add(executor, "alice", i);
			add(executor, "bob", i);
		}
		assertThat(this.threads).hasSize(3);
		runAll();
		assertThat(this.ran).hasSize(8);
		assertThat(this.ran.subList(0, 3)).containsExactlyInAnyOrder("alice1", "bob1", "alice2");
	}

	@Test
	void anOwnerCannotOccupyAllThreads() {
		FairExecutor executor = new FairExecutor(this.threads::add, 3, 2);
		for (int i = 1; i <= 5; i++) {
			add(executor, "alice", i);
		}
		assertThat(this.threads).hasSize(2);
		add(executor, "bob", 1);
		assertThat(this.threads).hasSize(3);
	}

	@Test
	void aFailedTaskIsFollowedByTheNext() {
		FairExecutor executor = new FairExecutor(this.threads::add, 1, 1);
		executor.execute("alice", () -> {
			throw new IllegalStateException("expected");
		});
		add(executor, "alice", 2);
		assertThatExceptionOfType(IllegalStateException.class).isThrownBy(this::runAll);
		runAll();
		assertThat(this.ran).containsExactly("alice2");
	}

	@Test
	void withoutAThreadATaskIsRejectedAndEarlierTasksAreKept() {
		boolean[] failing = new boolean[1];
		Executor failingThreads = (task) -> {
			if (failing[0]) {
				throw new OutOfMemoryError("unable to create native thread");
			}
			this.threads.add(task);
		};
		FairExecutor executor = new FairExecutor(failingThreads, 1, 1);
		add(executor, "alice", 1);
		add(executor, "alice", 2);
		failing[0] = true;
		runAll();
		add(executor, "bob", 1);
		failing[0] = false;
		add(executor, "carol", 1);
		runAll();
		assertThat(this.ran).containsExactlyInAnyOrder("alice1", "alice2", "bob1", "carol1");
		failing[0] = true;
		assertThatExceptionOfType(OutOfMemoryError.class).isThrownBy(() -> add(executor, "dave", 1));
		failing[0] = false;
		add(executor, "dave", 2);
		runAll();
		assertThat(this.ran).contains("dave2").doesNotContain("dave1");
	}

	private void add(FairExecutor executor, String owner, int number) {
		executor.execute(owner, () -> this.ran.add(owner + number));
	}

	private void runAll() {
		while (!this.threads.isEmpty()) {
			this.threads.remove().run();
		}
	}

}
