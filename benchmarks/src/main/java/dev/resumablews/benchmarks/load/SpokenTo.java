package dev.resumablews.benchmarks.load;

import dev.resumablews.benchmarks.wire.ReplyOrder;
import dev.resumablews.benchmarks.wire.Stamp;

/**
 * What one connection has heard of the replies in its session. A delta may hold several
 * tokens, and the whole message replaces deltas that were not sent.
 */
final class SpokenTo {

	private final WsClient client;

	private final Heard heard;

	private final int session;

	private final boolean asks;

	private int tokensOfReply;

	private int replies;

	SpokenTo(WsClient client, Heard heard, int session, boolean asks) {
		this.client = client;
		this.heard = heard;
		this.session = session;
		this.asks = asks;
	}

	int session() {
		return this.session;
	}

	/**
	 * Whether this is the session's connection that asks.
	 */
	boolean asks() {
		return this.asks;
	}

	/**
	 * Returns how many replies have ended.
	 */
	int replies() {
		return this.replies;
	}

	void ask(ReplyOrder order, Dialect dialect) {
		this.client.send(dialect.ask(order));
	}

	/**
	 * Takes a message.
	 * @return whether it ends a reply
	 */
	boolean hear(Line line, int expected) {
		if (line.is(Workload.DELTA)) {
			take(line, 0);
			return false;
		}
		if (!line.is(Workload.MESSAGE)) {
			return false;
		}
		take(line, this.tokensOfReply);
		this.heard.missing(expected - this.tokensOfReply);
		this.tokensOfReply = 0;
		this.replies++;
		return true;
	}

	private void take(Line line, int known) {
		long now = System.nanoTime();
		byte[] buffer = line.buffer();
		int last = line.end() - Stamp.LENGTH;
		int skip = known;
		for (int i = line.from(); i <= last; i++) {
			if (buffer[i] == Stamp.MARK) {
				if (skip-- <= 0) {
					this.tokensOfReply++;
					this.heard.token(Stamp.parse(buffer, i), now);
				}
				i += Stamp.LENGTH - 1;
			}
		}
	}

	/**
	 * Receives what arrives.
	 */
	interface Heard {

		/**
		 * A token has arrived.
		 * @param made when it was made
		 * @param now when it came
		 */
		void token(long made, long now);

		/**
		 * A reply has ended.
		 * @param tokens how many tokens of it have not come
		 */
		void missing(int tokens);

	}

}
