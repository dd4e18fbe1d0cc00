package dev.resumablews.benchmarks.scenario;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

import org.jspecify.annotations.Nullable;

/**
 * Measured figures of all rounds. Not safe for use by many threads.
 */
public final class Figures {

	private final Map<Key, List<Map<String, Double>>> rounds = new LinkedHashMap<>();

	/**
	 * Adds a round.
	 * @param scenario name of the scenario
	 * @param variant name of the variant
	 * @param values the figures by name
	 */
	public void add(String scenario, String variant, Map<String, Double> values) {
		this.rounds.computeIfAbsent(new Key(scenario, variant), (key) -> new ArrayList<>()).add(Map.copyOf(values));
	}

	/**
	 * Returns the rounds of a variant.
	 * @param scenario name of the scenario
	 * @param variant name of the variant
	 * @return the figures of each round, by name
	 */
	public List<Map<String, Double>> rounds(String scenario, String variant) {
		return this.rounds.getOrDefault(new Key(scenario, variant), List.of());
	}

	/**
	 * Returns the names of all figures of a variant.
	 * @param scenario name of the scenario
	 * @param variant name of the variant
	 * @return the names
	 */
	public Set<String> names(String scenario, String variant) {
		Set<String> names = new TreeSet<>();
		rounds(scenario, variant).forEach((round) -> names.addAll(round.keySet()));
		return names;
	}

	/**
	 * Returns the median over the rounds.
	 * @param scenario name of the scenario
	 * @param variant name of the variant
	 * @param name name of the figure
	 * @return the median; null if there is none
	 */
	public @Nullable Double median(String scenario, String variant, String name) {
		double[] sorted = sorted(scenario, variant, name);
		if (sorted.length == 0) {
			return null;
		}
		int middle = sorted.length / 2;
		return (sorted.length % 2 == 1) ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
	}

	/**
	 * Returns the figure of the worst round, for targets that every round must reach.
	 * @param atLeast whether more is better
	 */
	@Nullable Double worst(String scenario, String variant, String name, boolean atLeast) {
		double[] sorted = sorted(scenario, variant, name);
		return (sorted.length == 0) ? null : sorted[atLeast ? 0 : sorted.length - 1];
	}

	private double[] sorted(String scenario, String variant, String name) {
		return rounds(scenario, variant).stream()
			.filter((round) -> round.containsKey(name))
			.mapToDouble((round) -> round.getOrDefault(name, 0.0))
			.sorted()
			.toArray();
	}

	private record Key(String scenario, String variant) {

	}

}
