package dev.resumablews.benchmarks.load;

import java.util.Map;

/**
 * What was heard of the tokens that count, which are those made between two times.
 */
final class Tally implements SpokenTo.Heard {

	private final Latencies latencies = new Latencies();

	private long from;

	private long to = Long.MAX_VALUE;

	private long lastArrival;

	private long missing;

	/**
	 * Begins to count.
	 * @param from time from which tokens count
	 * @param to time from which they do not
	 */
	void between(long from, long to) {
		this.from = from;
		this.to = to;
	}

	@Override
	public void token(long made, long now) {
		if (made >= this.from && made < this.to) {
			this.latencies.record(now - made);
			this.lastArrival = now;
		}
	}

	@Override
	public void missing(int tokens) {
		this.missing += tokens;
	}

	long count() {
		return this.latencies.count();
	}

	/**
	 * When the last token that counts has come.
	 */
	long lastArrival() {
		return this.lastArrival;
	}

	void report(String prefix, Map<String, Double> values) {
		this.latencies.report(prefix, values);
		values.put(prefix + "missing", (double) this.missing);
	}

}
