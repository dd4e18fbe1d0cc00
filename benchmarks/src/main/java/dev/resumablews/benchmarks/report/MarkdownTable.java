package dev.resumablews.benchmarks.report;

import java.util.ArrayList;
import java.util.List;

import dev.resumablews.benchmarks.scenario.Metric;
import dev.resumablews.benchmarks.scenario.Scenario;
import dev.resumablews.benchmarks.scenario.Target;

/**
 * Writes a report as readable Markdown, with the targets and all medians.
 */
public final class MarkdownTable {

	private MarkdownTable() {
	}

	/**
	 * Writes a report.
	 * @param report the report
	 * @return the text
	 */
	public static String write(Report report) {
		StringBuilder text = new StringBuilder();
		report.machine().forEach((line) -> text.append("- ").append(line).append('\n'));
		text.append("- medians of ").append(report.rounds()).append(" interleaved rounds\n\n");
		table(text, targets(report));
		text.append('\n');
		table(text, medians(report));
		if (!report.notes().isEmpty()) {
			text.append("\nProblems:\n\n");
			report.notes().forEach((note) -> text.append("- ").append(note).append('\n'));
		}
		return text.toString();
	}

	private static List<List<String>> targets(Report report) {
		List<List<String>> rows = new ArrayList<>();
		rows.add(List.of("target", "to reach", "reached", ""));
		for (Scenario scenario : report.scenarios()) {
			for (Target target : scenario.targets()) {
				String bound = (target.atLeast() ? ">= " : "<= ") + Numbers.write(target.bound());
				Double reached = target.value().of(report.figures());
				rows.add(List.of(target.text(), bound, (reached != null) ? Numbers.write(reached) : "not measured",
						(reached == null) ? "" : target.isReachedBy(reached) ? "yes" : "**no**"));
			}
		}
		return rows;
	}

	private static List<List<String>> medians(Report report) {
		List<List<String>> rows = new ArrayList<>();
		rows.add(List.of("scenario", "variant", "median", "and"));
		for (Scenario scenario : report.scenarios()) {
			String title = scenario.title();
			for (String variant : scenario.variants()) {
				List<String> figures = figures(report, scenario, variant);
				if (!figures.isEmpty()) {
					rows.add(List.of(title, variant, figures.get(0),
							String.join(", ", figures.subList(1, figures.size()))));
					title = "";
				}
			}
		}
		return rows;
	}

	private static List<String> figures(Report report, Scenario scenario, String variant) {
		List<String> figures = new ArrayList<>();
		for (Metric metric : scenario.metrics()) {
			Double median = report.figures().median(scenario.name(), variant, metric.name());
			if (median != null) {
				figures.add(Numbers.write(median) + " " + metric.unit());
			}
		}
		return figures;
	}

	private static void table(StringBuilder text, List<List<String>> rows) {
		int columns = rows.get(0).size();
		int[] widths = new int[columns];
		for (List<String> row : rows) {
			for (int i = 0; i < columns; i++) {
				widths[i] = Math.max(widths[i], row.get(i).length());
			}
		}
		for (int r = 0; r < rows.size(); r++) {
			for (int i = 0; i < columns; i++) {
				String cell = rows.get(r).get(i);
				text.append("| ").append(cell).append(" ".repeat(widths[i] - cell.length() + 1));
			}
			text.append("|\n");
			if (r == 0) {
				for (int width : widths) {
					text.append("|").append("-".repeat(width + 2));
				}
				text.append("|\n");
			}
		}
	}

}
