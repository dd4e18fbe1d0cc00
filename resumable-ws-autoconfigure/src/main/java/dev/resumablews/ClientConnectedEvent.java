package dev.resumablews;

import java.util.UUID;

/**
 * Application event: a client connected to this node and its session is open. Received by
 * {@code @EventListener} methods and by {@link ResumableWsListener#onClientConnected}.
 * <p>
 * A single library thread publishes these events in the order in which they occurred on
 * this node. Delivery is at most once: events are lost if the node dies, and dropped
 * while 10,000 events are queued for slow listeners. Other nodes do not publish them. Use
 * {@link ResumableSessions#connectionCount} to count a user's connections on all nodes.
 *
 * @param sessionId the session
 * @param userId the user
 * @param connectionId the id of the connection, which is also sent to the client
 * @param resumed whether the client resumed an existing session
 * @param transport the transport of the connection
 */
public record ClientConnectedEvent(UUID sessionId, String userId, UUID connectionId, boolean resumed,
		ClientTransport transport) {

}
