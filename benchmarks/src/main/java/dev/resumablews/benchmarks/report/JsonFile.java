package dev.resumablews.benchmarks.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import dev.resumablews.benchmarks.scenario.Figures;
import dev.resumablews.benchmarks.scenario.Scenario;
import dev.resumablews.benchmarks.scenario.Target;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * Writes a report as JSON, with each round of each variant.
 */
public final class JsonFile {

	private JsonFile() {
	}

	/**
	 * Writes a report.
	 * @param report the report
	 * @return the text
	 */
	public static String write(Report report) {
		Map<String, Object> json = new LinkedHashMap<>();
		json.put("machine", report.machine());
		json.put("rounds", report.rounds());
		json.put("targets", report.scenarios().stream().flatMap((scenario) -> targets(scenario, report)).toList());
		json.put("scenarios", report.scenarios().stream().map((scenario) -> scenario(scenario, report)).toList());
		json.put("notes", report.notes());
		return JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build().writeValueAsString(json);
	}

	private static Stream<Map<String, Object>> targets(Scenario scenario, Report report) {
		return scenario.targets().stream().map((target) -> target(target, report.figures()));
	}

	private static Map<String, Object> target(Target target, Figures figures) {
		Map<String, Object> json = new LinkedHashMap<>();
		json.put("target", target.text());
		json.put(target.atLeast() ? "atLeast" : "atMost", target.bound());
		Double reached = target.value().of(figures);
		if (reached != null) {
			json.put("reached", reached);
			json.put("ok", target.isReachedBy(reached));
		}
		return json;
	}

	private static Map<String, Object> scenario(Scenario scenario, Report report) {
		Map<String, Object> json = new LinkedHashMap<>();
		json.put("name", scenario.name());
		json.put("title", scenario.title());
		List<Map<String, Object>> variants = new ArrayList<>();
		for (String variant : scenario.variants()) {
			if (!report.figures().rounds(scenario.name(), variant).isEmpty()) {
				variants.add(variant(scenario, variant, report.figures()));
			}
		}
		json.put("variants", variants);
		return json;
	}

	private static Map<String, Object> variant(Scenario scenario, String variant, Figures figures) {
		Map<String, Object> medians = new LinkedHashMap<>();
		for (String name : figures.names(scenario.name(), variant)) {
			medians.put(name, figures.median(scenario.name(), variant, name));
		}
		Map<String, Object> json = new LinkedHashMap<>();
		json.put("name", variant);
		json.put("medians", medians);
		json.put("rounds", figures.rounds(scenario.name(), variant));
		return json;
	}

}
