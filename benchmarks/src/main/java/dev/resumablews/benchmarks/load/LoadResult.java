package dev.resumablews.benchmarks.load;

import java.util.Map;

/**
 * What the load generator answers, as one line of JSON.
 *
 * @param values what was measured, by name; times in milliseconds
 * @param problems what went wrong, and how often
 */
public record LoadResult(Map<String, Double> values, Map<String, Integer> problems) {

	/**
	 * Name of the number of tokens that were heard, in all of the time that a load takes.
	 */
	public static final String TOKENS = "tokens";

}
