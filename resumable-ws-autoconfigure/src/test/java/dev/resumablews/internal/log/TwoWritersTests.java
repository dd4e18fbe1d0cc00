package dev.resumablews.internal.log;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

import dev.resumablews.internal.publish.TestLog;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that an event id can be a cursor, because ids become visible in order, whichever
 * node writes. {@link IdentityColumnDemonstration} shows that this does not hold for
 * every kind of id.
 */
class TwoWritersTests {

	private static final int EVENTS_OF_EACH = 50_000;

	private static final int OUTSTANDING = 2_000;

	@Test
	void aReaderThatPollsMissesNoneOfAHundredThousandEvents() throws Exception {
		String url = TestLog.createDatabase();
		try (TestLog one = new TestLog(url); TestLog two = new TestLog(url)) {
			UUID session = one.newSession("alice");
			CompletableFuture<Void> writers = CompletableFuture.allOf(
					CompletableFuture.runAsync(() -> write(one.log(), session)),
					CompletableFuture.runAsync(() -> write(two.log(), session)));
			long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(5);
			long last = 0;
			try (Connection connection = DriverManager.getConnection(url);
					PreparedStatement poll = connection
						.prepareStatement("select id from ws_events where session_id = ? and id > ? order by id")) {
				while (last < 2 * EVENTS_OF_EACH) {
					assertThat(System.nanoTime()).as("no event after %d", last).isLessThan(deadline);
					poll.setObject(1, session);
					poll.setLong(2, last);
					try (ResultSet rows = poll.executeQuery()) {
						while (rows.next()) {
							assertThat(rows.getLong(1)).isEqualTo(++last);
						}
					}
				}
			}
			writers.get(1, TimeUnit.MINUTES);
			assertThat(one.sql()
				.sql("select count(distinct payload::text) from ws_events where session_id = ?")
				.param(session)
				.query(Integer.class)
				.single()).isEqualTo(2 * EVENTS_OF_EACH);
		}
	}

	private static void write(EventLog log, UUID session) {
		String writer = UUID.randomUUID().toString();
		Semaphore room = new Semaphore(OUTSTANDING);
		for (int i = 1; i <= EVENTS_OF_EACH; i++) {
			room.acquireUninterruptibly();
			log.append(AppendRequest.of(session, "tick", "{\"writer\":\"" + writer + "\",\"n\":" + i + "}"))
				.whenComplete((appended, failure) -> room.release());
		}
		room.acquireUninterruptibly(OUTSTANDING);
	}

}
