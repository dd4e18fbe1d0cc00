package com.example.chat;

import java.util.List;

/**
 * Answers of the sample's own upstream. Safe for use by many threads.
 */
final class UpstreamAnswers {

	private static final int QUOTED = 120;

	private final String text = StandInAnswers.read("upstream");

	/**
	 * Returns the answer to a question as words, whose concatenation is the text.
	 * @param question the question
	 * @param count the number of questions on the connection
	 * @param user the user that the relay sent
	 */
	List<String> to(String question, int count, String user) {
		// the question is inserted last, because it may contain a placeholder itself
		String answer = this.text.replace("{count}", String.valueOf(count))
			.replace("{user}", user)
			.replace("{question}", Texts.quote(question, QUOTED));
		return List.of(answer.split("(?<=\\S)(?=\\s)"));
	}

}
