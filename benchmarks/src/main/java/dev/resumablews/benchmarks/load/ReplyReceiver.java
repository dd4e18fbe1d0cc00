package dev.resumablews.benchmarks.load;

import dev.resumablews.benchmarks.wire.ReplyOrder;
import dev.resumablews.benchmarks.wire.Stamp;

/**
 * Counts the tokens and replies that one connection receives. A delta may contain several
 * tokens, and the complete message replaces deltas that were not sent.
 */
final class ReplyReceiver {

	private final WsClient client;

	private final TokenListener listener;

	private final int session;

	private final boolean requester;

	private int tokensOfReply;

	private int replies;

	ReplyReceiver(WsClient client, TokenListener listener, int session, boolean requester) {
		this.client = client;
		this.listener = listener;
		this.session = session;
		this.requester = requester;
	}

	int session() {
		return this.session;
	}

	/**
	 * Returns whether this connection requests the replies of its session.
	 */
	boolean isRequester() {
		return this.requester;
	}

	/**
	 * Returns the number of complete replies.
	 */
	int replies() {
		return this.replies;
	}

	void request(ReplyOrder order, Dialect dialect) {
		this.client.send(dialect.replyRequest(order));
	}

	/**
	 * Counts the tokens of a message.
	 * @return whether it ends a reply
	 */
	boolean receive(Line line, int expected) {
		if (line.is(Workload.DELTA)) {
			countTokens(line, 0);
			return false;
		}
		if (!line.is(Workload.MESSAGE)) {
			return false;
		}
		countTokens(line, this.tokensOfReply);
		this.listener.missing(expected - this.tokensOfReply);
		this.tokensOfReply = 0;
		this.replies++;
		return true;
	}

	private void countTokens(Line line, int known) {
		long now = System.nanoTime();
		byte[] buffer = line.buffer();
		int last = line.end() - Stamp.LENGTH;
		int skip = known;
		for (int i = line.from(); i <= last; i++) {
			if (buffer[i] == Stamp.MARK) {
				if (skip-- <= 0) {
					this.tokensOfReply++;
					this.listener.token(Stamp.parse(buffer, i), now);
				}
				i += Stamp.LENGTH - 1;
			}
		}
	}

	/**
	 * Callbacks for tokens and replies.
	 */
	interface TokenListener {

		/**
		 * Called for each token.
		 * @param made time at which the token was made
		 * @param now time of its arrival
		 */
		void token(long made, long now);

		/**
		 * Called when a reply has ended.
		 * @param tokens number of its tokens that have not arrived
		 */
		void missing(int tokens);

	}

}
