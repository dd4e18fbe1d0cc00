package dev.resumablews.internal.schema;

import java.util.List;

/**
 * Version of the tables that this version of the library works with.
 */
public final class SchemaVersion {

	private SchemaVersion() {
	}

	/**
	 * Returns the last of the SQL files.
	 * @return its name, without its ending
	 */
	public static String latest() {
		List<String> files = SchemaFiles.inOrder();
		String last = files.get(files.size() - 1);
		return last.substring(last.lastIndexOf('/') + 1).replace(".sql", "");
	}

}
