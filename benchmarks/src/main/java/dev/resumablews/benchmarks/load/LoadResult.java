package dev.resumablews.benchmarks.load;

import java.util.Map;

/**
 * Response of the load generator, sent as one line of JSON.
 *
 * @param values measured values by name; times in milliseconds
 * @param problems problems, and how often each occurred
 */
public record LoadResult(Map<String, Double> values, Map<String, Integer> problems) {

	/**
	 * Name of the number of tokens that were received during the whole load.
	 */
	public static final String TOKENS = "tokens";

}
