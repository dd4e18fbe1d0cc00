package dev.resumablews.internal.reply;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

import dev.resumablews.internal.concurrent.BackOff;
import dev.resumablews.internal.concurrent.Outage;
import dev.resumablews.internal.concurrent.SupervisedLoop;
import dev.resumablews.internal.concurrent.WakeUp;
import dev.resumablews.internal.observation.LogContext;
import dev.resumablews.internal.reply.JdbcReplyQueue.Renewal;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Renews the leases of this node's replies three times per lease, and detects replies
 * that were cancelled or lost. Sends no statement if there are no replies. Its thread
 * does no other work. Safe for use by many threads.
 */
final class LeaseRenewer {

	private static final Log logger = LogFactory.getLog(LeaseRenewer.class);

	private static final int RENEWALS_IN_A_LEASE = 3;

	/**
	 * Number of checks per lease for leases to renew. A failed renewal is retried in the
	 * next check.
	 */
	private static final int TICKS_IN_A_LEASE = 30;

	private static final Duration STOP_TIMEOUT = Duration.ofSeconds(1);

	private final JdbcReplyQueue queue;

	private final HeldReplies held;

	private final Consumer<HeldReply> onCancelled;

	private final Consumer<HeldReply> onLost;

	private final long renewalNanos;

	private final Duration tick;

	private final long lookNanos;

	private final WakeUp wakeUp = new WakeUp();

	private final SupervisedLoop loop;

	private volatile boolean lookDue;

	/**
	 * Time of the last check for cancellations. Used by the loop's thread.
	 */
	private long lookedAt = System.nanoTime();

	/**
	 * Creates a renewer.
	 * @param lookInterval interval of periodic checks for cancellations
	 * @param onCancelled called with replies that were cancelled; must not block
	 * @param onLost called with replies that this node no longer owns; must not block
	 */
	LeaseRenewer(JdbcReplyQueue queue, HeldReplies held, Duration lease, Duration lookInterval,
			Consumer<HeldReply> onCancelled, Consumer<HeldReply> onLost) {
		this.queue = queue;
		this.held = held;
		this.onCancelled = onCancelled;
		this.onLost = onLost;
		this.renewalNanos = lease.toNanos() / RENEWALS_IN_A_LEASE;
		this.tick = lease.dividedBy(TICKS_IN_A_LEASE);
		this.lookNanos = lookInterval.toNanos();
		this.loop = new SupervisedLoop("resumable-ws-reply-leases", "Renewing the leases of replies",
				new BackOff(this.tick, lease.dividedBy(RENEWALS_IN_A_LEASE)), (control) -> step());
	}

	/**
	 * Returns the current outage of the renewal; null if there is none.
	 */
	@Nullable Outage outage() {
		return this.loop.outages().outage();
	}

	void start() {
		this.wakeUp.open();
		this.loop.start();
	}

	void stop() {
		this.wakeUp.close();
		this.loop.stop(STOP_TIMEOUT);
	}

	/**
	 * Checks for cancelled replies as soon as possible.
	 */
	void look() {
		this.lookDue = true;
		this.wakeUp.wake();
	}

	private void step() throws InterruptedException {
		this.wakeUp.await(this.tick);
		if (this.held.isEmpty()) {
			this.lookDue = false;
			return;
		}
		long now = System.nanoTime();
		renew(this.held.all().stream().filter((reply) -> now - reply.renewedAt() >= this.renewalNanos).toList(), now);
		if (this.lookDue || now - this.lookedAt >= this.lookNanos) {
			this.lookDue = false;
			this.lookedAt = now;
			this.queue.findCancelled().forEach((key, fence) -> {
				HeldReply reply = this.held.find(key, fence);
				if (reply != null) {
					this.onCancelled.accept(reply);
				}
			});
		}
	}

	private void renew(List<HeldReply> due, long now) {
		if (due.isEmpty()) {
			return;
		}
		Map<ReplyKey, Renewal> renewals = this.queue.renew(due.stream().map(HeldReply::claim).toList());
		for (HeldReply reply : due) {
			Renewal renewal = renewals.get(reply.claim().key());
			if (renewal == null) {
				if (!reply.released().isDone()) {
					LogContext.run(reply.claim().sessionId(), null,
							() -> logger.info("Reply %s was taken over by another node, or its session is closed"
								.formatted(reply.claim().messageId())));
					this.onLost.accept(reply);
				}
				continue;
			}
			if (renewal.renewed()) {
				reply.renewed(now);
			}
			if (renewal.cancelled()) {
				this.onCancelled.accept(reply);
			}
		}
	}

}
