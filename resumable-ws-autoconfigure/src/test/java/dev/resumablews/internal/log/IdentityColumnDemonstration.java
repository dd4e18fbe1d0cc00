package dev.resumablews.internal.log;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

import dev.resumablews.testing.TestPostgres;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Demonstrates that a reader that polls {@code id > last} misses events if ids come from
 * an identity column. It passes ids whose transactions have not committed yet, and never
 * reads those events. The number of missed events is random, so this class is not a test,
 * and its name keeps it out of the build. To run it:
 *
 * <pre>
 * mvn test -pl resumable-ws-autoconfigure -Dtest=IdentityColumnDemonstration
 * </pre>
 */
class IdentityColumnDemonstration {

	private static final int EVENTS_OF_EACH = 50_000;

	private static final int LONGEST_TRANSACTION = 20;

	@Test
	void aReaderThatPollsMissesEvents() throws Exception {
		String url = TestPostgres.createDatabase();
		Set<Long> seen = new HashSet<>();
		try (Connection connection = DriverManager.getConnection(url);
				Statement statement = connection.createStatement()) {
			statement.execute("create table events (id bigint generated always as identity primary key, payload text)");
			CompletableFuture<Void> writers = CompletableFuture.allOf(CompletableFuture.runAsync(() -> write(url, 1)),
					CompletableFuture.runAsync(() -> write(url, 2)));
			long last = 0;
			boolean ended = false;
			while (!ended) {
				// read before the poll, so that the last poll finds all events
				ended = writers.isDone();
				try (ResultSet rows = statement
					.executeQuery("select id from events where id > " + last + " order by id")) {
					while (rows.next()) {
						last = rows.getLong(1);
						seen.add(last);
					}
				}
			}
			writers.join();
			try (ResultSet rows = statement.executeQuery("select count(*) from events")) {
				rows.next();
				System.out.printf("%d events were stored; a reader that polls saw %d and missed %d%n", rows.getInt(1),
						seen.size(), rows.getInt(1) - seen.size());
				assertThat(seen).hasSizeLessThanOrEqualTo(rows.getInt(1));
			}
		}
	}

	private static void write(String url, long seed) {
		Random random = new Random(seed);
		try (Connection connection = DriverManager.getConnection(url);
				Statement statement = connection.createStatement()) {
			connection.setAutoCommit(false);
			int written = 0;
			while (written < EVENTS_OF_EACH) {
				int events = Math.min(1 + random.nextInt(LONGEST_TRANSACTION), EVENTS_OF_EACH - written);
				for (int i = 0; i < events; i++) {
					statement.execute("insert into events (payload) values ('{}')");
				}
				connection.commit();
				written += events;
			}
		}
		catch (SQLException ex) {
			throw new IllegalStateException(ex);
		}
	}

}
