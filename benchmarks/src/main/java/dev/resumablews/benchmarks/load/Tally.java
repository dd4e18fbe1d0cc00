package dev.resumablews.benchmarks.load;

import java.util.Map;

/**
 * Counts the tokens that are made in an interval, and records their latencies.
 */
final class Tally implements ReplyReceiver.TokenListener {

	private final Latencies latencies = new Latencies();

	private long from;

	private long to = Long.MAX_VALUE;

	private long lastArrival;

	private long missing;

	/**
	 * Sets the interval.
	 * @param from start of the interval
	 * @param to end of the interval, exclusive
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
	 * Returns the arrival time of the last counted token.
	 */
	long lastArrival() {
		return this.lastArrival;
	}

	void report(String prefix, Map<String, Double> values) {
		this.latencies.report(prefix, values);
		values.put(prefix + "missing", (double) this.missing);
	}

}
