package dev.resumablews.internal.admission;

import dev.resumablews.internal.connection.ClientChannel;
import dev.resumablews.internal.connection.Connection;
import dev.resumablews.internal.connection.ConnectionServices;
import dev.resumablews.internal.connection.Login;
import dev.resumablews.internal.handshake.Handshake;
import dev.resumablews.internal.presence.Presence;

/**
 * Where the channels of clients become connections, whatever the channels are.
 *
 * @param services what all connections share
 * @param connections those of this node
 * @param opener opens their sessions
 * @param presence writes who is connected
 * @param disconnector closes the connections of users who are disconnected
 */
public record ConnectionEndpoint(ConnectionServices services, Connections connections, SessionOpener opener,
		Presence presence, Disconnector disconnector) {

	/**
	 * Makes a connection, which is to be {@linkplain AttachedConnection#open() opened}.
	 * @param handshake what the client has asked for
	 * @param channel the way to the client
	 * @param beganNanos when the handshake began, by {@link System#nanoTime()}
	 */
	public AttachedConnection attach(Handshake handshake, ClientChannel channel, long beganNanos) {
		AttachedConnection attached = new AttachedConnection(this,
				(listener) -> new Connection(this.services, handshake, channel, listener));
		attached.connection().authenticated(new Login(handshake.user(), beganNanos));
		return attached;
	}

}
