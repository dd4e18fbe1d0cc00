package dev.resumablews.benchmarks.server;

import java.util.Map;
import java.util.UUID;

/**
 * How a server publishes an event of the application's own.
 */
@FunctionalInterface
interface EventSink {

	/**
	 * Publishes an event; returns when it is as safe as this server makes it.
	 */
	void publish(UUID sessionId, String type, Map<String, String> payload);

}
