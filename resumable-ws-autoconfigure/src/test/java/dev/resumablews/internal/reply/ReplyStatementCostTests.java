package dev.resumablews.internal.reply;

import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;

import javax.sql.DataSource;

import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.internal.jdbc.JdbcExecutor;
import dev.resumablews.internal.node.NodeId;
import dev.resumablews.internal.publish.TestLog;
import dev.resumablews.internal.reply.JdbcReplyQueue.ClaimedReply;
import dev.resumablews.internal.schema.SchemaName;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.DelegatingDataSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests the cost of each statement of the reply queue with 5,000 replies. The number of
 * rows and buffers must depend on the number of requested replies, and not on the number
 * of stored ones.
 */
class ReplyStatementCostTests {

	private static final int REPLIES = 5000;

	/**
	 * The maximum of rows and buffers for each requested reply.
	 */
	private static final int COST_OF_ONE = 20;

	private static TestLog log;

	private static final NodeId NODE = new NodeId(UUID.randomUUID());

	private static final Map<String, ClaimedReply> ANY = new HashMap<>();

	/**
	 * A third of the replies run on other nodes, a third wait for their turn behind them,
	 * and the last third can be claimed by any node.
	 */
	@BeforeAll
	static void fill() {
		log = new TestLog(TestLog.createDatabase());
		JdbcClient sql = log.sql();
		sql.sql("""
				insert into ws_sessions (session_id, user_id)
				select md5('session' || i)::uuid, 'user' || i % 50 from generate_series(1, ?) i
				""").param(REPLIES).update();
		sql.sql("""
				insert into ws_replies (session_id, event_id, message_id, state, node_id, fence, attempts, lease_until)
				select md5('session' || case when i % 3 = 1 then i - 1 else i end)::uuid, i,
					case when i % 3 = 0 then md5('message' || i)::uuid end,
					case when i % 3 = 0 then 'running' else 'waiting' end,
					case when i % 3 = 0 then md5('node' || i % 7)::uuid end, 1, 1,
					now() + case when i % 3 = 2 then interval '-1 minute' else interval '1 hour' end
				from generate_series(3, ?) i
				""").param(REPLIES + 2).update();
		sql.sql("vacuum analyze ws_replies").update();
		sql.sql("vacuum analyze ws_sessions").update();
		sql.sql("select session_id, event_id from ws_replies where state = 'running' order by event_id limit 10")
			.query((row) -> {
				ClaimedReply claim = new ClaimedReply(row.getObject(1, UUID.class), row.getLong(2), "user",
						UUID.randomUUID(), 1, 1, null, false, null);
				ANY.put("running" + ANY.size(), claim);
			});
	}

	@AfterAll
	static void close() {
		log.close();
	}

	@Test
	void claimingAfterAnAppend() {
		List<ReplyKey> waiting = keys("state = 'waiting' and lease_until > now()", 5);
		assertCost("claim of 5 by name", 5 + 11, (queue) -> queue
			.claim(new ClaimRequest(waiting, List.of(), false, List.of(), 10, true, new ReplyLimits(10, 10, 10))));
	}

	@Test
	void claimingTheNextOfASession() {
		List<UUID> sessions = keys("state = 'waiting'", 3).stream().map(ReplyKey::sessionId).toList();
		assertCost("claim of the next of 3 sessions", 3 + 11, (queue) -> queue
			.claim(new ClaimRequest(List.of(), sessions, false, List.of(), 10, true, new ReplyLimits(10, 10, 10))));
	}

	@Test
	void polling() {
		assertCost("look with room for 10", 100 + 11, (queue) -> queue
			.claim(new ClaimRequest(List.of(), List.of(), true, List.of(), 10, true, new ReplyLimits(10, 10, 10))));
	}

	@Test
	void pollingWithoutFreePlaces() {
		assertCost("look without room", 11, (queue) -> queue
			.claim(new ClaimRequest(List.of(), List.of(), true, List.of(), 0, true, new ReplyLimits(10, 10, 10))));
	}

	@Test
	void renewing() {
		assertCost("renewal of 10", 2 * 10, (queue) -> queue.renew(ANY.values()));
	}

	@Test
	void findingCancelledReplies() {
		assertCost("search for cancelled replies", 1, JdbcReplyQueue::findCancelled);
	}

