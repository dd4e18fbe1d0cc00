package dev.resumablews.benchmarks.load;

import java.util.BitSet;
import java.util.Random;

import org.jspecify.annotations.Nullable;

/**
 * A user and the numbered messages that it has received on all its connections.
 */
final class Recipient {

	private final int session;

	/**
	 * Source of the back-off. Each user has its own, so that the order in which clients
	 * connect does not change the delays of others.
	 */
	private final Random random;

	private final BitSet published = new BitSet();

	private final BitSet received = new BitSet();

	/**
	 * Messages that were published before the current connection opened and have not
	 * arrived yet.
	 */
	private final BitSet missed = new BitSet();

	private @Nullable String sessionId;

	private @Nullable String lastEventId;

	private @Nullable WsClient client;

	private boolean ready;

	private int failures;

	private int duplicates;

	Recipient(int session, @Nullable String sessionId, long seed) {
		this.session = session;
		this.sessionId = sessionId;
		this.random = new Random(seed * 1_000_003 + session);
	}

	int session() {
		return this.session;
	}

	@Nullable String sessionId() {
		return this.sessionId;
	}

	@Nullable String lastEventId() {
		return this.lastEventId;
	}

	Random random() {
		return this.random;
	}

	/**
	 * Returns the current connection or attempt to connect; null during the back-off.
	 */
	@Nullable WsClient client() {
		return this.client;
	}

	/**
	 * Returns whether it is connected and the server has opened its session.
	 */
	boolean isReady() {
		return this.ready;
	}

	void connecting(WsClient client) {
		this.client = client;
	}

	/**
	 * Called when the server has accepted the handshake.
	 */
	void opened() {
		this.missed.clear();
		this.missed.or(this.published);
		this.missed.andNot(this.received);
	}

	void ready(@Nullable String sessionId) {
		this.sessionId = sessionId;
		this.ready = true;
		this.failures = 0;
	}

	/**
	 * Called when the connection has ended.
	 * @return number of failed attempts since the recipient was last ready
	 */
	int disconnected() {
		this.client = null;
		this.missed.clear();
		int failures = this.ready ? 0 : ++this.failures;
		this.ready = false;
		return failures;
	}

	/**
	 * Called when a message has been published.
	 */
	void published(int number) {
		this.published.set(number);
	}

	/**
	 * Records a message that has arrived.
	 * @return whether it is the last missed message
	 */
	boolean receive(int number, @Nullable String eventId) {
		this.lastEventId = eventId;
		if (this.received.get(number)) {
			this.duplicates++;
			return false;
		}
		this.received.set(number);
		boolean missed = this.missed.get(number);
		this.missed.clear(number);
		return missed && this.missed.isEmpty();
	}

	/**
	 * Returns whether it is connected and has received all messages that were published
	 * before.
	 */
	boolean isCaughtUp() {
		return this.ready && this.missed.isEmpty();
	}

	int duplicates() {
		return this.duplicates;
	}

	int publishedCount() {
		return this.published.cardinality();
	}

	/**
	 * Returns the number of published messages that have not arrived.
	 */
	int lost() {
		BitSet lost = (BitSet) this.published.clone();
		lost.andNot(this.received);
		return lost.cardinality();
	}

}
