package com.example.chat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

import org.springframework.core.io.ClassPathResource;

/**
 * What the upstream that comes with the sample answers. Safe for use by many threads.
 */
final class UpstreamAnswers {

	private static final int QUOTED = 120;

	private final String text;

	UpstreamAnswers() {
		try {
			this.text = new ClassPathResource("answers/upstream.md").getContentAsString(StandardCharsets.UTF_8).strip();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Returns the answer to a question, in words. Put together, they are the text.
	 * @param question what was asked
	 * @param count how many questions there were on the connection
	 * @param user the user, as the relay names it
	 */
	List<String> to(String question, int count, String user) {
		// the question comes last, since it may hold a placeholder itself
		String answer = this.text.replace("{count}", String.valueOf(count))
			.replace("{user}", user)
			.replace("{question}", quote(question.strip().replaceAll("\\s+", " ")));
		return List.of(answer.split("(?<=\\S)(?=\\s)"));
	}

	private static String quote(String question) {
		int end = question.offsetByCodePoints(0, Math.min(QUOTED, question.codePointCount(0, question.length())));
		return (end < question.length()) ? question.substring(0, end) + "…" : question;
	}

}
