package dev.resumablews.benchmarks.server;

import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/**
 * Publishes events of the application.
 */
@FunctionalInterface
interface EventSink {

	/**
	 * Publishes an event.
	 * @return a future that completes when the event is as durable as this server makes
	 * it
	 */
	CompletableFuture<?> publish(UUID sessionId, String type, Map<String, String> payload);

}
