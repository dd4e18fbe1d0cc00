package dev.resumablews;

import java.time.Duration;
import java.util.UUID;

/**
 * A connection of a client to this node has ended. The client may be connected by other
 * connections, and may come back at any moment. Published like
 * {@link ClientConnectedEvent}, and after the event with the same connection id, unless
 * one of them was lost.
 *
 * @param sessionId the session
 * @param userId the user
 * @param connectionId the connection
 * @param closeCode the close code that this side or the client has closed with;
 * {@code 1006} if the network did
 * @param transport how the client was connected
 * @param connected how long it was connected
 */
public record ClientDisconnectedEvent(UUID sessionId, String userId, UUID connectionId, int closeCode,
		ClientTransport transport, Duration connected) {

}
