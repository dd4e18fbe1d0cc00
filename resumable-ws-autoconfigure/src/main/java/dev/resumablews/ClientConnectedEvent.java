package dev.resumablews;

import java.util.UUID;

/**
 * A client has connected to this node, and its session is open. Published as an event of
 * the application context, for {@code @EventListener} methods, and passed to
 * {@link ResumableWsListener#onClientConnected}.
 * <p>
 * Events are published on one thread that the library has for listeners, in the order in
 * which they have happened on this node, and each at most once: they are lost when the
 * node dies, and while 10,000 of them wait for slow listeners. Other nodes do not publish
 * them. Use {@link ResumableSessions#connectionCount} for the connections of a user over
 * all nodes.
 *
 * @param sessionId the session
 * @param userId the user
 * @param connectionId the connection, which the client knows by the same id
 * @param resumed whether the client has resumed its session
 * @param transport how the client is connected
 */
public record ClientConnectedEvent(UUID sessionId, String userId, UUID connectionId, boolean resumed,
		ClientTransport transport) {

}
