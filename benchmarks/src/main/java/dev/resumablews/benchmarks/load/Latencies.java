package dev.resumablews.benchmarks.load;

import java.util.Map;

import org.HdrHistogram.Histogram;

/**
 * Histogram of durations.
 */
final class Latencies {

	private static final long MAX_NANOS = 600_000_000_000L;

	private static final int DIGITS = 3;

	private final Histogram nanos = new Histogram(MAX_NANOS, DIGITS);

	void record(long duration) {
		this.nanos.recordValue(Math.max(0, Math.min(MAX_NANOS, duration)));
	}

	long count() {
		return this.nanos.getTotalCount();
	}

	/**
	 * Adds the percentiles in milliseconds, unless the histogram is empty.
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
