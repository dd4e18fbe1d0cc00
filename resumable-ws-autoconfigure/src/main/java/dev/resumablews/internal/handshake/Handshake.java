package dev.resumablews.internal.handshake;

import java.time.Duration;
import java.util.UUID;

import dev.resumablews.AuthenticatedUser;
import dev.resumablews.internal.epoch.Forks;
import org.jspecify.annotations.Nullable;

/**
 * An accepted handshake.
 *
 * @param user the authenticated user
 * @param sessionId the session to resume; null for a new one
 * @param lastEventId the last event the client has processed, 0 or more
 * @param epoch the history that the client has processed; null if it did not send one
 * @param ndjson whether the client accepts several messages in one frame
 * @param presence whether the client subscribes to the presence of its session
 * @param longPoll how long the request waits for something to send before it ends; null
 * if the connection stays open
 * @param remoteAddress the IP address that the handshake came from; null if unknown
 */
public record Handshake(AuthenticatedUser user, @Nullable UUID sessionId, long lastEventId, @Nullable Forks epoch,
		boolean ndjson, boolean presence, @Nullable Duration longPoll,
		@Nullable String remoteAddress) implements AcceptedHandshake {

	/**
	 * Name of the WebSocket session's attribute that holds the handshake.
	 */
	public static final String ATTRIBUTE = Handshake.class.getName();

	/**
	 * Subprotocol that the server selects when the client offers it. A client that sends
	 * its token as a subprotocol must offer this one too, because the server never
	 * selects an entry that holds a token, and browsers fail a connection if the server
	 * selects none of the offered subprotocols.
	 */
	public static final String SUBPROTOCOL = "resumable-ws.v1";

}
