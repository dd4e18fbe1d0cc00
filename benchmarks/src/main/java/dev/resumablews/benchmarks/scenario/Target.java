package dev.resumablews.benchmarks.scenario;

import org.jspecify.annotations.Nullable;

/**
 * Target of a scenario.
 *
 * @param text short description
 * @param bound minimum or maximum of the value
 * @param atLeast whether the bound is the minimum
 * @param value computes the reached value
 */
public record Target(String text, double bound, boolean atLeast, Value value) {

	/**
	 * Compares a figure of two variants by their quotient.
	 */
	static Target ratio(String text, Figure of, Figure to, boolean atLeast, double bound) {
		return new Target(text, bound, atLeast, (figures) -> {
			Double left = of.in(figures);
			Double right = to.in(figures);
			return (left != null && right != null && right != 0) ? left / right : null;
		});
	}

	/**
	 * Compares a figure of two variants by their difference.
	 */
	static Target differenceAtMost(String text, Figure of, Figure to, double bound) {
		return new Target(text, bound, false, (figures) -> {
			Double left = of.in(figures);
			Double right = to.in(figures);
			return (left != null && right != null) ? left - right : null;
		});
	}

	/**
	 * Limits a figure.
	 */
	static Target atMost(String text, Figure of, double bound) {
		return new Target(text, bound, false, of::in);
	}

	/**
	 * Limits the figure of the worst round, for targets that each round must reach.
	 */
	static Target always(String text, Figure of, boolean atLeast, double bound) {
		return new Target(text + ", worst round", bound, atLeast,
				(figures) -> figures.worst(of.scenario(), of.variant(), of.name(), atLeast));
	}

	/**
	 * Returns whether a value reaches the target.
	 * @param reached the value
	 * @return whether it does
	 */
	public boolean isReachedBy(double reached) {
		return this.atLeast ? reached >= this.bound : reached <= this.bound;
	}

	/**
	 * Computes the value that is compared with the bound.
	 */
	@FunctionalInterface
	public interface Value {

		/**
		 * Returns the reached value.
		 * @param figures the measured figures
		 * @return the value; null if it was not measured
		 */
		@Nullable Double of(Figures figures);

	}

	/**
	 * A figure of a variant.
	 */
	record Figure(String scenario, String variant, String name) {

		@Nullable Double in(Figures figures) {
			return figures.median(this.scenario, this.variant, this.name);
		}

	}

}
