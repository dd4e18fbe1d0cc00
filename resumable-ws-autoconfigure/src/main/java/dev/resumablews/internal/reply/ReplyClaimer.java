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
 * Claims replies for this node and gives back those that it does not run:
 * <ol>
 * <li>Replies to messages that this node has stored, and the next replies of sessions of
 * which one has ended here, are claimed by name, at once.
 * <li>Replies whose lease has passed are looked for when a reply ends here, when another
 * node notifies this one, when the next lease passes, and from time to time.
 * <li>What fails is kept and tried again. It does not matter whether it was done the
 * first time: the queue's statements may be repeated.
 * </ol>
 * Safe for use by many threads.
 */
final class ReplyClaimer {

	/**
	 * How long a reply that could not be begun or stored may not be claimed, after the
	 * first attempt.
	 */
	private static final Duration RETRY_PAUSE = Duration.ofSeconds(1);

	private static final Duration LOCKED_PAUSE = Duration.ofMillis(100);

	/**
	 * A node that knows of no lease looks after so many leases whether there is one.
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

	private volatile Set<String> crowded = Set.of();

	/**
	 * Creates a claimer.
	 * @param inbox what it is to do
	 * @param oneAtATime returns whether the replies of a session run one after the other
	 * @param room returns how many replies may be begun
	 * @param onClaimed begins a reply, given the time at which its lease began at the
	 * earliest; must neither block nor throw
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
	 * Returns since when claims cannot be made; null if they can.
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
	 * Returns how many replies wait for their turn, on all nodes, as far as this one
	 * knows.
	 * @return the number; counted up to one more than may wait
	 */
	int waiting() {
		return this.waiting;
	}

	/**
	 * Returns whether so many replies of a user wait, on all nodes, that there is no room
	 * for one more, as far as this node knows.
	 */
	boolean isCrowded(String userId) {
		return this.crowded.contains(userId);
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
		this.crowded = claims.crowded();
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
	 * Schedules the next look for the time at which a lease passes, unless it is renewed.
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
