package dev.resumablews.internal.concurrent;

import java.time.Instant;

/**
 * An activity whose attempts currently fail.
 *
 * @param activity the failing activity, as the subject of a sentence
 * @param since the time of the first failed attempt
 * @param reason the cause of the last failure, in one line
 */
public record Outage(String activity, Instant since, String reason) {

	/**
	 * Returns a description of the outage.
	 * @return a sentence, without a full stop
	 */
	public String text() {
		return "%s has failed since %s: %s".formatted(this.activity, this.since, this.reason);
	}

}
