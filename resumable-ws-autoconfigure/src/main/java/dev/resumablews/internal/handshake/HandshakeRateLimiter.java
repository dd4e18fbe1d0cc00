package dev.resumablews.internal.handshake;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

import io.github.bucket4j.Bucket;

/**
 * Limits the rate of handshakes per address, before authentication. Keeps a token bucket
 * for each of the most recent addresses, so that memory is bounded; an evicted address
 * starts with a full bucket again. Thread-safe.
 */
final class HandshakeRateLimiter {

	/**
	 * Each takes a few hundred bytes.
	 */
	static final int MAX_ADDRESSES = 10_000;

	private final int perSecond;

	private final int burst;

	private final Map<String, Bucket> buckets = new LinkedHashMap<>(16, 0.75f, true) {

		@Override
		protected boolean removeEldestEntry(Map.Entry<String, Bucket> eldest) {
			return size() > MAX_ADDRESSES;
		}

	};

	/**
	 * Creates a limiter.
	 * @param perSecond handshakes per second from one address; zero for no limit
	 * @param burst handshakes from one address at once
	 */
	HandshakeRateLimiter(int perSecond, int burst) {
		this.perSecond = perSecond;
		this.burst = burst;
	}

	/**
	 * Counts a handshake.
	 * @return whether it is within the limit
	 */
	boolean admits(RemoteAddress address) {
		return this.perSecond == 0 || bucket(address.network()).tryConsume(1);
	}

	/**
	 * Returns the number of tracked addresses.
	 */
	int addresses() {
		synchronized (this.buckets) {
			return this.buckets.size();
		}
	}

	private Bucket bucket(String network) {
		synchronized (this.buckets) {
			return this.buckets.computeIfAbsent(network, (key) -> newBucket());
		}
	}

	private Bucket newBucket() {
		return Bucket.builder()
			.addLimit((limit) -> limit.capacity(this.burst).refillGreedy(this.perSecond, Duration.ofSeconds(1)))
			.build();
	}

}
