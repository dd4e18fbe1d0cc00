package dev.resumablews.faults;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;

import dev.resumablews.testing.TestPostgres;
import dev.resumablews.testing.TestServer;
import org.junit.jupiter.api.Test;

import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;

/**
 * Measures how one disturbed session, client or transaction affects all others. Not part
 * of the build; run it with {@code -Dtest=IsolationMeasurement}.
 */
class IsolationMeasurement {

	private static final Duration WARM_UP = Duration.ofSeconds(10);

	private static final Duration TIME = Duration.ofSeconds(Integer.getInteger("isolation.seconds", 15));

	private static final int PUBLISHERS = 8;

	@Test
	void measure() {
		String url = TestPostgres.createDatabase();
		StringBuilder table = new StringBuilder(Publishers.Figures.header());
		try (SingleConnectionDataSource dataSource = new SingleConnectionDataSource(url, true);
				TestServer server = TestServer.builder()
					.with(Disturbance.StuckHandler.class)
					.database(url)
					.properties("spring.datasource.hikari.minimum-idle", "10")
					.start()) {
			Publishers publishers = new Publishers(server, PUBLISHERS, JdbcClient.create(dataSource));
			publishers.run(WARM_UP);
			disturbances(server, url).forEach((name, disturbance) -> {
				table.append('\n').append(publishers.run(TIME).row("none, before the next"));
				table.append('\n').append(disturbance.get().during(() -> publishers.run(TIME)).row(name));
			});
			table.append('\n').append(publishers.run(TIME).row("none, at the end"));
		}
		System.out.println(table);
	}

	private static Map<String, Supplier<Disturbance>> disturbances(TestServer server, String url) {
		Map<String, Supplier<Disturbance>> all = new LinkedHashMap<>();
		all.put("one locked session row", () -> Disturbance.lockedRow(server, url));
		all.put("one transaction frozen with SIGSTOP", () -> Disturbance.frozenTransaction(server, url));
		all.put("one handler that never returns", () -> Disturbance.handlerThatNeverReturns(server));
		all.put("one client with 32 tabs and one key", () -> Disturbance.manyTabsWithOneKey(server));
		return all;
	}

}
