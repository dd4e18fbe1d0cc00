package dev.resumablews.internal.operations;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.test.client.TokenPlacement;
import dev.resumablews.testing.RawWebSocketClient;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.Yaml;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests the meters in the Prometheus endpoint, and the table of meters, the Grafana
 * dashboard and the alerts of the documentation.
 */
class PrometheusTests {

	private static final Path DOCUMENTATION = Path.of("../docs/operations.md");

	private static final Path DASHBOARD = Path.of("../docs/grafana/resumable-ws.json");

	private static final Pattern NAME = Pattern.compile("\\bresumable_ws_[a-z_]+");

	private static final Pattern ROW = Pattern
		.compile("(?m)^\\| `(resumable\\.ws\\.[a-z.]+)` \\| `(resumable_ws_[a-z_]+)`");

	private static final Set<String> UNITS = Set.of("events", "connections", "rows", "seconds", "bytes", "replies",
			"relays", "total");

	private static TestServer server;

	@BeforeAll
	static void start() {
		server = TestServer.builder()
			.properties(Actuator.EXPOSED)
			.properties("resumable-ws.auth.token-sources", "query,message")
			.properties("management.prometheus.metrics.export.enabled", "true")
			.start();
	}

	@AfterAll
	static void stop() {
		server.close();
	}

	@Test
	void noNameHasItsUnitTwice() {
		for (String name : families().keySet()) {
			List<String> words = Arrays.stream(name.split("_")).filter(UNITS::contains).toList();
			assertThat(words).as(name).doesNotHaveDuplicates();
		}
	}

	@Test
	void everyMeterIsDocumentedWithBothNames() throws IOException {
		Map<String, String> documented = new TreeMap<>();
		Matcher row = ROW.matcher(Files.readString(DOCUMENTATION));
		while (row.find()) {
			documented.put(row.group(1), row.group(2));
		}
		Set<String> meters = server.bean(MeterRegistry.class)
			.getMeters()
			.stream()
			.map(Meter::getId)
			.map(Meter.Id::getName)
			.filter((name) -> name.startsWith("resumable.ws."))
			.collect(Collectors.toCollection(TreeSet::new));
		assertThat(documented.keySet()).isEqualTo(meters);
		assertThat(new TreeSet<>(documented.values())).isEqualTo(families().keySet());
	}

	@Test
	void gaugesReflectCurrentValues() {
		try (ResumableWsTestClient client = ResumableWsTestClient.builder(server.uri())
			.tokens(Tokens.ISSUER)
			.user("alice")
			.tokenPlacement(TokenPlacement.QUERY)
			.connect()) {
			client.await("replay_complete");
			await().until(() -> value("resumable_ws_connections") == 1);
			await().until(() -> value("resumable_ws_signals_connected") == 1);
			assertThat(value("resumable_ws_log_waiting")).isZero();
			assertThat(value("resumable_ws_log_failing_writers")).isZero();
		}
	}

	@Test
	void unauthenticatedSocketsAreCounted() {
		try (RawWebSocketClient client = RawWebSocketClient.to(server.uri()).connect()) {
			await().until(() -> value("resumable_ws_connections_unauthenticated") == 1);
			client.abort();
		}
		await().until(() -> value("resumable_ws_connections_unauthenticated") == 0);
	}

	@Test
	void theDashboardShowsExistingMetersAndAllImportantOnes() throws IOException {
		String json = Files.readString(DASHBOARD);
		List<String> expressions = new ArrayList<>();
		JsonNode dashboard = JsonMapper.shared().readTree(json);
		dashboard.findValues("expr").forEach((each) -> expressions.add(each.asString()));
		assertThat(expressions).isNotEmpty();
		assertOnlyKnownNames(expressions);
		Set<String> shown = names(expressions);
		String leftOut = section("Left out of the dashboard");
		families().keySet()
			.stream()
			.filter((family) -> shown.stream().noneMatch((name) -> name.startsWith(family)))
			.forEach((family) -> assertThat(leftOut).contains("`" + family + "`"));
		List<Integer> ids = dashboard.path("panels")
			.values()
			.stream()
			.map((panel) -> panel.path("id").asInt())
			.toList();
		assertThat(ids).doesNotHaveDuplicates();
	}

