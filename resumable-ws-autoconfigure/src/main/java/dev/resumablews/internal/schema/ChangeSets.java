package dev.resumablews.internal.schema;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The change sets in this version's {@link SchemaFiles}, read without Liquibase. A change
 * set is identified by file and id, as in the change log. Checksums are not compared,
 * because a released file is never changed and their computation differs between
 * Liquibase versions.
 */
final class ChangeSets {

	private static final Pattern CHANGE_SET = Pattern.compile("(?m)^--changeset [^:\\s]+:(\\S+)");

	private ChangeSets() {
	}

	/**
	 * Reads the change sets of all files.
	 * @return their identities, as returned by {@link #identity}
	 */
	static Set<String> read() {
		Set<String> changes = new HashSet<>();
		for (String file : SchemaFiles.inOrder()) {
			CHANGE_SET.matcher(text(file)).results().forEach((match) -> changes.add(identity(file, match.group(1))));
		}
		return changes;
	}

	/**
	 * Returns the identity of a change set.
	 * @param file the file's path on the class path
	 * @param id the id within the file
	 * @return the identity
	 */
	static String identity(String file, String id) {
		return file + "::" + id;
	}

	private static String text(String file) {
		try (InputStream content = ChangeSets.class.getClassLoader().getResourceAsStream(file)) {
			if (content == null) {
				throw new IllegalStateException(file + " is not on the class path");
			}
			return new String(content.readAllBytes(), StandardCharsets.UTF_8);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
