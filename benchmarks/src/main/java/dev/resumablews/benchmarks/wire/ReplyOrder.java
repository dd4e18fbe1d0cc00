package dev.resumablews.benchmarks.wire;

/**
 * Reply that a client requests with the content of a user message.
 *
 * @param tokens number of tokens
 * @param periodMicros time between two tokens in microseconds; 0 for as fast as they are
 * consumed
 */
public record ReplyOrder(int tokens, long periodMicros) {

	/**
	 * Text after the stamp in each token.
	 */
	public static final String WORD = " word";

	/**
	 * Reads the content of a user message.
	 * @param content the content
	 * @return the order
	 */
	public static ReplyOrder parse(String content) {
		String[] words = content.split(" ");
		if (words.length != 3 || !words[0].equals("reply")) {
			throw new IllegalArgumentException(
					"'%s' must be 'reply', a number of tokens, and microseconds between them".formatted(content));
		}
		return new ReplyOrder(Integer.parseInt(words[1]), Long.parseLong(words[2]));
	}

	/**
	 * Returns the content of the user message.
	 * @return the content
	 */
	public String content() {
		return "reply " + this.tokens + " " + this.periodMicros;
	}

}
