package dev.resumablews.internal.operations;

import java.util.UUID;

import org.jspecify.annotations.Nullable;

/**
 * Immutable description of this node.
 *
 * @param id the node's id, a new one at each start
 * @param version version of the library; null if unknown
 * @param path path of the WebSocket endpoint
 * @param schema schema of the tables; null for the connection's default
 * @param schemaVersion the highest number of the library's SQL files
 */
record NodeDescription(UUID id, @Nullable String version, String path, @Nullable String schema, String schemaVersion) {

	/**
	 * Returns the description for the log.
	 * @param signal the transport of signals
	 * @param answeredBy the component that answers user messages; null if there is none
	 */
	String text(String signal, @Nullable String answeredBy) {
		return "resumable-ws serves %s; signals: %s; tables: %s, %s; user messages: %s".formatted(this.path, signal,
				(this.schema != null) ? "schema " + this.schema : "default schema", this.schemaVersion,
				(answeredBy != null) ? "answered by " + answeredBy : "stored, not answered");
	}

}
