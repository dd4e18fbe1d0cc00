package dev.resumablews.benchmarks.scenario;

/**
 * A figure to show.
 *
 * @param name its name among the measured figures
 * @param unit its unit
 */
public record Metric(String name, String unit) {

	static Metric rate(String name) {
		return new Metric(name, name);
	}

	static Metric millis(String name) {
		return new Metric(name, "ms " + name);
	}

}
