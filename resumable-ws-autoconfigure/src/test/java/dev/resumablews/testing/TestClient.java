package dev.resumablews.testing;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What all transports have in common for a client: it sends messages, and receives
 * messages until the connection is closed. Every wait is bounded.
 */
public interface TestClient extends AutoCloseable {

	/**
	 * Close code when the connection ended without one.
	 */
	int NO_CLOSE_FRAME = 1006;

	/**
	 * Sends a text message.
	 * @param json the text, which may be anything
	 */
	void send(String json);

	/**
	 * Sends a JSON object.
	 * @param fields its fields
	 */
	default void send(Map<String, ?> fields) {
		send(JsonMapper.shared().writeValueAsString(fields));
	}

	/**
	 * Returns what was received.
	 * @return the messages
	 */
	Inbox inbox();

	/**
	 * Returns the next message that neither this nor {@link #await} has returned.
	 * @return the message
	 */
	default JsonNode next() {
		return inbox().await((message) -> true);
	}

	/**
	 * Returns the first message of a type that neither this nor {@link #next} has
	 * returned; others before it stay to be returned.
	 * @param type the type
	 * @return the message
	 */
	default JsonNode await(String type) {
		return inbox().await((message) -> message.path("type").asString("").equals(type));
	}

	/**
	 * Returns the first matching message that neither this nor {@link #next} has
	 * returned; others before it stay to be returned.
	 * @param wanted says what matches
	 * @return the message
	 */
	default JsonNode await(Predicate<JsonNode> wanted) {
		return inbox().await(wanted);
	}

	/**
	 * Returns all messages so far, whatever they were, in order.
	 * @return the messages
	 */
	default List<JsonNode> messages() {
		return inbox().messages();
	}

	default boolean isOpen() {
		return !inbox().closeCode().isDone();
	}

	/**
	 * Waits for the server's close code.
	 * @return the code
	 */
	default int awaitClose() {
		return inbox().awaitClose();
	}

	/**
	 * Stops taking bytes from the socket.
	 */
	void pauseReading();

	void resumeReading();

	/**
	 * Resets the connection.
	 */
	void abort();

	/**
	 * Closes the connection, not waiting for an answer.
	 */
	@Override
	void close();

	/**
	 * How to connect.
	 */
	interface Builder {

		/**
		 * Sets a query parameter.
		 * @param name its name
		 * @param value its value, which will be encoded
		 * @return this
		 */
		Builder query(String name, Object value);

		/**
		 * Sets a header.
		 * @param name its name
		 * @param value its value
		 * @return this
		 */
		Builder header(String name, String value);

		/**
		 * Makes the socket's receive buffer small.
		 * @param bytes its size
		 * @return this
		 */
		Builder receiveBuffer(int bytes);

		/**
		 * Sets how long waits last at most.
		 * @param patience how long
		 * @return this
		 */
		Builder patience(Duration patience);

		/**
		 * Connects.
		 * @return the client
		 * @throws UpgradeRejectedException when the server refuses
		 */
		TestClient connect();

		/**
		 * Connects, but the server refuses.
		 * @return what the server said
		 */
		UpgradeRejectedException connectRefused();

	}

}
