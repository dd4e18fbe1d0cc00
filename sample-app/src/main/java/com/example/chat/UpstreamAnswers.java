package com.example.chat;

import java.util.List;

/**
 * What the upstream that comes with the sample answers. Safe for use by many threads.
 */
final class UpstreamAnswers {

	private static final int QUOTED = 120;

	private final String text = StandInAnswers.read("upstream");

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
			.replace("{question}", Texts.quote(question, QUOTED));
		return List.of(answer.split("(?<=\\S)(?=\\s)"));
	}

}
