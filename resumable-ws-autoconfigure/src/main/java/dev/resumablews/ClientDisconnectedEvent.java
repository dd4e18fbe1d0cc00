package dev.resumablews;

import java.time.Duration;
import java.util.UUID;

/**
 * Application event: a client connection to this node ended. The client may have other
 * connections and may reconnect at any time. Published like {@link ClientConnectedEvent},
 * and after the event with the same connection id unless one of them was lost.
 *
 * @param sessionId the session
 * @param userId the user
 * @param connectionId the connection
 * @param closeCode the close code sent by the server or the client; {@code 1006} if the
 * connection broke
 * @param transport the transport of the connection
 * @param connected the duration of the connection
 */
public record ClientDisconnectedEvent(UUID sessionId, String userId, UUID connectionId, int closeCode,
		ClientTransport transport, Duration connected) {

}
