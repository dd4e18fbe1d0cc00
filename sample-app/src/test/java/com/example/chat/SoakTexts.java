package com.example.chat;

import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

import dev.resumablews.testing.OpenAiAnswer;

/**
 * Texts of the soak test. Each message begins with its number, and has a unique answer.
 */
final class SoakTexts {

	private static final Pattern NUMBER = Pattern.compile("m(\\d+) .*", Pattern.DOTALL);

	private static final List<String> MESSAGES = List.of("Hello", "What about \"quotes\", 'these' and \\backslashes\\?",
			"**Bold**, `code` and\n\n- a list\n- of <b>two</b> &amp; more\n\n| a | b |\n|---|---|\n| 1 | 2 |",
			"\uD83D\uDC69\u200D\uD83D\uDCBB \uD83C\uDF89 \u00fcber \u6f22\u5b57 \u05e9\u05dc\u05d5\u05dd",
			"At length: " + "one thing and another, ".repeat(100) + "and that is all");

	private SoakTexts() {
	}

	static String message(int number, Random random) {
		return "m" + number + " " + MESSAGES.get(random.nextInt(MESSAGES.size()));
	}

	/**
	 * Returns the number of a message.
	 */
	static int number(String message) {
		Matcher matcher = NUMBER.matcher(message);
		if (!matcher.matches()) {
			throw new AssertionError("Never typed: " + message);
		}
		return Integer.parseInt(matcher.group(1));
	}

	/**
	 * Returns the answer to a message, which takes up to six seconds.
	 */
	static OpenAiAnswer answer(String message) {
		int number = number(message);
		return OpenAiAnswer
			.of(IntStream.range(0, 10 + number * 7 % 40)
				.mapToObj((i) -> (i % 9 == 8) ? "\n- item " + number + "x" + i : " **word** " + number + "y" + i)
				.toList())
			.pacedBy(Duration.ofMillis(40 + number * 13 % 80));
	}

	/**
	 * Returns the letters and digits of a text, which are the same with and without
	 * Markdown.
	 */
	static String essence(String text) {
		return text.replaceAll("[^\\p{L}\\p{N}]", "");
	}

}