	@Test
	@SuppressWarnings("unchecked")
	void theAlertsUseExistingMeters() throws IOException {
		Matcher block = Pattern.compile("```yaml\\n(groups:.*?)```", Pattern.DOTALL)
			.matcher(Files.readString(DOCUMENTATION));
		assertThat(block.find()).isTrue();
		Map<String, List<Map<String, Object>>> file = new Yaml().load(block.group(1));
		List<Map<String, Object>> rules = (List<Map<String, Object>>) file.get("groups").get(0).get("rules");
		assertThat(rules).isNotEmpty().allSatisfy((rule) -> {
			assertThat(rule).containsKeys("alert", "expr", "annotations");
			assertThat(names(List.of(String.valueOf(rule.get("expr"))))).isNotEmpty();
		});
		assertOnlyKnownNames(rules.stream().map((rule) -> String.valueOf(rule.get("expr"))).toList());
	}

	/**
	 * Asserts that expressions use only existing meters and labels.
	 */
	private static void assertOnlyKnownNames(List<String> expressions) {
		Map<String, Set<String>> samples = samples();
		for (String expression : expressions) {
			assertThat(samples.keySet()).as(expression).containsAll(names(List.of(expression)));
			Matcher selector = Pattern.compile("(resumable_ws_[a-z_]+)\\{([^}]*)}").matcher(expression);
			while (selector.find()) {
				Set<String> known = samples.get(selector.group(1));
				Stream.of(selector.group(2).split(","))
					.map((label) -> label.replaceFirst("\\s*(!=|=~|!~|=).*", "").strip())
					.filter((label) -> !label.isEmpty() && !Set.of("job", "instance").contains(label))
					.forEach((label) -> assertThat(known).as(expression).contains(label));
			}
		}
	}

	private static Set<String> names(List<String> expressions) {
		Set<String> names = new TreeSet<>();
		for (String expression : expressions) {
			Matcher name = NAME.matcher(expression);
			while (name.find()) {
				names.add(name.group());
			}
		}
		return names;
	}

	private static String section(String title) throws IOException {
		Matcher section = Pattern.compile("\\*\\*" + title + "\\.?\\*\\*(.*?)\\n\\n", Pattern.DOTALL)
			.matcher(Files.readString(DOCUMENTATION));
		assertThat(section.find()).as(title).isTrue();
		return section.group(1);
	}

	private static double value(String name) {
		return scrape().lines()
			.filter((line) -> line.startsWith(name + " ") || line.startsWith(name + "{"))
			.mapToDouble((line) -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
			.sum();
	}

	/**
	 * Returns the types of the meters by name, without the maximum values of timers.
	 */
	private static Map<String, String> families() {
		Map<String, String> families = new TreeMap<>();
		Matcher type = Pattern.compile("(?m)^# TYPE (resumable_ws_\\S+) (\\S+)$").matcher(scrape());
		while (type.find()) {
			if (!type.group(1).endsWith("_max")) {
				families.put(type.group(1), type.group(2));
			}
		}
		assertThat(families).isNotEmpty();
		return families;
	}

	/**
	 * Returns the labels of the samples by name.
	 */
	private static Map<String, Set<String>> samples() {
		Map<String, Set<String>> samples = new TreeMap<>();
		Matcher sample = Pattern.compile("(?m)^(resumable_ws_[a-z_]+)(?:\\{(.*)})? \\S+$").matcher(scrape());
		while (sample.find()) {
			Set<String> labels = samples.computeIfAbsent(sample.group(1), (name) -> new TreeSet<>());
			if (sample.group(2) != null) {
				Stream.of(sample.group(2).split(","))
					.map((label) -> label.replaceFirst("=.*", ""))
					.forEach(labels::add);
			}
		}
		return samples;
	}

	private static String scrape() {
		return new Actuator(server).get("prometheus").body();
	}

}
