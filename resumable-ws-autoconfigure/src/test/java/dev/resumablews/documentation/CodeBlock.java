package dev.resumablews.documentation;

import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A fenced code block of a page.
 *
 * @param page the page, relative to the root of the project
 * @param line the number of the first line of the block
 * @param language the language of the block; empty if there is none
 * @param text the lines between the fences
 */
record CodeBlock(Path page, int line, String language, String text) {

	private static final Pattern FILE = Pattern.compile("\\A(?:<!--|#|--|//) (\\S+)(?: -->)?\n");

	/**
	 * Returns the file in the comment on the first line, as in the quick start.
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
