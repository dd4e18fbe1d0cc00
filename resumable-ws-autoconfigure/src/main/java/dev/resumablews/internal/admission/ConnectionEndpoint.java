package dev.resumablews.internal.admission;

import dev.resumablews.internal.connection.ClientChannel;
import dev.resumablews.internal.connection.Connection;
import dev.resumablews.internal.connection.ConnectionServices;
import dev.resumablews.internal.connection.Login;
import dev.resumablews.internal.handshake.Handshake;
import dev.resumablews.internal.presence.Presence;

/**
 * Creates connections for the channels of clients, of any kind.
 *
 * @param services the services that all connections share
 * @param connections the connections of this node
 * @param opener opens the sessions of connections
 * @param presence stores the presence of users
 * @param disconnector closes the connections of users who are disconnected
 */
public record ConnectionEndpoint(ConnectionServices services, Connections connections, SessionOpener opener,
		Presence presence, Disconnector disconnector) {

	/**
	 * Creates a connection, which the caller must {@linkplain AttachedConnection#open()
	 * open}.
	 * @param handshake the client's handshake
	 * @param channel the channel to the client
	 * @param beganNanos when the handshake began, by {@link System#nanoTime()}
	 */
	public AttachedConnection attach(Handshake handshake, ClientChannel channel, long beganNanos) {
		AttachedConnection attached = new AttachedConnection(this,
				(listener) -> new Connection(this.services, handshake, channel, listener));
		attached.connection().authenticated(new Login(handshake.user(), beganNanos));
		return attached;
	}

}
