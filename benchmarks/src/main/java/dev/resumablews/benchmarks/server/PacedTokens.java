package dev.resumablews.benchmarks.server;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

import dev.resumablews.benchmarks.wire.ReplyOrder;
import dev.resumablews.benchmarks.wire.Stamp;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;

/**
 * The tokens of one reply. A token that is due and not asked for yet is given later, with
 * the time at which it was due.
 */
final class PacedTokens implements Subscription {

	private final ReplyOrder order;

	private final Subscriber<? super String> subscriber;

	private final long start = System.nanoTime();

	private final AtomicLong demand = new AtomicLong();

	/**
	 * Above 0 while a thread gives tokens.
	 */
	private final AtomicInteger turns = new AtomicInteger();

	/**
	 * Of the thread that gives tokens.
	 */
	private int given;

	private volatile boolean ended;

	PacedTokens(ReplyOrder order, Subscriber<? super String> subscriber) {
		this.order = order;
		this.subscriber = subscriber;
	}

	/**
	 * Gives what is due.
	 * @return whether there is more to come
	 */
	boolean advance() {
		if (this.turns.getAndIncrement() == 0) {
			int seen;
			do {
				seen = this.turns.get();
				give();
			}
			while (this.turns.addAndGet(-seen) != 0);
		}
		return !this.ended;
	}

	@Override
	public void request(long tokens) {
		this.demand.accumulateAndGet(tokens, (now, more) -> (now + more < 0) ? Long.MAX_VALUE : now + more);
		advance();
	}

	@Override
	public void cancel() {
		this.ended = true;
	}

	private void give() {
		int due = due();
		while (!this.ended && this.given < due && this.demand.get() > 0) {
			this.given++;
			this.demand.decrementAndGet();
			this.subscriber.onNext(Stamp.of(intended()) + ReplyOrder.WORD);
		}
		if (!this.ended && this.given == this.order.tokens()) {
			this.ended = true;
			this.subscriber.onComplete();
		}
	}

	private int due() {
		if (this.order.periodMicros() == 0) {
			return this.order.tokens();
		}
		long periods = (System.nanoTime() - this.start) / (this.order.periodMicros() * 1000);
		return (int) Math.min(this.order.tokens(), periods);
	}

	private long intended() {
		return (this.order.periodMicros() == 0) ? System.nanoTime()
				: this.start + this.given * this.order.periodMicros() * 1000;
	}

}
