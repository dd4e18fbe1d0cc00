package dev.resumablews.internal.connection;

import java.util.function.Consumer;

import dev.resumablews.ClientTransport;
import dev.resumablews.CloseCode;
import org.jspecify.annotations.Nullable;

/**
 * The transport to one client: a WebSocket, or the response to a request for server-sent
 * events. Used by its connection's loop, except for {@link #ignoreInput}, {@link #close}
 * and {@link #cut}.
 */
public interface ClientChannel {

	/**
	 * Returns the kind of transport.
	 */
	default ClientTransport transport() {
		return ClientTransport.WEBSOCKET;
	}

	/**
	 * Starts to send a text frame. The next one must not be started before this one is
	 * done.
	 * @param text the text
	 * @param done called once, on any thread, when the container has accepted the whole
	 * frame, or with the failure
	 */
	void send(String text, Consumer<@Nullable Throwable> done);

	/**
	 * Sends a ping. Must not be called while a text frame is being sent. May block for
	 * any time until the network buffers have room. An interrupt ends the wait and the
	 * connection.
	 * @param number the number that the pong carries
	 */
	void ping(long number);

	/**
	 * Returns whether the response is complete, because the client has received
	 * everything it requested. May be called by any thread.
	 * @param idle whether everything known has been sent
	 */
	default boolean isComplete(boolean idle) {
		return false;
	}

	/**
	 * Called when the connection ends because its response {@linkplain #isComplete is
	 * complete}. No close code is needed then.
	 */
	default void finish() {
	}

	/**
	 * Stops reading from the client, if the container supports it.
	 */
	void ignoreInput();

	/**
	 * Sends a close frame. Waits a bounded time for the network buffers.
	 * @param code the close code
	 * @param reason the close reason, at most 123 ASCII characters
	 */
	void close(CloseCode code, String reason);

	/**
	 * Terminates the connection of a client that does not read, has not answered a close
	 * frame, or does not stop sending. Does not block.
	 * @param code the close code, which may not reach the client
	 */
	void cut(CloseCode code);

}
