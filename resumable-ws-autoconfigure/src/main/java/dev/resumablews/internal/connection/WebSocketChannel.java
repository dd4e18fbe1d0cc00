package dev.resumablews.internal.connection;

import java.time.Duration;
import java.util.function.Consumer;

import dev.resumablews.CloseCode;
import org.jspecify.annotations.Nullable;

/**
 * One WebSocket, as far as sending on it goes. Used by its connection's loop alone, but
 * for {@link #close}.
 */
interface WebSocketChannel {

	/**
	 * How long a client may take to answer a close frame.
	 */
	Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

	/**
	 * Begins to send a text frame. No other may be begun before it is done.
	 * @param text the text
	 * @param done is told once, on any thread, when the container has taken all of it, or
	 * why it could not
	 */
	void send(String text, Consumer<@Nullable Throwable> done);

	/**
	 * Sends a ping frame. Not while a text frame is being sent.
	 */
	void ping();

	/**
	 * Closes the WebSocket. Waits a bounded time for a frame that is being sent.
	 * @param code the close code
	 */
	void close(CloseCode code);

	/**
	 * Ends a WebSocket whose client has not answered the close frame within
	 * {@link #CLOSE_TIMEOUT}. Does nothing when it has.
	 */
	void cut();

}
