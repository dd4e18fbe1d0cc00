package dev.resumablews.internal.connection;

import java.time.Duration;

/**
 * Limits and times of connections.
 *
 * @param heartbeatInterval time between two pings to a silent client
 * @param heartbeatTimeout silence after which a client is considered dead
 * @param sendTimeout how long a client may take to accept what was sent, in addition to
 * the time of its transmission at 1 kB/s
 * @param maxLifetime how long a connection may last; zero for ever
 * @param maxLifetimeJitter share of the lifetime that is taken off at random, from 0 to 1
 * @param maxMessageBytes size of the largest message, in bytes of UTF-8
 * @param maxMalformedMessages malformed messages in a row after which it is closed
 * @param maxPerSession connections of a session
 * @param maxPerUser connections of a user
 * @param maxTotal connections of this node
 * @param maxOpening connections whose session waits to be opened
 * @param maxSendCharacters length up to which waiting events are sent together, in UTF-16
 * units
 * @param pageSize events read from the log at once
 * @param reconnectWindow window over which clients are asked to spread their return
 */
public record ConnectionSettings(Duration heartbeatInterval, Duration heartbeatTimeout, Duration sendTimeout,
		Duration maxLifetime, double maxLifetimeJitter, long maxMessageBytes, int maxMalformedMessages,
		int maxPerSession, int maxPerUser, int maxTotal, int maxOpening, long maxSendCharacters, int pageSize,
		Duration reconnectWindow) {

}
