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
 */
record NodeDescription(UUID id, @Nullable String version, String path, @Nullable String schema, String schemaVersion) {

	/**
	 * Describes the node for its log.
	 * @param signal what carries signals
	 * @param answeredBy what answers user messages; null if nothing does
	 */
	String text(String signal, @Nullable String answeredBy) {
		return "resumable-ws serves %s; signals: %s; tables: %s, %s; user messages: %s".formatted(this.path, signal,
				(this.schema != null) ? "schema " + this.schema : "default schema", this.schemaVersion,
				(answeredBy != null) ? "answered by " + answeredBy : "stored, not answered");
	}

}
