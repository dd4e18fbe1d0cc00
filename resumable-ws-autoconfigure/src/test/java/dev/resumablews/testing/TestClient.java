package dev.resumablews.testing;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A client that sends and receives messages over any transport until the connection is
 * closed. Every wait is bounded.
 */
public interface TestClient extends AutoCloseable {

	/**
	 * Close code of a connection that ended without a close frame.
	 */
	int NO_CLOSE_FRAME = 1006;

	/**
	 * Sends a text message.
	 * @param json the text, which may be invalid JSON
	 */
	void send(String json);

	/**
	 * Sends a JSON object.
	 * @param fields the fields
	 */
	default void send(Map<String, ?> fields) {
		send(JsonMapper.shared().writeValueAsString(fields));
	}

	/**
	 * Returns the received messages.
	 * @return the inbox
	 */
	Inbox inbox();

	/**
	 * Returns the next message that neither this method nor {@link #await} has returned,
	 * and waits for it if necessary.
	 * @return the message
	 */
	default JsonNode next() {
		return inbox().await((message) -> true);
	}

	/**
	 * Returns the first message of a type that neither this method nor {@link #next} has
	 * returned, and waits for it if necessary. Skipped messages can still be returned
	 * later.
	 * @param type the type
	 * @return the message
	 */
	default JsonNode await(String type) {
		return inbox().await((message) -> message.path("type").asString("").equals(type));
	}

	/**
	 * Returns the first matching message that neither this method nor {@link #next} has
	 * returned, and waits for it if necessary. Skipped messages can still be returned
	 * later.
	 * @param filter matches the message
	 * @return the message
	 */
	default JsonNode await(Predicate<JsonNode> filter) {
		return inbox().await(filter);
	}

	/**
	 * Returns all messages received so far, in order.
	 * @return the messages
	 */
	default List<JsonNode> messages() {
		return inbox().messages();
	}

	default boolean isOpen() {
		return !inbox().closeCode().isDone();
	}

	/**
	 * Waits for the close code from the server.
	 * @return the code
	 */
	default int awaitClose() {
		return inbox().awaitClose();
	}

	/**
	 * Pauses reading from the socket.
	 */
	void pauseReading();

	void resumeReading();

	/**
	 * Resets the connection.
	 */
	void abort();

	/**
	 * Closes the connection and does not wait for a response.
	 */
	@Override
	void close();

	/**
	 * Builder for a {@link TestClient}.
	 */
	interface Builder {

		/**
		 * Sets a query parameter.
		 * @param name the name
		 * @param value the value, which will be encoded
		 * @return this builder
		 */
		Builder query(String name, Object value);

		/**
		 * Sets a header.
		 * @param name the name
		 * @param value the value
		 * @return this builder
		 */
		Builder header(String name, String value);

		/**
		 * Sets the size of the socket's receive buffer.
		 * @param bytes the size
		 * @return this builder
		 */
		Builder receiveBuffer(int bytes);

		/**
		 * Sets the maximum time of each wait.
		 * @param timeout the time
		 * @return this builder
		 */
		Builder timeout(Duration timeout);

		/**
		 * Connects.
		 * @return the client
		 * @throws UpgradeRejectedException if the server rejects the request
		 */
		TestClient connect();

		/**
		 * Connects and expects the server to reject the request.
		 * @return the rejection
		 */
		UpgradeRejectedException connectRefused();

	}

}
