package dev.resumablews.reply;

import java.time.Duration;

/**
 * Bounds of replies.
 *
 * @param historyMessages messages of the conversation that are given to the generator
 * @param idleTimeout how long a generator that was asked for more may be silent
 * @param maxDuration how long a reply may take, the wait for its turn included
 * @param maxConcurrent replies that run at once at most
 * @param maxWaiting replies that wait for their turn at most
 * @param maxCharacters length, in UTF-16 units, at which a reply is cut off
 */
record ReplySettings(int historyMessages, Duration idleTimeout, Duration maxDuration, int maxConcurrent, int maxWaiting,
		int maxCharacters) {

}
