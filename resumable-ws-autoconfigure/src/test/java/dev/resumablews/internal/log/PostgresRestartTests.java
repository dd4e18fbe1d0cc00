package dev.resumablews.internal.log;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

import dev.resumablews.SessionEvent;
import dev.resumablews.internal.publish.TestLog;
import dev.resumablews.testing.RestartablePostgres;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests that the log neither loses nor repeats events when Postgres restarts or crashes.
 */
class PostgresRestartTests {

	private static final int RESTARTS = 3;

	private static final int WRITERS = 4;

	private static final int OUTSTANDING = 200;

	/**
	 * The id with which each event was acknowledged, by the number of the event.
	 */
	private final Map<Integer, Long> acknowledged = new ConcurrentHashMap<>();

	private final AtomicInteger numbers = new AtomicInteger();

	private final AtomicBoolean ended = new AtomicBoolean();

	@Test
	void nothingIsLostOrStoredTwiceWhenPostgresRestarts() throws Exception {
		try (RestartablePostgres postgres = RestartablePostgres.start()) {
			writeDuring(postgres, postgres::restart);
		}
	}

	@Test
	void nothingIsLostOrStoredTwiceWhenPostgresCrashes() throws Exception {
		try (RestartablePostgres postgres = RestartablePostgres.start()) {
			writeDuring(postgres, postgres::crash);
		}
	}

	private void writeDuring(RestartablePostgres postgres, Runnable interruption) throws Exception {
		TestLog.createTables(postgres.url());
		try (TestLog test = new TestLog(postgres.url())) {
			List<UUID> sessions = new ArrayList<>();
			List<Thread> writers = new ArrayList<>();
			for (int i = 0; i < WRITERS; i++) {
				UUID session = test.newSession("alice");
				sessions.add(session);
				writers.add(new Thread(() -> write(test.log(), session), "writer-" + i));
			}
			writers.forEach(Thread::start);
			for (int i = 0; i < RESTARTS; i++) {
				awaitProgress();
				interruption.run();
				awaitProgress();
			}
			this.ended.set(true);
			for (Thread writer : writers) {
				writer.join(60_000);
				assertThat(writer.isAlive()).isFalse();
			}
			verify(test, sessions);
		}
	}

	private void write(EventLog log, UUID session) {
		Semaphore room = new Semaphore(OUTSTANDING);
		while (!this.ended.get()) {
			room.acquireUninterruptibly();
			append(log, session, room);
		}
		room.acquireUninterruptibly(OUTSTANDING);
	}

	private void append(EventLog log, UUID session, Semaphore room) {
		int number = this.numbers.incrementAndGet();
		CompletableFuture<AppendResult> append = log
			.append(AppendRequest.of(session, "tick", "{\"n\":" + number + "}"));
		append.whenComplete((appended, failure) -> {
			if (failure == null) {
				this.acknowledged.put(number, appended.eventId());
			}
			room.release();
		});
	}

	private void awaitProgress() {
		int before = this.acknowledged.size();
		await().atMost(60, TimeUnit.SECONDS).until(() -> this.acknowledged.size() > before + 2 * WRITERS * OUTSTANDING);
	}

	private void verify(TestLog test, List<UUID> sessions) {
		Map<Integer, Long> stored = new HashMap<>();
		for (UUID session : sessions) {
			long cursor = 0;
			for (SessionEvent event : events(test.log(), session)) {
				assertThat(event.id()).isEqualTo(++cursor);
				int number = Integer.parseInt(event.payload().replaceAll("\\D", ""));
				assertThat(stored.put(number, event.id())).as("event %d stored before", number).isNull();
			}
		}
		assertThat(this.acknowledged).hasSizeGreaterThan(RESTARTS * WRITERS * OUTSTANDING);
		assertThat(stored).containsAllEntriesOf(this.acknowledged);
	}

	private static List<SessionEvent> events(EventLog log, UUID session) {
		List<SessionEvent> events = new ArrayList<>();
		for (;;) {
			long cursor = events.isEmpty() ? 0 : events.get(events.size() - 1).id();
			List<SessionEvent> page = log.read(session, cursor, 1000);
			if (page.isEmpty()) {
				return events;
			}
			events.addAll(page);
		}
	}

}
