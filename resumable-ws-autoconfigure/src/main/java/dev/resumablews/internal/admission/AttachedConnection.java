package dev.resumablews.internal.admission;

import dev.resumablews.ClientConnectedEvent;
import dev.resumablews.ClientDisconnectedEvent;
import dev.resumablews.CloseCode;
import dev.resumablews.ResumableWsListener;
import dev.resumablews.internal.connection.Connection;
import dev.resumablews.internal.dispatch.ClientMessageReceiver;
import org.jspecify.annotations.Nullable;

/**
 * A connection that is attached to its channel, of any kind, from the opening of the
 * channel until both are closed. Holds its place among the connections of the node, its
 * session and its presence. Safe for use by many threads.
 */
public final class AttachedConnection implements Connection.Listener {

	/**
	 * Close code of a connection that ended without one.
	 */
	public static final int NO_CLOSE_FRAME = 1006;

	/**
	 * Close code when the server has closed the connection.
	 */
	private static final int NO_STATUS = 1005;

	private final ConnectionEndpoint endpoint;

	private final Connection connection;

	/**
	 * Set before the connection is opened.
	 */
	private @Nullable ClientMessageReceiver receiver;

	AttachedConnection(ConnectionEndpoint endpoint, Connection.Source source) {
		this.endpoint = endpoint;
		this.connection = source.connection(this);
	}

	public Connection connection() {
		return this.connection;
	}

	/**
	 * Sets the receiver of the client's messages, if they arrive on this connection. Must
	 * be called before {@link #open}.
	 */
	public void receiver(ClientMessageReceiver receiver) {
		this.receiver = receiver;
	}

	/**
	 * Adds the connection to those of the node, and opens its session as soon as
	 * possible. Does not block.
	 */
	public void open() {
		this.endpoint.connections().add(this.connection);
		this.endpoint.disconnector().added(this.connection);
		if (!this.endpoint.opener().open(this.connection)) {
			this.connection.close(CloseCode.TRY_AGAIN_LATER);
		}
	}

	@Override
	public void opened(Connection connection) {
		this.endpoint.presence().opened(connection.toLiveConnection());
		ResumableWsListener listener = this.endpoint.services().listener();
		listener.onConnectionOpened(connection.resumed());
		listener.onClientConnected(new ClientConnectedEvent(connection.sessionId(), connection.userId(),
				connection.id(), connection.resumed(), connection.transport()));
		this.endpoint.connections().join(connection);
		if (this.receiver != null) {
			this.receiver.sessionOpened();
		}
		if (connection.isGone()) {
			leave(NO_CLOSE_FRAME);
		}
	}

	@Override
	public void closed(Connection connection) {
		remove(NO_STATUS);
	}

	/**
	 * Removes the connection after its channel was closed. Idempotent.
	 * @param theirs the close code of the other side
	 */
	public void remove(int theirs) {
		if (this.connection.gone()) {
			if (this.receiver != null) {
				this.receiver.end();
			}
			this.endpoint.connections().remove(this.connection);
			leave(theirs);
		}
	}

	/**
	 * Leaves the session, once.
	 */
	private void leave(int theirs) {
		if (this.connection.hasSession() && this.endpoint.connections().leave(this.connection)) {
			CloseCode ours = this.connection.closing();
			this.endpoint.presence().closed(this.connection.toLiveConnection());
			int code = (ours != null) ? ours.code() : theirs;
			ResumableWsListener listener = this.endpoint.services().listener();
			listener.onConnectionClosed(code);
			listener
				.onClientDisconnected(new ClientDisconnectedEvent(this.connection.sessionId(), this.connection.userId(),
						this.connection.id(), code, this.connection.transport(), this.connection.age()));
		}
	}

}
