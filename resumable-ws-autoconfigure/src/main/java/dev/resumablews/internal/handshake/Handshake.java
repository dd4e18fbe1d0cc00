package dev.resumablews.internal.handshake;

import java.time.Duration;
import java.util.UUID;

import dev.resumablews.AuthenticatedUser;
import dev.resumablews.internal.epoch.Forks;
import org.jspecify.annotations.Nullable;

/**
 * What an accepted handshake says.
 *
 * @param user who asks
 * @param sessionId the session to resume; null for a new one
 * @param lastEventId the last event the client has processed, 0 or more
 * @param epoch the history that the client has processed; null if it does not say
 * @param ndjson whether the client accepts several messages in one frame
 * @param presence whether the client asks who else is connected
 * @param longPoll how long the request waits for something to send before it ends; null
 * if the connection stays open
 * @param remoteAddress the IP address that the handshake came from; null if it is not
 * known
 */
public record Handshake(AuthenticatedUser user, @Nullable UUID sessionId, long lastEventId, @Nullable Forks epoch,
		boolean ndjson, boolean presence, @Nullable Duration longPoll, @Nullable String remoteAddress) {

	/**
	 * Name of the WebSocket session's attribute that holds the handshake.
	 */
	public static final String ATTRIBUTE = Handshake.class.getName();

	/**
	 * Subprotocol that the server selects when the client offers it. A client that sends
	 * its token as a subprotocol must offer it too, because an entry that holds a token
	 * is never selected, and browsers fail a connection for which none is.
	 */
	public static final String SUBPROTOCOL = "resumable-ws.v1";

}
