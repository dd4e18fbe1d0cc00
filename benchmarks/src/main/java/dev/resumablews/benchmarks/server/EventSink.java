package dev.resumablews.benchmarks.server;

import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/**
 * How a server publishes an event of the application's own.
 */
@FunctionalInterface
interface EventSink {

	/**
	 * Publishes an event.
	 * @return completed when it is as safe as this server makes it, perhaps before this
	 * returns
	 */
	CompletableFuture<?> publish(UUID sessionId, String type, Map<String, String> payload);

}
