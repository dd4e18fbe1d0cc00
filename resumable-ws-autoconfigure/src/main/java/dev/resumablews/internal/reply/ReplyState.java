package dev.resumablews.internal.reply;

import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;

import dev.resumablews.ReplyPart;
import org.jspecify.annotations.Nullable;

/**
 * State of a running reply: the received text, the part of it that is not stored yet, the
 * outstanding demand, and whether the reply has ended. It makes decisions and has no side
 * effects. Times are those of {@link System#nanoTime()}. Not safe for use by many
 * threads.
 */
final class ReplyState {

	/**
	 * Maximum length of a delta. A few thousand characters at once still look like
	 * typing; a much longer event would delay other sessions' events in its batch.
	 */
	static final int MAX_DELTA = 16 * 1024;

	/**
	 * Length of unstored text above which no more parts are requested.
	 */
	static final int MAX_WAITING = 64 * 1024;

	/**
	 * Time to wait for more data, such as token counts, after the finish reason.
	 */
	static final Duration END_WAIT = Duration.ofSeconds(2);

	private static final int PREFETCH = 32;

	private final ReplySettings settings;

	private final long begunAt;

	private final ReplyText text;

	private final Map<String, Long> usage = new TreeMap<>();

	private @Nullable String finishReason;

	/**
	 * Number of requested parts that have not arrived; 1 while the generator is being
	 * called.
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
	 * The next action.
	 *
	 * @param appendDelta whether to append a delta
	 * @param demand number of parts to request from the generator
	 * @param full whether the reply has reached its maximum length and must end
	 */
	record Next(boolean appendDelta, int demand, boolean full) {

		static final Next NOTHING = new Next(false, 0, false);

	}

	/**
	 * A complete reply.
	 *
	 * @param content the whole text
	 * @param finishReason the reason for its end
	 * @param usage token counts
	 */
	record Whole(String content, String finishReason, Map<String, Long> usage) {
	}

	/**
	 * Notes that the generator is being called.
	 */
	void called(long now) {
		this.outstanding = 1;
		this.lastHeard = now;
	}

	/**
	 * Notes that the generator has returned.
	 * @return number of parts to request; 0 if the reply has ended
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
	 * @return the next action
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
	 * Notes activity other than parts.
	 */
	void alive(long now) {
		this.lastHeard = now;
	}

	/**
	 * Takes the text of the delta that is being stored.
	 * @return the text that was not taken yet; null if there is none
	 */
	ReplyText.@Nullable Piece takeDelta() {
		this.deltaQueued = false;
		return this.text.take(MAX_DELTA);
	}

	/**
	 * Notes that a delta was stored. A generator that had to wait may continue.
	 * @return the next action
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
	 * Returns whether the reply has exceeded a time limit, or is complete and has waited
	 * long enough for trailing data.
	 * @return whether it must end
	 */
	boolean isOverdue(long now) {
		if (now - this.begunAt > this.settings.maxDuration().toNanos()) {
			return true;
		}
		return this.outstanding > 0 && now - this.lastHeard > longestSilence().toNanos();
	}

	/**
	 * Returns whether the generator has sent a finish reason, so that its answer is
	 * complete.
	 * @return whether there is a finish reason
	 */
	boolean isComplete() {
		return this.finishReason != null;
	}

	/**
	 * Returns whether the generator has sent neither text nor a finish reason.
	 * @return whether there is no answer
	 */
	boolean isEmpty() {
		return this.text.isEmpty() && this.finishReason == null;
	}

	/**
	 * Ends the reply as complete.
	 * @param reason the finish reason; null for the generator's
	 * @return the reply; null if it had already ended
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
	 * @return number of deltas required for the rest of its text; -1 if it had already
	 * ended
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
	 * @return whether it was still running
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
