package dev.resumablews.internal.status;

import java.time.Instant;
import java.util.List;
import java.util.UUID;

import dev.resumablews.ClientTransport;

/**
 * State of the connections of this node.
 *
 * @param accepting whether connections are accepted
 * @param connections connections of clients whose session is open or being opened
 * @param users users who have connections with an open session
 * @param sessions sessions that have connections
 * @param unauthenticated WebSockets that wait for their first message
 */
public record ConnectionStatus(boolean accepting, int connections, int users, int sessions, int unauthenticated) {

	/**
	 * A connection of a session.
	 *
	 * @param connectionId the connection
	 * @param cursor the last event that was taken to be sent
	 * @param connectedAt when the client connected
	 * @param transport how it is connected
	 */
	public record Client(UUID connectionId, long cursor, Instant connectedAt, ClientTransport transport) {

	}

	/**
	 * The connections. Safe for use by many threads; does not block.
	 */
	public interface Source {

		/**
		 * Returns the state of the connections.
		 * @return the state
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
