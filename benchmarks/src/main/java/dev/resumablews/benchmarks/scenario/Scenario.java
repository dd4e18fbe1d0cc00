package dev.resumablews.benchmarks.scenario;

import java.util.List;
import java.util.Map;

/**
 * Something that is measured, in several variants.
 */
public interface Scenario {

	/**
	 * Returns the name of the group it belongs to, whose servers are shared.
	 * @return the name, such as {@code pace}
	 */
	String group();

	/**
	 * Returns its own name.
	 * @return the name, such as {@code pace-100}
	 */
	default String name() {
		return group();
	}

	/**
	 * Says what is measured.
	 * @return one sentence
	 */
	String title();

	/**
	 * Returns the variants, in the order in which they are measured in each round.
	 * @return their names
	 */
	List<String> variants();

	/**
	 * Whether a variant is measured in a quick run, too.
	 * @param variant its name
	 * @return whether it is
	 */
	default boolean isQuick(String variant) {
		return true;
	}

	/**
	 * Returns how often each variant is measured.
	 * @param asked how often it was asked for
	 * @return the number, which may be less for what takes long and varies little
	 */
	default int rounds(int asked) {
		return asked;
	}

	/**
	 * Returns the figures to show.
	 * @return their names, the most important one first
	 */
	List<Metric> metrics();

	/**
	 * Returns what is to be reached.
	 * @return the targets
	 */
	List<Target> targets();

	/**
	 * Measures a variant once.
	 * @param variant its name
	 * @param bench what there is to measure with
	 * @return the figures by name
	 */
	Map<String, Double> measure(String variant, Bench bench);

}
