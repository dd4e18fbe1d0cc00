package dev.resumablews.benchmarks.scenario;

import java.util.ArrayList;
import java.util.List;

/**
 * Creates all scenarios.
 */
public final class Scenarios {

	private Scenarios() {
	}

	/**
	 * Returns all scenarios, in the order of their groups.
	 * @param parameters parameters of the scenarios
	 * @return the scenarios
	 */
	public static List<Scenario> all(Parameters parameters) {
		List<Scenario> all = new ArrayList<>();
		all.add(new Append());
		all.add(new Burst());
		all.addAll(Pace.all());
		all.addAll(Storm.all());
		all.add(new Idle());
		all.addAll(Connect.all());
		all.add(new Fanout());
		all.add(new Growth());
		all.add(new CleanupUnderLoad());
		all.add(new Nodes());
		all.add(new Jitter(parameters));
		all.addAll(Avalanche.all(parameters));
		return all;
	}

}
