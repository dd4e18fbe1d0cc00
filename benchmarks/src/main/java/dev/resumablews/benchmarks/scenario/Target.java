package dev.resumablews.benchmarks.scenario;

import org.jspecify.annotations.Nullable;

/**
 * What is to be reached.
 *
 * @param text what it is, in a few words
 * @param bound the least or the most that will do
 * @param atLeast whether it is the least
 * @param value gives what was reached
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
	 * Looks at a figure by itself.
	 */
	static Target atMost(String text, Figure of, double bound) {
		return new Target(text, bound, false, of::in);
	}

	/**
	 * Looks at the worst round of a figure, for what must be reached in each.
	 */
	static Target always(String text, Figure of, boolean atLeast, double bound) {
		return new Target(text + ", worst round", bound, atLeast,
				(figures) -> figures.worst(of.scenario(), of.variant(), of.name(), atLeast));
	}

	/**
	 * Whether a value will do.
	 * @param reached the value
	 * @return whether it reaches the target
	 */
	public boolean isReachedBy(double reached) {
		return this.atLeast ? reached >= this.bound : reached <= this.bound;
	}

	/**
	 * What is compared.
	 */
	@FunctionalInterface
	public interface Value {

		/**
		 * Returns what was reached.
		 * @param figures all that was measured
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
