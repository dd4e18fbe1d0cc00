package dev.resumablews.benchmarks.report;

import java.util.List;
import java.util.Map;

import dev.resumablews.benchmarks.scenario.Figures;
import dev.resumablews.benchmarks.scenario.Parameters;
import dev.resumablews.benchmarks.scenario.Scenario;
import dev.resumablews.benchmarks.scenario.Scenarios;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests of {@link MarkdownTable}.
 */
class MarkdownTableTests {

	private final List<Scenario> scenarios = Scenarios.all(Parameters.parse(false, List.of()))
		.stream()
		.filter((scenario) -> List.of("append", "jitter").contains(scenario.name()))
		.toList();

	private final Figures figures = new Figures();

	@Test
	void aTargetIsComparedWithTheMedians() {
		for (double rate : new double[] { 700, 100, 600 }) {
			this.figures.add("append", "ours", Map.of("events/s", rate));
		}
		this.figures.add("append", "pgbench", Map.of("events/s", 1000.0));
		this.figures.add("append", "one-insert", Map.of("events/s", 100.0));
		String table = table();
		assertThat(line(table, "append: events/s against pgbench's")).contains("| 0.60").contains("| yes");
		assertThat(line(table, "append: events/s against one insert")).contains("| 6 ").contains("| **no**");
	}

	@Test
	void aTargetThatWasNotMeasuredIsNotReached() {
		this.figures.add("append", "ours", Map.of("events/s", 700.0));
		assertThat(line(table(), "append: events/s against pgbench's")).contains("not measured").doesNotContain("yes");
	}

	@Test
	void oneLostMessageInOneRoundMissesTheTarget() {
		for (double delivered : new double[] { 100, 100, 99.9958 }) {
			this.figures.add("jitter", "ours", Map.of("delivered", delivered));
		}
		assertThat(line(table(), "jitter: % delivered")).contains("| 99.996 ").contains("| **no**");
	}

	private String table() {
		return MarkdownTable.write(new Report(List.of("a machine"), this.scenarios, this.figures, 3, List.of()));
	}

	private static String line(String table, String beginning) {
		return table.lines().filter((line) -> line.contains(beginning)).findFirst().orElseThrow();
	}

}
