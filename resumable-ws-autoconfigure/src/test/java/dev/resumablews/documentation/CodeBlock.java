package dev.resumablews.documentation;

import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A fenced block of a page.
 *
 * @param page the page, relative to the root of the project
 * @param line the number of the line on which the block begins
 * @param language what the block says it is; empty if it says nothing
 * @param text the lines between the fences
 */
record CodeBlock(Path page, int line, String language, String text) {

	private static final Pattern FILE = Pattern.compile("\\A(?:<!--|#|--|//) (\\S+)(?: -->)?\n");

	/**
	 * Returns the file that the first line of a block in the quick start names in a
	 * comment.
	 */
	Optional<String> file() {
		Matcher file = FILE.matcher(this.text);
		return file.lookingAt() ? Optional.of(file.group(1)) : Optional.empty();
	}

	String textWithoutFile() {
		Matcher file = FILE.matcher(this.text);
		return file.lookingAt() ? this.text.substring(file.end()) : this.text;
	}

	@Override
	public String toString() {
		return this.page + ":" + this.line + " (" + this.language + ")";
	}

}
