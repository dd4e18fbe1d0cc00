package dev.resumablews.internal.reply;

import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;

import dev.resumablews.ReplyPart;
import org.jspecify.annotations.Nullable;

/**
 * State of a running reply: what the generator has said, what of it is still to be
 * stored, how much the generator may say next, and whether the reply has ended. It
 * decides and does nothing else. Times are those of {@link System#nanoTime()}. Not safe
 * for use by many threads.
 */
final class ReplyState {

	/**
	 * Length of the longest delta. A few thousand characters at once look like typing; an
	 * event much longer would hold up other sessions' events in its batch.
	 */
	static final int MAX_DELTA = 16 * 1024;

	/**
	 * Length of what may wait to be stored before the generator is asked for no more.
	 */
	static final int MAX_WAITING = 64 * 1024;

	/**
	 * How long more is waited for after the finish reason, such as token counts.
	 */
	static final Duration END_WAIT = Duration.ofSeconds(2);

	private static final int PREFETCH = 32;

	private final ReplySettings settings;

	private final long begunAt;

	private final ReplyText text;

	private final Map<String, Long> usage = new TreeMap<>();

	private @Nullable String finishReason;

	/**
	 * Parts the generator was asked for and has not given; while it is being called, 1.
	 */
	private int outstanding;

	private long lastHeard;

	private boolean deltaQueued;

	private boolean ended;

	ReplyState(ReplySettings settings, long now) {
		this.settings = settings;
		this.begunAt = now;
		this.text = new ReplyText(settings.maxCharacters());
	}

	/**
	 * What is to be done next.
	 *
	 * @param appendDelta whether to append a delta
	 * @param demand how many parts to ask the generator for
	 * @param full whether the reply is as long as it may be, and has to end
	 */
	record Next(boolean appendDelta, int demand, boolean full) {

		static final Next NOTHING = new Next(false, 0, false);

	}

	/**
	 * A reply that is complete.
	 *
	 * @param content all that was said
	 * @param finishReason why it ended
	 * @param usage what it cost
	 */
	record Whole(String content, String finishReason, Map<String, Long> usage) {
	}

	/**
	 * Notes that the generator is being called.
	 */
	void asked(long now) {
		this.outstanding = 1;
		this.lastHeard = now;
	}

	/**
	 * Notes that the generator has returned.
	 * @return how many parts to ask for; 0 if the reply has ended
	 */
	int subscribed(long now) {
		if (this.ended) {
			return 0;
		}
		this.outstanding = 0;
		this.lastHeard = now;
		return claimDemand();
	}

	/**
	 * Adds a part.
	 * @return what to do
	 */
	Next received(ReplyPart part, long now) {
		if (this.ended) {
			return Next.NOTHING;
		}
		this.outstanding--;
		this.lastHeard = now;
		this.usage.putAll(part.usage());
		if (part.finishReason() != null) {
			this.finishReason = part.finishReason();
		}
		if (!this.text.add(part.text())) {
			return new Next(false, 0, true);
		}
		return new Next(claimDelta(), claimDemand(), false);
	}

	/**
	 * Notes a sign of life that is no part.
	 */
	void alive(long now) {
		this.lastHeard = now;
	}

	/**
	 * Takes the text of the delta that is being stored.
	 * @return the text that was not taken yet; null when there is none
	 */
	ReplyText.@Nullable Piece takeDelta() {
		this.deltaQueued = false;
		return this.text.take(MAX_DELTA);
	}

	/**
	 * Notes that a delta was stored. A generator that had to wait may continue.
	 * @return what to do
	 */
	Next stored(long now) {
		if (this.ended) {
			return Next.NOTHING;
		}
		boolean delta = claimDelta();
		int demand = (this.outstanding == 0) ? claimDemand() : 0;
		if (demand > 0) {
			this.lastHeard = now;
		}
		return new Next(delta, demand, false);
	}

	/**
	 * Returns whether the reply takes too long, or is complete and has waited long enough
	 * for what may follow.
	 * @return whether it is to end
	 */
	boolean isOverdue(long now) {
		if (now - this.begunAt > this.settings.maxDuration().toNanos()) {
			return true;
		}
		return this.outstanding > 0 && now - this.lastHeard > longestSilence().toNanos();
	}

	/**
	 * Returns whether the generator has said why it ends, so that its answer is complete.
	 * @return whether there is a finish reason
	 */
	boolean isComplete() {
		return this.finishReason != null;
	}

	/**
	 * Returns whether the generator has said nothing, not even why it ends.
	 * @return whether there is no answer
	 */
	boolean isEmpty() {
		return this.text.isEmpty() && this.finishReason == null;
	}

	/**
	 * Ends the reply as complete.
	 * @param reason why it ends; null for the generator's own reason
	 * @return the reply; null if it had ended before
	 */
	@Nullable Whole complete(@Nullable String reason) {
		if (!end()) {
			return null;
		}
		String known = (this.finishReason != null) ? this.finishReason : "stop";
		return new Whole(this.text.takeWhole(), (reason != null) ? reason : known, this.usage);
	}

	/**
	 * Ends the reply as failed.
	 * @return how many deltas store the rest of its text; -1 if it had ended before
	 */
	int fail() {
		if (!end()) {
			return -1;
		}
		// one less, because a delta does not end within a surrogate pair
		return (this.text.untaken() + MAX_DELTA - 2) / (MAX_DELTA - 1);
	}

	/**
	 * Ends the reply without an event.
	 * @return whether it had not ended before
	 */
	boolean abandon() {
		if (!end()) {
			return false;
		}
		this.text.takeWhole();
		return true;
	}

	private boolean end() {
		if (this.ended) {
			return false;
		}
		this.ended = true;
		this.text.end();
		return true;
	}

	private Duration longestSilence() {
		if (isComplete()) {
			return END_WAIT;
		}
		return this.text.isEmpty() ? this.settings.firstPartTimeout() : this.settings.idleTimeout();
	}

	private boolean claimDelta() {
		if (this.deltaQueued || this.text.untaken() == 0) {
			return false;
		}
		this.deltaQueued = true;
		return true;
	}

	private int claimDemand() {
		if (this.outstanding > PREFETCH / 2 || this.text.untaken() >= MAX_WAITING) {
			return 0;
		}
		int demand = PREFETCH - this.outstanding;
		this.outstanding = PREFETCH;
		return demand;
	}

}
