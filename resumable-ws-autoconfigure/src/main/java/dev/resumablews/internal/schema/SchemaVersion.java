package dev.resumablews.internal.schema;

import java.util.List;

/**
 * Version of the tables that this version of the library requires.
 */
public final class SchemaVersion {

	private SchemaVersion() {
	}

	/**
	 * Returns the name of the latest SQL file.
	 * @return its name without the extension
	 */
	public static String latest() {
		List<String> files = SchemaFiles.inOrder();
		String last = files.get(files.size() - 1);
		return last.substring(last.lastIndexOf('/') + 1).replace(".sql", "");
	}

}
