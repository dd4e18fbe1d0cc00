package dev.resumablews.benchmarks.server;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

import dev.resumablews.benchmarks.wire.ReplyOrder;
import dev.resumablews.benchmarks.wire.Stamp;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;

/**
 * Emits the tokens of one reply. A token that is due before it is requested is emitted
 * later, stamped with the time at which it was due.
 */
final class PacedTokens implements Subscription {

	private final ReplyOrder order;

	private final Subscriber<? super String> subscriber;

	private final long start = System.nanoTime();

	private final AtomicLong demand = new AtomicLong();

	/**
	 * Above 0 while a thread emits tokens.
	 */
	private final AtomicInteger emitting = new AtomicInteger();

	/**
	 * Accessed only by the thread that emits tokens.
	 */
	private int emitted;

	private volatile boolean ended;

	PacedTokens(ReplyOrder order, Subscriber<? super String> subscriber) {
		this.order = order;
		this.subscriber = subscriber;
	}

	/**
	 * Emits the tokens that are due.
	 * @return whether more tokens follow
	 */
	boolean advance() {
		if (this.emitting.getAndIncrement() == 0) {
			int seen;
			do {
				seen = this.emitting.get();
				emit();
			}
			while (this.emitting.addAndGet(-seen) != 0);
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

	private void emit() {
		int due = due();
		while (!this.ended && this.emitted < due && this.demand.get() > 0) {
			this.emitted++;
			this.demand.decrementAndGet();
			this.subscriber.onNext(Stamp.of(intended()) + ReplyOrder.WORD);
		}
		if (!this.ended && this.emitted == this.order.tokens()) {
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
				: this.start + this.emitted * this.order.periodMicros() * 1000;
	}

}
