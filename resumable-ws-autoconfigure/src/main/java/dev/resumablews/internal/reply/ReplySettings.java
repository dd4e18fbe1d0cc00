package dev.resumablews.internal.reply;

import java.time.Duration;

/**
 * Settings of replies.
 *
 * @param historyMessages maximum number of messages passed to the generator
 * @param historyCharacters maximum total length of these messages in UTF-16 units, unless
 * the message to answer alone is longer
 * @param firstPartTimeout maximum time before a generator's first text
 * @param idleTimeout maximum time between two parts after that, while the generator is
 * requested to continue
 * @param maxDuration maximum duration of a reply
 * @param maxConcurrent maximum number of running replies
 * @param limits limits for waiting and running replies on all nodes
 * @param maxCharacters length in UTF-16 units at which a reply is cut off
 * @param oneAtATime whether the replies of a session run one at a time
 * @param lease time after which other nodes may take over replies of a node that does not
 * renew its leases
 * @param restart whether a takeover restarts the reply instead of failing it
 * @param maxAttempts maximum number of attempts at a reply
 */
record ReplySettings(int historyMessages, int historyCharacters, Duration firstPartTimeout, Duration idleTimeout,
		Duration maxDuration, int maxConcurrent, ReplyLimits limits, int maxCharacters, boolean oneAtATime,
		Duration lease, boolean restart, int maxAttempts) {

}
