package dev.resumablews.internal.status;

import java.time.Instant;
import java.util.List;
import java.util.UUID;

import dev.resumablews.ClientTransport;

/**
 * State of the connections of this node.
 *
 * @param accepting whether connections are accepted
 * @param connections the number of connections whose session is open or being opened
 * @param users the number of users with connections to an open session
 * @param sessions the number of sessions with connections
 * @param unauthenticated the number of WebSockets waiting for their first message
 */
public record ConnectionStatus(boolean accepting, int connections, int users, int sessions, int unauthenticated) {

	/**
	 * A connection of a session.
	 *
	 * @param connectionId the connection
	 * @param cursor the last event taken from the log for sending
	 * @param connectedAt the time at which the client connected
	 * @param transport the transport
	 */
	public record Client(UUID connectionId, long cursor, Instant connectedAt, ClientTransport transport) {

	}

	/**
	 * Source of the status. Safe for use by multiple threads; does not block.
	 */
	public interface Source {

		/**
		 * Returns the state of the connections.
		 * @return the status
		 */
		ConnectionStatus connections();

		/**
		 * Returns the connections of a session to this node.
		 * @param sessionId the session
		 * @return the connections; empty if there are none
		 */
		List<Client> clients(UUID sessionId);

	}

}
