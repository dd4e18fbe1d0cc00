package dev.resumablews.internal.reply;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BooleanSupplier;
import java.util.function.IntSupplier;
import java.util.function.ObjLongConsumer;

import dev.resumablews.internal.concurrent.BackOff;
import dev.resumablews.internal.concurrent.Outage;
import dev.resumablews.internal.concurrent.SupervisedLoop;
import dev.resumablews.internal.node.NodeNotifier;
import dev.resumablews.internal.reply.JdbcReplyQueue.ClaimedReply;
import dev.resumablews.internal.reply.JdbcReplyQueue.Claims;
import org.jspecify.annotations.Nullable;

/**
 * Claims replies for this node, and gives back those that it does not run:
 * <ol>
 * <li>Replies to messages stored by this node, and the next replies of sessions in which
 * one has ended here, are claimed immediately by key.
 * <li>Replies with an expired lease are searched when a reply ends here, when another
 * node notifies this one, when the next lease expires, and periodically.
 * <li>Failed work is kept and retried. The queue's statements may be repeated, so it does
 * not matter whether the first attempt took effect.
 * </ol>
 * Safe for use by many threads.
 */
final class ReplyClaimer {

	/**
	 * Time before a reply that could not be started or stored may be claimed again, after
	 * the first attempt.
	 */
	private static final Duration RETRY_PAUSE = Duration.ofSeconds(1);

	private static final Duration LOCKED_PAUSE = Duration.ofMillis(100);

	/**
	 * Number of leases after which a node that knows of no lease searches again.
	 */
	private static final int IDLE_LEASES = 2;

	private static final Duration STOP_TIMEOUT = Duration.ofSeconds(1);

	private static final BackOff BACK_OFF = new BackOff(Duration.ofMillis(100), Duration.ofSeconds(2));

	private final ClaimInbox inbox;

	private final JdbcReplyQueue queue;

	private final HeldReplies held;

	private final NodeNotifier notifier;

	private final ReplySettings settings;

	private final BooleanSupplier oneAtATime;

	private final IntSupplier room;

	private final ObjLongConsumer<ClaimedReply> onClaimed;

	private final SupervisedLoop loop = new SupervisedLoop("resumable-ws-reply-claims", "Claiming replies", BACK_OFF,
			(control) -> step());

	/**
	 * Used by the loop's thread.
	 */
	private long nextLook;

	private volatile int waiting;

	private volatile Set<String> usersOverLimit = Set.of();

	/**
	 * Creates a claimer.
	 * @param inbox the work to do
	 * @param oneAtATime returns whether the replies of a session run one at a time
	 * @param room returns how many replies may start
	 * @param onClaimed starts a reply, given the earliest possible start of its lease;
	 * must neither block nor throw
	 */
	ReplyClaimer(ClaimInbox inbox, JdbcReplyQueue queue, HeldReplies held, NodeNotifier notifier,
			ReplySettings settings, BooleanSupplier oneAtATime, IntSupplier room,
			ObjLongConsumer<ClaimedReply> onClaimed) {
		this.inbox = inbox;
		this.queue = queue;
		this.held = held;
		this.notifier = notifier;
		this.settings = settings;
		this.oneAtATime = oneAtATime;
		this.room = room;
		this.onClaimed = onClaimed;
	}

	/**
	 * Returns the current outage of claims; null if there is none.
	 */
	@Nullable Outage outage() {
		return this.loop.outages().outage();
	}

	void start() {
		this.inbox.look();
		this.inbox.open();
		this.loop.start();
	}

	void stop() {
		this.inbox.close();
		this.loop.stop(STOP_TIMEOUT);
	}

	/**
	 * Returns the number of replies waiting on all nodes, as known to this node.
	 * @return the number; counted up to one more than the limit
	 */
	int waiting() {
		return this.waiting;
	}

	/**
	 * Returns whether a user has reached the limit of waiting replies on all nodes, as
	 * known to this node.
	 */
	boolean isOverLimit(String userId) {
		return this.usersOverLimit.contains(userId);
	}

	private void step() throws InterruptedException {
		ClaimWork work = this.inbox.take(this.nextLook);
		ClaimWork undone = work;
		try {
			if (!work.returned().isEmpty()) {
				release(work);
			}
			if (work.claims()) {
				claim(work);
			}
			undone = new ClaimWork();
		}
		finally {
			this.inbox.finish(undone);
		}
	}

	private void release(ClaimWork work) {
		List<ReplyKey> locked = this.queue.release(work.returned(), RETRY_PAUSE);
		ClaimWork again = new ClaimWork();
		work.returned().forEach((claim, attempted) -> {
			if (locked.contains(claim.key())) {
				again.returned().put(claim, attempted);
			}
		});
		this.inbox.defer(again, LOCKED_PAUSE);
		if (work.returned().containsValue(true)) {
			lookIn(RETRY_PAUSE);
		}
		this.notifier.notifyOthers();
	}

	private void claim(ClaimWork work) {
		long begin = System.nanoTime();
		ClaimRequest request = new ClaimRequest(work.stored(), work.sessions(), work.look(), this.held.keys(),
				Math.max(0, this.room.getAsInt()), this.oneAtATime.getAsBoolean(), this.settings.limits());
		Claims claims = this.queue.claim(request);
		claims.replies().forEach((claim) -> this.onClaimed.accept(claim, begin));
		this.waiting = claims.waiting();
		this.usersOverLimit = claims.usersOverLimit();
		if (claims.missed()) {
			ClaimWork again = new ClaimWork();
			again.stored().addAll(work.stored());
			again.sessions().addAll(work.sessions());
			if (work.look()) {
				again.lookToo();
			}
			this.inbox.defer(again, LOCKED_PAUSE);
		}
		if (work.look()) {
			lookAfter(claims.lapsesIn());
		}
		if (claims.more()) {
			this.inbox.look();
		}
		if (claims.offered()) {
			this.notifier.notifyOthers();
		}
	}

	/**
	 * Schedules the next search for the time at which the next lease expires.
	 */
	private void lookAfter(@Nullable Duration lapsesIn) {
		long lease = this.settings.lease().toNanos();
		long longest = lease * IDLE_LEASES;
		long wanted = (lapsesIn != null) ? lapsesIn.toNanos() : longest;
		this.nextLook = System.nanoTime() + Math.max(lease / 3, Math.min(wanted, longest))
				+ ThreadLocalRandom.current().nextLong(lease / 10);
	}

	private void lookIn(Duration delay) {
		long at = System.nanoTime() + delay.toNanos();
		if (this.nextLook - at > 0) {
			this.nextLook = at;
		}
	}

}
