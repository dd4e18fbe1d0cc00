package dev.resumablews.internal.connection;

import java.time.Duration;

/**
 * Limits and timeouts of connections.
 *
 * @param heartbeatInterval time between two pings to a silent client
 * @param heartbeatTimeout time without traffic after which a client is considered dead
 * @param sendTimeout time for a client to accept a frame, in addition to its transmission
 * at 1 kB/s
 * @param maxLifetime maximum lifetime of a connection; zero for unlimited
 * @param maxLifetimeJitter maximum share of the lifetime that is randomly subtracted,
 * from 0 to 1
 * @param maxMessageBytes maximum size of a message in bytes of UTF-8
 * @param maxMalformedMessages number of consecutive malformed messages after which the
 * connection is closed
 * @param maxPerSession maximum number of connections per session
 * @param maxPerUser maximum number of connections per user
 * @param maxTotal maximum number of connections of this node
 * @param maxOpening maximum number of connections whose session is being opened
 * @param maxSendCharacters length up to which events are combined into a frame, in UTF-16
 * units
 * @param pageSize number of events per read of the log
 * @param reconnectWindow window over which clients spread their reconnects
 */
public record ConnectionSettings(Duration heartbeatInterval, Duration heartbeatTimeout, Duration sendTimeout,
		Duration maxLifetime, double maxLifetimeJitter, long maxMessageBytes, int maxMalformedMessages,
		int maxPerSession, int maxPerUser, int maxTotal, int maxOpening, long maxSendCharacters, int pageSize,
		Duration reconnectWindow) {

}
