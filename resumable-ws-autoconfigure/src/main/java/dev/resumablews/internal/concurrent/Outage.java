package dev.resumablews.internal.concurrent;

import java.time.Instant;

/**
 * An activity that keeps failing.
 *
 * @param activity what fails, as the subject of a sentence
 * @param since when the first attempt failed
 * @param reason why the last attempt failed, in one line
 */
public record Outage(String activity, Instant since, String reason) {

	/**
	 * Describes the outage.
	 * @return a sentence, without a full stop
	 */
	public String text() {
		return "%s has failed since %s: %s".formatted(this.activity, this.since, this.reason);
	}

}
