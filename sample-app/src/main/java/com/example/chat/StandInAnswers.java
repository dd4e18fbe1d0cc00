package com.example.chat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;

import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.core.io.ClassPathResource;

/**
 * Answers of the simulated model: one for each question that the page suggests, and one
 * for all others. Safe for use by many threads.
 */
final class StandInAnswers {

	private static final int QUOTED = 120;

	private final Map<String, String> suggested = Map.of("explain websockets in three points", read("websockets"),
			"what happens if i pull the plug", read("pull-the-plug"), "write a haiku about postgres", read("haiku"));

	private final String other = read("other");

	/**
	 * Returns the answer to the last message of a prompt.
	 */
	String to(Prompt prompt) {
		String question = prompt.getUserMessage().getText().strip().replaceAll("\\s+", " ");
		String answer = this.suggested.get(words(question));
		// the question is inserted last, because it may contain a placeholder itself
		return (answer != null) ? answer
				: this.other.replace("{count}", count(prompt)).replace("{question}", Texts.quote(question, QUOTED));
	}

	private static String words(String question) {
		return question.toLowerCase(Locale.ROOT).replaceAll("[^a-z ]", "").strip();
	}

	private static String count(Prompt prompt) {
		int messages = prompt.getUserMessages().size();
		return (messages == 1) ? "your first message" : "message number " + messages + " of yours";
	}

	/**
	 * Reads a text.
	 */
	static String read(String name) {
		try {
			return new ClassPathResource("answers/" + name + ".md").getContentAsString(StandardCharsets.UTF_8).strip();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
