package dev.resumablews.benchmarks.scenario;

import java.util.List;
import java.util.Map;

/**
 * A measurement in several variants.
 */
public interface Scenario {

	/**
	 * Returns the name of the scenario's group, which shares servers.
	 * @return the name, such as {@code pace}
	 */
	String group();

	/**
	 * Returns the name of the scenario.
	 * @return the name, such as {@code pace-100}
	 */
	default String name() {
		return group();
	}

	/**
	 * Returns the title, which says what is measured.
	 * @return the title
	 */
	String title();

	/**
	 * Returns the variants, in the order in which they are measured in each round.
	 * @return their names
	 */
	List<String> variants();

	/**
	 * Returns whether a quick run measures a variant.
	 * @param variant its name
	 * @return whether it does
	 */
	default boolean isQuick(String variant) {
		return true;
	}

	/**
	 * Returns the figures to show.
	 * @return their names, the most important one first
	 */
	List<Metric> metrics();

	/**
	 * Returns the targets of the scenario.
	 * @return the targets
	 */
	List<Target> targets();

	/**
	 * Measures a variant once.
	 * @param variant its name
	 * @param bench resources of the measurement
	 * @return the figures by name
	 */
	Map<String, Double> measure(String variant, Bench bench);

}
