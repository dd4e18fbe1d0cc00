package dev.resumablews.internal.connection;

import java.util.function.Consumer;

import dev.resumablews.ClientTransport;
import dev.resumablews.CloseCode;
import org.jspecify.annotations.Nullable;

/**
 * The way to one client: a WebSocket, or the response to a request for server-sent
 * events. Used by its connection's loop, but for {@link #ignoreInput}, {@link #close} and
 * {@link #cut}.
 */
public interface ClientChannel {

	/**
	 * Returns how the client is connected.
	 */
	default ClientTransport transport() {
		return ClientTransport.WEBSOCKET;
	}

	/**
	 * Begins to send a text frame. No other may be begun before it is done.
	 * @param text the text
	 * @param done is called once, on any thread, when the container has taken all of it,
	 * or with the reason why it could not
	 */
	void send(String text, Consumer<@Nullable Throwable> done);

	/**
	 * Sends a ping. Not while a text frame is being sent. May wait until the buffers of
	 * the network have room for it, however long that takes. An interrupt ends the wait,
	 * and the connection.
	 * @param number what the pong will hold
	 */
	void ping(long number);

	/**
	 * Returns whether the client has asked for no more than it was sent. Any thread.
	 * @param idle whether all that is known has been sent
	 */
	default boolean isSated(boolean idle) {
		return false;
	}

	/**
	 * Notes that the connection ends because it {@linkplain #isSated is sated}, which
	 * needs no close code.
	 */
	default void finish() {
	}

	/**
	 * Stops reading what the client sends, if the container can.
	 */
	void ignoreInput();

	/**
	 * Sends a close frame. Waits a bounded time for the buffers of the network.
	 * @param code the close code
	 * @param reason the close reason, of at most 123 characters of ASCII
	 */
	void close(CloseCode code, String reason);

	/**
	 * Ends the connection to a client that takes nothing, that has not answered a close
	 * frame, or that does not stop sending. Waits for nothing.
	 * @param code the close code, which the client may never see
	 */
	void cut(CloseCode code);

}
