package dev.resumablews.internal.reply;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

import dev.resumablews.internal.concurrent.BackOff;
import dev.resumablews.internal.concurrent.Outage;
import dev.resumablews.internal.concurrent.SupervisedLoop;
import dev.resumablews.internal.concurrent.WakeUp;
import dev.resumablews.internal.reply.JdbcReplyQueue.Renewal;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Renews the leases of the replies that this node runs, three times in a lease, and finds
 * out which of them are to be cancelled or were lost. Without a reply, it sends no
 * statement. Nothing else is done on its thread. Safe for use by many threads.
 */
final class LeaseRenewer {

	private static final Log logger = LogFactory.getLog(LeaseRenewer.class);

	private static final int RENEWALS_IN_A_LEASE = 3;

	/**
	 * How often is looked for leases that are to be renewed. A lease that could not be
	 * renewed is tried again after that.
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
	 * When was last looked for cancellations. Used by the loop's thread.
	 */
	private long lookedAt = System.nanoTime();

	/**
	 * Creates a renewer.
	 * @param lookInterval how often to look for cancellations without being asked to
	 * @param onCancelled is called with replies that are to be cancelled; must not block
	 * @param onLost is called with replies that are no longer this node's; must not block
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
	 * Returns since when leases cannot be renewed; null if they can.
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
	 * Looks for cancelled replies as soon as possible.
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
				if (!reply.letGo().isDone()) {
					logger.info("Reply %s was taken over by another node, or its session is closed"
						.formatted(reply.claim().messageId()));
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
