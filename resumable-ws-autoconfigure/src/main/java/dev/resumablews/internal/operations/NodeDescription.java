package dev.resumablews.internal.operations;

import java.util.UUID;

import org.jspecify.annotations.Nullable;

/**
 * What this node is, which does not change.
 *
 * @param id the node's id, a new one at each start
 * @param version version of the library; null if it is not known
 * @param path path of the WebSocket endpoint
 * @param schema schema of the tables; null for the connection's default
 * @param schemaVersion the last of the library's SQL files
 * @param answeredBy name of the bean that answers user messages; null if none does
 */
record NodeDescription(UUID id, @Nullable String version, String path, @Nullable String schema, String schemaVersion,
		@Nullable String answeredBy) {

	/**
	 * Describes the node for its log.
	 * @param signal what carries signals
	 */
	String text(String signal) {
		return "resumable-ws serves %s; signals: %s; tables: %s, %s; user messages: %s".formatted(this.path, signal,
				(this.schema != null) ? "schema " + this.schema : "default schema", this.schemaVersion,
				(this.answeredBy != null) ? "answered by bean '" + this.answeredBy + "'" : "stored, not answered");
	}

}
