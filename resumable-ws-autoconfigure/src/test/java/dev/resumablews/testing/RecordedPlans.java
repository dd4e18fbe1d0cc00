package dev.resumablews.testing;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Records the query plans that Postgres executes for the connections of a URL, with rows
 * and buffers. {@code auto_explain} sends the plans as notices, which the driver logs.
 */
public final class RecordedPlans extends Handler implements AutoCloseable {

	private static final String OPTIONS = String.join(" -c ", "", "session_preload_libraries=auto_explain",
			"auto_explain.log_min_duration=0", "auto_explain.log_analyze=on", "auto_explain.log_buffers=on",
			"auto_explain.log_timing=off", "auto_explain.log_format=json", "auto_explain.log_level=notice");

	private static final Logger DRIVER = Logger.getLogger("org.postgresql.core.v3.QueryExecutorImpl");

	private final JsonMapper json = JsonMapper.shared();

	/**
	 * The highest cost of each statement.
	 */
	private final Map<String, Cost> costs = new ConcurrentHashMap<>();

	/**
	 * Returns a URL whose connections report their plans.
	 * @param url the JDBC URL of a superuser
	 * @param options further settings of Postgres
	 * @return the URL
	 */
	public static String url(String url, String... options) {
		String all = OPTIONS + String.join(" -c ", "", String.join(" -c ", options));
		return url + "&options=" + URLEncoder.encode(all.trim(), StandardCharsets.UTF_8).replace("+", "%20");
	}

	/**
	 * Starts recording. Must be called after logging has been configured.
	 */
	public void start() {
		DRIVER.setLevel(Level.FINEST);
		DRIVER.setUseParentHandlers(false);
		DRIVER.addHandler(this);
	}

	@Override
	public void publish(LogRecord record) {
		if (!String.valueOf(record.getMessage()).contains("NoticeResponse")) {
			return;
		}
		String notice = String.valueOf(record.getParameters()[0]);
		int start = notice.indexOf('{');
		if (start > 0 && notice.contains("\"Query Text\"")) {
			JsonNode plan = this.json.readTree(notice.substring(start, notice.lastIndexOf('}') + 1));
			Cost cost = new Cost(plan.path("Query Text").asString("").strip().replaceAll("\\s+", " "));
			cost.add(plan.path("Plan"));
			this.costs.merge(cost.sql, cost, (known, other) -> (known.rows >= other.rows) ? known : other);
		}
	}

	/**
	 * Returns the costs of all statements that name a table of the library.
	 * @return the costs
	 */
	public List<Cost> costs() {
		return this.costs.values().stream().filter((cost) -> cost.sql.contains("ws_")).toList();
	}

	@Override
	public void flush() {
	}

	@Override
	public void close() {
		DRIVER.removeHandler(this);
		DRIVER.setLevel(null);
		DRIVER.setUseParentHandlers(true);
	}

	/**
	 * The rows and buffers that a statement has read.
	 */
	public static final class Cost {

		private final String sql;

		private long rows;

		private long buffers;

		private final List<String> scans = new ArrayList<>();

		private Cost(String sql) {
			this.sql = sql;
		}

		public String sql() {
			return this.sql;
		}

		/**
		 * Returns how many rows were read from tables, whether or not they were returned.
		 * @return the number of rows
		 */
		public long rows() {
			return this.rows;
		}

		/**
		 * Returns how many pages the most expensive node of the plan has read.
		 * @return the number of pages
		 */
		public long buffers() {
			return this.buffers;
		}

		private void add(JsonNode node) {
			this.buffers = Math.max(this.buffers, node.path("Shared Hit Blocks").asLong(0)
					+ node.path("Shared Read Blocks").asLong(0) + node.path("Temp Read Blocks").asLong(0));
			String type = node.path("Node Type").asString("");
			if (type.endsWith("Scan") && node.has("Relation Name")) {
				long read = Math
					.round((node.path("Actual Rows").asDouble(0) + node.path("Rows Removed by Filter").asDouble(0)
							+ node.path("Rows Removed by Index Recheck").asDouble(0))
							* node.path("Actual Loops").asDouble(0));
				this.rows += read;
				if (read > 0) {
					this.scans.add("%s of %s: %d".formatted(type, node.path("Relation Name").asString(""), read));
				}
			}
			node.path("Plans").forEach(this::add);
		}

		@Override
		public String toString() {
			return "%6d rows %6d buffers  %s %s".formatted(this.rows, this.buffers,
					this.sql.substring(0, Math.min(110, this.sql.length())), this.scans);
		}

	}

}