	@Test
	void cancelling() {
		ReplyKey key = keys("state = 'running'", 1).get(0);
		assertCost("cancellation", 2, (queue) -> queue.cancel(key.sessionId(), "user", null));
	}

	@Test
	void releasing() {
		Map<ClaimedReply, Boolean> claims = new HashMap<>();
		ANY.values().forEach((claim) -> claims.put(claim, false));
		assertCost("release of 10", 10, (queue) -> queue.release(claims, Duration.ofSeconds(1)));
	}

	private static List<ReplyKey> keys(String where, int count) {
		return log.sql()
			.sql("select session_id, event_id from ws_replies where " + where + " order by event_id limit " + count)
			.query((row, number) -> new ReplyKey(row.getObject(1, UUID.class), row.getLong(2)))
			.list();
	}

	private static void assertCost(String what, int replies, Consumer<JdbcReplyQueue> statement) {
		List<JsonNode> plans = new ArrayList<>();
		JdbcReplyQueue queue = new JdbcReplyQueue(new JdbcExecutor(new ExplainingDataSource(log.dataSource(), plans),
				new SchemaName(""), Duration.ofSeconds(30)), NODE, Duration.ofSeconds(15));
		assertThatExceptionOfType(EventLogUnavailableException.class).isThrownBy(() -> statement.accept(queue));
		assertThat(plans).hasSize(1);
		JsonNode plan = plans.get(0);
		long rows = rows(plan);
		long buffers = plan.path("Shared Hit Blocks").asLong() + plan.path("Shared Read Blocks").asLong();
		System.out.printf("%s: %d rows, %d buffers%n", what, rows, buffers);
		assertThat(rows).as("rows touched by the " + what + ": " + plan).isLessThan((long) replies * COST_OF_ONE);
		assertThat(buffers).as("buffers touched by the " + what).isLessThan((long) replies * COST_OF_ONE);
	}

	/**
	 * Counts the rows that were read from tables and indexes, including rows that were
	 * filtered out.
	 */
	private static long rows(JsonNode plan) {
		long rows = 0;
		if (plan.has("Relation Name")) {
			double each = plan.path("Actual Rows").asDouble() + plan.path("Rows Removed by Filter").asDouble()
					+ plan.path("Rows Removed by Index Recheck").asDouble();
			rows = Math.round(each * plan.path("Actual Loops").asDouble());
		}
		for (JsonNode child : plan.path("Plans")) {
			rows += rows(child);
		}
		return rows;
	}

	/**
	 * Explains each statement in a transaction that is rolled back, and then fails the
	 * call.
	 */
	private static final class ExplainingDataSource extends DelegatingDataSource {

		private final List<JsonNode> plans;

		ExplainingDataSource(DataSource target, List<JsonNode> plans) {
			super(target);
			this.plans = plans;
		}

		@Override
		public Connection getConnection() throws SQLException {
			Connection connection = super.getConnection();
			return (Connection) Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[] { Connection.class },
					(proxy, method, arguments) -> {
						if (method.getName().equals("prepareStatement")) {
							return explaining(connection, (String) arguments[0]);
						}
						return method.invoke(connection, arguments);
					});
		}

		private PreparedStatement explaining(Connection connection, String sql) throws SQLException {
			connection.setAutoCommit(false);
			int bounds = sql.lastIndexOf(';') + 1;
			PreparedStatement statement = connection.prepareStatement(
					sql.substring(0, bounds) + " explain (analyze, buffers, format json) " + sql.substring(bounds));
			return (PreparedStatement) Proxy.newProxyInstance(getClass().getClassLoader(),
					new Class<?>[] { PreparedStatement.class }, (proxy, method, arguments) -> {
						if (!method.getName().startsWith("execute")) {
							return method.invoke(statement, arguments);
						}
						statement.execute();
						for (long skipped = sql.chars().filter((c) -> c == ';').count(); skipped > 0; skipped--) {
							statement.getMoreResults();
						}
						try (ResultSet rows = statement.getResultSet()) {
							rows.next();
							this.plans.add(JsonMapper.shared().readTree(rows.getString(1)).get(0).get("Plan"));
						}
						connection.rollback();
						throw new SQLException("Only explained");
					});
		}

	}

}
