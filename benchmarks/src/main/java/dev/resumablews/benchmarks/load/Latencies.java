package dev.resumablews.benchmarks.load;

import java.util.Map;

import org.HdrHistogram.Histogram;

/**
 * Durations, and what is said of them.
 */
final class Latencies {

	private static final long MOST = 600_000_000_000L;

	private static final int DIGITS = 3;

	private final Histogram nanos = new Histogram(MOST, DIGITS);

	void record(long duration) {
		this.nanos.recordValue(Math.max(0, Math.min(MOST, duration)));
	}

	long count() {
		return this.nanos.getTotalCount();
	}

	/**
	 * Adds the percentiles, in milliseconds, if there is any duration.
	 */
	void report(String prefix, Map<String, Double> values) {
		if (count() == 0) {
			return;
		}
		values.put(prefix + "p50", millis(this.nanos.getValueAtPercentile(50)));
		values.put(prefix + "p95", millis(this.nanos.getValueAtPercentile(95)));
		values.put(prefix + "p99", millis(this.nanos.getValueAtPercentile(99)));
		values.put(prefix + "max", millis(this.nanos.getMaxValue()));
	}

	private static double millis(long nanos) {
		return nanos / 1e6;
	}

}
