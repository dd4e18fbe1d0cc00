package dev.resumablews.internal.handshake;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

import io.github.bucket4j.Bucket;

/**
 * Limits the handshakes that come from one address, before anything is known about the
 * client. Keeps a token bucket for each of the addresses that came last, so that many
 * addresses cannot fill the memory; one that is dropped begins with a full bucket again.
 * Thread-safe.
 */
final class HandshakeRateLimiter {

	/**
	 * Some hundred bytes each.
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
	 * @param perSecond handshakes a second of one address; zero for no limit
	 * @param burst handshakes of one address at once
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
	 * Returns how many addresses are known.
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
