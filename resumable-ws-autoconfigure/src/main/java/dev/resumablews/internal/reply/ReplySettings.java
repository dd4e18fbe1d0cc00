package dev.resumablews.internal.reply;

import java.time.Duration;

/**
 * Bounds of replies.
 *
 * @param historyMessages messages of the conversation that are given to the generator
 * @param historyCharacters length, in UTF-16 units, that these messages have together at
 * most, unless the message to answer alone is longer
 * @param firstPartTimeout how long a generator may be silent before its first text
 * @param idleTimeout how long it may be silent after that, while it is asked for more
 * @param maxDuration how long a reply may take
 * @param maxConcurrent replies that run at once at most
 * @param limits replies that may wait for their turn and run, on all nodes
 * @param maxCharacters length, in UTF-16 units, at which a reply is cut off
 * @param oneAtATime whether the replies of a session run one after the other
 * @param lease how long a reply stays with a node that gives no sign of life
 * @param restart whether a reply that is taken over begins anew, instead of failing
 * @param maxAttempts how often a reply is begun at most
 */
record ReplySettings(int historyMessages, int historyCharacters, Duration firstPartTimeout, Duration idleTimeout,
		Duration maxDuration, int maxConcurrent, ReplyLimits limits, int maxCharacters, boolean oneAtATime,
		Duration lease, boolean restart, int maxAttempts) {

}
